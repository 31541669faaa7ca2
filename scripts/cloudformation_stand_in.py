"""What `aws cloudformation deploy` asks of AWS, for the stand-in: S3 for the template, and CloudFormation, in
XML."""

from __future__ import annotations

import json
import urllib.parse

ACCOUNT_ID, REGION = "111122223333", "us-east-1"
STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT_ID}:stack"
IDENTITY = f"<Arn>arn:aws:iam::{ACCOUNT_ID}:user/admin</Arn><UserId>AIDA</UserId><Account>{ACCOUNT_ID}</Account>"


class Stacks:
    """The stacks of an account, and what was uploaded for them."""

    def __init__(self) -> None:
        self.objects = {}  # path: bytes
        self.change_sets, self.templates = {}, {}  # by the name of the stack: path, and template

    def answer(self, action: str, given: dict) -> tuple:
        """The HTTP status, and the answer to a request of the query protocol."""
        stack = given.get("StackName", "").partition("/")[2].partition("/")[0] or given.get("StackName")
        match action:
            case "GetCallerIdentity":
                return answered(action, IDENTITY)
            case "DescribeStacks" if stack in self.templates:
                state = "<StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-10-08T00:00:00Z</CreationTime>"
                return answered(action, f"<Stacks><member><StackName>{stack}</StackName>{state}</member></Stacks>")
            case "DescribeStacks":
                return refused("ValidationError", f"Stack with id {stack} does not exist")
            case "CreateChangeSet":
                self.change_sets[stack] = urllib.parse.urlsplit(given["TemplateURL"]).path
                return answered(action, f"<Id>{STACK}/{stack}/1</Id><StackId>{STACK}/{stack}/1</StackId>")
            case "DescribeChangeSet":
                return answered(action, "<Status>CREATE_COMPLETE</Status>")
            case "ExecuteChangeSet":
                self.templates[stack] = json.loads(self.objects[self.change_sets[stack]])
                return answered(action, "")
        return refused("InvalidAction", f"no {action}")

    def tables(self) -> list:
        """The tables and views that the stacks have made, as they were given to Glue."""
        resources = [r for t in self.templates.values() for r in t["Resources"].values()]
        return [r["Properties"]["TableInput"] for r in resources if r["Type"] == "AWS::Glue::Table"]


def answered(action: str, result: str) -> tuple:
    return 200, f"<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"


def refused(code: str, message: str) -> tuple:
    return 400, f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
