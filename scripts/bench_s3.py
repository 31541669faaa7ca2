"""Fetching from an S3 server on this machine, and listing. For scripts/bench."""

from __future__ import annotations

import subprocess

from bench_corpora import FIRST_DAY, RELEASE, Bench, last_day, truth_of
from bench_measure import Contender, alternate, figures, measure, median, table

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}


class Server:
    """The S3 server of the tests, as a process of its own, with the bucket `trail`."""

    def __init__(self, bucket: list[str], latency_ms: int):
        command = [RELEASE / "s3_server", *bucket, "--latency-ms", str(latency_ms)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.flags = ["--endpoint-url", self.url, "--region", "us-east-1"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def s3(bench: Bench) -> None:
    print("### From a local S3 server\n")
    print("The server runs on the same cores, which bounds objects per second; CPU is the "
          "client's.\n")
    rows = []
    for latency_ms in (0, 10, 50):
        # One request at a time takes the latency for each object: a few hundred have to do. Both trails
        # have few folders, so that listing them is not what is compared.
        folders = {"accounts": 2, "regions": 2, "days": 2}
        few = bench.corpus(preset="small", scale=bench.scale * 0.02, **folders)
        many = bench.corpus(preset="small", scale=bench.scale, **folders)
        for corpus, concurrency in ((few, 1), (many, None)):
            truth = truth_of(corpus)
            with Server(["--bucket", f"trail={corpus / 'trail'}"], latency_ms) as server:
                def run(corpus=corpus, server=server, concurrency=concurrency):
                    flags = ["--concurrency", concurrency] if concurrency else []
                    return bench.hoptrail(
                        corpus, "--threads", 2, *server.flags, *flags,
                        source="s3://trail", environment=CREDENTIALS,
                    )

                def fetch(server=server, concurrency=concurrency):
                    return measure([
                        RELEASE / "fetch_object_store", server.url, "trail",
                        "--concurrency", concurrency or 64,
                    ])

                def folder(corpus=corpus):
                    return bench.hoptrail(corpus, "--threads", 2)

                check = lambda corpus=corpus: bench.check_summary(corpus)  # noqa: E731
                contenders = [
                    Contender("hoptrail run", run, check),
                    Contender("object_store, fetching alone", fetch),
                    Contender("hoptrail run, folder", folder, check),
                ]
                samples = alternate(contenders, bench.repetitions)
            for name, taken in samples.items():
                if name.endswith("folder") and latency_ms:
                    continue
                wall, cpu = median(taken, "wall"), median(taken, "cpu")
                rows.append([
                    latency_ms, concurrency or 64, truth["objects"], name,
                    f"{truth['objects'] / wall:,.0f}", f"{cpu / truth['objects'] * 1e6:.0f}",
                    f"{median(taken, 'peak_mb'):.0f}",
                ])
    table(
        ["latency ms", "in flight", "objects", "program", "objects/s", "CPU µs/object", "peak MB"],
        rows,
    )


def listing(bench: Bench) -> None:
    print("### Listing\n")
    corpus = bench.preset("small")
    truth = truth_of(corpus)
    rows = []

    def add(name: str, source, flags=(), environment=None):
        def plan():
            return measure(
                [RELEASE / "hoptrail", "plan", "--no-progress", "--source", source,
                 "--from", FIRST_DAY, "--to", last_day(truth), *flags],
                environment,
            )

        taken = alternate([Contender("plan", plan)], bench.repetitions)["plan"]
        keys = truth["objects"] / median(taken, "wall")
        rows.append([name, truth["objects"], *figures(taken), f"{keys:,.0f}"])

    add("folder", corpus / "trail")
    for latency_ms in (0, 10, 50):
        with Server(["--bucket", f"trail={corpus / 'trail'}"], latency_ms) as server:
            name = f"S3, {latency_ms} ms"
            add(name, "s3://trail", server.flags, CREDENTIALS)
    table(["source", "keys", "wall s", "CPU s", "peak MB", "keys/s"], rows)
