"""Days for check-views that a run over the sample does not write: of an older schema version, with latencies, with
negotiated costs, with large counts, a table without any file, and accounts that somebody has listed twice."""

from __future__ import annotations

import decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

# What schema version 6 added.
ADDED = {
    "invocations": ["declared_destinations", "is_declared", "inference_region_opt_in"],
    "routing_distribution": ["declared_destinations", "is_declared"],
    "ingest": ["account_id", "region"],
}
ADDED_TABLE = "profile_destinations"
# Above the whole numbers that 32-bit floats have; its square is above those of 64-bit floats.
MANY_CALLS = 3_000_000_007
MANY_SENT_ONE_WAY = 60


def derive(source: Path, dest: Path) -> None:
    """Writes the tables of a destination so that the first day, and all days of `ingest`, are of version 5, nobody has
    written the table that version 6 added, and other days have what the sample lacks."""
    for path in sorted(source.glob("*/dt=*/*.parquet")):
        table, day = path.parts[-3], path.parts[-2]
        if table == ADDED_TABLE:
            continue
        is_first = day == min(p.name for p in source.glob(f"{table}/dt=*"))
        rows = pq.read_table(path, partitioning=None)
        if table in ADDED and (is_first or table == "ingest"):
            rows = rows.drop_columns(ADDED[table])
        if table in FILLED and (not is_first or table == "ingest"):
            rows = FILLED[table](rows)
        target = dest / table / day / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows, target, compression="zstd", store_schema=False)
    list_twice(source / "accounts/part-0.parquet", dest / "accounts")


def list_twice(path: Path, folder: Path) -> None:
    """The table of accounts, and beside it a file with other names of the same ones: no cost may count twice."""
    rows = pq.read_table(path)
    folder.mkdir(parents=True)
    for name, names in (("part-0", rows["name"].to_pylist()), ("theirs", [f"Old {n}" for n in rows["name"].to_pylist()])):
        pq.write_table(replaced(rows, "name", names), folder / f"{name}.parquet", store_schema=False)


def replaced(rows: pa.Table, column: str, values: list) -> pa.Table:
    index = rows.schema.get_field_index(column)
    field = rows.schema.field(index)
    return rows.set_column(index, field.with_nullable(True), pa.array(values, type=field.type))


def with_latencies(rows: pa.Table) -> pa.Table:
    """Some calls have one, some of which are equal; few have a first byte."""
    count = rows.num_rows
    rows = replaced(rows, "latency_ms", [None if i % 5 == 0 else i * 7919 % 400 for i in range(count)])
    return replaced(rows, "first_byte_ms", [None if i % 3 else i * 31 % 97 for i in range(count)])


def with_discounts(rows: pa.Table) -> pa.Table:
    """Costs seven ninths of the list price, to the last digit, or just the list price."""
    digits = decimal.Decimal("0.000000000001")
    costs = rows.column("list_cost_usd").to_pylist()
    contracted = [c if c is None or i % 4 == 0 else (c * 7 / 9).quantize(digits) for i, c in enumerate(costs)]
    return replaced(rows, "contracted_cost_usd", contracted)


def with_many_calls(rows: pa.Table) -> pa.Table:
    calls = rows.column("succeeded_calls").to_pylist()
    return replaced(rows, "succeeded_calls", [n and n + MANY_CALLS * (i % 2) for i, n in enumerate(calls)])


def one_way(rows: pa.Table) -> pa.Table:
    """The first calls are sent one way to one Region, so that ranks of many differ; some of them failed."""
    first = next(row for row in rows.to_pylist() if row["inference_region"] is not None)
    for column in ("account_id", "target_type", "profile_id", "profile_scope", "model_id", "model_name",
                   "source_region", "inference_region", "inference_region_opt_in", "residency"):
        values = rows.column(column).to_pylist()
        rows = replaced(rows, column, [first[column]] * MANY_SENT_ONE_WAY + values[MANY_SENT_ONE_WAY:])
    outcomes = rows.column("outcome").to_pylist()
    outcomes[:MANY_SENT_ONE_WAY] = ["succeeded" if i % 7 else "failed" for i in range(MANY_SENT_ONE_WAY)]
    return replaced(rows, "outcome", outcomes)


def with_digests(rows: pa.Table) -> pa.Table:
    return replaced(rows, "digest_status", [["valid", "mismatch", None][i % 3] for i in range(rows.num_rows)])


FILLED = {"invocations": lambda rows: with_latencies(one_way(rows)), "ingest": with_digests,
          "model_costs": with_discounts, "routing_distribution": with_many_calls}
