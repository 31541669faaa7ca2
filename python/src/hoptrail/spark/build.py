"""Builds days in tasks, one each: readings become tables at the destination, by the rules of one run.

A day that cannot be built does not fail its task: the other days are published all the same.
"""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import pyarrow as pa
import pyarrow.compute as pc

from hoptrail.spark._job import Job
from hoptrail.spark._program import Child, feed_batches

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

# A row for each day: how `hoptrail build` ended, its summary as JSON (null if it has none), its last messages.
SCHEMA = "dt string, exit_code int, summary string, stderr string"
ARROW_SCHEMA = pa.schema(
    [("dt", pa.string()), ("exit_code", pa.int32()), ("summary", pa.string()), ("stderr", pa.string())]
)
ORDER = ["dt", "key", "part"]
# Integers that are tried for each partition: the chance that none of them falls into a certain one is e^-64.
TRIED_PER_PARTITION = 64


def built(
    spark: SparkSession, readings: DataFrame, job: Job, sums: Mapping[str, dict], schema: pa.Schema
) -> DataFrame:
    """Builds every day of the range from its readings. Rows: `SCHEMA`."""
    days = job.days()
    # A row without a key stands for each day: also days without readings are looked at, because a published day
    # whose objects are all gone must not be passed over.
    of_days = spark.createDataFrame([(day,) for day in days], "dt string").coalesce(1)
    rows = by_day(spark, readings.unionByName(of_days, allowMissingColumns=True), days)
    return rows.sortWithinPartitions(*ORDER).mapInArrow(building(job, sums, schema), SCHEMA)


def by_day(spark: SparkSession, rows: DataFrame, days: Sequence[str]) -> DataFrame:
    """A partition for each day. `repartition` by the day hashes it: of 365 days, 7 would share a partition."""
    from pyspark.sql import functions as sf

    def number(numbers: Iterable[int]) -> Column:
        pairs = [sf.lit(value) for pair in zip(days, numbers) for value in pair]
        return sf.element_at(sf.create_map(*pairs), sf.col("dt"))

    if hasattr(rows, "repartitionById"):
        return rows.repartitionById(len(days), number(range(len(days))))
    return rows.repartition(len(days), number(hashed_into(spark, len(days))))


def hashed_into(spark: SparkSession, count: int) -> list[int]:
    """For each of so many partitions an integer that Spark's hash sends there."""
    from pyspark.sql import functions as sf

    tried = spark.range(0, TRIED_PER_PARTITION * count, numPartitions=1).select(sf.col("id").cast("int"))
    partition = sf.pmod(sf.hash("id"), sf.lit(count))
    found = {row.partition: row.id for row in tried.select("id", partition.alias("partition")).collect()}
    return [found[partition] for partition in range(count)]


def building(
    job: Job, sums: Mapping[str, dict], schema: pa.Schema
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A task: the readings of days, in their order, to a row for each day."""

    def build(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for day, pieces in itertools.groupby(_pieces(batches), key=lambda piece: piece.column("dt")[0].as_py()):
            yield _build(job, day, sums.get(day), schema, pieces)

    return build


def _pieces(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Parts of batches, each of one day."""
    for batch in batches:
        begin = 0
        for _, rows in itertools.groupby(batch.column("dt").to_pylist()):
            count = sum(1 for _ in rows)
            yield batch.slice(begin, count)
            begin += count


def _build(
    job: Job, day: str, sums: dict | None, schema: pa.Schema, pieces: Iterable[pa.RecordBatch]
) -> pa.RecordBatch:
    with tempfile.TemporaryDirectory(prefix="hoptrail-") as folder:
        path = Path(folder) / "sums.jsonl"
        path.write_text("" if sums is None else json.dumps({"dt": day, **sums}) + "\n")
        arguments = job.command_of_day(
            "build", day, "--readings=-", f"--sums={path}", "--reopen=0", "--summary-json=-"
        )
        with Child(arguments, feed_batches(schema, _readings(pieces, schema))) as child:
            summary = child.stdout.read().decode()
            code = child.wait()
    values = [day, code, summary or None, child.stderr_end()]
    return pa.RecordBatch.from_arrays(
        [pa.array([value], field.type) for value, field in zip(values, ARROW_SCHEMA)], schema=ARROW_SCHEMA
    )


def _readings(pieces: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Without the row that stands for the day; in the types of the program, whichever Spark prefers."""
    for piece in pieces:
        rows = piece.filter(pc.is_valid(piece.column("key")))
        columns = [rows.column(field.name).cast(field.type) for field in schema]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
