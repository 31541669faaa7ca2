"""Publishes the tables of hoptrail as Apache Iceberg tables. docs/deploy.md says who needs that.

    publish.py --dest s3://analytics/bedrock --namespace bedrock [--catalog NAME] [--property KEY=VALUE]...

It reads the manifests. A day that changed since the last time replaces its partition; all days of a table are one
commit, which also notes what each was made of, so that a second time does nothing. New columns are added. The
catalog is any that PyIceberg 0.12 knows, by its name in .pyiceberg.yaml or by properties. Ends with 1 if something
was not published: a day that a run is replacing, or a table that someone else wrote to or is writing to.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileSelector, FileSystem, FileType
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.table import Table

BATCH_ROWS = 1 << 20
# Of every snapshot that is written here, and of the property that has the fingerprint of a day.
MARK, DAY = {"hoptrail.published": "yes"}, "hoptrail.day."
# The day of a table that has none, and the filter for its rows.
NO_DAY, ALL = "all", AlwaysTrue()
Parts = dict[str, list[tuple[str, str]]]  # of a table, by day: key and SHA-256 of each file


class Refused(Exception):
    """Why something is not published."""


class Destination:
    def __init__(self, uri: str) -> None:
        uri = uri if "://" in uri else Path(uri).resolve().as_uri()
        self.files, self.root = FileSystem.from_uri(uri.rstrip("/"))

    def read(self, key: str) -> bytes:
        with self.files.open_input_stream(f"{self.root}/{key}") as stream:
            return bytes(stream.read())

    def manifests(self) -> dict[str, bytes]:
        """By day."""
        selector = FileSelector(f"{self.root}/_hoptrail/manifest", allow_not_found=True)
        names = sorted(file.base_name for file in self.files.get_file_info(selector))
        return {name[3:13]: self.read(f"_hoptrail/manifest/{name}") for name in names if name.startswith("dt=")}

    def batches(self, key: str, day: str) -> Iterator[pa.Table]:
        """The rows of a file, some at a time."""
        with self.files.open_input_file(f"{self.root}/{key}") as file:
            for batch in pq.ParquetFile(file).iter_batches(BATCH_ROWS):
                yield with_day(pa.Table.from_batches([batch]), day)

    def schema(self, key: str, day: str) -> pa.Schema:
        with self.files.open_input_file(f"{self.root}/{key}") as file:
            return with_day(pq.read_schema(file).empty_table(), day).schema


def with_day(table: pa.Table, day: str) -> pa.Table:
    """With the day as a column, and all columns as later files may have them: with nulls."""
    plain = [pa.field(f.name, pa.map_(pa.string(), pa.string()) if pa.types.is_map(f.type) else f.type) for f in table.schema]
    table = table.cast(pa.schema(plain))
    return table if day == NO_DAY else table.append_column("dt", pa.array([day] * len(table), pa.string()))


def tables_of(destination: Destination, manifests: dict[str, bytes]) -> dict[str, Parts]:
    found: dict[str, Parts] = {}
    for day, text in manifests.items():
        manifest = json.loads(text)
        if not manifest["is_complete"]:
            print(f"{day} is not published: a run is replacing it, or was ended while it did", file=sys.stderr)
            continue
        for output in manifest["outputs"]:
            parts = found.setdefault(output["key"].split("/")[0], {})
            parts.setdefault(day, []).append((output["key"], output["sha256"]))
    accounts = "accounts/part-0.parquet"
    if destination.files.get_file_info(f"{destination.root}/{accounts}").type == FileType.File:
        found["accounts"] = {NO_DAY: [(accounts, hashlib.sha256(destination.read(accounts)).hexdigest())]}
    return found


def opened(catalog: Catalog, name: str, schema: pa.Schema) -> Table:
    """The table, which has the columns of a schema, and is nobody else's."""
    table = catalog.create_table_if_not_exists(name, schema)
    for snapshot in table.snapshots():
        summary = snapshot.summary
        # Maintenance rewrites files, and changes no row.
        is_known = summary and (summary.operation.value == "replace" or summary.additional_properties.items() >= MARK.items())
        if not is_known:
            raise Refused(f"expected only snapshots of publish.py, found {snapshot.snapshot_id}; someone else wrote to the table")
    if "dt" in schema.names and table.spec().is_unpartitioned():
        with table.update_spec() as spec:
            spec.add_identity("dt")
    if not set(schema.names) <= set(table.schema().column_names):
        with table.update_schema() as update:
            update.union_by_name(schema)
    return table


def publish(destination: Destination, catalog: Catalog, name: str, parts: Parts, manifests: dict[str, bytes]) -> str:
    """One commit. Returns what was done."""
    fingerprints = {day: "+".join(sha for _, sha in files) for day, files in parts.items()}
    known = catalog.load_table(name).properties if catalog.table_exists(name) else {}
    changed = [day for day, value in fingerprints.items() if known.get(DAY + day) != value]
    # Days may be of several versions, and any of them may have new columns.
    schemas = [destination.schema(parts[day][0][0], day) for day in changed or [max(parts)]]
    table = opened(catalog, name, pa.unify_schemas(schemas))
    if not changed:
        return "nothing to do"
    n_rows = 0
    with table.transaction() as commit:
        for day in changed:
            commit.delete(ALL if day == NO_DAY else f"dt == '{day}'", snapshot_properties=MARK)
            for rows in (rows for key, _ in parts[day] for rows in destination.batches(key, day)):
                commit.append(rows, snapshot_properties=MARK)
                n_rows += len(rows)
        commit.set_properties({DAY + day: fingerprints[day] for day in changed})
        again = destination.manifests()
        if any(again.get(day) != manifests.get(day) for day in changed):
            raise Refused("a run replaced a day that was being read; nothing was committed")
    return f"{len(changed)} days, {n_rows} rows"


def main() -> int:
    parser = argparse.ArgumentParser(description="Publishes the tables of hoptrail as Apache Iceberg tables.")
    parser.add_argument("--dest", required=True, help="where hoptrail wrote them: s3://bucket/prefix or a folder")
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--catalog", default="default", help="its name in .pyiceberg.yaml")
    parser.add_argument("--property", action="append", default=[], metavar="KEY=VALUE", help="of the catalog")
    options = parser.parse_args()
    # The rows of a day are deleted, whether or not the table has any.
    warnings.filterwarnings("ignore", message="Delete operation did not match any records")
    properties: dict[str, str] = dict(pair.split("=", 1) for pair in options.property)
    catalog = load_catalog(options.catalog, **properties)
    catalog.create_namespace_if_not_exists(options.namespace)
    destination = Destination(options.dest)
    manifests = destination.manifests()
    tables = tables_of(destination, manifests)
    failed = any(not json.loads(text)["is_complete"] for text in manifests.values())
    for name, parts in sorted(tables.items()):
        try:
            print(f"{name}: {publish(destination, catalog, f'{options.namespace}.{name}', parts, manifests)}")
        except (Refused, CommitFailedException) as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
