"""What the checks with query engines have in common: the statements of `hoptrail ddl`, Spark, and, for Athena,
what parses its SQL."""

from __future__ import annotations

import re
import subprocess

import sqlglot
import trino_sql_validator
from pyspark.sql import SparkSession
from sqlglot import exp


class Checks:
    """Counts what passed and what failed, and says what failed."""

    def __init__(self, verbose: bool) -> None:
        self.passed = self.failed = 0
        self.verbose = verbose

    def that(self, holds: bool, what: str, found: object = "") -> bool:
        """One check: `what` is the sentence that should be true, `found` what is there instead."""
        if holds:
            self.passed += 1
            if self.verbose:
                print(f"ok      {what}")
        else:
            self.failed += 1
            print(f"FAILED  {what}" + (f": {found}" if found != "" else ""))
        return holds


def ddl(dialect: str, location: str, *more: str) -> str:
    command = ["cargo", "run", "--quiet", "-p", "cli", "--", "ddl", dialect, "--location", location, *more]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def statements(text: str) -> list:
    """The statements of a script of ours: each ends with a semicolon at the end of a line, and no text has
    one."""
    return [s.strip() for s in re.split(r";\n", text) if s.strip()]


def views_of(text: str) -> dict:
    """Name and query of each view that is no table of DuckDB's."""
    found = re.findall(r"CREATE OR REPLACE VIEW (\w+) AS\n(.*?);\n", text, flags=re.DOTALL)
    return {name: query for name, query in found if "read_parquet(" not in query}


def check_trino(queries: dict, checks: Checks) -> None:
    """Trino itself is not at hand: its grammar and functions must accept every query, and so must sqlglot."""
    for name, query in queries.items():
        result = trino_sql_validator.validate(query)
        checks.that(result.valid and not result.warnings, f"{name}: Trino's parser accepts it without a warning",
                    (result.error, result.warnings))
        try:
            tree = sqlglot.parse_one(query, dialect="athena")
            checks.that(not list(tree.find_all(exp.Command)), f"{name}: sqlglot's Athena dialect parses it")
        except sqlglot.errors.SqlglotError as error:
            checks.that(False, f"{name}: sqlglot's Athena dialect parses it", str(error).splitlines()[0])


def start_spark(folder: str) -> SparkSession:
    """One core, no metastore, and nothing on the network."""
    return (
        SparkSession.builder.master("local[1]").appName("checks")
        .config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "1g").config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.warehouse.dir", f"{folder}/warehouse")
        # The views must set what they need.
        .config("spark.sql.session.timeZone", "Asia/Kolkata")
        .getOrCreate()
    )
