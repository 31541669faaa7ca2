"""The data source, without a session of Spark."""

import datetime
import importlib.util
import unittest

from fake import WithFake
from hoptrail.spark import _job

HAS_DATA_SOURCES = importlib.util.find_spec("pyspark.sql.datasource") is not None
if HAS_DATA_SOURCES:
    from hoptrail.spark import source
    from pyspark.sql import datasource
    from pyspark.sql.datasource import CaseInsensitiveDict


@unittest.skipUnless(HAS_DATA_SOURCES, "Spark 3 has no data sources in Python")
class Source(WithFake):
    def test_filters_narrow_the_days_and_never_widen_them(self) -> None:
        whole = _job.job("s3://org-trail", None, "2026-10-05", "2026-10-20", {}, source.DEFAULTS)
        dt, day = ("dt",), datetime.date(2026, 10, 9)
        cases = [
            ("EqualTo", dt, "2026-10-09", "2026-10-09", "2026-10-09"),
            ("EqualTo", dt, day, "2026-10-09", "2026-10-09"),
            ("In", dt, ("2026-10-11", "2026-10-07"), "2026-10-07", "2026-10-11"),
            ("GreaterThan", dt, "2026-10-09", "2026-10-09", "2026-10-20"),
            ("GreaterThanOrEqual", dt, "2026-09-01", "2026-10-05", "2026-10-20"),
            ("LessThan", dt, "2026-10-09", "2026-10-05", "2026-10-09"),
            ("LessThanOrEqual", dt, "2027-01-01", "2026-10-05", "2026-10-20"),
            # No day is left, of which one is read.
            ("EqualTo", dt, "2027-01-01", "2026-10-05", "2026-10-05"),
            # Nothing that bounds days.
            ("EqualTo", ("key",), "2026-10-09", "2026-10-05", "2026-10-20"),
            ("EqualTo", dt, "October", "2026-10-05", "2026-10-20"),
            ("In", dt, ("2026-10-09", "October"), "2026-10-05", "2026-10-20"),
            ("StringStartsWith", dt, "2026-10-09", "2026-10-05", "2026-10-20"),
        ]
        for name, column, value, first, last in cases:
            narrowed = source.narrowed(whole, getattr(datasource, name)(column, value))
            self.assertEqual((str(narrowed.first), str(narrowed.last)), (first, last), (name, value))
        negated = datasource.Not(datasource.EqualTo(dt, "2026-10-09"))
        self.assertEqual(source.narrowed(whole, negated), whole)

    def test_options_are_those_of_the_program(self) -> None:
        def job(**options: str) -> _job.Job:
            return source.Calls(CaseInsensitiveDict(options))._job()

        days = {"source": "s3://org-trail", "from": "2026-10-05", "to": "2026-10-06"}
        self.assertEqual(job(**days, omit="source_ip").options["read"], ("--omit=source_ip",))
        with self.assertRaisesRegex(ValueError, "needs the options source, from, and to: no from, to"):
            job(source="s3://org-trail")
        with self.assertRaisesRegex(TypeError, "no command of plan, read has an option --prices"):
            job(**days, prices="x")

    def test_partitions_are_folders_and_their_keys_go_from_one_command_to_the_next(self) -> None:
        days = {"source": "s3://org-trail", "from": "2026-10-05", "to": "2026-10-06"}
        reader = source.Calls(CaseInsensitiveDict(days)).reader(None)
        partitions = reader.partitions()
        self.assertEqual([len(partition.value) for partition in partitions], [1, 1])
        keys = [key for batch in reader.read(partitions[1]) for key in batch.column("key").to_pylist()]
        self.assertEqual(keys, ["b/0", "b/1", "b/2"])
        for fault in ["plan=exit1", "read=exit1"]:
            self.fault(fault)
            with self.assertRaisesRegex(RuntimeError, "ended with exit code 1"):
                list(reader.read(partitions[1]))


if __name__ == "__main__":
    unittest.main()
