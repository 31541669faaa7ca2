import os
import sysconfig
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import pyarrow as pa
from fake import WithFake
from fake_hoptrail import schema
from hoptrail.spark import _program
from hoptrail.spark._program import Child, ProgramError, ProgramKilled, feed_batches, feed_lines, read_batches

SCHEMA = schema()


def batch(*keys: str) -> pa.RecordBatch:
    columns = [["2026-10-05"] * len(keys), keys, pa.array([0] * len(keys), pa.int32()), [b""] * len(keys)]
    return pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=SCHEMA)


def read(*keys: str) -> Child:
    return Child(["read", "--from=2026-10-05"], feed_lines(f'{{"key":"{key}"}}' for key in keys))


def is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


class Find(unittest.TestCase):
    def find(self, scripts: str, module: str, **environment: str) -> Path:
        with mock.patch.dict(os.environ, environment), mock.patch.object(_program, "__file__", module):
            with mock.patch.object(sysconfig, "get_path", lambda _, scheme=None: scripts):
                return _program.find()

    def test_program_is_looked_for_in_scripts_then_beside_the_package(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            (root / "bin").mkdir()
            module = str(root / "hoptrail" / "spark" / "_program.py")
            beside = root / "bin" / "hoptrail"
            beside.write_text("")
            with self.assertRaisesRegex(ProgramError, "no program hoptrail: looked for .*bin/hoptrail"):
                self.find(str(root / "scripts"), module)
            beside.chmod(0o755)
            self.assertEqual(self.find(str(root / "scripts"), module), beside)
            scripts = root / "scripts"
            scripts.mkdir()
            (scripts / "hoptrail").write_text("")
            (scripts / "hoptrail").chmod(0o755)
            self.assertEqual(self.find(str(scripts), module), scripts / "hoptrail")

    def test_program_that_is_named_is_the_only_one(self) -> None:
        with self.assertRaisesRegex(ProgramError, "looked for /nowhere/hoptrail; HOPTRAIL_BIN can name"):
            self.find("/usr/bin", __file__, HOPTRAIL_BIN="/nowhere/hoptrail")


class Children(WithFake):
    def test_options_are_those_at_the_begin_of_lines_of_help(self) -> None:
        expected = {"source", "dest", "from", "to", "wait-lock", "invocation-logs", "force"}
        self.assertEqual(_program.options_of("settle"), expected)

    def test_lines_go_in_and_batches_come_out(self) -> None:
        keys = [f"k{n}" for n in range(5_000)]
        with read(*keys) as child:
            found = [key for batch in read_batches(child, SCHEMA) for key in batch.column("key").to_pylist()]
        self.assertEqual(found, keys)

    def test_stream_without_rows_has_a_schema(self) -> None:
        with read() as child:
            self.assertTrue(_program.read_schema(child).equals(SCHEMA, check_metadata=True))
        with read("k") as child, self.assertRaisesRegex(ProgramError, "gives 1 rows for nothing"):
            _program.read_schema(child)

    def test_other_metadata_than_on_the_driver_are_refused(self) -> None:
        self.environment(FAKE_OPTIONS="others")
        expected = "another schema than on the driver: expected .*options=none; found .*options=others"
        with read("k") as child, self.assertRaisesRegex(ProgramError, expected):
            list(read_batches(child, SCHEMA))

    def test_exit_code_0_and_3_are_done_and_others_are_raised_with_the_end_of_stderr(self) -> None:
        for code in [0, 3]:
            self.fault(f"settle=exit{code}")
            with Child(["settle"]) as child:
                self.assertEqual(child.finish(), code)
        for code in [1, 2, 4, 5]:
            self.fault(f"settle=exit{code}")
            with Child(["settle"]) as child, self.assertRaises(ProgramError) as raised:
                child.finish()
            shown = str(raised.exception)
            self.assertTrue(shown.startswith(f"hoptrail settle ended with exit code {code}: "), shown)
            self.assertTrue(shown.endswith(f"error: it ends with exit{code}"), shown)
            self.assertIn(len(shown), range(4000, 4200))

    def test_child_that_a_signal_ended_is_told_apart(self) -> None:
        for fault, signal in [("kill", 9), ("exit143", 15), ("exit130", 2)]:
            self.fault(f"settle={fault}")
            with (
                Child(["settle"]) as child,
                self.assertRaisesRegex(ProgramKilled, f"killed by signal {signal}"),
            ):
                child.wait()

    def test_stream_that_is_cut_off_is_raised_as_what_the_child_says(self) -> None:
        for fault, expected in [("read=exit1", "exit code 1"), ("read=kill", "signal 9")]:
            self.fault(fault)
            for keys in [[], ["k"]]:
                with read(*keys) as child, self.assertRaisesRegex(ProgramError, expected):
                    list(read_batches(child, SCHEMA))

    def test_what_feeds_a_child_kills_it_if_it_fails(self) -> None:
        def batches():
            yield batch("k")
            raise ValueError("the engine has lost what comes next")

        with Child(["build", "--day=2026-10-05", "--sums=/dev/null"], feed_batches(SCHEMA, batches())) as child:
            self.assertEqual(child.stdout.read(), b"")
            with self.assertRaisesRegex(ValueError, "has lost"):
                child.wait()

    def test_child_that_reads_nothing_ends_with_its_exit_code(self) -> None:
        self.fault("build=deaf")
        many = (batch("k" * 10_000) for _ in range(1000))
        with Child(["build"], feed_batches(SCHEMA, many)) as child:
            self.assertEqual(child.wait(), 1)

    def test_child_is_killed_when_its_reader_stops(self) -> None:
        self.fault("read=stall")

        def rows():
            with read("k") as child:
                children.append(child)
                yield from read_batches(child, SCHEMA)

        children: list = []
        reader = rows()
        next(reader)
        process_id = children[0]._process.pid
        self.assertTrue(is_running(process_id))
        reader.close()
        self.assertFalse(is_running(process_id))


if __name__ == "__main__":
    unittest.main()
