"""The same work in other engines, each by the fastest query that we found. For scripts/bench.

    bench_peers.py chdb|duckdb|polars CORPUS OUT      writes OUT/calls.parquet, OUT/counts.json
    bench_peers.py check NAME CORPUS OUT              compares with CORPUS/truth.json

Two threads each. Only the engine that is asked for is imported: start-up counts.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

CALLS = (
    "InvokeModel",
    "InvokeModelWithResponseStream",
    "Converse",
    "ConverseStream",
    "InvokeModelWithBidirectionalStream",
    "StartAsyncInvoke",
)
SOURCE = "bedrock.amazonaws.com"
NEEDLE = b"bedrock"
THREADS = 2


def log_files(corpus: Path) -> list[str]:
    return sorted(str(path) for path in (corpus / "trail").rglob("*.json.gz"))


def largest_bytes(corpus: Path) -> int:
    return json.loads((corpus / "truth.json").read_text())["largest_bytes"]


def chdb(corpus: Path, out: Path) -> None:
    """A narrow tuple: what is not in it is skipped without being built."""
    from chdb import session

    calls = session.Session()
    record = """Records Array(Tuple(
        eventTime String, eventSource String, eventName String, awsRegion String,
        recipientAccountId String, eventID String, requestID String, sourceIPAddress String,
        userAgent String, errorCode Nullable(String),
        userIdentity Tuple(arn Nullable(String)),
        requestParameters Tuple(modelId Nullable(String)),
        additionalEventData Tuple(inferenceRegion Nullable(String), inputTokens Nullable(Int64),
            outputTokens Nullable(Int64))))"""
    settings = f"""SETTINGS max_threads={THREADS},
        input_format_json_ignore_unknown_keys_in_named_tuple=1,
        input_format_json_defaults_for_missing_elements_in_named_tuple=1,
        input_format_skip_unknown_fields=1, input_format_null_as_default=1,
        input_format_json_read_arrays_as_strings=1, input_format_json_read_objects_as_strings=1"""
    calls.query("CREATE DATABASE IF NOT EXISTS b ENGINE=Atomic")
    calls.query(
        f"""CREATE TABLE b.calls ENGINE=Memory AS
        SELECT parseDateTime64BestEffort(r.eventTime, 3, 'UTC') AS event_time, r.eventID AS event_id,
            r.requestID AS request_id, r.recipientAccountId AS account, r.awsRegion AS source_region,
            r.eventName AS event_name, r.requestParameters.modelId AS model_id,
            r.additionalEventData.inferenceRegion AS inference_region,
            r.additionalEventData.inputTokens AS input_tokens,
            r.additionalEventData.outputTokens AS output_tokens, r.userIdentity.arn AS principal,
            r.sourceIPAddress AS source_ip, r.userAgent AS user_agent, r.errorCode AS error_code
        FROM (SELECT arrayJoin(arrayFilter(
                x -> x.eventSource = '{SOURCE}' AND x.eventName IN {CALLS}, Records)) AS r
            FROM file('{corpus.resolve()}/trail/**/*.json.gz', JSONEachRow, '{record}'))
        {settings}"""
    )
    calls.query(
        f"INSERT INTO FUNCTION file('{out.resolve()}/calls.parquet', Parquet) SELECT * FROM b.calls"
    )
    counts = calls.query(
        """SELECT toString(toDate(event_time)), account, source_region, model_id, inference_region,
            toUInt32(count()) FROM b.calls GROUP BY ALL""",
        "JSONCompactEachRow",
    )
    rows = [json.loads(line) for line in str(counts).splitlines() if line]
    (out / "counts.json").write_text(json.dumps(rows))
    calls.close()


def duckdb(corpus: Path, out: Path) -> None:
    """Documents as text, those without the needle left; few files at a time, because each keeps
    buffers of the size of the largest document."""
    import duckdb

    files = log_files(corpus)
    largest = largest_bytes(corpus)
    chunk = 8 if largest * 40 > 400 << 20 else 200
    shape = {
        "Records": [{
            "eventTime": "VARCHAR", "eventSource": "VARCHAR", "eventName": "VARCHAR",
            "awsRegion": "VARCHAR", "recipientAccountId": "VARCHAR", "eventID": "VARCHAR",
            "requestID": "VARCHAR", "sourceIPAddress": "VARCHAR", "userAgent": "VARCHAR",
            "errorCode": "VARCHAR", "userIdentity": {"arn": "VARCHAR"},
            "requestParameters": {"modelId": "VARCHAR"},
            "additionalEventData": {"inferenceRegion": "VARCHAR", "inputTokens": "BIGINT",
                                    "outputTokens": "BIGINT"},
        }]
    }
    query = f"""
        WITH documents AS (
            SELECT from_json(json, '{json.dumps(shape)}') AS document
            FROM read_json_objects(?, format='unstructured', maximum_object_size={largest + 1024})
            WHERE contains(json::VARCHAR, '{NEEDLE.decode()}')),
        records AS (SELECT unnest(document.Records) AS r FROM documents)
        SELECT r.eventTime::TIMESTAMPTZ AS event_time, r.eventID AS event_id,
            r.requestID AS request_id, r.recipientAccountId AS account,
            r.awsRegion AS source_region, r.eventName AS event_name,
            r.requestParameters.modelId AS model_id,
            r.additionalEventData.inferenceRegion AS inference_region,
            r.additionalEventData.inputTokens AS input_tokens,
            r.additionalEventData.outputTokens AS output_tokens, r.userIdentity.arn AS principal,
            r.sourceIPAddress AS source_ip, r.userAgent AS user_agent, r.errorCode AS error_code
        FROM records WHERE r.eventSource = '{SOURCE}' AND r.eventName IN {CALLS}"""
    connection = duckdb.connect()
    connection.execute(f"SET threads={THREADS}; SET TimeZone='UTC'; SET preserve_insertion_order=false")
    for start in range(0, len(files), chunk):
        into = "CREATE TABLE calls AS" if start == 0 else "INSERT INTO calls"
        connection.execute(f"{into} {query}", [files[start : start + chunk]])
    path = out / "calls.parquet"
    connection.execute(f"COPY calls TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    rows = connection.execute(
        """SELECT strftime(event_time, '%Y-%m-%d'), account, source_region, model_id,
            inference_region, count(*) FROM calls GROUP BY ALL"""
    ).fetchall()
    (out / "counts.json").write_text(json.dumps(rows))


def polars(corpus: Path, out: Path) -> None:
    """Inflated by ISA-L on two threads, documents without the needle left, the others decoded."""
    from concurrent.futures import ThreadPoolExecutor

    import polars as pl
    from isal import igzip

    text = pl.String
    record = pl.Struct({
        "eventTime": text, "eventSource": text, "eventName": text, "awsRegion": text,
        "recipientAccountId": text, "eventID": text, "requestID": text, "sourceIPAddress": text,
        "userAgent": text, "errorCode": text, "userIdentity": pl.Struct({"arn": text}),
        "requestParameters": pl.Struct({"modelId": text}),
        "additionalEventData": pl.Struct(
            {"inferenceRegion": text, "inputTokens": pl.Int64, "outputTokens": pl.Int64}
        ),
    })
    document = pl.Struct({"Records": pl.List(record)})

    def document_text(path: str) -> str | None:
        content = igzip.decompress(Path(path).read_bytes())
        return content.decode() if NEEDLE in content else None

    def decode(texts: list[str]) -> pl.DataFrame:
        decoded = pl.Series(texts, dtype=text).str.json_decode(document)
        records = decoded.struct.field("Records").explode().struct.unnest()
        records = records.filter(
            (pl.col("eventSource") == SOURCE) & pl.col("eventName").is_in(CALLS)
        )
        additional = pl.col("additionalEventData").struct
        return records.select(
            event_time=pl.col("eventTime").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC"),
            event_id="eventID",
            request_id="requestID",
            account="recipientAccountId",
            source_region="awsRegion",
            event_name="eventName",
            model_id=pl.col("requestParameters").struct.field("modelId"),
            inference_region=additional.field("inferenceRegion"),
            input_tokens=additional.field("inputTokens"),
            output_tokens=additional.field("outputTokens"),
            principal=pl.col("userIdentity").struct.field("arn"),
            source_ip="sourceIPAddress",
            user_agent="userAgent",
            error_code="errorCode",
        )

    # One call for several documents: a call costs more than a small document.
    batch_bytes = 16 << 20
    frames, texts, held = [], [], 0

    with ThreadPoolExecutor(THREADS) as pool:
        decoding = []
        files = log_files(corpus)
        # In slices, so that not every document waits in memory.
        for start in range(0, len(files), 64):
            for content in pool.map(document_text, files[start : start + 64]):
                if content is None:
                    continue
                texts.append(content)
                held += len(content)
                if held >= batch_bytes:
                    decoding.append(pool.submit(decode, texts))
                    texts, held = [], 0
        if texts:
            decoding.append(pool.submit(decode, texts))
        frames = [future.result() for future in decoding]
    calls = pl.concat(frames)
    calls.write_parquet(out / "calls.parquet")
    keys = ["account", "source_region", "model_id", "inference_region"]
    day = pl.col("event_time").dt.strftime("%Y-%m-%d").alias("day")
    counts = calls.group_by(day, *keys).len()
    (out / "counts.json").write_text(json.dumps(counts.rows()))


def check(name: str, corpus: Path, out: Path) -> None:
    """Ends with an error if what was found is not the truth."""
    import polars as pl

    truth = json.loads((corpus / "truth.json").read_text())
    if name == "hoptrail":
        calls = pl.read_parquet(out / "invocations" / "**" / "*.parquet", hive_partitioning=False)
        day = pl.col("event_time").dt.strftime("%Y-%m-%d").alias("day")
        # What stayed where it was sent has a Region of its own here, and none in the record.
        logged = pl.when(pl.col("inference_region_basis") == "logged")
        inference = logged.then(pl.col("inference_region")).alias("inference")
        found = calls.group_by(day, "account_id", "source_region", "model_ref", inference).len()
        found, rows = found.rows(), len(calls)
    else:
        found = json.loads((out / "counts.json").read_text())
        rows = pl.scan_parquet(out / "calls.parquet").select(pl.len()).collect().item()
    found = {tuple(row[:5]): row[5] for row in found}
    expected = {tuple(row[:5]): row[5] for row in truth["counts"]}
    if found != expected or rows != truth["calls"]:
        wrong = {key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)}
        examples = [(key, found.get(key), expected.get(key)) for key in sorted(wrong, key=str)[:5]]
        sys.exit(f"{rows} rows, expected {truth['calls']}; {len(wrong)} groups differ: {examples}")


def main() -> None:
    command, *arguments = sys.argv[1:]
    if command == "check":
        name, corpus, out = arguments
        check(name, Path(corpus), Path(out))
    else:
        corpus, out = map(Path, arguments)
        {"chdb": chdb, "duckdb": duckdb, "polars": polars}[command](corpus, out)


if __name__ == "__main__":
    main()
