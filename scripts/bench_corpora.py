"""The programs and the corpora that they are measured on. For scripts/bench."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench_measure import Contender, Sample, measure

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
RELEASE = TARGET / "release"
PRESETS = ["org", "month", "small", "trickle", "heavy", "varied", "people", "sessions"]
# The days that a corpus may have; days without objects cost a listing at most.
FIRST_DAY = "2026-10-01"


def build(*arguments: str) -> None:
    command = ["cargo", "build", "--quiet", "--release", *arguments]
    subprocess.run(command, cwd=ROOT, check=True)


class Bench:
    def __init__(self, arguments: argparse.Namespace):
        self.repetitions = arguments.repetitions
        self.scale = arguments.scale
        self.corpora = arguments.corpus_dir
        self.presets = arguments.preset
        self.corpora.mkdir(parents=True, exist_ok=True)
        self.out = Path(tempfile.mkdtemp(prefix="out-", dir=self.corpora))

    def corpus(self, **settings) -> Path:
        """The folder of a corpus, which is made if it is missing or of another generator."""
        name = "_".join(f"{key}-{value}" for key, value in settings.items())
        folder = self.corpora / name
        stamp = folder / "generator"
        if not stamp.exists() or stamp.read_text() != GENERATOR:
            flags = [f"--{key.replace('_', '-')}={value}" for key, value in settings.items()]
            folder.mkdir(exist_ok=True)
            measure([RELEASE / "corpus", folder, *flags])
            stamp.write_text(GENERATOR)
        return folder

    def preset(self, preset: str) -> Path:
        return self.corpus(preset=preset, scale=self.scale)

    def destination(self, name: str) -> Path:
        """An empty folder."""
        folder = self.out / name
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    def hoptrail(self, corpus: Path, *flags, source=None, environment=None) -> Sample:
        destination = self.destination("hoptrail")
        truth = truth_of(corpus)
        return measure(
            [RELEASE / "hoptrail", "run", "--no-progress", "--source", source or corpus / "trail",
             "--dest", destination, "--from", FIRST_DAY, "--to", last_day(truth),
             "--summary-json", self.out / "summary.json", *flags],
            environment,
        )

    def running(self, corpus: Path, threads: int = 2) -> Contender:
        return Contender(
            "hoptrail",
            lambda: self.hoptrail(corpus, "--threads", threads),
            lambda: self.check_summary(corpus),
        )

    def inflating(self, corpus: Path, threads: int = 2) -> Contender:
        command = [RELEASE / "inflate_only", corpus / "trail", "--threads", threads]
        return Contender("inflate", lambda: measure(command))

    def check_summary(self, corpus: Path) -> str | None:
        """Compares the counts that need no reader of Parquet."""
        truth = truth_of(corpus)
        summary = json.loads((self.out / "summary.json").read_text())
        found = (summary["objects"]["read"], summary["records"]["records"], summary["written"])
        expected = (truth["objects"], truth["records"], truth["calls"])
        return None if found == expected else f"found {found}, expected {expected}"


def generator_hash() -> str:
    """Names the generator by its sources, so that a change makes the corpora anew."""
    folder = ROOT / "crates/bench/src"
    sources = [folder / "corpus.rs", folder / "dice.rs", folder / "bin/corpus.rs"]
    sources += sorted((folder / "corpus").glob("*.rs"))
    sources.remove(folder / "corpus" / "tests.rs")
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


GENERATOR = generator_hash()


def truth_of(corpus: Path) -> dict:
    return json.loads((corpus / "truth.json").read_text())


def last_day(truth: dict) -> str:
    return truth["last_day"]
