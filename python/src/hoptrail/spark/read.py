"""Reads objects in tasks: keys become readings, a row for each object and day that it gives to."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Callable

import pyarrow as pa

from hoptrail.spark._job import Job
from hoptrail.spark._program import Child, feed_lines, read_batches, read_schema
from hoptrail.spark.plan import lines

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# What an object costs beyond its bytes (its request, its row), counted as bytes.
OBJECT_BYTES = 32 * 1024


def partitions(sums: Mapping[str, dict], bytes_each: int) -> int:
    """How many tasks read what `sums` count, if each reads about so many bytes and at least one object."""
    objects = sum(day["objects"] for day in sums.values())
    weight = sum(day["bytes"] for day in sums.values()) + objects * OBJECT_BYTES
    return max(1, min(objects, -(-weight // bytes_each)))


def empty_schema(job: Job, *form: str) -> pa.Schema:
    """The schema of what is read: that of reading no keys. Its metadata say what is read with."""
    with Child(job.command("read", *form), feed_lines([])) as child:
        return read_schema(child)


def readings(planned: DataFrame, job: Job, tasks: int, schema: pa.Schema) -> DataFrame:
    """The readings of all keys. Rows: `schema`, without its metadata, which Spark does not keep."""
    from pyspark.sql.pandas.types import from_arrow_schema

    # By hash: a task that runs again gets the same keys. Neighbors, which have one prefix, go to several tasks:
    # S3 limits requests by prefix.
    keys = planned.where("line IS NOT NULL").select("line").repartition(tasks, "line")
    return keys.mapInArrow(reading(job, schema), from_arrow_schema(schema))


def reading(job: Job, schema: pa.Schema) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A task: keys as lines of JSON to readings. What it learns of aliases is merged at the destination."""

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        keys = lines(batches)
        first = next(keys, None)
        if first is None:
            return
        arguments = job.command("read", dest=True)
        with Child(arguments, feed_lines(itertools.chain([first], keys))) as child:
            yield from read_batches(child, expected=schema)

    return read
