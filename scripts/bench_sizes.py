"""Many objects, many days, many calls, one large object. For scripts/bench."""

from __future__ import annotations

from bench_corpora import Bench, truth_of
from bench_measure import alternate, figures, median, ratio, table


def growth(bench: Bench) -> None:
    print("### Growth\n")
    rows = []
    for what, factors in (("objects", (1, 10, 100)), ("objects and days", (1, 10, 100))):
        for factor in factors:
            days = 2 * factor if what == "objects and days" else 2
            corpus = bench.corpus(
                preset="small", objects=100 * factor, records=10_000 * factor, days=days
            )
            truth = truth_of(corpus)
            taken = alternate([bench.running(corpus)], bench.repetitions)["hoptrail"]
            wall, cpu, peak = figures(taken)
            rows.append([
                what, factor, truth["objects"], days, truth["calls"], wall, cpu,
                f"{median(taken, 'wall') / truth['objects'] * 1e6:.0f}", peak,
            ])
    table(
        ["what grows", "times", "objects", "days", "calls", "wall s", "CPU s", "µs/object",
         "peak MB"],
        rows,
    )


def large(bench: Bench) -> None:
    """All of them, or only the days of the presets that were asked for."""
    print("### One large object, many small ones, large days\n")
    what = {
        "one object of 2 GB": {"preset": "org", "objects": 1, "records": 1_200_000, "days": 1},
        "100,000 objects": {"preset": "small", "objects": 100_000, "records": 1_000_000},
    }
    if bench.presets:
        what = {}
    for preset in bench.presets or ["heavy", "varied"]:
        what[f"10 million calls in a day, {preset}"] = {
            "preset": preset, "objects": 3000, "records": 10_500_000, "bedrock_share": 0.96,
            "days": 1,
        }
    rows = []
    for name, settings in what.items():
        corpus = bench.corpus(**settings)
        truth = truth_of(corpus)
        contenders = [bench.inflating(corpus), bench.running(corpus)]
        samples = alternate(contenders, min(bench.repetitions, 3))
        inflate, run = samples["inflate"], samples["hoptrail"]
        counts = [truth["objects"], truth["records"], truth["calls"]]
        rows.append([name, *counts, *figures(run), ratio(run, inflate, "cpu")])
    table(["what", "objects", "records", "calls", "wall s", "CPU s", "peak MB", "CPU ratio"], rows)
