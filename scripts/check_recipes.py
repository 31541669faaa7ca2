"""Checks the recipes in config/recipes and the commands of docs/scale.md, without AWS, Kubernetes, or Docker.

    check_recipes.py PROGRAM [--verbose]

Files (recipe_files.py): cfn-lint, its warnings and notes, too, Kubernetes's schemas of four versions, asl-validator,
hadolint, shellcheck, and yamllint must accept them, and the policy must be the README's.

What they do (recipe_runs.py): the commands of docs/scale.md are run, with the AWS CLI against a stand-in for AWS on
127.0.0.1. What was submitted is then run as the services would, on the sample with an object that cannot be read,
tasks from last to first. The destination must have the same bytes as after one run. An invalid option must end a
task with exit code 2, which the services do not try again. spark_job.py must call hoptrail.spark with what Glue and
EMR give it, and what these fetch must have been uploaded.

Then the check is checked: mistakes are planted in each file, and each must be found (recipe_faults.py).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from recipe_faults import FAULTS, Fault
from recipe_files import (
    check_image,
    check_manifests,
    check_policy,
    check_shell,
    check_state_machine,
    check_templates,
    check_yaml,
)
from recipe_runs import check_batch, check_kubernetes, check_page, check_spark, check_step_functions
from recipe_schedulers import Failed
from recipe_work import RECIPES, ROOT, Checks, Hit, Search, Work

CHECKS = {
    check.__name__: check
    for check in (
        check_templates,
        check_yaml,
        check_manifests,
        check_image,
        check_state_machine,
        check_shell,
        check_policy,
        check_page,
        check_batch,
        check_kubernetes,
        check_step_functions,
        check_spark,
    )
}


def run(check: object, work: Work, checks: Checks) -> None:
    try:
        check(work, checks)
    except Failed as error:
        checks.check(f"{check.__name__} comes to its end", False, error)


def check_fault(fault: Fault, program: Path, folder: Path, checks: Checks) -> None:
    """A mistake in a copy of the recipes is found."""
    root = folder / "planted"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(ROOT / RECIPES, root / RECIPES)
    file = root / RECIPES / fault.file
    text = file.read_text()
    if fault.old not in text:
        raise ValueError(f"{fault.what}: {fault.file} has no {fault.old!r}")
    file.write_text(text.replace(fault.old, fault.new))
    search = Search(fault.finding)
    is_found = False
    try:
        run(CHECKS[fault.check], Work(program, root, folder), search)
    except Hit:
        is_found = True
    checks.check(f"{fault.check} finds {fault.what}", is_found, search.failed or "nothing found")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    checks = Checks(options.verbose)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        work = Work(options.program.resolve(), ROOT, folder)
        for check in CHECKS.values():
            run(check, work, checks)
        if not checks.failed:
            for fault in FAULTS:
                check_fault(fault, work.program, folder, checks)
    for failure in checks.failed:
        print(f"FAILED  {failure}")
    print(f"{checks.passed} passed, {len(checks.failed)} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
