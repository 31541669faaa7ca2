"""Running programs side by side, and printing what they took. For scripts/bench."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Sample:
    wall: float
    cpu: float
    peak_mb: float
    output: str


def measure(command: list, environment: dict | None = None, to: Path | None = None) -> Sample:
    """Run a command to its end; one that fails ends the benchmark. Its output goes `to` a file."""
    file = to.open("wb") if to else tempfile.TemporaryFile()
    with file as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=out,
            stderr=err,
            env={**os.environ, **(environment or {})},
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        if process.returncode != 0:
            sys.exit(f"{command}\nended with {process.returncode}:\n{err.read().decode()[-2000:]}")
        cpu = usage.ru_utime + usage.ru_stime
        text = ""
        if not to:
            out.seek(0)
            text = out.read().decode()
        return Sample(wall, cpu, usage.ru_maxrss / 1024, text)


@dataclass
class Contender:
    """A program in a comparison. `check` says what is wrong with what it found, if anything."""

    name: str
    run: callable
    check: callable = lambda: None


def alternate(contenders: list[Contender], repetitions: int) -> dict[str, list[Sample]]:
    samples = {contender.name: [] for contender in contenders}
    for contender in contenders:
        contender.run()  # The warm-up, which also fills the page cache.
        if wrong := contender.check():
            sys.exit(f"{contender.name}: {wrong}")
    for _ in range(repetitions):
        for contender in contenders:
            samples[contender.name].append(contender.run())
    return samples


def median(samples: list[Sample], of: str) -> float:
    return statistics.median(getattr(sample, of) for sample in samples)


def ratio(of: list[Sample], to: list[Sample], what: str = "wall") -> str:
    ratios = [getattr(a, what) / getattr(b, what) for a, b in zip(of, to)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def table(header: list[str], rows: list[list]) -> None:
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def figures(samples: list[Sample]) -> list[str]:
    wall, cpu, peak = (median(samples, of) for of in ("wall", "cpu", "peak_mb"))
    return [f"{wall:.3f}", f"{cpu:.3f}", f"{peak:.0f}"]
