"""S3 services of others, each started on 127.0.0.1 with two empty buckets."""

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

BIN = Path(sys.executable).parent
BUCKETS = ["org-trail", "analytics"]
KEY_ID, SECRET = "access-key", "secret-key"


@dataclass(frozen=True)
class Service:
    """What is promised differs by what a service knows; docs/services.md has the whole table."""

    name: str
    heeds_conditions: bool
    """Whether it refuses a write or a deletion whose If-Match or If-None-Match does not hold."""
    lists_as_trees: bool = False
    """Whether `a/` comes before `a-b/`."""


MOTO = Service("moto", heeds_conditions=True)
SEAWEEDFS = Service("SeaweedFS", heeds_conditions=True, lists_as_trees=True)
RCLONE = Service("rclone", heeds_conditions=False)
SERVICES = [MOTO, SEAWEEDFS, RCLONE]


class Server:
    """A service that runs; its data and its log are in the folder."""

    def __init__(self, service: Service, folder: Path) -> None:
        folder.mkdir()
        port = free_port()
        # One label: the bucket must be in the path, and hoptrail has to see that.
        self.url = f"http://localhost:{port}"
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command(service, port, folder),
                cwd=folder,
                env={
                    **os.environ,
                    "HOME": str(folder),
                    "MOTO_RECORDER_FILEPATH": str(folder / "recording"),
                },
                stdout=log,
                stderr=log,
            )
        self.s3 = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            config=Config(s3={"addressing_style": "path"}),
        )

    def wait(self) -> None:
        """Until there are buckets, and an object can be written: SeaweedFS finds its volumes late."""
        for _ in range(300):
            try:
                there = {bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]}
                for bucket in set(BUCKETS) - there:
                    self.s3.create_bucket(Bucket=bucket)
                for bucket in BUCKETS:
                    self.s3.put_object(Bucket=bucket, Key="first", Body=b"")
                    self.s3.delete_object(Bucket=bucket, Key="first")
                return
            except (BotoCoreError, ClientError):
                time.sleep(0.1)
        sys.exit(f"FAILED the service does not answer: {self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def command(service: Service, port: int, folder: Path) -> list[str]:
    if service == MOTO:
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    data = folder / "data"
    data.mkdir()
    if service == RCLONE:
        address, keys = f"127.0.0.1:{port}", f"{KEY_ID},{SECRET}"
        return [str(BIN / "rclone"), "serve", "s3", "--addr", address, "--auth-key", keys, str(data)]
    identity = {
        "name": "check",
        "credentials": [{"accessKey": KEY_ID, "secretKey": SECRET}],
        "actions": ["Admin"],
    }
    users = folder / "users.json"
    users.write_text(json.dumps({"identities": [identity]}))
    names = [f"{part}.port{kind}" for part in ["master", "volume", "filer"] for kind in ["", ".grpc"]]
    return [
        *[str(BIN / "weed"), "-logtostderr=true", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"],
        *[f"-dir={data}", "-master.volumeSizeLimitMB=64", "-volume.max=50"],
        *["-s3", f"-s3.port={port}", f"-s3.config={users}", f"-s3.port.grpc={free_port()}"],
        *["-s3.iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0"],
        *[f"-{name}={free_port()}" for name in names],
    ]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
