"""Checks of what a release is made of: `scripts/release`, man pages and completions, and the packages."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import subprocess
import tarfile
import tomllib
from pathlib import Path

from deploy_files import run, said
from deploy_work import Work
from recipe_work import Checks

TARGETS = ["aarch64-apple-darwin", "aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu"]
SUM = hashlib.sha256(b"").hexdigest()


# What mandoc says of every page that clap_mangen makes: it ends paragraphs twice, and writes no date, which would make
# every build of a page another.
OF_CLAP = ("skipping paragraph macro: br", "cannot parse date, using it verbatim")


def version_of(work: Work) -> str:
    return tomllib.loads((work.root / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def check_release(work: Work, checks: Checks) -> None:
    release, version = work.root / "scripts/release", version_of(work)
    done = run([release, "version", f"v{version}"])
    checks.check("the tag of the version is taken", done.stdout == f"{version}\n", said(done))
    for tag in (version, "v9.9.9", f"v{version}-rc.1", f"v{version}; true", ""):
        done = run([release, "version", tag])
        is_refused = done.returncode == 1 and done.stdout == "" and f"expected the tag v{version}" in done.stderr
        checks.check(f"the tag {tag!r} is refused", is_refused, said(done))
    notes = run([release, "notes", version]).stdout
    checks.check("its notes are its section of the changelog", notes.strip() and "\n## " not in f"\n{notes}", notes)
    done = run([release, "notes", "9.9.9"])
    checks.check("a version without a section is refused", done.returncode == 1 and not done.stdout, said(done))
    sums = work.folder / "SHA256SUMS"
    sums.write_text("".join(f"{SUM}  hoptrail-{version}-{target}.tar.gz\n" for target in TARGETS))
    done = run([release, "formula", sums, "https://github.com/example/hoptrail"])
    is_filled = done.stdout.count(SUM) == len(TARGETS) and "@" not in done.stdout.replace("@sha256", "")
    checks.check("the formula is filled in", is_filled, said(done))
    if shutil.which("ruby"):
        done = subprocess.run(["ruby", "-c"], input=done.stdout, capture_output=True, text=True, check=False)
        checks.check("ruby accepts the formula", done.returncode == 0, said(done))
    sums.write_text(sums.read_text().splitlines(keepends=True)[0])
    done = run([release, "formula", sums, "https://github.com/example/hoptrail"])
    checks.check("a sum that is missing is named", done.returncode == 1 and "expected a sum of" in done.stderr, said(done))


def check_generated(work: Work, checks: Checks) -> None:
    """Man pages and completions are what their readers accept."""
    folder = work.folder / "generated"
    shutil.rmtree(folder, ignore_errors=True)
    done = run([work.root / "scripts/release", "generate", work.program, folder])
    if not checks.check("man pages and completions are made", done.returncode == 0, said(done)):
        return
    pages = sorted((folder / "man").iterdir())
    checks.check("every command has a page", len(pages) > 1 and pages[0].name.startswith("hoptrail"), pages)
    if shutil.which("mandoc"):
        lines = said(run(["mandoc", "-T", "lint", "-W", "warning", *pages])).splitlines()
        found = [line for line in lines if not any(text in line for text in OF_CLAP)]
        checks.check("mandoc accepts the pages", not found, "\n".join(found))
    else:
        print("no mandoc: the manual pages were not read by it")
    readers = {
        ("bash", "-n"): [folder / "completions/hoptrail.bash"],
        ("zsh", "-n"): [folder / "completions/_hoptrail"],
        ("fish", "--no-execute"): [folder / "completions/hoptrail.fish"],
    }
    for reader, files in readers.items():
        if shutil.which(reader[0]):
            checks.accepts([*reader, *files], f"{files[0].name}, one of {len(files)}")
        else:
            print(f"no {reader[0]}: {files[0].name} was not read by it")


def check_archive(work: Work, checks: Checks) -> None:
    """An archive unpacks to a program that answers, and has the same bytes when it is made again."""
    made = []
    for name in ("one", "two"):
        done = run([work.root / "scripts/release", "archive", work.program, TARGETS[-1], work.folder / name])
        if not checks.check("an archive is made", done.returncode == 0, said(done)):
            return
        made.append(work.folder / name / f"hoptrail-{version_of(work)}-{TARGETS[-1]}.tar.gz")
    checks.check("an archive has the same bytes again", made[0].read_bytes() == made[1].read_bytes())
    with tarfile.open(made[0]) as archive:
        archive.extractall(work.folder, filter="data")
    folder = work.folder / made[0].name.removesuffix(".tar.gz")
    for path in ("man/hoptrail.1", "man/hoptrail-run.1", "LICENSE-MIT", "LICENSE-APACHE", "README.md", "hoptrail.toml"):
        checks.check(f"the archive has {path}", (folder / path).is_file())
    for path in re.findall(r'completions/[^"]+', (work.deploy / "homebrew/hoptrail.rb.in").read_text()):
        checks.check(f"the archive has {path}, which the formula installs", (folder / path).is_file())
    shown = run([folder / "hoptrail", "--version"])
    checks.check("the program of the archive says its version", shown.stdout.startswith(f"hoptrail {version_of(work)}"), said(shown))


def check_packages(work: Work, checks: Checks) -> None:
    """What the .deb is made of is there, or `scripts/release generate` makes it; units are where they are looked for."""
    manifest = work.root / "crates/cli/Cargo.toml"
    metadata = tomllib.loads(manifest.read_text())["package"]["metadata"]
    deb = metadata["deb"]
    installed = {}
    for source, target, mode in deb["assets"]:
        name = target + source.rpartition("/")[2] if target.endswith("/") else target
        installed[name] = mode
        is_made = source.startswith(("target/release/", "../../packaging/"))
        checks.check(f"{source} is there for the .deb", is_made or (manifest.parent / source).is_file())
    for file in deb["conf-files"]:
        checks.check(f"{file} is in the .deb", file.lstrip("/") in installed, file)
    units = {f"usr/lib/systemd/system/{file.name}" for file in (work.deploy / "systemd").iterdir()}
    checks.check("all units are in the .deb", units <= installed.keys(), units - installed.keys())
    checks.check("only root reads credentials", installed["etc/hoptrail/hoptrail.env"] == "600")
    service = (work.deploy / "systemd/hoptrail.service").read_text()
    for path in re.findall(r"/(usr/bin/hoptrail|etc/hoptrail/[\w.]+)", service):
        checks.check(f"/{path}, which the service uses, is in the .deb", path in installed)
    fields = {"repo": "https://github.com/example/hoptrail", "version": version_of(work), "target": TARGETS[-1], "bin": "hoptrail"}
    url, inside = (filled(metadata["binstall"][key], fields) for key in ("pkg-url", "bin-dir"))
    name = f"hoptrail-{fields['version']}-{fields['target']}"
    formula = (work.deploy / "homebrew/hoptrail.rb.in").read_text()
    named = formula.replace("@REPOSITORY@", fields["repo"]).replace("@VERSION@", fields["version"])
    checks.check("binstall and the formula fetch the same archives", f'"{url}"' in named, url)
    checks.check("binstall finds the program in the archive", inside == f"{name}/hoptrail", inside)


# What lintian would say of the program that is there in place of hoptrail, which is far too large with what is there to
# debug it.
PLACEHOLDER = Path("/bin/true")
OF_PLACEHOLDER = "missing-dependency-on-libc"


def check_deb(work: Work, checks: Checks) -> None:
    """The files of the .deb, laid out and compressed as cargo-deb does by its metadata, and packed by dpkg-deb, are what
    lintian accepts, and unpack to a program that runs."""
    if not shutil.which("dpkg-deb"):
        print("no dpkg-deb: no .deb was built")
        return
    folder = work.folder / "deb"
    shutil.rmtree(folder, ignore_errors=True)
    made = folder / "packaging"
    done = run([work.root / "scripts/release", "generate", work.program, made])
    if not checks.check("what is packed is made", done.returncode == 0, said(done)):
        return
    pack = ["dpkg-deb", "--root-owner-group", "--build"]
    if shutil.which("lintian"):
        lay_out(work, PLACEHOLDER, made, folder / "placeholder")
        package = folder / "placeholder.deb"
        run([*pack, folder / "placeholder", package])
        checks.accepts(["lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags", OF_PLACEHOLDER, package], "the .deb")
    else:
        print("no lintian: the .deb was not read by it")
    lay_out(work, work.program, made, folder / "root")
    package = folder / "hoptrail.deb"
    done = run([*pack, "-Znone", folder / "root", package])
    if not checks.check("dpkg-deb packs it", done.returncode == 0, said(done)):
        return
    checks.accepts(["dpkg-deb", "--extract", package, folder / "unpacked"], "the .deb")
    shown = run([folder / "unpacked/usr/bin/hoptrail", "--version"])
    checks.check("the program of the .deb says its version", shown.stdout.startswith(f"hoptrail {version_of(work)}"), said(shown))


def lay_out(work: Work, program: Path, made: Path, root: Path) -> None:
    manifest = work.root / "crates/cli/Cargo.toml"
    package = tomllib.loads(manifest.read_text())["package"]
    deb = package["metadata"]["deb"]
    files = []
    for source, target, mode in deb["assets"]:
        for file in sources(program, manifest.parent, made, source):
            name = file.name if "*" in source else source.rpartition("/")[2]
            path = target + name if target.endswith("/") else target
            content = file.read_bytes()
            if path.startswith("usr/share/man/"):
                path, content = f"{path}.gz", gzip.compress(content, mtime=0)
            files.append((path, content, int(mode, 8)))
    copyright = (manifest.parent / deb["license-file"][0]).read_bytes()
    files.append(("usr/share/doc/hoptrail/copyright", copyright, 0o644))
    description = "".join(f" {line or '.'}\n" for line in deb["extended-description"].splitlines())
    control = {
        "Package": deb["name"],
        "Version": f"{version_of(work)}-1",
        "Architecture": run(["dpkg", "--print-architecture"]).stdout.strip(),
        "Maintainer": deb["maintainer"],
        "Section": deb["section"],
        "Priority": deb["priority"],
        "Depends": deb["depends"],
        "Description": f"{package['description']}\n{description}".rstrip("\n"),
    }
    files.append(("DEBIAN/control", "".join(f"{key}: {value}\n" for key, value in control.items()).encode(), 0o644))
    files.append(("DEBIAN/conffiles", "".join(f"{file}\n" for file in deb["conf-files"]).encode(), 0o644))
    sums = "".join(f"{hashlib.md5(content).hexdigest()}  {path}\n" for path, content, _ in files if not path.startswith("DEBIAN/"))
    for path, content, mode in (*files, ("DEBIAN/md5sums", sums.encode(), 0o644)):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
        (root / path).chmod(mode)


def sources(program: Path, folder: Path, made: Path, source: str) -> list:
    if source.startswith("target/release/"):
        return [program]
    if source.startswith("../../packaging/"):
        return sorted(made.glob(source.removeprefix("../../packaging/")))
    return [folder / source]


def filled(text: str, fields: dict) -> str:
    return re.sub(r"\{ ([\w-]+) \}", lambda found: fields.get(found[1], ""), text)
