"""The dashboard for Grafana: its types, what each of its queries must have, and the queries with variables put
in."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from engines import Checks

TYPES = Path(__file__).parent / "grafana" / "types.ts"
DAYS = "dt BETWEEN '${__from:date:YYYY-MM-DD}' AND '${__to:date:YYYY-MM-DD}'"
# Asked before the database is known, and of Athena's own kind: Trino has no such statement.
DATABASES = "SHOW DATABASES"
VARIABLES = ["datasource", "database", "account", "scope", "model"]
COLUMNS = 24  # of the grid


@dataclass
class Question:
    """A query, and the columns of its answer that its panel names."""

    sql: str
    columns: set
    is_series: bool


def check(path: Path, node_modules: Path, folder: Path, checks: Checks) -> dict:
    """Checks the file, and returns its questions by name."""
    text = path.read_text()
    errors = type_errors(text, node_modules, folder)
    if not checks.that(errors == "", "tsc accepts the dashboard for Grafana", errors):
        return {}
    dashboard = json.loads(text)
    variables, panels = dashboard["templating"]["list"], dashboard["panels"]
    checks.that([v["name"] for v in variables] == VARIABLES, "Grafana has its variables", [v["name"] for v in variables])
    check_grid(panels, checks)
    questions = {}
    for variable in variables:
        if variable["type"] == "query":
            check_query(f"variable {variable['name']}", variable["query"], checks)
            questions[f"variable {variable['name']}"] = Question(variable["query"]["rawSQL"], set(), False)
    for panel in (p for p in panels if p["type"] != "row"):
        name = f"Grafana {panel['title']}"
        checks.that(len(panel["targets"]) == 1, f"{name}: it has one query")
        (target,) = panel["targets"]
        check_query(name, target, checks)
        is_series = panel["type"] == "timeseries"
        checks.that(target["format"] == (0 if is_series else 1), f"{name}: the format is that of the panel", target["format"])
        if "list_cost_usd" in target["rawSQL"] and panel["type"] in ("table", "stat"):
            covered = all(f" AS {column}" in target["rawSQL"] for column in ("calls_priced", "succeeded_calls"))
            checks.that(covered, f"{name}: a cost is in a row with its coverage")
        questions[f"{name} ({panel['id']})"] = Question(target["rawSQL"], named_columns(panel), is_series)
    return questions


def type_errors(text: str, node_modules: Path, folder: Path) -> str:
    program = folder / "grafana"
    program.mkdir(exist_ok=True)
    if not (program / "node_modules").exists():
        (program / "node_modules").symlink_to(node_modules)
    (program / "dashboard.ts").write_text(f"{TYPES.read_text()}{text.rstrip()};\n")
    command = [node_modules / ".bin/tsc", "--noEmit", "--strict", "--target", "esnext", "--module", "esnext",
               "--moduleResolution", "bundler", "--skipLibCheck", "--types", "", "dashboard.ts"]
    return subprocess.run(command, cwd=program, capture_output=True, text=True).stdout


def check_grid(panels: list, checks: Checks) -> None:
    ids = [p["id"] for p in panels]
    checks.that(len(set(ids)) == len(ids), "every panel has an id of its own", ids)
    taken = {}
    for panel in panels:
        at = panel["gridPos"]
        checks.that(at["x"] + at["w"] <= COLUMNS, f"{panel['title']}: it is within the grid", at)
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        over = {taken[c] for c in cells & taken.keys()}
        checks.that(not over, f"{panel['title']}: no other panel is there", over)
        taken |= dict.fromkeys(cells, panel["title"])


def check_query(name: str, query: dict, checks: Checks) -> None:
    sql, connection = query["rawSQL"], query["connectionArgs"]
    if sql == DATABASES:
        return
    checks.that(f"WHERE {DAYS}" in sql, f"{name}: the days of the dashboard are all that is read", sql)
    checks.that(connection["resultReuseEnabled"], f"{name}: a result is used again")
    checks.that(connection["database"] == "${database}", f"{name}: the database is the one that was chosen", connection)


def named_columns(panel: dict) -> set:
    """The columns that a panel refers to: by an override, as the axis, as the label of a series."""
    names = {o["matcher"]["options"] for o in panel["fieldConfig"]["overrides"] if o["matcher"]["id"] == "byName"}
    names |= set(re.findall(r"\$\{__field\.labels\.(\w+)\}", panel["fieldConfig"]["defaults"].get("displayName", "")))
    return names | ({panel["options"]["xField"]} if "xField" in panel["options"] else set())


def expand(sql: str, days: tuple, chosen: dict) -> str:
    """Puts in what Grafana would: the days, and the values of variables as texts of SQL."""
    sql = sql.replace("${__from:date:YYYY-MM-DD}", days[0]).replace("${__to:date:YYYY-MM-DD}", days[1])
    for name, values in chosen.items():
        listed = ",".join("'" + value.replace("'", "''") + "'" for value in values)
        sql = sql.replace(f"${{{name}:sqlstring}}", listed)
    return sql
