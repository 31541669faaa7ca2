"""Checks of config/deploy/iceberg/publish.py: what it publishes is read by DuckDB and compared with our tables, row by
row."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import shutil
import sys
from pathlib import Path

import duckdb
import duckdb_extensions
import pyarrow as pa
import pyarrow.parquet as pq
from deploy_files import run, said
from deploy_runs import SAMPLE
from deploy_work import Work
from pyiceberg.catalog import load_catalog
from recipe_work import ROOT, Checks

DAYS = ["2026-10-05", "2026-10-06", "2026-10-07"]
ACCOUNTS = ROOT / "tests/sample/accounts.csv"
# Days of the sample have more rows than that.
BATCH_ROWS = 200


class Published:
    """A destination of ours, and a catalog beside it."""

    def __init__(self, work: Work, checks: Checks) -> None:
        self.work, self.checks = work, checks
        self.dest, warehouse = work.folder / "iceberg/tables", work.folder / "iceberg/warehouse"
        shutil.rmtree(self.dest.parent, ignore_errors=True)
        warehouse.mkdir(parents=True)
        built = work.folder / "tables"
        if not built.exists():
            for day in DAYS:
                self.build(day, "--accounts", str(ACCOUNTS))
            shutil.copytree(self.dest, built)
        shutil.copytree(built, self.dest, dirs_exist_ok=True)
        self.properties = {
            "type": "sql",
            "uri": f"sqlite:///{warehouse}/catalog.db",
            "warehouse": warehouse.as_uri(),
        }
        self.duckdb = duckdb.connect()
        for name in ("avro", "iceberg"):
            duckdb_extensions.import_extension(name, con=self.duckdb)
            self.duckdb.load_extension(name)

    def build(self, day: str, *options: str) -> None:
        command = [self.work.program, "run", "--source", SAMPLE, "--dest", self.dest, "--day", day, *options]
        done = run(command)
        self.checks.check(f"a run of {day} succeeds", done.returncode == 0, said(done))

    def publish(self) -> tuple:
        """The exit code, what was done by table, and messages."""
        options = [part for key, value in self.properties.items() for part in ("--property", f"{key}={value}")]
        spec = importlib.util.spec_from_file_location("publish", self.work.deploy / "iceberg/publish.py")
        program = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(program)
        program.BATCH_ROWS = BATCH_ROWS
        arguments, out, messages = sys.argv, io.StringIO(), io.StringIO()
        sys.argv = ["publish.py", "--dest", str(self.dest), "--namespace", "bedrock", *options]
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(messages):
                code = program.main()
        except Exception as error:  # noqa: BLE001: of whatever it uses
            code = 1
            messages.write(repr(error))
        finally:
            sys.argv = arguments
        lines = (line.split(": ", 1) for line in out.getvalue().splitlines())
        return code, dict(lines), messages.getvalue()

    def publish_all(self) -> bool:
        code, done, messages = self.publish()
        is_all = (code, sorted(done)) == (0, self.ours())
        return self.checks.check("publish.py publishes all tables", is_all, (code, done, messages))

    def table(self, name: str) -> object:
        return load_catalog("default", **self.properties).load_table(f"bedrock.{name}")

    def ours(self) -> list:
        return sorted(folder.name for folder in self.dest.iterdir() if not folder.name.startswith(("_", ".")))

    def same_rows(self, what: str) -> None:
        for name in self.ours():
            metadata = self.table(name).metadata_location.removeprefix("file://")
            theirs = f"SELECT * FROM iceberg_scan('{metadata}')"
            by_day = ", hive_types={'dt': VARCHAR}" if any((self.dest / name).glob("dt=*")) else ""
            ours = f"SELECT * FROM read_parquet('{self.dest}/{name}/**/*.parquet', union_by_name=true{by_day})"
            counts = [self.duckdb.sql(f"SELECT count(*) FROM ({sql})").fetchone()[0] for sql in (ours, theirs)]
            columns = ", ".join(f'"{column}"' for column in self.duckdb.sql(ours).columns)
            select = f"SELECT {columns} FROM"
            more = f"SELECT count(*) FROM ({select} ({theirs}) EXCEPT ALL {select} ({ours}))"
            found = (*counts, self.duckdb.sql(more).fetchone()[0])
            self.checks.check(f"{what}: {name} has our rows", found == (counts[0], counts[0], 0), found)

    def commits(self) -> dict:
        return {name: self.table(name).metadata_location for name in self.ours()}


def check_types(work: Work, checks: Checks) -> None:
    script = work.deploy / "iceberg/publish.py"
    command = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", "--cache-dir", work.folder / "mypy", script]
    checks.accepts(command, "publish.py")


def check_iceberg(work: Work, checks: Checks) -> None:
    """A day that is built again is replaced, in one commit; what is the same is left alone."""
    published = Published(work, checks)
    if not published.publish_all():
        return
    published.same_rows("at first")
    before = published.commits()
    code, done, messages = published.publish()
    checks.check("a second time does nothing", (code, {*done.values()}) == (0, {"nothing to do"}), (done, messages))
    checks.check("and commits nothing", published.commits() == before)
    published.build(DAYS[1], "--force", "--omit", "source_ip")
    code, done, messages = published.publish()
    changed = {name for name, what in done.items() if what != "nothing to do"}
    checks.check("a table that a new build of a day changes is published", code == 0 and "invocations" in changed, (done, messages))
    checks.check("of that day only", all(done[name].startswith("1 days, ") for name in changed), done)
    logged = len(published.table("invocations").metadata.metadata_log)
    published.same_rows("after a day was built again")
    # A day of which a table has no rows any more.
    n_jobs = published.table("batch_jobs").scan().count()
    published.build(DAYS[0], "--force", "--allow-shrink", "--account", "111122223333")
    code, done, messages = published.publish()
    fewer = published.table("batch_jobs").scan().count()
    checks.check("rows that are gone are gone", code == 0 and fewer < n_jobs, (n_jobs, fewer, messages))
    published.same_rows("after a day lost rows")
    commits = len(published.table("invocations").metadata.metadata_log) - logged
    checks.check("a table takes one commit", commits == 1, commits)


def check_refused(work: Work, checks: Checks) -> None:
    """A day that is being replaced, and a table that someone else wrote to."""
    published = Published(work, checks)
    if not published.publish_all():
        return
    manifest = published.dest / f"_hoptrail/manifest/dt={DAYS[2]}.json"
    text = manifest.read_text()
    manifest.write_text(json.dumps(json.loads(text) | {"is_complete": False}))
    before = published.commits()
    code, _, messages = published.publish()
    checks.check("a day that is being replaced is left alone", (code, published.commits()) == (1, before), messages)
    checks.check("and named", f"{DAYS[2]} is not published" in messages, messages)
    manifest.write_text(text)
    denials = published.table("denials")
    denials.append(denials.scan().to_arrow().slice(0, 1))
    published.build(DAYS[1], "--force")
    code, done, messages = published.publish()
    checks.check("a table that someone else wrote to is refused", code == 1 and "denials" not in done, done)
    checks.check("and named, with the reason", "denials: expected only snapshots of publish.py" in messages, messages)
    checks.check("all others are published", len(done) == len(published.ours()) - 1, done)


def check_columns(work: Work, checks: Checks) -> None:
    """A table of an older version, whose files lack a column, gets it with the first day that has it, which need not be
    the newest."""
    published = Published(work, checks)
    rebuilt = published.dest / f"invocations/dt={DAYS[0]}/part-0.parquet"
    manifest = published.dest / f"_hoptrail/manifest/dt={DAYS[0]}.json"
    whole, said_of_it = rebuilt.read_bytes(), manifest.read_text()
    for day in DAYS:
        without(published.dest / f"invocations/dt={day}/part-0.parquet", "latency_ms")
    marked = said_of_it.replace(json.loads(said_of_it)["outputs"][0]["sha256"], "0" * 64)
    manifest.write_text(marked)
    code, _, messages = published.publish()
    columns = published.table("invocations").schema().column_names
    checks.check("a table is published as it is", code == 0 and "latency_ms" not in columns, messages)
    rebuilt.write_bytes(whole)
    manifest.write_text(said_of_it)
    code, done, messages = published.publish()
    columns = published.table("invocations").schema().column_names
    checks.check("a new column is added", (code, "latency_ms" in columns) == (0, True), messages)
    checks.check("by a day only", done["invocations"].startswith("1 days, "), done)
    published.same_rows("with a new column")


def without(file: Path, column: str) -> None:
    table = pq.ParquetFile(file).read()
    pq.write_table(pa.table(table).drop_columns([column]), file)
