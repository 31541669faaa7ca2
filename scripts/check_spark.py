"""Runs the sample by Spark, with the package that is installed beside this Python, and compares the destination
with that of one `hoptrail run`, byte by byte.

    check_spark.py FOLDER

Checked: one task for all objects, and one for each; keys that were listed otherwise; model invocation logs; a
row that is lost between reading and building; children that are killed while they list, read, and build, which
Spark starts again; a day that gets new objects; a day whose objects are gone, which is not replaced while the
other days are published; a machine with other settings than the driver. Then the data source, where Spark has
such. FOLDER is for what is written.
"""

from __future__ import annotations

import contextlib
import filecmp
import gzip
import json
import os
import random
import shlex
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import hoptrail.spark
import pyarrow as pa
from hoptrail.spark import _job, _program, build, plan, read
from hoptrail.spark._run import defaults, small_batches
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "tests" / "sample" / "org-trail"
DAYS = ("2026-10-05", "2026-10-07")
LAST_DAY = "2026-10-07"
# Objects that were delivered in this hour are read for no day but that of their delivery.
LATE_HOUR = "13"
# A file of the store in every folder that it has written to.
LOCK = ".store-tmp-lock"

# How many children are killed of each command.
KILLS = {"plan": 1, "read": 4, "build": 3}
# Runs the program, and kills it if there is a file left that says after how many seconds.
KILLED = """#!/bin/sh
for kill in {folder}/"$1"/*; do
  if mv "$kill" {folder}/taken-$$ 2>/dev/null; then
    timeout --foreground --signal KILL "$(cat {folder}/taken-$$)" {program} "$@"
    code=$?
    [ $code = 137 ] || exit $code
    echo "$1" >> {folder}/killed
    kill -KILL $$
  fi
done
exec {program} "$@"
"""

# Columns that depend on aliases, which a run learns from the trail before it builds.
OF_ALIASES = {
    *("target_type", "profile_scope", "profile_id", "profile_name"),
    *("model_id", "model_name", "model_provider", "model_match"),
    *("declared_destinations", "is_declared"),
}

passed = failed = 0


def check(what: str, holds: bool, found: object = "") -> None:
    """One check: `what` is the sentence that should be true, `found` what is there instead."""
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"FAILED  {what}: {found}")


class World:
    """Spark, a folder, and what one `hoptrail run` over the sample writes."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self.folder = folder
        self.expected = folder / "expected"
        self.hoptrail("run", SAMPLE, self.expected)

    def hoptrail(self, command: str, source: Path, dest: Path, *more: str) -> None:
        where = [f"--source={source}", f"--dest={dest}", f"--from={DAYS[0]}", f"--to={DAYS[1]}"]
        subprocess.run([_program.find(), command, *where, *more], check=True, stdout=subprocess.DEVNULL)

    def run(self, source: Path, dest: Path, days: tuple = DAYS, **more: object) -> list[hoptrail.spark.Day]:
        return hoptrail.spark.run(self.spark, str(source), str(dest), *days, **more)

    def check_same(self, what: str, dest: Path, expected: Path | None = None) -> None:
        found = differences(expected or self.expected, dest)
        check(f"{what}: same bytes as one run", found == [], found)


def differences(expected: Path, found: Path) -> list[str]:
    """Files that only one folder has, or that differ."""

    def files(folder: Path) -> set[str]:
        paths = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        return {path for path in paths if not path.endswith(LOCK)}

    both = files(expected) & files(found)
    same, differ, unread = filecmp.cmpfiles(expected, found, both, shallow=False)
    return sorted((files(expected) ^ files(found)) | set(differ) | set(unread))


def contents(dest: Path, day: str) -> dict[str, bytes]:
    """The files of a day's tables, by their path."""
    return {str(path.relative_to(dest)): path.read_bytes() for path in dest.glob(f"*/dt={day}/*")}


@contextlib.contextmanager
def on_executors(spark: SparkSession, **environment: str) -> Iterator[None]:
    """Variables that only the processes of tasks have."""
    spark.sparkContext.environment.update(environment)
    try:
        yield
    finally:
        for name in environment:
            del spark.sparkContext.environment[name]


