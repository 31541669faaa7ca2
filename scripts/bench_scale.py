"""Beyond one machine: what it takes to list a large organization. For scripts/bench."""

from __future__ import annotations

from pathlib import Path

from bench_corpora import FIRST_DAY, RELEASE, Bench
from bench_measure import Contender, Sample, alternate, figures, measure, median, table
from bench_s3 import CREDENTIALS, Server

ACCOUNTS = 1000
# From FIRST_DAY on; the last one has the late window of the one before.
DAYS = 33
LAST_DAY = "2026-11-01"
# Three Regions have a delivery every five minutes, 14 have two a day: of a day, and of the late window.
PER_ACCOUNT = 3 * (288 + 72) + 14 * (2 + 1)


def scale(bench: Bench) -> None:
    print("### Listing a day of a large organization\n")
    accounts = max(1, round(ACCOUNTS * bench.scale))
    expected = accounts * PER_ACCOUNT
    print(f"`hoptrail plan --output keys` of {accounts:,} accounts with 17 Regions each, from the S3 "
          "server of the tests, which makes the keys up on the same cores. The listing of an old day "
          "goes on past its end.\n")
    rows = []
    for latency_ms in (0, 50):
        with Server(["--made-up", f"trail={accounts}x{DAYS}"], latency_ms) as server:
            for name, day in (("the last", LAST_DAY), ("a month old", FIRST_DAY)):
                taken = listed(bench, server, day, expected)
                keys = expected / median(taken, "wall")
                rows.append([name, latency_ms, f"{expected:,}", *figures(taken), f"{keys:,.0f}"])
    table(["day", "latency ms", "keys", "wall s", "CPU s", "peak MB", "keys/s"], rows)


def listed(bench: Bench, server: Server, day: str, expected: int) -> list[Sample]:
    keys = bench.out / "keys.jsonl"

    def plan() -> Sample:
        command = [RELEASE / "hoptrail", "plan", "--output", "keys", "--no-progress"]
        command += ["--source", "s3://trail", "--day", day, *server.flags]
        return measure(command, CREDENTIALS, to=keys)

    def check() -> str | None:
        found = count_lines(keys)
        return None if found == expected else f"{found} keys, expected {expected}"

    return alternate([Contender("plan", plan, check)], bench.repetitions)["plan"]


def count_lines(path: Path) -> int:
    with path.open("rb") as lines:
        return sum(1 for _ in lines)
