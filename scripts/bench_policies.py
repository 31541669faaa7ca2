"""Policies against many calls: replay of a quarter, simulation of JSON lines. For scripts/bench."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

from bench_corpora import FIRST_DAY, RELEASE, ROOT, Bench, last_day, truth_of
from bench_measure import Contender, Sample, alternate, figures, measure, median, table
from bench_yardsticks import peers_python

ACCOUNTS = 40
DAYS = 90
CALLS = 10_000_000
LINES = 1_000_000
SAMPLE = ROOT / "tests" / "sample" / "organization" / "org.json"

# The columns that a replay reads of policies on Regions, profiles, and principals.
GROUP_BY = """
import duckdb, sys
connection = duckdb.connect()
connection.execute("SET threads=2; SET enable_progress_bar=false")
rows = connection.execute(f'''
    SELECT event_name, model_ref, source_region, account_id, api_key, outcome, error_reason, model_id, profile_id,
        principal_type, regexp_replace(principal_arn, '(:assumed-role/[^/]*)/.*', '\\\\1') AS principal,
        count(*), epoch_ms(min(event_time)), epoch_ms(max(event_time))
    FROM read_parquet('{sys.argv[1]}/invocations/*/*.parquet') GROUP BY ALL''').fetchall()
print(len(rows), sum(row[-3] for row in rows))
"""


def policies(bench: Bench) -> None:
    print("### Policies\n")
    python = peers_python()
    rows = []
    for preset in bench.presets or ["heavy", "varied"]:
        rows += replayed(bench, preset, python)
    print(f"`hoptrail policy replay` of {DAYS} days with {ACCOUNTS} accounts and 200 policies at three levels, one "
          "of which is replaced; DuckDB groups the calls by the same columns, and does nothing else.\n")
    table(["corpus", "program", "calls", "requests", "wall s", "CPU s", "peak MB"], rows)
    print("`hoptrail policy simulate --calls` with the organization of the sample.\n")
    rows = [simulated(bench, name, n_callers) for name, n_callers in
            (("10,000 different calls", 10_000), ("no two calls alike", LINES))]
    table(["lines", "number", "wall s", "CPU s", "peak MB", "calls/s"], rows)


def replayed(bench: Bench, preset: str, python: Path) -> list[list]:
    calls = max(1000, round(CALLS * bench.scale))
    corpus = bench.corpus(preset=preset, objects=max(DAYS, calls // 2500), records=round(calls / 0.96),
                          bedrock_share=0.96, accounts=ACCOUNTS, days=DAYS)
    tables = bench.corpora / f"tables-{corpus.name}"
    truth = truth_of(corpus)
    if not (tables / "invocations").exists():
        shutil.rmtree(tables, ignore_errors=True)
        measure([RELEASE / "hoptrail", "run", "--no-progress", "--source", corpus / "trail", "--dest", tables,
                 "--from", FIRST_DAY, "--to", last_day(truth)])
    org, change = organization(bench, tables)
    found = bench.out / "replay.json"

    def replay() -> Sample:
        command = [RELEASE / "hoptrail", "policy", "replay", "--dest", tables, "--org", org, "--replace", change,
                   "--output", "json", "--threads", "2"]
        return measure(command, to=found)

    def check() -> str | None:
        calls = json.loads(found.read_text())["calls"]
        return None if calls == truth["calls"] else f"{calls} calls, expected {truth['calls']}"

    def group() -> Sample:
        return measure([python, "-c", GROUP_BY, tables])

    contenders = [Contender("replay", replay, check), Contender("DuckDB", group)]
    samples = alternate(contenders, min(bench.repetitions, 3))
    requests = json.loads(found.read_text())["requests"]
    groups = samples["DuckDB"][0].output.split()[0]
    counts = {"replay": f"{requests:,}", "DuckDB": f"{int(groups):,} groups"}
    return [[preset, name, f"{truth['calls']:,}", counts[name], *figures(taken)] for name, taken in samples.items()]


def organization(bench: Bench, tables: Path) -> tuple[Path, str]:
    """200 policies on three levels: 10 at the root, 5 at each of 20 units, and 90 at accounts."""
    command = [RELEASE / "hoptrail", "show", "routing", "--dest", tables, "--by", "account_id", "--format", "json"]
    rows = json.loads(measure(command).output)["rows"]
    accounts = sorted({row["account_id"] for row in rows if row["account_id"]})
    folder = bench.out / "organization"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    dice = random.Random(1)
    full = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    (folder / "full.json").write_text(json.dumps(full))
    n_policies = 0

    def more(n: int) -> list[str]:
        nonlocal n_policies
        names = []
        for _ in range(n):
            n_policies += 1
            names.append(f"p-{n_policies:03}.json")
            (folder / names[-1]).write_text(json.dumps(policy(dice, n_policies)))
        return ["full.json", *names]

    nodes = [{"id": "r-ab12", "parent": None, "policies": more(9)}]
    nodes += [{"id": f"ou-ab12-{unit:08}", "parent": "r-ab12", "policies": more(5)} for unit in range(20)]
    of_accounts = [
        {"id": account, "parent": f"ou-ab12-{place % 20:08}", "policies": more(2 + place % 2)}
        for place, account in enumerate(accounts)
    ]
    org = {"organization_id": "o-exampleorg1", "management_account": "999988887777", "nodes": nodes,
           "accounts": of_accounts}
    (folder / "org.json").write_text(json.dumps(org))
    (folder / "changed.json").write_text(json.dumps(policy(random.Random(2), 1)))
    return folder / "org.json", f"r-ab12:p-001={folder / 'changed.json'}"


def policy(dice: random.Random, number: int) -> dict:
    """Three statements as published policies have them: Regions, profiles, principals."""
    regions = ["us-east-1", "us-east-2", "us-west-2", "eu-central-1", "eu-west-1", "ap-northeast-1", "unspecified"]
    other = [f"service{n}:*" for n in range(60)]
    spared = dice.sample(regions, 6)
    return {"Version": "2012-10-17", "Statement": [
        {"Sid": "Regions", "Effect": "Deny", "NotAction": [*other, "iam:*", "sts:*"], "Resource": "*", "Condition": {
            "StringNotEquals": {"aws:RequestedRegion": spared},
            "ArnNotLike": {
                "aws:PrincipalArn": [f"arn:aws:iam::*:role/exempt-{number}", "arn:aws:iam::*:role/*/exempt"],
                "bedrock:InferenceProfileArn": [f"arn:aws:bedrock:*:*:inference-profile/{scope}.*"
                                                for scope in ("us", "eu", "global", "apac", "jp")]}}},
        {"Sid": "Models", "Effect": "Deny", "Action": "bedrock:Invoke*", "Resource": [
            f"arn:aws:bedrock:*::foundation-model/retired-{number}-*", f"arn:aws:bedrock:*::foundation-model/*-old-{number}"]},
        {"Sid": "Keys", "Effect": "Deny", "Action": "bedrock:CallWithBearerToken", "Resource": "*", "Condition": {
            "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::*:user/blocked-{number}-*"}}},
    ]}


def simulated(bench: Bench, name: str, n_callers: int) -> list:
    lines = bench.out / "calls.jsonl"
    n_lines = max(1000, round(LINES * bench.scale))
    accounts = ["111122223333", "444455556666", "012345678901"]
    models = ["us.anthropic.claude-sonnet-4-6", "us.anthropic.claude-haiku-4-5-20251001-v1:0", "amazon.nova-lite-v1:0",
              "global.anthropic.claude-opus-4-6-v1"]
    with lines.open("w") as file:
        for number in range(n_lines):
            caller = number % n_callers
            account = accounts[caller % 3]
            file.write(json.dumps({
                "id": str(number), "event_name": "Converse", "model_ref": models[caller % 4], "region": "us-east-1",
                "account": account, "principal_arn": f"arn:aws:iam::{account}:role/team/app-{caller}",
                "api_key": False,
            }) + "\n")

    def simulate() -> Sample:
        command = [RELEASE / "hoptrail", "policy", "simulate", "--calls", lines, "--org", SAMPLE]
        return measure(command, to=bench.out / "answers.jsonl")

    taken = alternate([Contender("simulate", simulate)], min(bench.repetitions, 3))["simulate"]
    return [name, f"{n_lines:,}", *figures(taken), f"{n_lines / median(taken, 'wall'):,.0f}"]
