"""The dashboard for QuickSight: what cid-cmd sends of it, against the views, against the model of the service,
and in itself; and as SQL, the question that each of its visuals asks."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import quicksight_model
import yaml
from engines import Checks
from quicksight_stand_in import REGION, Account, StandIn, output_columns

# What the documented commands call them.
DATABASE, DASHBOARD, DATA_SOURCE = "hoptrail", "hoptrail", "hoptrail"
# Where cid-cmd goes besides AWS: the newest version of itself, its catalog, and the count of its users.
OUTSIDE = {"pypi.org:443", "raw.githubusercontent.com:443", "okakvoavfg.execute-api.eu-west-1.amazonaws.com:443"}
SHEETS = ["routing", "cost", "denials", "ingest"]
# The types of Glue that a type of QuickSight can be read from.
READ_FROM = {"STRING": ["string"], "INTEGER": ["bigint"], "DECIMAL": ["decimal", "double"], "DATETIME": ["timestamp"],
             "BOOLEAN": ["boolean"]}


@dataclass
class Tools:
    """What deployments need: the commands, folders with programs, and what the database is to have."""

    commands: list  # those of the documentation that set up everything, one after another
    update: str  # the one that updates it
    programs: list  # folders with hoptrail, aws, pip, and cid-cmd
    views: dict  # name: statement, as `hoptrail ddl athena` prints it
    columns: dict  # name: columns, as Glue has them

    def deploy(self) -> str:
        (command,) = [c for c in self.commands if c.startswith("cid-cmd deploy ")]
        return command


def run(commands: list, account: Account, resources: Path, tools: Tools, folder: Path) -> str:
    """Runs commands as a user would, who has the dashboard in `config`, but for the stand-in. Returns what was
    printed."""
    (home := folder / "home").mkdir(exist_ok=True)
    (link := home / "config").unlink(missing_ok=True)
    link.symlink_to(resources.parent.parent.parent)
    with StandIn(account) as url:
        environment = {
            "PATH": ":".join([*map(str, tools.programs), os.environ["PATH"]]), "HOME": str(home), "BROWSER": "echo opened %s",
            "AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
            "HTTPS_PROXY": url, "HTTP_PROXY": url, "NO_PROXY": "127.0.0.1",
        }
        # Without a terminal, cid-cmd fails where it would ask.
        done = subprocess.run(["bash", "-e", "-c", "\n".join(commands)], env=environment, cwd=home, text=True, timeout=300,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout + (f"exit code {done.returncode}" if done.returncode else "")


def check_commands(tools: Tools, resources: Path, folder: Path, checks: Checks) -> dict:
    """Runs all documented commands on an account that has nothing. Returns the questions of the visuals, as
    SQL."""
    account = Account(DATABASE, {}, has_views=False)
    start = next(i for i, c in enumerate(tools.commands) if c.startswith("cid-cmd"))
    printed = run(tools.commands[:start], account, resources, tools, folder)
    made = account.stacks.tables()
    views = {t["Name"]: t["StorageDescriptor"]["Columns"] for t in made if t["TableType"] == "VIRTUAL_VIEW"}
    checks.that(views == tools.columns and len(made) > len(views), "the template makes the tables and views", printed)
    account.columns, account.views = views, set(views)
    printed = run(tools.commands[start:], account, resources, tools, folder)
    opened = f"opened https://{REGION}.quicksight.aws.amazon.com/sn/dashboards/{DASHBOARD}"
    checks.that("exit code" not in printed and opened in printed, "the commands succeed, and open the dashboard", printed)
    questions = check(account, printed, tools, resources, set(), checks)
    printed = run([tools.update], account, resources, tools, folder)
    updated = account.dashboards[DASHBOARD]["Version"]["VersionNumber"] == 2 and "Update completed" in printed
    checks.that(updated and not account.refused, "the dashboard can be updated", (printed, account.refused))
    check_views(account, tools.views, set(), checks)
    return questions


def check_deployment(tools: Tools, resources: Path, folder: Path, has_views: bool, checks: Checks) -> dict:
    """Deploys the dashboard where there are tables, and views or not. Returns the questions of the visuals, as
    SQL."""
    account = Account(DATABASE, tools.columns, has_views)
    if has_views:
        account.keep(account.data_sources, "datasource", DATA_SOURCE, {"DataSourceId": DATA_SOURCE, "Type": "ATHENA"})
    printed = run([tools.deploy()], account, resources, tools, folder)
    expected = set() if has_views else set(yaml.safe_load(resources.read_text())["views"])
    return check(account, printed, tools, resources, expected, checks)


def check(account: Account, printed: str, tools: Tools, resources: Path, views: set, checks: Checks) -> dict:
    """Checks what was sent, with the views that cid-cmd had to create."""
    # It ends with 0 also where it has failed.
    if not checks.that(DASHBOARD in account.dashboards and "Congratulations" in printed and "Traceback" not in printed,
                       "cid-cmd deploys the dashboard without a question", printed):
        return {}
    checks.that(not account.refused, "nothing is asked for that the stand-in does not know", account.refused)
    checks.that(account.outside <= OUTSIDE, "cid-cmd goes where the documentation says", account.outside - OUTSIDE)
    source = yaml.safe_load(resources.read_text())
    check_views(account, tools.views, views, checks)
    data_sets = check_data_sets(account, source, tools.columns, checks)
    dashboard = account.dashboards[DASHBOARD]
    sent = next(given for operation, given in account.requests if operation == "CreateDashboard")
    found = quicksight_model.problems("CreateDashboard", sent)
    checks.that(not found, "the model of QuickSight accepts the dashboard", found)
    return Definition(dashboard["Definition"], data_sets, checks).check()


def check_views(account: Account, ours: dict, expected: set, checks: Checks) -> None:
    """cid-cmd creates the views that the database lacks, and leaves those that it has."""
    made = {m[1]: s for s in account.statements if (m := re.match(r"\s*CREATE OR REPLACE VIEW (\w+) ", s))}
    made.pop("cid_parameters", None)  # cid-cmd's own
    checks.that(made.keys() == expected, "cid-cmd creates the views that are missing", made.keys() ^ expected)
    for name, statement in made.items():
        checks.that(statement == ours.get(name), f"{name}: cid-cmd creates the view of `hoptrail ddl athena`", statement)


def check_data_sets(account: Account, source: dict, columns: dict, checks: Checks) -> dict:
    """Data sets against the views. Returns, by the data set's ARN, its view and columns."""
    known = {}
    for name, declared in source["datasets"].items():
        made = next((d for d in account.data_sets.values() if d["Name"] == name), None)
        if not checks.that(made is not None, f"{name}: cid-cmd creates the data set"):
            continue
        found = quicksight_model.problems("CreateDataSet", {k: v for k, v in made.items() if k in SENT})
        checks.that(not found, f"{name}: the model of QuickSight accepts the data set", found)
        (table,) = (t["RelationalTable"] for t in made["PhysicalTableMap"].values())
        of_view = {c["Name"].lower(): c["Type"] for c in columns.get(table["Name"], [])}
        named = [c["Name"] for t in declared["data"]["PhysicalTableMap"].values() for c in t["RelationalTable"]["InputColumns"]]
        steps = [s for t in declared["data"]["LogicalTableMap"].values() for s in t["DataTransforms"]]
        named += [c for s in steps for c in s.get("ProjectOperation", {}).get("ProjectedColumns", [])]
        named += [s["CastColumnTypeOperation"]["ColumnName"] for s in steps if "CastColumnTypeOperation" in s]
        # cid-cmd leaves out, without a word, what the view does not have.
        checks.that(set(named) <= of_view.keys(), f"{name}: the view has the columns that are named", set(named) - of_view.keys())
        read = {c["Name"]: c for c in table["InputColumns"]}
        checks.that(read.keys() == of_view.keys(), f"{name}: it has the columns of the view", read.keys() ^ of_view.keys())
        wrong = [c for c in read.values() if not of_view.get(c["Name"], "").startswith(tuple(READ_FROM.get(c["Type"], [])))]
        checks.that(not wrong, f"{name}: its columns have the types of the view", wrong)
        rounded = [c["Name"] for c in read.values() if c["Type"] == "DECIMAL" and c.get("SubType") != "FLOAT"]
        checks.that(not rounded, f"{name}: no fraction is cut after four places", rounded)
        checks.that(declared["dependsOn"]["views"] == [table["Name"]], f"{name}: it depends on its view", declared["dependsOn"])
        checks.that(all(c == c.lower() for c in read), f"{name}: its columns are in lower case")
        checks.that(table["Schema"] == DATABASE, f"{name}: it reads the database that was asked for", table["Schema"])
        schedules = [s["ScheduleFrequency"]["Interval"] for i, s in account.schedules if i == made["DataSetId"]]
        checks.that(schedules == ["DAILY"], f"{name}: it is read every day", schedules)
        known[made["Arn"]] = (table["Name"], {c["Name"]: c["Type"] for c in output_columns(made)})
    return known