def check_tasks(world: World) -> None:
    for what, bytes_per_task in [("one task reads all", 1024**3), ("a task for each object", 1)]:
        dest = world.folder / f"tasks-{bytes_per_task}"
        days = world.run(SAMPLE, dest, bytes_per_task=bytes_per_task)
        check(
            f"{what}: a row for each day, in order",
            [day.dt for day in days] == ["2026-10-05", "2026-10-06", LAST_DAY],
            days,
        )
        check(f"{what}: every day is done", {day.exit_code for day in days} <= {0, 3}, days)
        summaries = [json.loads(day.summary) for day in days]
        check(
            f"{what}: summaries name their day",
            [s["range"] for s in summaries] == [day.dt for day in days],
            summaries,
        )
        world.check_same(what, dest)


def check_shuffle(world: World) -> None:
    """What the run asks of Spark: a partition for each day, and batches that fit into memory."""
    days = [f"day {n}" for n in range(100)]
    rows = world.spark.createDataFrame([(day,) for day in days * 2], "dt string")
    partitions = (
        build.by_day(world.spark, rows, days).select("dt", sf.spark_partition_id()).distinct().collect()
    )
    check(
        "each day has a partition",
        len({row.dt for row in partitions}) == len(partitions) == len(days),
        partitions,
    )
    check("each partition has a day", len({row[1] for row in partitions}) == len(days), partitions)

    def sizes(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.RecordBatch.from_pydict({"bytes": [batch.nbytes]})

    row = sf.repeat(sf.lit("x"), 4 * 1024**2)
    with small_batches(world.spark):
        payloads = world.spark.range(0, 40, numPartitions=1).select(row.cast("binary").alias("payload"))
        found = [size.bytes for size in payloads.mapInArrow(sizes, "bytes bigint").collect()]
    check(
        "40 payloads of 4 MiB come in several batches",
        sum(found) > 160 * 1024**2 and max(found) < 80 * 1024**2,
        found,
    )


def check_lost(world: World) -> None:
    """Readings that do not reach the build: the day must not look like one with fewer calls."""
    dest = world.folder / "lost"
    job = _job.job(str(SAMPLE), str(dest), *DAYS, {}, defaults(1))
    schema = read.empty_schema(job)
    planned = plan.planned_folders(world.spark, job)
    sums = plan.added_up(row.sums for row in planned.where("sums IS NOT NULL").collect())
    readings = read.readings(planned, job, 2, schema)
    lost = readings.where(f"dt = '{LAST_DAY}' AND NOT is_late").first()
    left = readings.where(~((sf.col("dt") == LAST_DAY) & (sf.col("key") == lost.key)))
    with small_batches(world.spark):
        days = sorted(build.built(world.spark, left, job, sums, schema).collect())
    check(
        "a row is lost: its day alone is refused",
        [day.exit_code for day in days][2] == 1 and days[0].exit_code == 0,
        days,
    )
    objects = sums[LAST_DAY]["objects"]
    shown = all(str(n) in days[2].stderr for n in (objects, objects - 1))
    check("a row is lost: what is expected and what is found is said", shown, days[2].stderr)
    check("a row is lost: nothing of the day is published", contents(dest, LAST_DAY) == {})
    # Nothing is settled here: builds know the aliases of other days because all was read before.
    first = [contents(of, DAYS[0]) for of in (world.expected, dest)]
    check("a row is lost: the tables of the first day know all aliases", first[0] == first[1] != {})


def check_keys(world: World) -> None:
    """Keys in a table that has more of them: of other days, and of other columns."""
    command = ["plan", f"--source={SAMPLE}", "--from=2026-10-04", "--to=2026-10-09", "--output=keys"]
    lines = subprocess.run([_program.find(), *command], check=True, capture_output=True, text=True).stdout
    rows = [{**json.loads(line), "bucket": "org-trail"} for line in lines.splitlines()]
    keys = world.spark.createDataFrame(rows, "bucket string, key string, size bigint, etag string").repartition(
        3
    )
    world.run(SAMPLE, world.folder / "keys", keys=keys)
    world.check_same("keys of a table", world.folder / "keys")
    try:
        world.run(SAMPLE, world.folder / "keys", keys=keys.drop("etag"))
        check("keys without etag are refused", False)
    except ValueError as error:
        check("keys without etag are refused", "keys without etag" in str(error), error)


def check_logs(world: World) -> None:
    """Model invocation logs of every third call, with request metadata, and of a call that no trail has."""
    logs = world.folder / "logs"
    calls = [call for path in sorted(SAMPLE.rglob("*.json.gz")) for call in requests_in(path)][::3]
    orphan = {"requestID": "of-no-trail", "eventTime": f"{LAST_DAY}T12:00:00Z", "awsRegion": "us-east-1"}
    for n, call in enumerate([*calls, orphan]):
        time, region = call["eventTime"], call["awsRegion"]
        folder = (
            logs
            / "AWSLogs/111122223333/BedrockModelInvocationLogs"
            / region
            / time[:13].replace("-", "/").replace("T", "/")
        )
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{n}.json.gz").write_bytes(gzip.compress(json.dumps(entry(call, n)).encode()))
    options = ["--include-orphans", "--request-metadata=team", f"--invocation-logs={logs}"]
    expected, dest = world.folder / "expected-logs", world.folder / "logs-dest"
    world.hoptrail("run", SAMPLE, expected, *options)
    check("invocation logs change what is expected", differences(world.expected, expected) != [])
    world.run(SAMPLE, dest, include_orphans=True, request_metadata=["team"], invocation_logs=str(logs))
    world.check_same("invocation logs", dest, expected)


def requests_in(path: Path) -> list[dict]:
    document = json.loads(gzip.decompress(path.read_bytes()))
    # There are files of other kinds.
    records = document.get("Records", []) if isinstance(document, dict) else []
    return [record for record in records if record.get("eventName") == "Converse" and record.get("requestID")]


def entry(call: dict, n: int) -> dict:
    """An entry of an invocation log."""
    return {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": call["eventTime"],
        "accountId": "111122223333",
        "region": call["awsRegion"],
        "requestId": call["requestID"],
        "operation": "Converse",
        "modelId": "us.anthropic.claude-sonnet-4-6",
        "requestMetadata": {"team": f"team {n % 7}"},
        "input": {"inputTokenCount": 100 + n},
        "output": {"outputTokenCount": n},
    }


def check_kills(world: World) -> None:
    """Children that SIGKILL ends: Spark tries their tasks again, up to four times. One of each command at once,
    others at random, where they may have ended before."""
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    folder = world.folder / "kills"
    for command, count in KILLS.items():
        (folder / command).mkdir(parents=True)
        for n in range(count):
            seconds = 0.001 if n == 0 else draw.uniform(0.02, 0.1)
            (folder / command / str(n)).write_text(f"{seconds:.3f}")
    program = folder / "hoptrail"
    program.write_text(
        KILLED.format(folder=shlex.quote(str(folder)), program=shlex.quote(str(_program.find())))
    )
    program.chmod(0o755)
    with on_executors(world.spark, HOPTRAIL_BIN=str(program)):
        world.run(SAMPLE, world.folder / "killed", bytes_per_task=1)
    left = sorted(str(path) for command in KILLS for path in (folder / command).iterdir())
    check("children are killed: as often as planned", left == [], left)
    killed = (folder / "killed").read_text().split()
    check("children are killed: one of each command", set(killed) == set(KILLS), killed)
    world.check_same(f"children are killed ({' '.join(killed)}; seed {seed})", world.folder / "killed")


def check_changes(world: World) -> None:
    """The objects of a day change: there are more of them, then fewer."""
    source, dest, hidden = world.folder / "source", world.folder / "changes", world.folder / "hidden"
    # With the times of its files, which are their ETags.
    shutil.copytree(SAMPLE, source)
    late = next(source.rglob(f"{LAST_DAY.replace('-', '/')}/*T{LATE_HOUR}*.json.gz"))
    late.rename(hidden)
    world.run(source, dest)
    check("an object is missing: other bytes", differences(world.expected, dest) != [])
    hidden.rename(late)
    world.run(source, dest)
    world.check_same("a day got an object", dest)

    dest = world.folder / "refused"
    world.run(source, dest, (LAST_DAY, LAST_DAY))
    before = contents(dest, LAST_DAY)
    late.rename(hidden)
    try:
        world.run(source, dest)
        check("an object is gone: a failure", False)
    except hoptrail.spark.DaysFailed as error:
        codes = [day.exit_code for day in error.days]
        check("an object is gone: its day alone fails", codes[2] == 1 and set(codes[:2]) <= {0, 3}, error)
        check(
            "an object is gone: the day is named with the reason",
            "1 of 3 days failed\n2026-10-07: exit code 1: " in str(error) and "--allow-shrink" in str(error),
            error,
        )
    check("an object is gone: the day is as it was", contents(dest, LAST_DAY) == before)
    for day in ["2026-10-05", "2026-10-06"]:
        same = {
            path
            for path, body in contents(world.expected, day).items()
            if contents(dest, day).get(path) != body
        }
        check(f"an object is gone: {day} is published", same == set(), same)
    world.run(source, dest, allow_shrink=True)
    check("an object is gone: --allow-shrink replaces the day", contents(dest, LAST_DAY) != before)


def check_executors(world: World) -> None:
    """Machines that are not as the driver: tasks fail, and with them the run."""
    faults = [
        ("another late window", {"HOPTRAIL_LATE_WINDOW": "3h"},
         ["another schema than on the driver", '"late_window_minutes":360', '"late_window_minutes":180']),
        ("no program", {"HOPTRAIL_BIN": "/nowhere/hoptrail"},
         ["no program hoptrail: looked for /nowhere/hoptrail"]),
    ]  # fmt: skip
    for what, environment, shown in faults:
        dest = world.folder / "executors"
        with on_executors(world.spark, **environment):
            try:
                world.run(SAMPLE, dest)
                check(f"{what} on executors is an error", False)
            except Exception as error:
                check(
                    f"{what} on executors is an error that says so", all(s in str(error) for s in shown), error
                )
        check(f"{what} on executors: nothing is published", list(dest.rglob("*.parquet")) == [])


def check_source(world: World) -> None:
    """The calls as a DataFrame: as many as one run reads, and one row each as its tables have."""
    if not hasattr(world.spark, "dataSource"):
        return
    hoptrail.spark.register(world.spark)
    options = {"source": str(SAMPLE), "from": DAYS[0], "to": DAYS[1]}
    calls = world.spark.read.format("hoptrail").options(**options).load()
    table = world.spark.read.parquet(str(world.expected / "invocations"))
    ingest = world.spark.read.parquet(str(world.expected / "ingest"))
    written, duplicates = ingest.selectExpr("sum(written)", "sum(duplicates)").first()
    found = calls.count()
    check(
        "data source: every call that one run reads, duplicates included", found == written + duplicates, found
    )
    columns = [name for name in table.columns if name in calls.columns and name not in OF_ALIASES]
    check("data source: it has columns of the table", len(columns) > 20, columns)
    shown = [rows_of(frame.select(*columns)) for frame in (table, hoptrail.spark.distinct(calls))]
    check("data source: distinct calls are those of the table", shown[0] == shown[1], first_difference(*shown))
    day = calls.where("dt = '2026-10-06'")
    of_day = sum(row["dt"] == "2026-10-06" for row in map(json.loads, calls.select("dt").toJSON().collect()))
    check("data source: a filter leaves the calls of its day", day.count() == of_day > 0, (day.count(), of_day))
    try:
        world.spark.read.format("hoptrail").options(**options, nonsense="1").load()
        check("data source: an unknown option is an error", False)
    except Exception as error:
        check(
            "data source: an unknown option is an error",
            "no command of plan, read has an option --nonsense" in str(error),
            error,
        )


def rows_of(frame: DataFrame) -> list[str]:
    return sorted(frame.toJSON().collect())


def first_difference(expected: list[str], found: list[str]) -> object:
    """The first row that only one of two has."""
    return next(
        (sorted(pair) for pair in zip(expected, found) if len(set(pair)) > 1), (len(expected), len(found))
    )


def start_spark(folder: Path) -> SparkSession:
    """Two tasks at a time, each tried four times, and nothing on the network."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master("local[2,4]")
        .appName("check-spark")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "1g")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.sql.warehouse.dir", f"{folder}/warehouse")
        .getOrCreate()
    )
    return spark


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
    spark = start_spark(folder)
    world = World(spark, folder)
    for group in [
        check_shuffle,
        check_tasks,
        check_lost,
        check_keys,
        check_logs,
        check_kills,
        check_changes,
        check_executors,
        check_source,
    ]:
        begin = time.monotonic()
        try:
            group(world)
        except Exception as error:
            traceback.print_exc()
            check(f"{group.__name__} ends", False, str(error)[-2000:])
        print(f"{group.__name__}: {time.monotonic() - begin:.0f} s", file=sys.stderr)
    spark.stop()
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
