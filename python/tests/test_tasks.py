"""The functions that Spark calls in tasks, without Spark."""

import datetime
import json
import unittest
from collections.abc import Iterable, Iterator

import pyarrow as pa
from fake import WithFake
from fake_hoptrail import schema
from hoptrail.spark import _job, build, plan, read
from hoptrail.spark._program import ProgramError, ProgramKilled
from hoptrail.spark._run import defaults

SCHEMA = schema()


def job(**flags: _job.Flag) -> _job.Job:
    return _job.job("s3://org-trail", "s3://analytics", "2026-10-05", "2026-10-07", flags, defaults(2))


def batches_of(*lines: str) -> Iterator[pa.RecordBatch]:
    """A batch for each line, as Spark may divide them."""
    for line in lines:
        yield pa.RecordBatch.from_pydict({"line": [line]})


def rows(batches: Iterable[pa.RecordBatch]) -> list:
    return [row for batch in batches for row in batch.to_pylist()]


class Jobs(WithFake):
    def test_each_command_gets_the_flags_that_it_knows(self) -> None:
        given = job(account=111122223333, omit=["user_agent", "source_ip"], threads=None, wait_lock=None)
        account, omit = "--account=111122223333", ("--omit=user_agent", "--omit=source_ip")
        expected = {"plan": (account,), "read": (account, *omit), "build": omit, "settle": ()}
        self.assertEqual(given.options, expected)
        self.assertEqual(
            given.command("settle", dest=True),
            [
                "settle",
                "--source=s3://org-trail",
                "--from=2026-10-05",
                "--to=2026-10-07",
                "--dest=s3://analytics",
            ],
        )

    def test_flag_without_a_value_is_a_bare_option(self) -> None:
        self.assertEqual(job(wait_lock=True).options["settle"], ("--wait-lock",))
        self.assertEqual(job(wait_lock=False).options["settle"], ())

    def test_reading_has_the_threads_of_its_task_and_builds_have_all(self) -> None:
        self.assertEqual(job().options["read"], ("--threads=2",))
        self.assertEqual(job().options["build"], ("--wait-lock=30m",))

    def test_logs_are_read_by_builds_alone(self) -> None:
        options = job(invocation_logs=["s3://logs", "s3://more"], force=True).options
        logs = ("--invocation-logs=s3://logs", "--invocation-logs=s3://more")
        self.assertEqual(options["build"], ("--wait-lock=30m", *logs, "--force"))
        self.assertEqual(options["settle"], ("--wait-lock=30m", *logs))
        self.assertEqual((options["plan"], options["read"]), ((), ("--threads=2",)))

    def test_another_run_of_a_day_is_waited_for_unless_said_otherwise(self) -> None:
        self.assertEqual(job().options["settle"], ("--wait-lock=30m",))
        self.assertEqual(job(wait_lock="1h").options["settle"], ("--wait-lock=1h",))

    def test_flag_of_no_command_is_refused(self) -> None:
        with self.assertRaisesRegex(
            TypeError, r"no command of plan, .* has an option --late-windw \(late_windw\)"
        ):
            job(late_windw="6h")

    def test_flag_that_a_run_sets_itself_is_refused(self) -> None:
        for name in ["sums", "day", "from", "summary_json"]:
            with self.assertRaisesRegex(TypeError, f"{name} is not an option"):
                job(**{name: "x"})

    def test_days_are_dates_with_the_last_one_included(self) -> None:
        self.assertEqual(job().days(), ["2026-10-05", "2026-10-06", "2026-10-07"])
        date = datetime.datetime(2026, 2, 28, 23, 59)
        self.assertEqual(_job.job("a", "b", date, "2026-03-01", {}, {}).days(), ["2026-02-28", "2026-03-01"])
        with self.assertRaisesRegex(ValueError, "2026-10-04 is before the first day 2026-10-05"):
            _job.job("a", "b", "2026-10-05", "2026-10-04", {}, {})
        with self.assertRaisesRegex(ValueError, "yesterday"):
            _job.job("a", "b", "yesterday", "2026-10-04", {}, {})


