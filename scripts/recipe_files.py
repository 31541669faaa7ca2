"""Checks of the recipes as files: what other programs accept, and that the policy is the README's."""

from __future__ import annotations

import json
import re

from recipe_schedulers import kubernetes_containers, of_type
from recipe_templates import resolved
from recipe_work import ROOT, Checks, Work, commands_of_page

KUBERNETES_VERSIONS = ["1.34", "1.35", "1.36", "1.37"]


def check_templates(work: Work, checks: Checks) -> None:
    checks.accepts(["cfn-lint", "--include-checks", "I", "--", *work.templates()], "the templates")


def check_yaml(work: Work, checks: Checks) -> None:
    rules = ROOT / "scripts/recipes/yamllint.yaml"
    checks.accepts(["yamllint", "--strict", "-c", rules, work.recipes], "the recipes")


def check_manifests(work: Work, checks: Checks) -> None:
    for version in KUBERNETES_VERSIONS:
        for file in sorted((work.recipes / "kubernetes").iterdir()):
            command = ["kubernetes-validate", "--strict", "--quiet", "-k", version, file]
            checks.accepts(command, f"{file.name} for {version}")


def check_image(work: Work, checks: Checks) -> None:
    checks.accepts(["hadolint", work.recipes / "Dockerfile"], "the Dockerfile")
    toolchain = (ROOT / "rust-toolchain.toml").read_text()
    version = re.search(r'channel = "(\d+\.\d+)', toolchain)[1]
    base = f"FROM rust:{version}-"
    checks.check("the image is built with the toolchain of the project", base in (work.recipes / "Dockerfile").read_text(), base)


def check_state_machine(work: Work, checks: Checks) -> None:
    properties = of_type(work.template("step-functions.yaml"), "AWS::StepFunctions::StateMachine")
    text = json.dumps(properties["Definition"])
    for name in properties["DefinitionSubstitutions"]:
        checks.check(f"the state machine uses {name}", f"${{{name}}}" in text)
        text = text.replace(f"${{{name}}}", name)
    checks.check("every variable of the state machine has a value", "${" not in text, text)
    file = work.folder / "definition.json"
    file.write_text(text)
    checks.accepts(["asl-validator", "--json-path", file], "the state machine")


def tasks(definition: dict) -> dict:
    """The states that are tasks, those of maps included."""
    found = {}
    for name, state in definition["States"].items():
        if state["Type"] == "Task":
            found[name] = state
        elif "ItemProcessor" in state:
            found |= tasks(state["ItemProcessor"])
    return found


def shell_texts(work: Work) -> dict:
    """What shells are given, by file."""
    batch = of_type(work.template("batch.yaml"), "AWS::Batch::JobDefinition")
    texts = {"batch.yaml": batch["ContainerProperties"]["Command"][2]}
    for file in (work.recipes / "kubernetes").iterdir():
        texts[file.name] = kubernetes_containers(file)[0][0][2]
    definition = of_type(work.template("step-functions.yaml"), "AWS::StepFunctions::StateMachine")["Definition"]
    for name, state in tasks(definition).items():
        (override,) = state["Arguments"]["Overrides"]["ContainerOverrides"]
        (texts[f"step-functions.yaml, {name}"],) = override["Command"]
    return texts


def check_shell(work: Work, checks: Checks) -> None:
    for name, text in shell_texts(work).items():
        file = work.folder / "command.sh"
        file.write_text(text)
        checks.accepts(["shellcheck", "--shell=sh", file], f"the command of {name}")
    for heading, text in commands_of_page().items():
        file.write_text(text)
        checks.accepts(["shellcheck", "--shell=bash", file], f"the commands below {heading}")


def check_policy(work: Work, checks: Checks) -> None:
    """The README's, and the readings."""
    (shown,) = re.findall(r"```json\n(\{\n  \"Version\".*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    policy = of_type(work.template("access.yaml"), "AWS::IAM::ManagedPolicy")["PolicyDocument"]
    names = {"AWS::Partition": "aws", "SourceBucket": "org-trail", "DestinationBucket": "analytics"}
    defaults = {key: p["Default"] for key, p in work.template("access.yaml")["Parameters"].items() if "Default" in p}
    found = resolved(policy, names | defaults)
    *readme, readings = found["Statement"]
    checks.check("the policy is the README's", readme == json.loads(shown)["Statement"], readme)
    expected = {
        "Sid": "ReadAndWriteReadings",
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
        "Resource": "arn:aws:s3:::analytics/readings/*",
    }
    checks.check("and lets readings be written and read", readings == expected, readings)
