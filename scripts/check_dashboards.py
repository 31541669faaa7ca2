"""Checks the dashboards in config/dashboards, without AWS, QuickSight, or Grafana.

    check_dashboards.py DEST FROM TO --programs FOLDER... --node-modules FOLDER

QuickSight: the commands of docs/dashboards.md are run, with the AWS CLI and cid-cmd, against a stand-in for AWS
on 127.0.0.1. The views that cid-cmd creates where there are none must be those of `hoptrail ddl athena`; what
it sends must be what botocore's model of QuickSight accepts, enums included; every column must be one of its
data set, or a calculated field. Grafana: tsc must accept the file against @grafana/schema. The questions of
both, and the queries of the page, are asked in DuckDB and in Spark: they must have rows, the same in both, and
the columns that their panels name. For Athena, they must be what Trino's parser and sqlglot accept.

Then the check is checked: mistakes are planted in both files, and each must be found.
"""

from __future__ import annotations

import argparse
import collections
import csv
import decimal
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import grafana_dashboard
import quicksight_dashboard
from dashboard_faults import GRAFANA_FAULTS, QUICKSIGHT_FAULTS, Found, planted
from engines import Checks, check_trino, ddl, start_spark, statements, views_of
from grafana_dashboard import Question

ROOT = Path(__file__).resolve().parent.parent
QUICKSIGHT = ROOT / "config/dashboards/quicksight/hoptrail.yaml"
GRAFANA = ROOT / "config/dashboards/grafana/hoptrail.json"
PAGE = ROOT / "docs/dashboards.md"
LOCATION = "s3://analytics/bedrock"
# Figures of `hoptrail show` (subject and column), and where the dashboards have them (question and column).
TOTALS = [
    ("routing", "succeeded_calls", ("QuickSight routing/calls-that-ran", "succeeded_calls"), ("Grafana Where calls ran (1)", "ran")),
    ("cost", "list_cost_usd", ("QuickSight cost/list-cost", "list_cost_usd"), ("Grafana What they cost (2)", "list_cost_usd")),
    ("cost", "succeeded_calls", ("QuickSight cost/succeeded", "succeeded_calls"), ("Grafana What they cost (2)", "succeeded_calls")),
    ("cost", "calls_priced", ("Grafana What they cost (2)", "calls_priced")),
    ("cost", "calls_unpriced", ("QuickSight cost/unpriced", "calls_unpriced")),
    ("denials", "denied_calls", ("QuickSight denials/denied", "denied_calls"), ("Grafana What was denied (3)", "denied_calls")),
    ("unresolved", "calls", ("QuickSight ingest/unknown-models", "calls"), ("Grafana What is not known (4)", "calls")),
]


class Engines:
    """DuckDB, and Spark unless it is left out, with the views over a destination. DuckDB runs `views`, a
    script."""

    def __init__(self, views: str, dest: Path, folder: Path | None) -> None:
        self.duckdb, self.spark = duckdb.connect(), None
        self.duckdb.execute(views)
        if folder:
            self.spark = start_spark(str(folder))
            self.spark.sparkContext.setLogLevel("OFF")
            for statement in statements(ddl("spark", str(dest))):
                self.spark.sql(statement)

    def ask(self, name: str, question: Question, checks: Checks) -> None:
        """There must be rows, a value in every column, the columns that are named, and the same in both
        engines."""
        try:
            cursor = self.duckdb.execute(question.sql)
            columns, kinds = [d[0] for d in cursor.description], [str(d[1]) for d in cursor.description]
            rows = cursor.fetchall()
        except duckdb.Error as error:
            checks.that(False, f"{name}: DuckDB runs it", f"{error}\n{question.sql}")
            return
        checks.that(bool(rows), f"{name}: it has rows", question.sql)
        missing = question.columns - set(columns)
        checks.that(not missing, f"{name}: it has the columns that are named", missing)
        empty = [c for i, c in enumerate(columns) if all(row[i] is None for row in rows)]
        checks.that(not empty, f"{name}: every column has a value in some row", empty)
        if question.is_series:
            checks.that(kinds[0] == "TIMESTAMP", f"{name}: its first column is the time", kinds)
        if self.spark:
            try:
                by_spark = self.spark.sql(question.sql)
                same = counted(rows) == counted(by_spark.collect()) and columns == by_spark.columns
                # Each has databases of its own.
                same |= question.sql == grafana_dashboard.DATABASES
                checks.that(same, f"{name}: Spark has the same rows", question.sql)
            except Exception as error:  # whatever an engine throws, it is the finding
                checks.that(False, f"{name}: Spark runs it", str(error).strip().partition("\n\n")[0])


def counted(rows: list) -> collections.Counter:
    """Times without a zone: Python has Spark's in its own, which is that of this process, UTC."""
    plain = lambda v: v.replace(tzinfo=None) if hasattr(v, "tzinfo") else v
    return collections.Counter(tuple(repr(plain(v)) for v in row) for row in rows)


