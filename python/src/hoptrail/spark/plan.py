"""Lists the source in tasks: folders become keys, and sums that say what all keys of a day add up to.

Keys stay in Spark: a year of a large organization has 10^9 of them, more than a driver holds.
"""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import pyarrow as pa

from hoptrail.spark._job import Job
from hoptrail.spark._program import Child, feed_lines

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Region folders that a task lists. Most hold little; a task of its own for each would cost more than it lists.
FOLDERS_PER_TASK = 64
# Lines in a batch, each of some 150 bytes.
BATCH_LINES = 10_000
# Fingerprints are sums of 256-bit numbers.
FINGERPRINT_BITS = 256

# A row is a key (a line of JSON for `hoptrail read`) or the sums of a day, as far as one task has listed it.
SCHEMA = "line string, sums string"
ARROW_SCHEMA = pa.schema([("line", pa.string()), ("sums", pa.string())])


def folders(job: Job) -> list[str]:
    """The Region folders of the source, as lines of JSON. On the driver: 1,000 accounts take 2,000 requests."""
    with Child(job.command("plan", "--output=folders")) as child:
        lines = [line.decode().rstrip("\n") for line in child.stdout]
        child.finish()
    return lines


def planned_folders(spark: SparkSession, job: Job) -> DataFrame:
    """What is in the folders of the source. Rows: `SCHEMA`."""
    lines = folders(job)
    tasks = max(1, -(-len(lines) // FOLDERS_PER_TASK))
    # By hash, so that neighbors, which are one account's, are listed by several tasks.
    rows = spark.createDataFrame([(line,) for line in lines], "line string").repartition(tasks, "line")
    return rows.mapInArrow(planning(job, "--folders=-"), SCHEMA)


def planned_keys(keys: DataFrame, job: Job) -> DataFrame:
    """What is of the range among keys that were listed otherwise: key, size in bytes, etag. Rows: `SCHEMA`."""
    from pyspark.sql import functions as sf

    missing = {"key", "size", "etag"}.difference(keys.columns)
    if missing:
        raise ValueError(f"keys without {', '.join(sorted(missing))}: expected the columns key, size, and etag")
    # Nulls are written, too: the program says of which line something is missing.
    line = sf.to_json(
        sf.struct(
            sf.col("key").cast("string").alias("key"),
            sf.col("size").cast("bigint").alias("size"),
            sf.col("etag").cast("string").alias("etag"),
        ),
        {"ignoreNullFields": "false"},
    )
    return keys.select(line.alias("line")).mapInArrow(planning(job, "--keys=-"), SCHEMA)


def planning(job: Job, of: str) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A task: lines of JSON to keys and sums."""

    def plan(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        given = lines(batches)
        first = next(given, None)
        if first is None:
            return
        with tempfile.TemporaryDirectory(prefix="hoptrail-") as folder:
            sums = Path(folder) / "sums.jsonl"
            arguments = job.command("plan", of, "--output=keys", f"--sums={sums}")
            with Child(arguments, feed_lines(itertools.chain([first], given))) as child:
                while keys := [
                    line.decode().rstrip("\n") for line in itertools.islice(child.stdout, BATCH_LINES)
                ]:
                    yield _batch(keys, [None] * len(keys))
                child.finish()
            of_days = sums.read_text().splitlines()
        yield _batch([None] * len(of_days), of_days)

    return plan


def _batch(keys: list, sums: list) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array(keys, pa.string()), pa.array(sums, pa.string())], schema=ARROW_SCHEMA
    )


def lines(batches: Iterable[pa.RecordBatch]) -> Iterator[str]:
    """The values of the first column."""
    for batch in batches:
        yield from batch.column(0).to_pylist()


def added_up(sums: Iterable[str]) -> dict[str, dict]:
    """The sums of whole days by day, from those of their parts: objects, bytes, and fingerprints add up."""
    days: dict[str, dict] = {}
    for text in sums:
        part = json.loads(text)
        day = days.setdefault(part["dt"], {"objects": 0, "bytes": 0, "fingerprint": 0})
        day["objects"] += part["objects"]
        day["bytes"] += part["bytes"]
        day["fingerprint"] += int(part["fingerprint"], 16)
    for day in days.values():
        fingerprint = day["fingerprint"] % 2**FINGERPRINT_BITS
        day["fingerprint"] = f"{fingerprint:0{FINGERPRINT_BITS // 4}x}"
    return days