# The rest of what the stand-in keeps of a data set is its own.
SENT = quicksight_model.MODEL.operation_model("CreateDataSet").input_shape.members.keys()


class Definition:
    """The definition of the dashboard, as it was sent."""

    def __init__(self, definition: dict, data_sets: dict, checks: Checks) -> None:
        self.definition, self.checks = definition, checks
        self.views, self.columns = {}, {}
        for declared in definition["DataSetIdentifierDeclarations"]:
            view, columns = data_sets.get(declared["DataSetArn"], (None, {}))
            checks.that(view is not None, f"{declared['Identifier']}: its data set was created", declared["DataSetArn"])
            self.views[declared["Identifier"]], self.columns[declared["Identifier"]] = view, columns
        self.calculated = {(c["DataSetIdentifier"], c["Name"]): c["Expression"] for c in definition["CalculatedFields"]}

    def check(self) -> dict:
        for path, column in pieces(self.definition, "ColumnName", ""):
            data_set, name = column.get("DataSetIdentifier"), column["ColumnName"]
            known = name in self.columns.get(data_set, {}) or (data_set, name) in self.calculated
            self.checks.that(known, f"{path}: {data_set} has the column {name}")
        for (data_set, name), expression in self.calculated.items():
            unknown = [c for c in re.findall(r"\{([^}]*)\}", expression)
                       if c not in self.columns.get(data_set, {}) and (data_set, c) not in self.calculated]
            self.checks.that(not unknown, f"calculated field {name!r}: {data_set} has its columns", unknown)
        sheets = self.definition["Sheets"]
        self.checks.that([s["SheetId"] for s in sheets] == SHEETS, "the dashboard has its four sheets")
        filters = {f["FilterId"] for _, f in pieces(self.definition["FilterGroups"], "FilterId", "")}
        ids = [v["VisualId"] for _, v in pieces(sheets, "VisualId", "")]
        self.checks.that(len(ids) == len(set(ids)), "every visual has an id of its own", ids)
        for _, scope in pieces(self.definition["FilterGroups"], "VisualIds", ""):
            self.checks.that(set(scope["VisualIds"]) <= set(ids), "filters are for visuals that are there", scope)
        kinds = {kind for s in sheets if s["SheetId"] == "routing" for v in s["Visuals"] for kind in v}
        self.checks.that({"SankeyDiagramVisual", "HeatMapVisual"} <= kinds, "routing is drawn as flow and heat map", kinds)
        questions = {}
        for sheet in sheets:
            questions |= self.check_sheet(sheet, filters)
        return questions

    def check_sheet(self, sheet: dict, filters: set) -> dict:
        name = sheet["SheetId"]
        placed = sorted(e["ElementId"] for _, e in pieces(sheet["Layouts"], "ElementId", ""))
        visuals = [next(iter(v.values())) for v in sheet["Visuals"]]
        self.checks.that(placed == sorted(v["VisualId"] for v in visuals), f"{name}: each visual is placed once", placed)
        unknown = {c["SourceFilterId"] for _, c in pieces(sheet["FilterControls"], "SourceFilterId", "")} - filters
        self.checks.that(not unknown, f"{name}: its controls are for filters that are there", unknown)
        used = {c["ColumnName"] for _, c in pieces(visuals, "ColumnName", "")}
        if any(column.endswith("_cost_usd") for column in used):
            self.checks.that("coverage" in used, f"{name}: a cost is beside its coverage", used)
        questions = {}
        for visual in visuals:
            title = f"{name}/{visual['VisualId']}"
            self.check_fields(title, visual)
            try:
                questions[f"QuickSight {title}"] = self.question(visual)
            except ValueError as error:
                self.checks.that(False, f"{title}: its question can be asked in SQL", error)
        return questions

    def check_fields(self, title: str, visual: dict) -> None:
        """Fields that are sorted by or named must be drawn; a table with a cost must say what it covers."""
        configuration = visual["ChartConfiguration"]
        drawn = {f["FieldId"] for _, f in pieces(configuration["FieldWells"], "FieldId", "")}
        others = {k: v for k, v in configuration.items() if k != "FieldWells"}
        named = {f["FieldId"] for _, f in pieces(others, "FieldId", "")}
        self.checks.that(named <= drawn, f"{title}: the fields that are named are drawn", named - drawn)
        columns = {c["ColumnName"] for _, c in pieces(configuration["FieldWells"], "ColumnName", "")}
        if "list_cost_usd" in columns and "TableAggregatedFieldWells" in configuration["FieldWells"]:
            missing = {"succeeded_calls", "calls_priced", "calls_lower_bound"} - columns
            self.checks.that(not missing, f"{title}: a cost is in a row with its coverage", missing)

    def question(self, visual: dict) -> str:
        """What a visual asks of its view: dimensions, measures, and the filter that is its own."""
        fields = [(kind, field) for kind, field in field_wells(visual["ChartConfiguration"]["FieldWells"])]
        (data_set,) = {f["Column"]["DataSetIdentifier"] for _, f in fields}
        selected, grouped = [], []
        for kind, field in fields:
            name = field["Column"]["ColumnName"]
            text, type_ = self.sql(data_set, name), self.columns.get(data_set, {}).get(name, "calculated")
            if kind.endswith("DimensionField"):
                grouped.append(str(len(selected) + 1))
                expected = {"DateDimensionField": "DATETIME", "CategoricalDimensionField": "STRING"}[kind]
                self.checks.that(type_ == expected, f"{visual['VisualId']}: {name} is a {expected}", type_)
            else:
                text = aggregated(field, text)
                self.checks.that(kind != "NumericalMeasureField" or type_ in ("INTEGER", "DECIMAL", "calculated"),
                                 f"{visual['VisualId']}: {name} is a number", type_)
            selected.append(f"{text} AS {name.replace(' ', '_')}")
        query = f"SELECT {', '.join(selected)}\nFROM {self.views[data_set]}{self.condition(visual['VisualId'])}"
        return query + (f"\nGROUP BY {', '.join(grouped)}" if grouped else "")

    def condition(self, visual_id: str) -> str:
        parts = []
        for group in self.definition["FilterGroups"]:
            if any(visual_id in s["VisualIds"] for _, s in pieces(group["ScopeConfiguration"], "VisualIds", "")):
                for filter_ in group["Filters"]:
                    values = filter_["CategoryFilter"]["Configuration"]["CustomFilterListConfiguration"]["CategoryValues"]
                    listed = ", ".join(f"'{v}'" for v in values)
                    parts.append(f"{filter_['CategoryFilter']['Column']['ColumnName']} IN ({listed})")
        return "\nWHERE " + " AND ".join(parts) if parts else ""

    def sql(self, data_set: str, name: str) -> str:
        """A column, or a calculated field in the part of QuickSight's language that the dashboard uses."""
        expression = self.calculated.get((data_set, name))
        if expression is None:
            return name
        if unknown := set(re.findall(r"(\w+)\(", expression)) - {"sum", "ifelse", "nullIf"}:
            raise ValueError(f"{name}: this check does not know the function {unknown}")
        text = re.sub(r"\{([^}]*)\}", lambda m: self.sql(data_set, m[1]), expression)
        text = re.sub(r"ifelse\(([^,()]*), ([^,()]*), ([^,()]*)\)", r"CASE WHEN \1 THEN \2 ELSE \3 END", text)
        # A quotient of whole numbers is a fraction in QuickSight.
        return re.sub(r"sum\(([^()]*)\)", r"CAST(SUM(\1) AS double)", text)


def aggregated(field: dict, text: str) -> str:
    function = field.get("AggregationFunction")
    if isinstance(function, dict):
        function = function["SimpleNumericalAggregation"]
    if function is None:
        if "SUM(" not in text:
            raise ValueError(f"{text} is a measure without an aggregation")
        return text
    return f"COUNT(DISTINCT {text})" if function == "DISTINCT_COUNT" else f"{function}({text})"


def field_wells(wells: dict):
    """The fields in their order, each with its kind."""
    for _, well in pieces(wells, None, ""):
        for kind, field in well.items():
            if kind.endswith(("DimensionField", "MeasureField")):
                yield kind, field


def pieces(value: object, key: str | None, path: str):
    """Every structure within a value that has a key (all without one), with its path."""
    if isinstance(value, dict):
        if key is None or key in value:
            yield path, value
        for name, element in value.items():
            yield from pieces(element, key, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from pieces(element, key, f"{path}[{index}]")
