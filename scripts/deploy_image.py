"""Checks of config/deploy/image/Dockerfile: the image is built by buildah, and run by podman on the sample as its own
user, with a read-only root file system and no network."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
from pathlib import Path

from deploy_files import run, said
from deploy_release import version_of
from deploy_runs import RANGE, SAMPLE, Trials
from deploy_work import Work
from recipe_work import Checks

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}
FILES = {"usr/bin/hoptrail", "etc/ssl/certs/ca-certificates.crt"}


def can_build() -> bool:
    return os.getuid() == 0 and shutil.which("buildah") is not None


def check_image(work: Work, checks: Checks) -> None:
    if not can_build():
        print("no buildah, or not root: the image was not built")
        return
    folder = work.folder / "image"
    shutil.rmtree(folder, ignore_errors=True)
    storage = ["--root", folder / "storage", "--runroot", folder / "run", "--storage-driver", "vfs"]
    buildah = ["buildah", *storage]
    arch, version = ARCH[platform.machine()], version_of(work)
    done = run([work.root / "scripts/release", "context", work.program, arch, folder / "context"])
    checks.check("the files of the image are laid out", done.returncode == 0, said(done))
    given = {"TARGETARCH": arch, "VERSION": version, "REVISION": "0" * 40, "SOURCE": "https://github.com/example/hoptrail"}
    arguments = [part for key, value in given.items() for part in ("--build-arg", f"{key}={value}")]
    build = [*buildah, "build", "--isolation", "chroot", *arguments]
    done = run([*build, "--tag", "hoptrail:check", "--file", work.deploy / "image/Dockerfile", folder / "context"])
    if not checks.check("buildah builds the image", done.returncode == 0, said(done)):
        return
    check_content(buildah, version, checks)
    image = "localhost/hoptrail:check"
    if libraries := libraries_of(work.program):
        print("the program is not linked statically: the image was run with the libraries that it needs")
        image = with_libraries(build, libraries, folder)
    if shutil.which("podman"):
        run_image(work, storage, image, checks)
    else:
        print("no podman: the image was not run")


def check_content(buildah: list, version: str, checks: Checks) -> None:
    shown = json.loads(run([*buildah, "inspect", "--type", "image", "hoptrail:check"]).stdout)
    config = shown["OCIv1"]["config"]
    checks.check("the image is not run as root", config.get("User") == "65532:65532", config)
    checks.check("the image starts the program", config.get("Entrypoint") == ["/usr/bin/hoptrail"], config)
    checks.check("/tmp is declared as a volume", list(config.get("Volumes", {})) == ["/tmp"], config)
    checks.check("the image says its version", config["Labels"].get("org.opencontainers.image.version") == version, config)
    container = run([*buildah, "from", "hoptrail:check"]).stdout.strip()
    mounted = Path(run([*buildah, "mount", container]).stdout.strip())
    files = {str(path.relative_to(mounted)) for path in mounted.rglob("*") if path.is_file()}
    checks.check("nothing else is in the image", files == FILES, files ^ FILES)
    mode = (mounted / "tmp").stat().st_mode & 0o7777
    checks.check("everyone may write to /tmp", mode == 0o1777, oct(mode))
    run([*buildah, "rm", container])


def libraries_of(program: Path) -> list:
    """The files that a dynamic linker adds to the program, and itself; none, if it is linked statically."""
    shown = run(["ldd", program])
    return re.findall(r"(/\S+) \(0x", shown.stdout) if shown.returncode == 0 and "statically linked" not in shown.stdout else []


def with_libraries(build: list, libraries: list, folder: Path) -> str:
    context = folder / "libraries"
    for library in libraries:
        copy = context / "root" / library.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, copy)
    (context / "Dockerfile").write_text("FROM localhost/hoptrail:check\nCOPY root/ /\n")
    run([*build, "--tag", "hoptrail:libraries", context])
    return "localhost/hoptrail:libraries"


def run_image(work: Work, storage: list, image: str, checks: Checks) -> None:
    trials = Trials(work, checks)
    machine = trials.machine("container")
    analytics = Path(machine.locations["s3://analytics"])
    analytics.mkdir()
    analytics.chmod(0o777)
    limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
    runtime = ["--runtime", "runc"] if shutil.which("runc") else []
    options = ["--read-only", "--network", "none", "--cap-drop", "all", "--security-opt", "no-new-privileges"]
    volumes = ["--volume", f"{SAMPLE}:/trail:ro", "--volume", f"{analytics}:/analytics"]
    command = ["run", "--source", "/trail", "--dest", "/analytics/bedrock", *RANGE]
    done = run(["podman", *storage, *runtime, "run", "--rm", *limits, *options, *volumes, image, *command])
    if not checks.check("the image runs on the sample", done.returncode == 0, said(done)):
        return
    trials.same_bytes("the image", machine)
    owner = (analytics / "bedrock").stat().st_uid
    checks.check("as its own user", owner == 65532, owner)
