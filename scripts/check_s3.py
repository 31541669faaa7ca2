"""Runs hoptrail with moto's server (PyPI) as source and destination, and asserts what comes of it.

    check_s3.py PROGRAM

Our own S3 server and our own client could share a mistake; moto's server is written by others, and boto3
looks at what was written. Checked: a run gives the bytes that it gives in a folder; a second one changes
nothing; a day without its manifest is built again; two runs exclude each other; `verify` finds a file that
was changed; encryption, ACL, and owner are sent as asked for; archived objects are named.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "tests" / "sample" / "org-trail"
DAYS = ["--from", "2026-10-05", "--to", "2026-10-07"]
ALL = ["--source", "s3://org-trail", "--dest", "s3://analytics/bedrock", *DAYS]
OWNER = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{OWNER}:key/11111111-2222-3333-4444-555555555555"
WRITE = [
    *["--sse", "aws:kms", "--sse-kms-key-id", KEY],
    *["--acl", "bucket-owner-full-control", "--expected-bucket-owner", OWNER],
]
LEASE = "bedrock/_hoptrail/lease.json"

passed = 0


def check(what: str, holds: bool, shown: object = "") -> None:
    global passed
    if not holds:
        sys.exit(f"FAILED {what}: {shown}")
    passed += 1


class World:
    """The program, moto's server, and a folder for what they write."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program = str(Path(program).resolve())
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        # One label: the bucket must be in the path, and hoptrail has to see that.
        self.url = f"http://localhost:{port}"
        self.environment = {
            "HOME": str(folder),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self.server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            env={**os.environ, "MOTO_RECORDER_FILEPATH": str(folder / "recording")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.s3 = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="id",
            aws_secret_access_key="secret",
        )

    def wait(self) -> None:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.url}/moto-api/data.json").close()
                return
            except OSError:
                time.sleep(0.1)
        sys.exit("FAILED moto's server does not answer")

    def start(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            [self.program, *arguments, "--no-progress"],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def hoptrail(self, code: int, *arguments: str) -> str:
        """What the program prints, on stdout and then on stderr."""
        process = self.start(*arguments)
        stdout, stderr = process.communicate(timeout=60)
        check(f"{arguments[0]} ends with {code}", process.returncode == code, stdout + stderr)
        return stdout + stderr

    def run(self, code: int, *more: str) -> dict:
        """The summary of a run."""
        self.hoptrail(code, "run", *ALL, *WRITE, *more, "--summary-json", "summary.json")
        return json.loads((self.folder / "summary.json").read_text())

    def tables(self) -> dict[str, bytes]:
        """What is at the destination, without what belongs to runs."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket="analytics")
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        keys = [key for key in keys if key != LEASE]
        return {
            key.removeprefix("bedrock/"): self.s3.get_object(Bucket="analytics", Key=key)["Body"].read()
            for key in keys
        }

    def recorder(self, action: str) -> bytes:
        method = "GET" if action.startswith("download") else "POST"
        request = urllib.request.Request(f"{self.url}/moto-api/recorder/{action}", method=method)
        with urllib.request.urlopen(request) as answer:
            return answer.read()


def fill(world: World) -> None:
    for bucket in ["org-trail", "analytics"]:
        world.s3.create_bucket(Bucket=bucket)
    for path in sorted(SAMPLE.rglob("*")):
        if path.is_file():
            key = path.relative_to(SAMPLE).as_posix()
            world.s3.put_object(Bucket="org-trail", Key=key, Body=path.read_bytes())


def check_first_run(world: World) -> dict[str, bytes]:
    world.recorder("reset-recording")
    world.recorder("start-recording")
    summary = world.run(0)
    world.recorder("stop-recording")
    check("calls", summary["written"] == 444, summary["written"])

    world.hoptrail(0, "run", "--source", str(SAMPLE), "--dest", "folder", *DAYS)
    folder = world.folder / "folder"
    in_folder = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*.parquet")
    }
    tables = world.tables()
    in_bucket = {key: body for key, body in tables.items() if key.endswith(".parquet")}
    check("the tables of a folder", in_bucket == in_folder, sorted(in_bucket))
    check("three manifests", sum("/manifest/" in key for key in tables) == 3, sorted(tables))
    return tables


def documents(text: str) -> list[dict]:
    """JSON documents end to end: requests at the same time do not get lines of their own."""
    decoder, found, rest = json.JSONDecoder(), [], text.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        found.append(document)
        rest = rest[end:].strip()
    return found


def check_headers(world: World) -> None:
    """What was sent, and what the server made of it."""
    requests = documents(world.recorder("download-recording").decode())
    at_destination = [request for request in requests if "/analytics" in request["url"]]
    written = [request for request in at_destination if request["method"] == "PUT"]
    check("lease, manifests, and tables are written", len(written) > 20, len(written))
    expected = {
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": KEY,
        "x-amz-acl": "bucket-owner-full-control",
    }
    for request in at_destination:
        headers = {name.lower(): value for name, value in dict(request["headers"]).items()}
        owner = headers.get("x-amz-expected-bucket-owner")
        check("the owner", owner == OWNER, request["url"])
        if request in written:
            sent = {name: headers.get(name) for name in expected}
            check("the headers of what is written", sent == expected, (request["url"], sent))
    source = [request for request in requests if "/org-trail" in request["url"]]
    check("nothing is written to the source", all(request["method"] != "PUT" for request in source))
    for key in ["_hoptrail/manifest/dt=2026-10-05.json", "invocations/dt=2026-10-05/part-0.parquet"]:
        head = world.s3.head_object(Bucket="analytics", Key=f"bedrock/{key}")
        found = (head.get("ServerSideEncryption"), head.get("SSEKMSKeyId"))
        check("the server encrypts", found == ("aws:kms", KEY), (key, found))


def check_next_runs(world: World, tables: dict[str, bytes]) -> None:
    summary = world.run(0)
    check("three unchanged days", len(summary["unchanged"]) == 3, summary["unchanged"])
    check("nothing is read", summary["objects"]["read"] == 0, summary["objects"])
    check("nothing is changed", world.tables() == tables)

    # As a run leaves it that is killed before it publishes the day.
    world.s3.delete_object(Bucket="analytics", Key="bedrock/_hoptrail/manifest/dt=2026-10-06.json")
    summary = world.run(0)
    check("two unchanged days", len(summary["unchanged"]) == 2, summary["unchanged"])
    check("the day is the same again", world.tables() == tables)


def check_lease(world: World) -> None:
    def is_held() -> bool:
        try:
            world.s3.head_object(Bucket="analytics", Key=LEASE)
            return True
        except ClientError:
            return False

    first = world.start("run", *ALL, *WRITE, "--force")
    while first.poll() is None and not is_held():
        time.sleep(0.02)
    first.send_signal(signal.SIGSTOP)
    shown = world.hoptrail(1, "run", *ALL, *WRITE, "--force")
    check("the second run names the first", socket.gethostname() in shown, shown)
    first.send_signal(signal.SIGCONT)
    world.hoptrail(0, "run", *ALL, *WRITE, "--wait-lock", "1m")
    stdout, stderr = first.communicate(timeout=60)
    check("the first run is done", first.returncode == 0, stdout + stderr)


def check_verify(world: World) -> None:
    world.hoptrail(0, "verify", *ALL[:4], "--expected-bucket-owner", OWNER)
    key = "bedrock/denials/dt=2026-10-05/part-0.parquet"
    world.s3.put_object(Bucket="analytics", Key=key, Body=b"PAR1 something else PAR1")
    shown = world.hoptrail(1, "verify", *ALL[:4])
    check("verify names the file", "denials/dt=2026-10-05/part-0.parquet" in shown, shown)


def check_archived(world: World) -> None:
    key = min(path for path in SAMPLE.rglob("*_CloudTrail_*20261006T*.json.gz"))
    name = key.relative_to(SAMPLE).as_posix()
    body = key.read_bytes()
    world.s3.put_object(Bucket="org-trail", Key=name, Body=body, StorageClass="GLACIER")
    shown = world.hoptrail(0, "plan", *ALL[:2], *DAYS)
    check("plan counts what is archived", "Archived   1 object" in shown, shown)
    shown = world.hoptrail(3, "run", *ALL[:2], "--dest", "archived", *DAYS)
    check("run names what is archived", "is archived (GLACIER)" in shown, shown)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(sys.argv[1], Path(folder))
        try:
            world.wait()
            fill(world)
            tables = check_first_run(world)
            check_headers(world)
            check_next_runs(world, tables)
            check_lease(world)
            check_verify(world)
            check_archived(world)
        finally:
            world.server.kill()
            world.server.wait()
    print(f"{passed} passed with moto's server")


main()
