"""Runs hoptrail with S3 services of others as source and destination, and asserts what comes of it.

    check_s3.py PROGRAM [SERVICE...]

Our own S3 server and our own client could share a mistake; moto's server, SeaweedFS, and rclone are written by
others, and boto3 looks at what was written. Checked with each: a run gives the bytes that it gives in a
folder; a second one changes nothing; a day without its manifest is built again; days that were built side by
side are settled to the same bytes; `verify` finds a file that was changed; `plan --preflight` leaves nothing.
Where the service heeds conditions, runs at once exclude each other; where it does not, they are refused unless
leases are off. With moto also: encryption, ACL, and owner are sent as asked for; archived objects are named.
"""

import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from s3_services import KEY_ID, MOTO, SECRET, SERVICES, Server, Service

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "tests" / "sample" / "org-trail"
DAYS = ["--from", "2026-10-05", "--to", "2026-10-07"]
SOURCE = ["--source", "s3://org-trail"]
OWNER = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{OWNER}:key/11111111-2222-3333-4444-555555555555"
ENCRYPTED = [
    *["--sse", "aws:kms", "--sse-kms-key-id", KEY],
    *["--acl", "bucket-owner-full-control", "--expected-bucket-owner", OWNER],
]
LEASES = "_hoptrail/lease/"

passed = 0


def check(what: str, holds: bool, shown: object = "") -> None:
    global passed
    if not holds:
        sys.exit(f"FAILED {what}: {shown}")
    passed += 1


