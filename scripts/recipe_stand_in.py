"""A stand-in for what the commands of docs/scale.md and docs/deploy.md ask of AWS, on 127.0.0.1: CloudFormation,
S3, Batch, Step Functions, Glue, EMR Serverless.

The AWS CLI checks a command by its model of the service and sends it here; what was submitted, started, and
uploaded is kept. Stacks are refused where CloudFormation refuses them: for parameters, and for capabilities."""

from __future__ import annotations

import http.server
import json
import re
import threading
import urllib.parse

from recipe_templates import parsed

ACCOUNT_ID, REGION = "111122223333", "us-east-1"
STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT_ID}:stack"
# The property with which a resource of IAM has a name of the user's choice.
NAMES = {"AWS::IAM::Role": "RoleName", "AWS::IAM::ManagedPolicy": "ManagedPolicyName"}


class Account:
    """What one account has been given, in order."""

    def __init__(self) -> None:
        self.stacks = {}  # by name: template, parameters
        self.change_sets = {}
        self.uploads = {}  # bytes, by bucket/key
        self.jobs = []  # of Batch, as submitted
        self.executions = []  # of Step Functions: ARN, input
        self.spark_jobs = []  # (service, what was started)
        self.refused = []

    def cloudformation(self, given: dict) -> str:
        name = given["StackName"].partition("/")[2].partition("/")[0] or given["StackName"]
        match given["Action"]:
            case "DescribeStacks" if name in self.stacks:
                return f"<Stacks><member>{self.describe(name)}</member></Stacks>"
            case "DescribeStacks":
                raise Refused("ValidationError", f"Stack with id {name} does not exist")
            case "CreateChangeSet":
                self.change_sets[name] = self.change_set(given)
                return f"<Id>{STACK}/{name}/1</Id><StackId>{STACK}/{name}/1</StackId>"
            case "DescribeChangeSet":
                return "<Status>CREATE_COMPLETE</Status>"
            case "ExecuteChangeSet":
                self.stacks[name] = self.change_sets.pop(name)
                return ""
        raise Refused("InvalidAction", given["Action"])

    def describe(self, name: str) -> str:
        template, _ = self.stacks[name]
        outputs = "".join(
            f"<member><OutputKey>{key}</OutputKey><OutputValue>{key.lower()}</OutputValue></member>"
            for key in template.get("Outputs", {})
        )
        return (
            f"<StackName>{name}</StackName><StackStatus>CREATE_COMPLETE</StackStatus>"
            f"<CreationTime>2026-12-01T00:00:00Z</CreationTime><Outputs>{outputs}</Outputs>"
        )

    def change_set(self, given: dict) -> tuple:
        """The template and its parameters, unless CloudFormation would not take them."""
        template = parsed(given["TemplateBody"])
        declared = template["Parameters"]
        numbers = [key.split(".")[2] for key in given if re.fullmatch(r"Parameters\.member\.\d+\.ParameterKey", key)]
        members = [f"Parameters.member.{n}.Parameter" for n in numbers]
        values = {given[f"{member}Key"]: given[f"{member}Value"] for member in members}
        if unknown := values.keys() - declared:
            raise Refused("ValidationError", f"Parameters: {sorted(unknown)} do not exist in the template")
        values = {key: values.get(key, p.get("Default")) for key, p in declared.items()}
        if missing := [key for key, value in values.items() if value is None]:
            raise Refused("ValidationError", f"Parameters: {missing} must have values")
        for key, parameter in declared.items():
            allowed = parameter.get("AllowedValues", [values[key]])
            if values[key] not in allowed:
                raise Refused("ValidationError", f"Parameter {key} must be one of {allowed}")
        resources = template["Resources"].values()
        roles = [r for r in resources if r["Type"].startswith("AWS::IAM::")]
        needed = {"CAPABILITY_IAM"} if roles else set()
        if any(NAMES.get(r["Type"]) in r["Properties"] for r in roles):
            needed = {"CAPABILITY_NAMED_IAM"}
        held = {value for key, value in given.items() if key.startswith("Capabilities.member.")}
        if "CAPABILITY_NAMED_IAM" in held:
            held.add("CAPABILITY_IAM")
        if not needed <= held:
            raise Refused("InsufficientCapabilitiesException", f"Requires capabilities: {sorted(needed)}")
        return template, values

    def answer(self, path: str, target: str, given: dict) -> dict:
        if path == "/v1/submitjob":
            self.jobs.append(given)
            number = len(self.jobs)
            return {"jobName": given["jobName"], "jobId": f"job-{number}"}
        if target == "AWSStepFunctions.StartExecution":
            self.executions.append(given)
            return {"executionArn": f"{given['stateMachineArn']}:1", "startDate": 0}
        if target == "AWSGlue.StartJobRun":
            self.spark_jobs.append(("glue", given))
            return {"JobRunId": "jr_1"}
        if application := re.fullmatch(r"/applications/(\w+)/jobruns", path):
            self.spark_jobs.append(("emr-serverless", given))
            arn = f"arn:aws:emr-serverless:{REGION}:{ACCOUNT_ID}:/applications/{application[1]}/jobruns/1"
            return {"applicationId": application[1], "jobRunId": "1", "arn": arn}
        raise Refused("UnknownOperation", f"{path} {target}")


class Refused(Exception):
    """An error of the service, and its code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    account: Account

    def log_message(self, *_: object) -> None:
        pass

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_PUT(self) -> None:
        self.account.uploads[urllib.parse.unquote(self.path.strip("/"))] = self.body()
        self.send(200, "")

    def do_POST(self) -> None:
        body, target = self.body().decode(), self.headers.get("X-Amz-Target", "")
        is_query = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        try:
            if is_query:
                given = dict(urllib.parse.parse_qsl(body))
                action, result = given["Action"], self.account.cloudformation(given)
                self.send(200, f"<{action}Response><{action}Result>{result}</{action}Result></{action}Response>")
            else:
                self.send(200, json.dumps(self.account.answer(self.path, target, json.loads(body))))
        except Refused as error:
            self.account.refused.append(f"{error.code}: {error}")
            if is_query:
                message = f"<Code>{error.code}</Code><Message>{error}</Message>"
                self.send(400, f"<ErrorResponse><Error>{message}</Error></ErrorResponse>")
            else:
                self.send(400, json.dumps({"__type": error.code, "message": str(error)}))

    def send(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


def start(account: Account | None = None) -> tuple:
    """An account, and where it is reached."""
    account = account or Account()
    handler = type("AccountHandler", (Handler,), {"account": account})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return account, f"http://127.0.0.1:{server.server_port}"
