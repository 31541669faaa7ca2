"""A run over a range of days by Spark: the destination has the bytes that it has after one `hoptrail run`."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from hoptrail.spark import _job, build, plan, read
from hoptrail.spark._program import DONE, PARTIAL, Child, ProgramError

if TYPE_CHECKING:
    from pyspark import StorageLevel
    from pyspark.sql import DataFrame, SparkSession

GIB = 1024**3
# A task that Spark tries again, or runs twice, waits until the first is done or its lease is stale.
WAIT_LOCK = "30m"
# A row of readings has up to 100,000 calls of some 300 bytes each, a column of an Arrow batch at most 2 GiB.
# Batches are limited by their bytes since Spark 4.0; before, by their rows alone.
BATCH_BYTES, BATCH_BYTES_SETTING = 64 * 1024**2, "spark.sql.execution.arrow.maxBytesPerBatch"
BATCH_ROWS, BATCH_ROWS_SETTING = 16, "spark.sql.execution.arrow.maxRecordsPerBatch"


class Day(NamedTuple):
    """How the build of a day ended."""

    # YYYY-MM-DD.
    dt: str
    # Of `hoptrail build`: 0; 3 if something was unreadable or rejected; any other is a failure.
    exit_code: int
    # What `--summary-json` gives, if the build came that far.
    summary: str | None
    # The last messages, at most 4 KiB.
    stderr: str


class DaysFailed(RuntimeError):
    """Some days failed; all others are published. `days` has how each day of the range ended."""

    def __init__(self, days: Sequence[Day]) -> None:
        self.days = list(days)
        failed = [day for day in days if day.exit_code not in (DONE, PARTIAL)]
        shown = "\n".join(
            f"{day.dt}: exit code {day.exit_code}: {day.stderr or 'no message'}" for day in failed
        )
        super().__init__(f"{len(failed)} of {len(days)} days failed\n{shown}")


def run(
    spark: SparkSession,
    source: str | Sequence[str],
    dest: str,
    from_: str | datetime.date,
    to: str | datetime.date,
    *,
    keys: DataFrame | None = None,
    bytes_per_task: int = GIB,
    **flags: _job.Flag,
) -> list[Day]:
    """Reads the objects of the source, and publishes each day from `from_` to `to` (dates, or `YYYY-MM-DD`).

    `keys`, with the columns `key`, `size` (bytes), and `etag`, is read in place of listing the source: an S3
    Inventory, or a table of S3 Metadata. A task reads about `bytes_per_task` of objects.

    `flags` are options of `hoptrail run`: `late_window="6h"` is `--late-window 6h`, `verify_digests=True` is
    `--verify-digests`, and a list repeats its option. Files that they name must be on every machine.
    Credentials come from the environment of the executors.

    Returns how each day ended. Raises `DaysFailed` if some were not published, after all others are.
    """
    job = _job.job(source, dest, from_, to, flags, defaults(int(spark.conf.get("spark.task.cpus", "1"))))
    schema = read.empty_schema(job)
    planned = plan.planned_folders(spark, job) if keys is None else plan.planned_keys(keys, job)
    # Some 100 bytes an object. Without them at hand, the source would be listed again once its sums are known.
    planned = planned.persist(_disk_only())
    try:
        listed = planned.where("sums IS NOT NULL").select("sums").collect()
        sums = plan.added_up(row.sums for row in listed)
        readings = read.readings(planned, job, read.partitions(sums, bytes_per_task), schema)
        with small_batches(spark):
            rows = build.built(spark, readings, job, sums, schema).collect()
    finally:
        planned.unpersist()
    days = sorted(Day(*row) for row in rows)
    if [day.dt for day in days] != job.days():
        raise RuntimeError(f"expected one build for each of {job.days()}, found {[day.dt for day in days]}")
    has_failed = any(day.exit_code not in (DONE, PARTIAL) for day in days)
    try:
        settle(job)
    except ProgramError as error:
        if has_failed:
            raise DaysFailed(days) from error
        raise
    if has_failed:
        raise DaysFailed(days)
    return days


def defaults(cores: int) -> dict[str, dict[str, _job.Flag]]:
    """The flags of each command, unless the caller has others. `cores` are those of a task.

    Tasks that read fill all cores. Of builds there are fewer, and they may use all that a machine has.
    """
    wait: dict[str, _job.Flag] = {"wait_lock": WAIT_LOCK}
    return {"plan": {}, "read": {"threads": cores}, "build": wait, "settle": wait}


def settle(job: _job.Job) -> None:
    """Makes days that were built at once one whole. Runs on the driver, and reads little."""
    with Child(job.command("settle", dest=True)) as child:
        child.stdout.read()
        child.finish()


@contextlib.contextmanager
def small_batches(spark: SparkSession) -> Iterator[None]:
    """Has Spark give tasks batches whose payloads fit into memory, for what is planned meanwhile."""
    # What a version does not know is not modifiable.
    limits_bytes = spark.conf.isModifiable(BATCH_BYTES_SETTING)
    name, value = (BATCH_BYTES_SETTING, BATCH_BYTES) if limits_bytes else (BATCH_ROWS_SETTING, BATCH_ROWS)
    before = spark.conf.get(name)
    spark.conf.set(name, str(value))
    try:
        yield
    finally:
        spark.conf.set(name, before)


def _disk_only() -> StorageLevel:
    from pyspark import StorageLevel

    return StorageLevel.DISK_ONLY