class World:
    """The program, a service, and a folder for what they write."""

    def __init__(self, program: str, service: Service, folder: Path) -> None:
        self.program = str(Path(program).resolve())
        self.service = service
        self.folder = folder
        self.server = Server(service, folder / "service")
        self.s3 = self.server.s3
        self.environment = {
            # All that is known of a run is looked at, not only its page.
            "HOPTRAIL_FULL": "true",
            "HOME": str(folder),
            "AWS_ENDPOINT_URL": self.server.url,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self.write = ENCRYPTED if service == MOTO else []
        if not service.heeds_conditions:
            self.write = ["--no-lease"]

    def start(self, command: str, *arguments: str, dest: str = "bedrock") -> subprocess.Popen:
        """A command on the sample's days, at a destination in the bucket."""
        where = [*SOURCE, "--dest", f"s3://analytics/{dest}", *DAYS]
        return self.spawn(command, *where, *arguments)

    def spawn(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            [self.program, *arguments, "--no-progress"],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *more: str, command: str = "run", dest: str = "bedrock") -> dict:
        """The summary of a run that succeeds."""
        ended(0, self.start(command, *self.write, *more, "--summary-json", "summary.json", dest=dest))
        return json.loads((self.folder / "summary.json").read_text())

    def files(self, dest: str = "bedrock") -> dict[str, bytes]:
        """What is at a destination."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket="analytics", Prefix=f"{dest}/")
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        bodies = {key: self.s3.get_object(Bucket="analytics", Key=key)["Body"] for key in keys}
        return {key.removeprefix(f"{dest}/"): body.read() for key, body in bodies.items()}

    def recorder(self, action: str) -> bytes:
        method = "GET" if action.startswith("download") else "POST"
        url = f"{self.server.url}/moto-api/recorder/{action}"
        with urllib.request.urlopen(urllib.request.Request(url, method=method)) as answer:
            return answer.read()


def ended(code: int, process: subprocess.Popen) -> str:
    """What a program prints that ends with a code, on stdout and then on stderr."""
    stdout, stderr = process.communicate(timeout=60)
    shown = stdout + stderr
    check(f"`{' '.join(process.args[1:])}` ends with {code}", process.returncode == code, shown)
    return shown


def fill(world: World) -> None:
    for path in sorted(SAMPLE.rglob("*")):
        if path.is_file():
            key = path.relative_to(SAMPLE).as_posix()
            world.s3.put_object(Bucket="org-trail", Key=key, Body=path.read_bytes())


def check_refused(world: World) -> None:
    """A service that ignores conditions cannot keep runs apart: none writes, one that is alone says why."""
    # Of runs at the same time, one may see the lease with which another tries the service.
    for process in [world.start("run", dest="refused") for _ in range(3)]:
        shown = ended(1, process)
        reasons = ["the service ignores the conditions of writes", "another run holds"]
        check("the refusal has one reason", sum(shown.count(reason) for reason in reasons) == 1, shown)
    shown = ended(1, world.start("run", dest="refused"))
    for text in ["the service ignores the conditions of writes", "--no-lease"]:
        check(f"the refusal says `{text}`", shown.count(text) == 1, shown)
    check("nothing is written", world.files("refused") == {}, sorted(world.files("refused")))


def check_preflight(world: World) -> None:
    # Without the options of a run: a preflight has no lease.
    more = world.write if world.service == MOTO else []
    code = 0 if world.service.heeds_conditions else 1
    shown = ended(code, world.start("plan", "--preflight", *more, dest="preflight"))
    is_named = "ignores the condition (If-None-Match)" in shown
    check("preflight tells who ignores conditions", is_named != world.service.heeds_conditions, shown)
    check("preflight leaves nothing", world.files("preflight") == {})


def check_first_run(world: World) -> dict[str, bytes]:
    if world.service == MOTO:
        world.recorder("reset-recording")
        world.recorder("start-recording")
    summary = world.run()
    if world.service == MOTO:
        world.recorder("stop-recording")
    check("calls", summary["written"] == 444, summary["written"])

    ended(0, world.spawn("run", "--source", str(SAMPLE), "--dest", "folder", *DAYS))
    folder = world.folder / "folder"
    in_folder = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*.parquet")
    }
    files = world.files()
    in_bucket = {key: body for key, body in files.items() if key.endswith(".parquet")}
    check("the tables of a folder", in_bucket == in_folder, sorted(in_bucket))
    check("three manifests", sum("/manifest/" in key for key in files) == 3, sorted(files))
    check("leases are given back", not any(key.startswith(LEASES) for key in files), sorted(files))
    return files


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
    check("leases, manifests, and tables are written", len(written) > 20, len(written))
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


def check_next_runs(world: World, files: dict[str, bytes]) -> None:
    summary = world.run()
    check("three unchanged days", len(summary["unchanged"]) == 3, summary["unchanged"])
    check("nothing is read", summary["objects"]["read"] == 0, summary["objects"])
    check("nothing is changed", world.files() == files)

    # As a run leaves it that is killed before it publishes the day.
    world.s3.delete_object(Bucket="analytics", Key="bedrock/_hoptrail/manifest/dt=2026-10-06.json")
    summary = world.run()
    check("two unchanged days", len(summary["unchanged"]) == 2, summary["unchanged"])
    check("the day is the same again", world.files() == files)


def check_shards(world: World, files: dict[str, bytes]) -> None:
    """Days that are built at once, and settled, are those of one run over all."""
    shards = [
        world.start("run", *world.write, "--shard", f"{index}/3", dest="sharded") for index in range(3)
    ]
    for shard in shards:
        ended(0, shard)
    if not world.service.heeds_conditions:
        shown = ended(1, world.start("settle", dest="sharded"))
        check("settle is refused", "--no-lease" in shown, shown)
    world.run(command="settle", dest="sharded")
    settled = world.files("sharded")
    different = [key for key in settled.keys() | files.keys() if settled.get(key) != files.get(key)]
    check("the bytes of one run", not different, sorted(different))
    summary = world.run(command="settle", dest="sharded")
    check("nothing is left to settle", summary["objects"]["read"] == 0, summary["objects"])


def check_leases(world: World, files: dict[str, bytes]) -> None:
    def is_held() -> bool:
        found = world.s3.list_objects_v2(Bucket="analytics", Prefix=f"bedrock/{LEASES}")
        return found.get("KeyCount", 0) > 0

    first = world.start("run", *world.write, "--force")
    # The first may give its lease back before it is stopped.
    while first.poll() is None:
        first.send_signal(signal.SIGSTOP)
        if is_held():
            break
        first.send_signal(signal.SIGCONT)
        time.sleep(0.02)
    shown = ended(1, world.start("run", *world.write, "--force"))
    check("the second run names the first", f"process {first.pid} on {socket.gethostname()}" in shown, shown)
    first.send_signal(signal.SIGCONT)
    # Each holds days in turn.
    others = [world.start("run", *world.write, "--force", "--wait-lock", "1m") for _ in range(2)]
    for run in [first, *others]:
        ended(0, run)
    check("the days are the same again", world.files() == files)


def check_verify(world: World) -> None:
    where = ["--dest", "s3://analytics/bedrock"]
    owner = ["--expected-bucket-owner", OWNER] if world.service == MOTO else []
    ended(0, world.spawn("verify", *SOURCE, *where, *owner))
    key = "denials/dt=2026-10-05/part-0.parquet"
    world.s3.put_object(Bucket="analytics", Key=f"bedrock/{key}", Body=b"PAR1 something else PAR1")
    shown = ended(1, world.spawn("verify", *SOURCE, *where))
    check("verify names the file", key in shown, shown)


def check_order(world: World) -> None:
    """A listing that S3 would give in another order could have lost something: it ends the run."""
    body = next(SAMPLE.rglob("*_CloudTrail_*20261006T*.json.gz")).read_bytes()
    for name in ["a", "a-b"]:
        world.s3.put_object(Bucket="analytics", Key=f"flat/{name}/x.json.gz", Body=body)
    code = 1 if world.service.lists_as_trees else 0
    where = ["--source", "s3://analytics/flat", "--dest", "flat", "--layout", "any"]
    shown = ended(code, world.spawn("run", *where, *DAYS))
    check("the order of keys", ("out of order" in shown) == world.service.lists_as_trees, shown)


def check_archived(world: World) -> None:
    key = min(path for path in SAMPLE.rglob("*_CloudTrail_*20261006T*.json.gz"))
    name = key.relative_to(SAMPLE).as_posix()
    body = key.read_bytes()
    world.s3.put_object(Bucket="org-trail", Key=name, Body=body, StorageClass="GLACIER")
    shown = ended(0, world.spawn("plan", *SOURCE, *DAYS))
    check("plan counts what is archived", "Archived   1 object" in shown, shown)
    shown = ended(3, world.spawn("run", *SOURCE, "--dest", "archived", *DAYS))
    check("run names what is archived", "is archived (GLACIER)" in shown, shown)


def check_service(world: World) -> None:
    world.server.wait()
    fill(world)
    check_preflight(world)
    if not world.service.heeds_conditions:
        check_refused(world)
    files = check_first_run(world)
    if world.service == MOTO:
        check_headers(world)
    check_next_runs(world, files)
    check_shards(world, files)
    if world.service.heeds_conditions:
        check_leases(world, files)
    check_verify(world)
    check_order(world)
    if world.service == MOTO:
        check_archived(world)


def main() -> None:
    program, *names = sys.argv[1:]
    for service in SERVICES:
        if names and service.name not in names:
            continue
        before, begun = passed, time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            world = World(program, service, Path(folder))
            try:
                check_service(world)
            finally:
                world.server.stop()
        print(f"{passed - before} passed with {service.name}, {time.monotonic() - begun:.0f} s", flush=True)


main()
