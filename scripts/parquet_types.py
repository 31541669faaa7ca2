"""How a Parquet column reads in Athena's words. Used by check-tables and check-ddl."""

from __future__ import annotations

import json

TIME, TEXT, COUNT, MONEY, FLAG = "timestamp", "string", "bigint", "decimal(38,12)", "boolean"


def physical_type(column) -> str:
    """A Parquet leaf in the words of TABLES; anything that is not allowed in its own words."""
    logical = json.loads(column.logical_type.to_json())
    physical, kind = column.physical_type, logical["Type"]
    if kind == "Timestamp" and physical == "INT64":
        if logical["timeUnit"] == "milliseconds" and logical["isAdjustedToUTC"]:
            return TIME
        return f"timestamp in {logical['timeUnit']}, adjusted to UTC: {logical['isAdjustedToUTC']}"
    if kind == "String" and physical == "BYTE_ARRAY":
        return TEXT
    if kind == "Decimal" and physical in ("FIXED_LEN_BYTE_ARRAY", "BYTE_ARRAY"):
        return f"decimal({logical['precision']},{logical['scale']})"
    if kind == "None" and physical == "BOOLEAN":
        return FLAG
    if physical == "INT64" and (kind == "None" or (kind == "Int" and logical["isSigned"] and logical["bitWidth"] == 64)):
        return COUNT
    return f"{physical} as {kind} {logical}"