def documented_commands() -> list:
    """The commands of the page, a list for each block."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    return [block.replace("\\\n", " ").splitlines() for block in blocks]


def glue_columns() -> dict:
    """The columns of every view, as the template of `hoptrail ddl cloudformation` gives them to Glue."""
    resources = json.loads(ddl("cloudformation", LOCATION))["Resources"].values()
    inputs = [r["Properties"]["TableInput"] for r in resources if r["Type"] == "AWS::Glue::Table"]
    return {i["Name"]: i["StorageDescriptor"]["Columns"] for i in inputs if i["TableType"] == "VIRTUAL_VIEW"}


def views_of_page(command: str, programs: list, dest: Path, folder: Path) -> str:
    """What the page's command for DuckDB writes, for a folder that is called as in the page."""
    (demo := folder / "page/target/demo").parent.mkdir(parents=True)
    demo.symlink_to(dest)
    path = ":".join([*map(str, programs), os.environ["PATH"]])
    subprocess.run(["bash", "-e", "-c", command], cwd=folder / "page", env={"PATH": path}, check=True)
    return (folder / "page/views.sql").read_text()


def ask_grafana(questions: dict, engines: Engines, days: tuple, checks: Checks) -> dict:
    """Asks for the values of the variables first, then all else with all of them. Returns the queries as they
    ran."""
    chosen, asked = {}, {}
    for name, question in questions.items():
        sql = grafana_dashboard.expand(question.sql, days, chosen)
        if not checks.that("$" not in sql, f"{name}: every variable is known", sql):
            continue
        engines.ask(name, Question(sql, question.columns, question.is_series), checks)
        if name.startswith("variable "):
            try:
                chosen[name.removeprefix("variable ")] = [row[0] for row in engines.duckdb.execute(sql).fetchall()]
            except duckdb.Error:
                pass  # it was found above
        if sql != grafana_dashboard.DATABASES:
            asked[name] = sql
    return asked


def check_totals(asked: dict, engines: Engines, show: list, checks: Checks) -> None:
    """The headline figures of both dashboards must be those of `hoptrail show`."""
    for subject, column, *places in TOTALS:
        run = subprocess.run([*show, subject, "--by", "dt", "--format", "csv"], check=True, capture_output=True, text=True)
        expected = sum(decimal.Decimal(row[column]) for row in csv.DictReader(run.stdout.splitlines()))
        for name, own in places:
            answer = engines.duckdb.execute(asked[name])
            (row,), columns = answer.fetchall(), [d[0] for d in answer.description]
            found = decimal.Decimal(str(row[columns.index(own)]))
            checks.that(found == expected, f"{name}: {own} is that of `hoptrail show {subject}`", (found, expected))


def of_page() -> dict:
    """The queries of the page."""
    found = re.findall(r"```sql\n(.*?);?\n```", PAGE.read_text(), flags=re.DOTALL)
    return {f"{PAGE.name} {index}": query for index, query in enumerate(found, start=1)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("dest", type=Path, help="the destination of a run over the sample")
    parser.add_argument("days", nargs=2, help="its first and last day")
    parser.add_argument("--programs", type=Path, nargs="+", required=True, help="folders of hoptrail, aws, and cid-cmd")
    parser.add_argument("--node-modules", type=Path, required=True)
    parser.add_argument("--verbose", action="store_true", help="print the checks that passed, too")
    args = parser.parse_args()
    days, node_modules = tuple(args.days), args.node_modules.absolute()
    checks = Checks(args.verbose)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    ours = {name: f"CREATE OR REPLACE VIEW {name} AS\n{query};\n" for name, query in views_of(ddl("athena", LOCATION)).items()}
    programs = [folder.absolute() for folder in args.programs]
    commands, (update,), (write_views, in_browser) = documented_commands()
    tools = quicksight_dashboard.Tools(commands, update, programs, ours, glue_columns())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        quicksight = quicksight_dashboard.check_commands(tools, QUICKSIGHT, folder, checks)
        quicksight_dashboard.check_deployment(tools, QUICKSIGHT, folder, False, checks)
        grafana = grafana_dashboard.check(GRAFANA, node_modules, folder, checks)
        views = views_of_page(write_views, programs, args.dest.absolute(), folder)
        # The page that it opens is loaded from the Internet.
        checks.that(in_browser == "duckdb -init views.sql -ui", "the one command that is not run is this one", in_browser)
        engines = Engines(views, args.dest.absolute(), folder)
        for title, sql in (quicksight | of_page()).items():
            engines.ask(title, Question(sql, set(), False), checks)
        asked = ask_grafana(grafana, engines, days, checks)
        engines.spark.stop()
        show = [programs[0] / "hoptrail", "show", "--dest", args.dest, "--from", days[0], "--to", days[1]]
        check_totals(quicksight | asked, engines, show, checks)
        check_trino(quicksight | asked | of_page(), checks)

        plain = Engines(views, args.dest.absolute(), None)

        def of_quicksight(resources: Path, faults: list, found: Checks) -> None:
            has_views = not any(fault.file.startswith("views/") for fault in faults)
            for title, sql in quicksight_dashboard.check_deployment(tools, resources, folder, has_views, found).items():
                plain.ask(title, Question(sql, set(), False), found)

        def of_grafana(path: Path, _: list, found: Checks) -> None:
            ask_grafana(grafana_dashboard.check(path, node_modules, folder, found), plain, days, found)

        for lists, source, look in ((QUICKSIGHT_FAULTS, QUICKSIGHT, of_quicksight), (GRAFANA_FAULTS, GRAFANA, of_grafana)):
            for faults in lists:
                found = Found()
                look(planted(source, faults, folder), faults, found)
                for fault in faults:
                    is_found = any(fault.finding in failure for failure in found.failures)
                    checks.that(is_found, f"the check finds {fault.what}", found.failures)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
