"""The calls of a trail as a DataFrame, a row each: `spark.read.format("hoptrail")`, on Spark 4.

A call that was logged in several objects has several rows, because no task sees all of a day:
`hoptrail.spark.distinct` leaves one of each. Costs are only in the tables of a run.
"""

from __future__ import annotations

import dataclasses
import datetime
import shutil
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition
from pyspark.sql.pandas.types import from_arrow_schema

from hoptrail.spark import _job, plan, read
from hoptrail.spark._program import Child, feed_lines, read_batches

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.datasource import Filter
    from pyspark.sql.types import StructType

DEFAULTS: dict[str, dict[str, _job.Flag]] = {"plan": {}, "read": {}}
FORM = "--form=calls"
# Options that are no flags of the program.
REQUIRED = ("source", "from", "to")
# There is a task for each Region folder, but not for more than so many.
MAX_TASKS = 2000
# Filters that bound the days from below, and from above.
LOWER = frozenset(["EqualTo", "EqualNullSafe", "In", "GreaterThan", "GreaterThanOrEqual"])
UPPER = frozenset(["EqualTo", "EqualNullSafe", "In", "LessThan", "LessThanOrEqual"])
PUSHDOWN_SETTING = "spark.sql.python.filterPushdown.enabled"


def register(spark: SparkSession) -> None:
    """Makes the format `hoptrail` known to a session, and has filters of its reads passed on."""
    spark.dataSource.register(Calls)
    # Since 4.1. Spark refuses sources that can make use of filters while this is off.
    if spark.conf.isModifiable(PUSHDOWN_SETTING):
        spark.conf.set(PUSHDOWN_SETTING, "true")


class Calls(DataSource):
    """Options: `source`, `from`, and `to` (YYYY-MM-DD, included). Others are options of `hoptrail read`."""

    @classmethod
    def name(cls) -> str:
        return "hoptrail"

    def schema(self) -> StructType:
        return from_arrow_schema(read.empty_schema(self._job(), FORM))

    def reader(self, schema: StructType) -> CallsReader:
        job = self._job()
        return CallsReader(job, read.empty_schema(job, FORM))

    def _job(self) -> _job.Job:
        given = {name.lower().replace("-", "_"): value for name, value in self.options.items()}
        missing = [name for name in REQUIRED if name not in given]
        if missing:
            raise ValueError(
                f"the format hoptrail needs the options source, from, and to: no {', '.join(missing)}"
            )
        source, first, last = (given.pop(name) for name in REQUIRED)
        # Options of Spark are texts.
        flags = {name: True if value == "true" else value for name, value in given.items() if value != "false"}
        return _job.job(source, None, first, last, flags, DEFAULTS)


class CallsReader(DataSourceReader):
    """Reads a Region folder, or some, in each task, which lists it for itself."""

    def __init__(self, job: _job.Job, schema: pa.Schema) -> None:
        self.job = job
        self.expected = schema

    def pushFilters(self, filters: Sequence[Filter]) -> Iterable[Filter]:
        """Narrows the days that are listed. Spark looks at the rows all the same."""
        for filter_ in filters:
            self.job = narrowed(self.job, filter_)
        return filters

    def partitions(self) -> list[InputPartition]:
        lines = plan.folders(self.job)
        each = max(1, -(-len(lines) // MAX_TASKS))
        return [InputPartition(lines[begin : begin + each]) for begin in range(0, len(lines), each)]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        listing = self.job.command("plan", "--folders=-", "--output=keys")
        with Child(listing, feed_lines(partition.value)) as listed:

            def feed(stdin: BinaryIO) -> None:
                shutil.copyfileobj(listed.stdout, stdin)
                listed.finish()

            with Child(self.job.command("read", FORM), feed) as child:
                yield from read_batches(child, self.expected)


def narrowed(job: _job.Job, filter_: Filter) -> _job.Job:
    """A job for the days from the first to the last that a filter on `dt` leaves."""
    # By name: Spark 4.0 has no filters.
    kind, value = type(filter_).__name__, getattr(filter_, "value", None)
    if getattr(filter_, "attribute", None) != ("dt",) or kind not in LOWER | UPPER:
        return job
    values = list(value) if kind == "In" else [value]
    days = [day for day in map(_date, values) if day is not None]
    if not days or len(days) < len(values):
        return job
    first = max(job.first, min(days)) if kind in LOWER else job.first
    last = min(job.last, max(days)) if kind in UPPER else job.last
    if first > last:
        # No day is left. What is read of this one, the filter leaves out.
        first = last = job.first
    return dataclasses.replace(job, first=first, last=last)


def _date(value: object) -> datetime.date | None:
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(str(value))
    except ValueError:
        return None
