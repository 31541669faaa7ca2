"""A destination with values that tables may hold and a sample does not: written over one of a run, with its manifests
made to fit, so that `show` and `report` read it."""

import decimal
import hashlib
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from view_days import ADDED, replaced

# Above the whole numbers that 32-bit and 64-bit floats have.
MANY, MORE = 2**24 + 1, 2**53 + 1
LEAST, MOST = decimal.Decimal("0.000000000001"), decimal.Decimal("99999999999999999999999.123456789012")


def extreme(source: Path, dest: Path) -> None:
    """The first day is of an older schema version; the others have counts above 2^24 and 2^53, the largest and the
    least costs, models with calls and without a price, and a profile scope that nobody knows."""
    shutil.copytree(source, dest)
    manifests = sorted((dest / "_hoptrail" / "manifest").glob("dt=*.json"))
    for place, path in enumerate(manifests):
        manifest = json.loads(path.read_text())
        for output in manifest["outputs"]:
            file = dest / output["key"]
            rows = pq.ParquetFile(file).read()
            table = output["key"].split("/")[0]
            rows = rows.drop_columns(ADDED.get(table, [])) if place == 0 else CHANGED.get(table, lambda it: it)(rows)
            # The footer says of which schema version a file is.
            footer = {key: value for key, value in pq.read_metadata(file).metadata.items() if key != b"ARROW:schema"}
            pq.write_table(rows.replace_schema_metadata(footer), file, compression="zstd")
            output["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
            if "bytes" in output:
                output["bytes"] = file.stat().st_size
        path.write_text(json.dumps(manifest))


def many_calls(rows: pa.Table) -> pa.Table:
    counts = [MORE if i == 0 else MANY for i in range(rows.num_rows)]
    scopes = ["mars" if scope == "us" else scope for scope in rows.column("profile_scope").to_pylist()]
    rows = replaced(replaced(rows, "calls", counts), "succeeded_calls", counts)
    return replaced(rows, "profile_scope", scopes)


def costs(rows: pa.Table) -> pa.Table:
    known = rows.column("list_cost_usd").to_pylist()
    amounts = [None if cost is None else (LEAST if i % 2 else MOST) for i, cost in enumerate(known)]
    counts = [MORE if i == 0 else MANY for i in range(rows.num_rows)]
    return replaced(replaced(rows, "list_cost_usd", amounts), "calls", counts)


CHANGED = {"routing_distribution": many_calls, "model_costs": costs}
