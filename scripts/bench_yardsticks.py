"""Against inflating alone, and against other engines. For scripts/bench."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from bench_corpora import PRESETS, ROOT, TARGET, Bench, truth_of
from bench_measure import Contender, alternate, figures, measure, ratio, table


def limit(bench: Bench) -> None:
    print("### Against inflating alone\n")
    rows = []
    for preset in bench.presets or PRESETS:
        corpus = bench.preset(preset)
        truth = truth_of(corpus)
        samples = alternate([bench.inflating(corpus), bench.running(corpus)], bench.repetitions)
        inflate, run = samples["inflate"], samples["hoptrail"]
        rows.append([
            preset, truth["objects"], f"{truth['inflated_bytes'] / 1e6:.0f}", truth["calls"],
            *figures(inflate)[:2], *figures(run), ratio(run, inflate), ratio(run, inflate, "cpu"),
        ])
    table(
        ["corpus", "objects", "MB inflated", "calls", "inflate: wall s", "CPU s",
         "hoptrail: wall s", "CPU s", "peak MB", "wall ratio", "CPU ratio"],
        rows,
    )


def threads(bench: Bench) -> None:
    print("### One thread against two, wall\n")
    rows = []
    for preset in bench.presets or ["org", "heavy"]:
        corpus = bench.preset(preset)
        contenders = []
        for count in (1, 2):
            for contender in (bench.inflating(corpus, count), bench.running(corpus, count)):
                contender.name += f" {count}"
                contenders.append(contender)
        samples = alternate(contenders, bench.repetitions)
        ratios = [ratio(samples[f"{name} 1"], samples[f"{name} 2"]) for name in ("hoptrail", "inflate")]
        rows.append([preset, *ratios])
    table(["corpus", "hoptrail", "inflate"], rows)


def peers_python() -> Path:
    """A Python with the peers, installed when the requirements change."""
    folder = TARGET / "bench" / "venv"
    requirements = ROOT / "scripts" / "bench-requirements.txt"
    stamp = folder / "requirements.txt"
    if not stamp.exists() or stamp.read_bytes() != requirements.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = folder / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", requirements], check=True)
        shutil.copy(requirements, stamp)
    return folder / "bin" / "python"


def peers(bench: Bench) -> None:
    print("### Against other engines\n")
    print("Calls per day, account, source Region, model id and inference Region, and one Parquet "
          "file of the calls (hoptrail: all tables); 2 threads. Every result was compared with "
          "the truth.\n")
    python = peers_python()
    script = ROOT / "scripts" / "bench_peers.py"
    rows = []
    for preset in bench.presets or ["org", "small", "heavy", "varied"]:
        corpus = bench.preset(preset)

        def check(name: str, corpus=corpus) -> str | None:
            command = [python, script, "check", name, corpus, bench.out / name]
            done = subprocess.run(command, capture_output=True, text=True)
            return None if done.returncode == 0 else done.stdout + done.stderr[-2000:]

        def peer(name: str, corpus=corpus) -> Contender:
            def run():
                destination = bench.destination(name)
                destination.mkdir()
                return measure(
                    [python, script, name, corpus, destination], {"POLARS_MAX_THREADS": "2"}
                )

            return Contender(name, run, lambda: check(name))

        contenders = [Contender("hoptrail", bench.running(corpus).run, lambda: check("hoptrail"))]
        contenders += [peer(name) for name in ("chdb", "polars", "duckdb")]
        samples = alternate(contenders, bench.repetitions)
        for name, taken in samples.items():
            ratios = [ratio(taken, samples["hoptrail"], of) for of in ("wall", "cpu")]
            rows.append([preset, name, *figures(taken), *ratios])
    table(
        ["corpus", "engine", "wall s", "CPU s", "peak MB", "times hoptrail's wall",
         "times its CPU"],
        rows,
    )
