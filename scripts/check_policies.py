"""Checks the forms of `hoptrail policy generate` with the parsers of others.

Each goal is generated in each form. The manifest of CfCT is checked by pykwalify, which CfCT itself uses, Terraform by
python-hcl2, CloudFormation by cfn-lint, the commands of the AWS CLI by botocore's models of the services. In each form,
the document has to be the one of the form json. Mistakes are planted at the end: each has to be found.
"""

import argparse
import copy
import json
import logging
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import botocore.session
import hcl2
import yaml
from botocore.validate import ParamValidator
from cfnlint import api as cfnlint
from pykwalify.core import Core
from pykwalify.errors import PyKwalifyException

UNIT = "ou-ab12-11111111"
UNIT_ARN = f"arn:aws:organizations::999988887777:ou/o-exampleorg/{UNIT}"
CONTROL_ARN = "arn:aws:controlcatalog:::control/497wrm2xnk1wxlf4obrexample"
REGION_DENY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "RegionDeny",
            "Effect": "Deny",
            "NotAction": ["iam:*", "sts:*"],
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}},
        }
    ],
}

# Goals of SCPs, and those of identity-based policies, which CfCT and the Landing Zone Accelerator do not deploy.
SCPS = [
    "exempt us application-profiles --org ORG",
    "enable-global us-east-1",
    "disable-global",
    "regions us-east-1 us-east-2",
    "profiles-only",
    "models anthropic.* openai.gpt-oss-120b-1:0",
    "accounts 111122223333 --within us-east-1",
    "no-api-keys --creation",
    f"control-tower us --allowed-region us-east-1 --home-region us-east-1 --control {CONTROL_ARN}",
    "control-tower us --allowed-region us-east-1 --home-region us-east-1",
]
IDENTITIES = [
    "identity us.anthropic.claude-sonnet-4-6 --region us-east-1",
    "identity global.anthropic.claude-sonnet-4-6 --region us-east-1 --account 111122223333",
]

# The manifest of CfCT, version 2021-03-15: which elements there are, and which have to be there (Customizations for AWS
# Control Tower, developer guide, "CfCT manifest reference"; aws-solutions/aws-control-tower-customizations,
# source/src/cfct/validation/manifest-v2.schema.yaml). Those of stack sets are left out.
MANIFEST = {
    "type": "map",
    "mapping": {
        "region": {"type": "str", "required": True},
        "version": {"type": "date", "required": True, "enum": [yaml.safe_load("2021-03-15")]},
        "resources": {
            "type": "seq",
            "sequence": [
                {
                    "type": "map",
                    "mapping": {
                        "name": {"type": "str", "required": True},
                        "description": {"type": "str"},
                        "resource_file": {"type": "str", "required": True},
                        "deploy_method": {"type": "str", "required": True, "enum": ["scp", "stack_set", "rcp"]},
                        "deployment_targets": {
                            "type": "map",
                            "required": True,
                            "mapping": {
                                "accounts": {"type": "seq", "sequence": [{"type": "any"}]},
                                "organizational_units": {"type": "seq", "sequence": [{"type": "str"}]},
                            },
                        },
                    },
                }
            ],
        },
    },
}


