"""Checks of what config/deploy, the README, and docs/deploy.md say more than once: the policy, and what comes of each
exit code."""

from __future__ import annotations

import configparser
import fnmatch
import json
import re

from deploy_work import EXAMPLES, Work
from recipe_templates import resolved
from recipe_work import Checks


def table_below(page: str, heading: str) -> list:
    """The rows of the first table below a heading, as cells."""
    (text,) = re.findall(rf"^##+ {heading}\n(.*?)(?=^##|\Z)", page, flags=re.DOTALL | re.MULTILINE)
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows][2:]


def check_policy(work: Work, checks: Checks) -> None:
    policy = json.loads((work.deploy / "aws/policy.json").read_text())
    options = json.loads((work.deploy / "aws/policy-options.json").read_text())
    (shown,) = re.findall(r"```json\n(\{\n  \"Version\".*?)```", (work.root / "README.md").read_text(), flags=re.DOTALL)
    checks.check("the README has policy.json", json.loads(shown) == policy, shown)
    least = work.resources({name: EXAMPLES[name] for name in ("SourceBucket", "DestinationBucket")})
    checks.check("the template has policy.json", document(least) == policy, document(least))
    every = document(work.resources(EXAMPLES))
    both = policy | {"Statement": policy["Statement"] + options["Statement"]}
    checks.check("with all options, it has policy-options.json besides", every == both, every)
    recipes = access_of_recipes(work)
    checks.check("config/recipes/access.yaml begins with policy.json", recipes[:-1] == policy["Statement"], recipes)
    described = [cells[0].strip("`") for cells in table_below(work.page.read_text(), "What it may do")]
    sids = [statement["Sid"] for statement in both["Statement"]]
    checks.check("docs/deploy.md has a sentence for each statement", described == sids, described)
    for sid, sentence, when in table_below(work.page.read_text(), "What it may do"):
        name = when.strip("`")
        is_right = when == "always" if sid.strip("`") in str(policy) else name in EXAMPLES
        checks.check(f"docs/deploy.md says why and when for {sid}", sentence.endswith(".") and is_right, when)


def document(resources: dict) -> dict:
    (policy,) = resources["TaskRole"]["Properties"]["Policies"]
    return policy["PolicyDocument"]


def access_of_recipes(work: Work) -> list:
    from recipe_templates import parsed

    template = parsed((work.root / "config/recipes/access.yaml").read_text())
    defaults = {key: p["Default"] for key, p in template["Parameters"].items() if "Default" in p}
    policy = template["Resources"]["Access"]["Properties"]["PolicyDocument"]
    return resolved(policy, {"AWS::Partition": "aws"} | EXAMPLES | defaults)["Statement"]


def check_exit_codes(work: Work, checks: Checks) -> None:
    """The table says what the template, the unit, and the CronJob make of each code."""
    source = (work.root / "crates/cli/src/exit.rs").read_text()
    (body,) = re.findall(r"pub enum Exit \{(.*?)\n\}", source, flags=re.DOTALL)
    codes = [int(code) for code in re.findall(r"= (\d+),", body)]
    rows = table_below(work.page.read_text(), "Exit codes")
    described = [int(row[0].split()[0]) for row in rows]
    checks.check("docs/deploy.md has the exit codes of exit.rs", described == codes, described)
    retry = work.resources(EXAMPLES)["Job"]["Properties"]["RetryStrategy"]
    checks.check("Batch tries at most twice", retry["Attempts"] == 2, retry)
    unit = unit_of(work)
    succeeds = {0, *(int(code) for code in unit.get("SuccessExitStatus", "").split())}
    for cells in rows:
        code = int(cells[0].split()[0])
        checks.check(f"Batch does with {code} what is said", cells[1] == of_batch(retry, code), (cells[1], of_batch(retry, code)))
        is_told = cells[2].startswith("`Failed`") and cells[2].endswith("after 26 hours `NoSuccess`")
        checks.check(f"the alarms do with {code} what is said", is_told == (code != 0), cells[2])
        expected = "succeeds" if code in succeeds else "fails: `OnFailure=`"
        checks.check(f"systemd does with {code} what is said", cells[3].startswith(expected), (cells[3], expected))
        checks.check(f"Kubernetes does with {code} what is said", cells[4] == ("succeeds" if code == 0 else "fails"), cells[4])


def of_batch(retry: dict, code: int) -> str:
    """As Batch does: the first rule that matches; without one, a job is tried again."""
    if code == 0:
        return "succeeds"
    for rule in retry["EvaluateOnExit"]:
        if fnmatch.fnmatch(str(code), rule.get("OnExitCode", "none")):
            return "fails" if rule["Action"].upper() == "EXIT" else "is tried once more, then fails"
    return "is tried once more, then fails"


def unit_of(work: Work) -> dict:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(work.deploy / "systemd/hoptrail.service")
    return {key: " ".join(value.replace("\\\n", " ").split()) for key, value in unit["Service"].items()}


def check_alarms(work: Work, checks: Checks) -> None:
    """Every alarm tells the topic, and is described."""
    resources = work.resources(EXAMPLES)
    alarms = [name for name, r in resources.items() if r["Type"] == "AWS::CloudWatch::Alarm"]
    for name in alarms:
        actions = resources[name]["Properties"]["AlarmActions"]
        checks.check(f"{name} tells the topic", actions == ["Alarms"], actions)
    rules = [name for name, r in resources.items() if r["Type"] == "AWS::Events::Rule"]
    for name in rules:
        targets = [target["Arn"] for target in resources[name]["Properties"]["Targets"]]
        checks.check(f"{name} tells the topic", targets == ["Alarms"], targets)
    described = {cells[0].strip("`") for cells in table_below(work.page.read_text(), "Alarms")}
    checks.check("docs/deploy.md describes every alarm", described == {*alarms, *rules}, described)
    absence = resources["NoSuccess"]["Properties"]
    window = absence["Period"] * absence["EvaluationPeriods"]
    is_absence = absence["TreatMissingData"] == "breaching" and absence["DatapointsToAlarm"] == absence["EvaluationPeriods"]
    checks.check("nothing for 26 hours is an alarm", is_absence and window == 26 * 3600, absence)
