"""What the checks of config/deploy have in common: a copy of the files, and the template as CloudFormation evaluates
it."""

from __future__ import annotations

from pathlib import Path

from recipe_stand_in import ACCOUNT_ID, REGION
from recipe_templates import parsed, resolved

DEPLOY = Path("config/deploy")
# What is copied, so that mistakes can be planted in it.
FILES = [
    "config",
    "docs",
    ".github",
    "README.md",
    "CHANGELOG.md",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "scripts/release",
    "crates/cli/Cargo.toml",
    "crates/cli/src/exit.rs",
]
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT_ID}
# Names in policy.json and policy-options.json.
EXAMPLES = {
    "SourceBucket": "org-trail",
    "DestinationBucket": "analytics",
    "InvocationLogsBucket": "bedrock-logs",
    "SourceKeyArn": "arn:aws:kms:us-east-1:111122223333:key/trail",
    "InvocationLogsKeyArn": "arn:aws:kms:us-east-1:111122223333:key/logs",
    "DestinationKeyArn": "arn:aws:kms:us-east-1:111122223333:key/tables",
}


class Work:
    """A copy of the files, the program, the tools, and a folder for what the checks write."""

    def __init__(self, program: Path, checkov: Path, node: Path, root: Path, folder: Path) -> None:
        self.program, self.checkov, self.node = program, checkov, node
        self.root, self.folder = root, folder
        self.deploy = root / DEPLOY
        self.template_file = self.deploy / "aws/hoptrail.yaml"
        self.page = root / "docs/deploy.md"

    def template(self) -> dict:
        return parsed(self.template_file.read_text())

    def resources(self, parameters: dict, stack: str = "hoptrail") -> dict:
        """The resources of a stack with these parameters, by logical ID."""
        template = self.template()
        defaults = {key: p["Default"] for key, p in template["Parameters"].items() if "Default" in p}
        names = PSEUDO | {"AWS::StackName": stack} | defaults | parameters
        conditions = {key: is_true(value, names) for key, value in template["Conditions"].items()}
        there = {key: r for key, r in template["Resources"].items() if conditions.get(r.get("Condition"), True)}
        return resolved(chosen(there, conditions), names)


def is_true(condition: dict, names: dict) -> bool:
    match condition:
        case {"Fn::Not": [one]}:
            return not is_true(one, names)
        case {"Fn::Equals": [left, right]}:
            return resolved(left, names) == resolved(right, names)
    raise ValueError(f"a condition that is not known: {condition}")


NO_VALUE = {"Ref": "AWS::NoValue"}


def chosen(value: object, conditions: dict) -> object:
    """What is left when `Fn::If` is evaluated."""
    match value:
        case {"Fn::If": [name, yes, no]}:
            return chosen(yes if conditions[name] else no, conditions)
        case dict():
            parts = {key: chosen(part, conditions) for key, part in value.items()}
            return {key: part for key, part in parts.items() if part != NO_VALUE}
        case list():
            return [part for part in (chosen(part, conditions) for part in value) if part != NO_VALUE]
    return value
