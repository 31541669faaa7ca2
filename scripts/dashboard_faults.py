"""Mistakes that are planted in the dashboards, to see that check_dashboards.py finds them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from engines import Checks


@dataclass(frozen=True)
class Fault:
    """In a file of the dashboard, `old` becomes `new` where it comes first."""

    what: str
    file: str
    old: str
    new: str
    finding: str
    """What a check that fails for it says."""


class Found(Checks):
    """Keeps what failed, and prints nothing."""

    def __init__(self) -> None:
        super().__init__(verbose=False)
        self.failures = []

    def that(self, holds: bool, what: str, found: object = "") -> bool:
        if not holds:
            self.failures.append(f"{what}: {found}")
        return holds


def planted(source: Path, faults: list, folder: Path) -> Path:
    """A copy of `config` with the faults in one of its dashboards. Returns that dashboard."""
    shutil.rmtree(folder / "planted", ignore_errors=True)
    copy = folder / "planted/config/dashboards" / source.parent.name
    shutil.copytree(source.parent, copy)
    for fault in faults:
        text = (copy / fault.file).read_text()
        if fault.old not in text:
            raise ValueError(f"{fault.what}: {fault.file} has no {fault.old!r}")
        (copy / fault.file).write_text(text.replace(fault.old, fault.new, 1))
    return copy / source.name


DEFINITION, RESOURCES, JSON = "hoptrail-definition.yaml", "hoptrail.yaml", "hoptrail.json"


def column(data_set: str, name: str) -> str:
    return f"{{DataSetIdentifier: {data_set}, ColumnName: {name}}}"


# Those of a list are planted at once: each is found by words of its own, and a deployment takes seconds.
OF_VISUALS = [
    Fault("a misspelt column of a visual", DEFINITION, column("routing_share", "inference_region"),
          column("routing_share", "inference_regoin"), "routing_share has the column inference_regoin"),
    Fault("a misspelt column of a filter", DEFINITION, column("routing_share", "profile_scope"),
          column("routing_share", "profile_scop"), "routing_share has the column profile_scop"),
    Fault("a column of another data set", DEFINITION, column("chargeback", "principal_name"), column("chargeback", "blocked_region"),
          "chargeback has the column blocked_region"),
    Fault("a misspelt column of a calculated field", DEFINITION, "sum({calls_priced})", "sum({calls_prised})",
          "calculated field 'coverage': chargeback has its columns: ['calls_prised']"),
    Fault("a misspelt enum", DEFINITION, "Direction: DESC", "Direction: DOWN", "'DOWN' is not one of"),
    Fault("a misspelt aggregation", DEFINITION, "{SimpleNumericalAggregation: MAX}", "{SimpleNumericalAggregation: MOST}",
          "'MOST' is not one of"),
    Fault("a misspelt id of a visual in the layout", DEFINITION, "ElementId: flow", "ElementId: flou", "each visual is placed once"),
    Fault("a sort by a field that is not drawn", DEFINITION, "FieldId: denied-table.denied_calls, Direction",
          "FieldId: denied-table.calls, Direction", "denied-table: the fields that are named are drawn"),
    Fault("a control without its filter", DEFINITION, "SourceFilterId: days", "SourceFilterId: dates", "{'dates'}"),
    Fault("a filter for a value that no call has", DEFINITION, "[other_jurisdiction]", "[other_juristiction]", "routing/left: it has rows"),
    Fault("a measure that is a text", DEFINITION, column("unresolved", "calls") + "\n                      Agg",
          column("unresolved", "reason") + "\n                      Agg", "reason is a number"),
    Fault("a view that is not ours", "views/routing_share.sql", "residency", "NULL AS residency",
          "routing_share: cid-cmd creates the view of `hoptrail ddl athena`"),
]
OF_DATA_SETS = [
    Fault("a misspelt column of a data set", RESOURCES, "{Name: top_share,", "{Name: top_chare,", "{'top_chare'}"),
    Fault("a fraction that is cut", RESOURCES, "{Name: list_cost_usd, Type: DECIMAL, SubType: FLOAT}",
          "{Name: list_cost_usd, Type: DECIMAL, SubType: FIXED}", "four places: ['list_cost_usd']"),
    Fault("a misspelt type of a column", RESOURCES, "{Name: share, Type: DECIMAL", "{Name: share, Type: DECIMALS", "'DECIMALS' is not one of"),
    Fault("a misspelt view", RESOURCES, "        - unresolved", "        - unsolved", "hoptrail_unresolved: it depends on its view"),
]
OF_FIELDS = [Fault("a misspelt field of a visual", DEFINITION, "Destination:", "Destinaton:", '"Destinaton", must be one of')]
QUICKSIGHT_FAULTS = [OF_VISUALS, OF_DATA_SETS, OF_FIELDS]

GRAFANA_FAULTS = [[fault] for fault in [
    Fault("a misspelt column of a query", JSON, "SUM(calls_priced) AS", "SUM(calls_prised) AS", "calls_prised"),
    Fault("a misspelt view", JSON, "FROM routing_spread", "FROM routing_spred", "routing_spred"),
    Fault("a misspelt field of a panel", JSON, '"gridPos"', '"gridPosition"', '"gridPosition"'),
    Fault("a misspelt option", JSON, '"showValue"', '"showValues"', '"showValues"'),
    Fault("a misspelt option of a query", JSON, '"resultReuseMaxAgeInMinutes"', '"resultReuseMaxAge"', '"resultReuseMaxAge"'),
    Fault("a misspelt enum", JSON, '"drawStyle": "bars"', '"drawStyle": "bar"', '"bar"'),
    Fault("an enum without such a number", JSON, '"graphTooltip": 1', '"graphTooltip": 7', "Type '7' is not assignable"),
    Fault("a kind of panel that is not known", JSON, '"type": "barchart"', '"type": "barchat"', '"barchat"'),
    Fault("a column that an override misspells", JSON, '"options": "coverage"', '"options": "covrage"', "{'covrage'}"),
    Fault("a label that the query does not have", JSON, "__field.labels.model}", "__field.labels.modell}", "{'modell'}"),
    Fault("a query that reads all days", JSON, "'${__to:date:YYYY-MM-DD}'", "'9999-12-31'", "the days of the dashboard"),
    Fault("a variable that is not known", JSON, "IN (${account:sqlstring})", "IN (${acount:sqlstring})", "every variable is known"),
    Fault("a result that is not used again", JSON, '"resultReuseEnabled": true', '"resultReuseEnabled": false', "a result is used again"),
    Fault("a cost without its coverage", JSON, "SUM(calls_priced) AS calls_priced, ", "", "a cost is in a row with its coverage"),
]]