class Plan(WithFake):
    def test_folders_become_keys_and_then_the_sums_of_the_task(self) -> None:
        found = rows(plan.planning(job(), "--folders=-")(batches_of(*plan.folders(job()))))
        keys = [json.loads(row["line"])["key"] for row in found if row["line"] is not None]
        self.assertEqual(keys, ["a/0", "a/1", "a/2", "b/0", "b/1", "b/2"])
        self.assertEqual([row["sums"] is None for row in found], [True] * 6 + [False])
        self.assertEqual(json.loads(found[-1]["sums"])["objects"], 6)

    def test_task_without_folders_starts_no_program(self) -> None:
        self.fault("plan=exit1")
        self.assertEqual(rows(plan.planning(job(), "--folders=-")(batches_of())), [])

    def test_task_fails_if_listing_fails(self) -> None:
        self.fault("plan=exit2")
        with self.assertRaisesRegex(ProgramError, "hoptrail plan ended with exit code 2"):
            rows(plan.planning(job(), "--keys=-")(batches_of('{"key":"k"}')))

    def test_sums_of_parts_add_up(self) -> None:
        def sums(day: int, objects: int, fingerprint: int) -> str:
            values = {"objects": objects, "bytes": 10 * objects, "fingerprint": f"{fingerprint:064x}"}
            return json.dumps({"dt": f"2026-10-0{day}", **values})

        found = plan.added_up([sums(5, 1, 2**256 - 1), sums(6, 7, 8), sums(5, 2, 3)])
        expected = {
            "2026-10-05": {"objects": 3, "bytes": 30, "fingerprint": f"{2:064x}"},
            "2026-10-06": {"objects": 7, "bytes": 70, "fingerprint": f"{8:064x}"},
        }
        self.assertEqual(found, expected)


class Read(WithFake):
    def test_keys_become_rows(self) -> None:
        found = rows(read.reading(job(), SCHEMA)(batches_of('{"key":"k"}', '{"key":"l"}')))
        self.assertEqual([row["payload"] for row in found], [b"payload of k", b"payload of l"])
        self.fault("read=exit1")
        self.assertEqual(rows(read.reading(job(), SCHEMA)(batches_of())), [])

    def test_rows_of_a_program_that_then_fails_fail(self) -> None:
        for fault in ["read=exit1", "read=kill"]:
            self.fault(fault)
            with self.assertRaises(ProgramError):
                rows(read.reading(job(), SCHEMA)(batches_of('{"key":"k"}')))

    def test_partitions_are_by_bytes_and_at_most_one_for_each_object(self) -> None:
        day = {"objects": 3, "bytes": 10**6, "fingerprint": ""}
        self.assertEqual(read.partitions({}, 10**9), 1)
        self.assertEqual(read.partitions({"a": day, "b": day}, 10**9), 1)
        self.assertEqual(read.partitions({"a": day, "b": day}, 10**6), 3)
        self.assertEqual(read.partitions({"a": day, "b": day}, 1), 6)


class Build(WithFake):
    def build(self, *batches: pa.RecordBatch) -> list:
        sums = {"2026-10-05": {"objects": 2, "bytes": 5, "fingerprint": "f"}}
        return rows(build.building(job(), sums, SCHEMA)(batches))

    @staticmethod
    def batch(*given: tuple) -> pa.RecordBatch:
        """As Spark gives it: without metadata, and, if it is told to, in types of its own."""
        days, keys = [day for day, _ in given], [key for _, key in given]
        columns = [pa.array(days, pa.large_string()), pa.array(keys, pa.large_string())]
        columns += [pa.array([0] * len(given), pa.int32()), pa.array([b"p"] * len(given), pa.large_binary())]
        return pa.RecordBatch.from_arrays(columns, names=SCHEMA.names)

    def test_each_day_gets_its_rows_its_sums_and_the_metadata_of_the_driver(self) -> None:
        first = self.batch(("2026-10-05", None), ("2026-10-05", "k"))
        found = self.build(first, self.batch(("2026-10-05", "l"), ("2026-10-06", None)))
        self.assertEqual(
            [(row["dt"], row["exit_code"]) for row in found], [("2026-10-05", 0), ("2026-10-06", 0)]
        )
        summaries = [json.loads(row["summary"]) for row in found]
        self.assertEqual([summary["day"] for summary in summaries], ["2026-10-05", "2026-10-06"])
        self.assertEqual([summary["keys"] for summary in summaries], [["k", "l"], []])
        self.assertEqual(
            [summary["sums"][:45] for summary in summaries],
            ['{"dt": "2026-10-05", "objects": 2, "bytes": 5', ""],
        )
        self.assertEqual(summaries[0]["metadata"], {"format": "1", "options": "none"})

    def test_day_that_fails_is_a_row_and_the_next_day_is_built(self) -> None:
        for fault in ["build=exit1", "build=deaf"]:
            self.fault(fault)
            found = self.build(self.batch(("2026-10-05", "k"), ("2026-10-06", "k")))
            self.assertEqual([row["exit_code"] for row in found], [1, 1])
            self.assertTrue(found[0]["stderr"].endswith("error: it ends with exit1"))

    def test_task_fails_if_a_signal_ends_the_build(self) -> None:
        self.fault("build=kill")
        with self.assertRaisesRegex(ProgramKilled, "hoptrail build was killed by signal 9"):
            self.build(self.batch(("2026-10-05", "k")))


if __name__ == "__main__":
    unittest.main()