def generated(program, arguments, folder, form, targets):
    """The files of a form, by their paths."""
    out = folder / form
    command = [program, "policy", "generate", *arguments.split(), "--form", form, "--output", str(out)]
    for target in targets:
        command += ["--target", target]
    if form == "cfct" and "--home-region" not in arguments:
        command += ["--home-region", "us-east-1"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{shlex.join(command)}: exit code {done.returncode}\n{done.stderr}")
    files = (path for path in out.rglob("*") if path.is_file())
    return {str(path.relative_to(out)): path.read_text() for path in files}


def documents(files):
    return [json.loads(text) for path, text in sorted(files.items()) if path.endswith(".json")]


def check_document(found, expected, what):
    if found != expected:
        yield f"{what}: the document is another: {json.dumps(found)[:200]}"


def check_size(text, what):
    if "\n" in text or "  " in text:
        yield f"{what}: white space, which is counted"


def check_cfct(files, expected):
    """The manifest, and the documents that it names."""
    try:
        manifest = yaml.safe_load(files["manifest.yaml"])
        Core(source_data=manifest, schema_data=copy.deepcopy(MANIFEST)).validate()
    except (PyKwalifyException, yaml.YAMLError) as error:
        yield f"manifest.yaml: {error}"
        return
    for resource in manifest["resources"]:
        if not resource["deployment_targets"].get("organizational_units"):
            yield f"manifest.yaml: {resource['name']} goes to no organizational unit"
        yield from check_named(files, resource["resource_file"], expected)


def check_lza(files, expected):
    """The entries of organization-config.yaml (Landing Zone Accelerator, ServiceControlPolicyConfig)."""
    config = yaml.safe_load(files["organization-config.yaml"])
    known = {"name", "description", "policy", "type", "deploymentTargets"}
    for entry in config["serviceControlPolicies"]:
        if set(entry) != known or not all(isinstance(entry[key], str) for key in known - {"deploymentTargets"}):
            yield f"organization-config.yaml: unexpected elements: {sorted(entry)}"
            continue
        if entry["type"] != "customerManaged":
            yield f"organization-config.yaml: type {entry['type']}"
        if not entry["deploymentTargets"].get("organizationalUnits"):
            yield f"organization-config.yaml: {entry['name']} goes to no organizational unit"
        yield from check_named(files, entry["policy"], expected)


def check_named(files, path, expected):
    if path not in files:
        yield f"{path}: named and not there"
        return
    yield from check_size(files[path], path)
    yield from check_document(json.loads(files[path]), expected, path)


def check_terraform(files, expected):
    """Resources of known types, attachments to what is there, and the document."""
    try:
        blocks = hcl2.loads(files["main.tf"]).get("resource", [])
    except Exception as error:  # lark has no common base
        yield f"main.tf: {str(error)[:200]}"
        return
    resources = [(kind, name, body) for block in blocks for kind, of in block.items() for name, body in of.items()]
    resources = [(kind.strip('"'), name.strip('"'), body) for kind, name, body in resources]
    policies = {name for kind, name, _ in resources if kind == "aws_organizations_policy"}
    n_documents = 0
    for kind, name, body in resources:
        if kind in ("aws_organizations_policy", "aws_iam_policy"):
            text = body["content" if kind == "aws_organizations_policy" else "policy"]
            inner = re.fullmatch(r"\$\{jsonencode\((.*)\)\}", text, re.DOTALL)
            if not inner:
                yield f"main.tf: {name}: no jsonencode"
                continue
            found = re.sub(r'(?<!\\)" = ', '": ', inner.group(1)).replace("$${", "${")
            yield from check_document(json.loads(found), expected, f"main.tf: {name}")
            n_documents += 1
        elif kind == "aws_organizations_policy_attachment":
            named = re.fullmatch(r"\$\{aws_organizations_policy\.(\w+)\.id\}", body["policy_id"])
            if not named or named.group(1) not in policies:
                yield f"main.tf: {name}: policy_id {body['policy_id']}"
            if body["target_id"] != f'"{UNIT}"':
                yield f"main.tf: {name}: target_id {body['target_id']}"
        elif kind == "aws_controltower_control":
            keys = [parameter["key"].strip('"') for parameter in body["parameters"]]
            if keys != ["AllowedRegions", "ExemptedActions"]:
                yield f"main.tf: {name}: parameters {keys}"
        else:
            yield f"main.tf: a resource of the type {kind}"
    if n_documents != 1:
        yield f"main.tf: {n_documents} documents"


def check_cloudformation(files, expected):
    text = files["template.json"]
    for finding in cfnlint.lint(text, regions=["us-east-1"]):
        yield f"template.json: {finding}"
    for name, resource in json.loads(text)["Resources"].items():
        properties = resource["Properties"]
        found = properties.get("Content", properties.get("PolicyDocument"))
        if found is not None:
            yield from check_document(found, expected, f"template.json: {name}")


def check_commands(files, expected, session):
    """Each line is one command whose parameters the service has."""
    for path in (path for path in files if path.endswith(".sh")):
        for line in files[path].splitlines():
            line = re.sub(r'^policy_id=\$\((.*)\)$', r"\1", line)
            # The ID of a policy is asked for by another command.
            line = re.sub(r'"\$\(aws organizations list-policies .*? --output text\)"', "p-examplepolicyid111", line)
            line = re.sub(r"\$\(aws controlcatalog list-controls .*? --output text\)", CONTROL_ARN, line)
            words = shlex.split(line.replace('"$policy_id"', "p-examplepolicyid111"))
            if words[0] != "aws":
                yield f"{path}: {line[:80]}"
                continue
            service, operation = words[1:3]
            options = dict(zip(words[3::2], words[4::2]))
            for option in ("--query", "--output", "--region"):
                options.pop(option, None)
            model = session.get_service_model(service)
            names = {re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower(): name for name in model.operation_names}
            if operation not in names:
                yield f"{path}: no operation {operation}"
                continue
            shape = model.operation_model(names[operation]).input_shape
            members = {"--" + re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower(): name for name in shape.members}
            parameters = {}
            for option, value in options.items():
                if option not in members:
                    yield f"{path}: {operation} has no {option}"
                    continue
                is_text = shape.members[members[option]].type_name == "string"
                parameters[members[option]] = value if is_text else json.loads(value)
            report = ParamValidator().validate(parameters, shape)
            for name, value in parameters.items():
                pattern = shape.members[name].metadata.get("pattern")
                if pattern and isinstance(value, str) and not re.fullmatch(pattern, value):
                    yield f"{path}: {operation}: {name} does not match {pattern}: {value[:80]}"
            if report.has_errors():
                yield f"{path}: {operation}: {report.generate_report()}"
            document = parameters.get("Content", parameters.get("PolicyDocument"))
            if document is not None:
                yield from check_document(json.loads(document), expected, f"{path}: {operation}")


def check(form, files, expected, session):
    if form == "cli":
        return list(check_commands(files, expected, session))
    checks = {
        "cfct": check_cfct,
        "lza": check_lza,
        "terraform": check_terraform,
        "cloudformation": check_cloudformation,
    }
    found = list(checks[form](files, expected))
    return found + list(check_commands(files, expected, session))


# A form, and a text of its files that is replaced: each mistake has to be found.
MISTAKES = [
    ("cfct", "version: 2021-03-15", "version: 2020-01-01"),
    ("cfct", "version: 2021-03-15", 'version: "2021-03-15"'),
    ("cfct", "deploy_method: scp", "deploy_method: policy"),
    ("cfct", "    resource_file:", "    resource:"),
    ("cfct", "policies/deny-bedrock-global.json", "deny-bedrock-global.json"),
    ("cfct", "      organizational_units:", "      units:"),
    ("cfct", '        - "Sandbox"', "        - 1"),
    ("cfct", ":::foundation-model/*", ":::foundation-model/x"),
    ("cfct", '"Effect":"Deny"', '"Effect" :  "Deny"'),
    ("lza", "    type: customerManaged", "    type: managed"),
    ("lza", "    policy:", "    file:"),
    ("lza", "      organizationalUnits:", "      units:"),
    ("terraform", "jsonencode(", "encode("),
    ("terraform", "aws_organizations_policy_attachment", "aws_organizations_attachment"),
    ("terraform", ".deny_bedrock_global.id", ".other.id"),
    ("terraform", '  type        = "', '  type        = '),
    ("terraform", ":::foundation-model/*", ":::foundation-model/x"),
    ("cloudformation", "AWS::Organizations::Policy", "AWS::Organizations::Policies"),
    ("cloudformation", '"TargetIds"', '"Targets"'),
    ("cloudformation", "SERVICE_CONTROL_POLICY", "SCP"),
    ("cloudformation", ":::foundation-model/*", ":::foundation-model/x"),
    ("cli", "--target-id ", "--target "),
    ("cli", "--type SERVICE_CONTROL_POLICY ", ""),
    ("cli", "attach-policy", "attach"),
    ("cli", ":::foundation-model/*", ":::foundation-model/x"),
]


def plant(files, old, new):
    changed = {path: text.replace(old, new) for path, text in files.items()}
    if changed == files:
        raise SystemExit(f"the mistake has no place: {old}")
    return changed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    program = parser.parse_args().program
    logging.disable(logging.CRITICAL)
    session = botocore.session.get_session()
    n_forms, found, of_mistakes = 0, [], {}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(max_workers=2) as pool:
        folder = Path(folder)
        org = folder / "region-deny.json"
        org.write_text(json.dumps(REGION_DENY))
        tasks = []
        for number, goal in enumerate(SCPS + IDENTITIES):
            arguments, out = goal.replace("ORG", str(org)), folder / str(number)
            is_control = goal.startswith("control-tower")
            # An SCP alone has no nodes; a control needs an organizational unit.
            plain = pool.submit(generated, program, arguments, out, "json", [UNIT_ARN] if is_control else [])
            forms = ["terraform", "cloudformation", "cli"]
            if is_control and "--control" not in goal:
                forms = ["cli"]
            # Those that know organizational units by name do not know what a control needs.
            if goal in SCPS and not is_control:
                forms += ["cfct", "lza"]
            for form in forms:
                by_name = form in ("cfct", "lza")
                targets = ["Sandbox"] if by_name else [UNIT_ARN if is_control else UNIT]
                targets = [] if goal in IDENTITIES else targets
                tasks.append((goal, form, plain, pool.submit(generated, program, arguments, out, form, targets)))
        for goal, form, plain, files in tasks:
            [expected] = documents(plain.result())
            files = files.result()
            n_forms += 1
            found += [f"{goal}: {form}: {finding}" for finding in check(form, files, expected, session)]
            if goal == "disable-global":
                of_mistakes[form] = (files, expected)
    for form, old, new in MISTAKES:
        files, expected = of_mistakes[form]
        if not check(form, plant(files, old, new), expected, session):
            found.append(f"a planted mistake was not found: {form}: {old} -> {new}")
    for finding in found:
        print(finding)
    print(f"{n_forms} forms of {len(SCPS + IDENTITIES)} goals, {len(MISTAKES)} planted mistakes: {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
