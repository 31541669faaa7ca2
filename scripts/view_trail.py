"""Writes a trail of calls that neither the sample nor a corpus has, each of which a view must tell from another.

    view_trail.py DIR

Calls that ran and failed, that were denied for different reasons, or ran where their profile does not declare it;
a throttle by tokens per day; Regions that serve calls of others, and have calls or records of their own.
"""

import gzip
import json
import sys
from pathlib import Path

ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
SONNET, HAIKU = "anthropic.claude-sonnet-4-6", "anthropic.claude-haiku-4-5-20251001-v1:0"


def call(minute, model, ran_in, source="us-east-1", role="app", account=ACCOUNT, **more):
    counts = {} if "errorCode" in more else {"inputTokens": 100, "outputTokens": 20}
    region = {"inferenceRegion": ran_in} if ran_in else {}
    issuer = {"type": "Role", "userName": role}
    return {
        "eventVersion": "1.11", "eventID": f"e{minute}", "requestID": f"request-{minute}",
        "eventSource": "bedrock.amazonaws.com", "eventName": "Converse", "eventType": "AwsApiCall",
        "eventTime": f"2026-10-05T12:{minute:02}:00Z", "awsRegion": source, "recipientAccountId": account,
        "userIdentity": {"type": "AssumedRole", "accountId": account, "sessionContext": {"sessionIssuer": issuer},
                         "arn": f"arn:aws:sts::{account}:assumed-role/{role}/s"},
        "requestParameters": {"modelId": model}, "responseElements": None,
        "additionalEventData": {**counts, **region}, **more,
    }


def denied(region):
    """Without a word of a policy."""
    return {"errorCode": "AccessDenied", "errorMessage": (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/app/s is not authorized to perform: bedrock:InvokeModel on "
        f"resource: arn:aws:bedrock:{region}::foundation-model/{SONNET}")}


FAILED = {"errorCode": "InternalServerException", "errorMessage": "The system failed."}
RECORDS = [
    call(1, f"us.{SONNET}", "us-east-2"),
    call(2, f"us.{SONNET}", "us-west-2"),
    call(3, f"us.{SONNET}", "us-east-2", **FAILED),
    # Through another scope: a share of its own.
    call(4, f"eu.{SONNET}", "eu-west-1"),
    # Nothing but a failure ran in us-west-2.
    call(5, f"us.{HAIKU}", "us-east-2"),
    call(6, f"us.{HAIKU}", "us-west-2", **FAILED),
    # Some calls of the same caller ran in the blocked Region; what was sent from another Region does not count.
    call(7, f"us.{SONNET}", None, **denied("us-west-2")),
    call(8, f"us.{SONNET}", "us-west-2", **denied("us-west-2")),
    call(9, f"us.{SONNET}", "us-west-2", source="us-west-2"),
    # Of this caller, none did. Another account has a role of the same name.
    call(10, f"us.{SONNET}", None, role="other", **denied("us-east-1")),
    call(11, f"us.{SONNET}", "us-east-2", role="other"),
    call(12, f"us.{SONNET}", None, role="other", account=OTHER_ACCOUNT, **denied("us-east-1")),
    call(21, f"us.{SONNET}", None, role="third", **denied("us-east-1")),
    # The record names no model, the message does.
    call(13, f"us.{SONNET}", None, requestParameters=None, **denied("eu-west-3")),
    call(14, f"us.{SONNET}", None, errorCode="ThrottlingException",
         errorMessage="Too many tokens per day, please wait before trying again."),
    call(15, f"eu.{SONNET}", "eu-central-1", source="eu-west-1"),
    call(16, f"eu.{SONNET}", "eu-west-1", source="eu-central-1"),
    # In a Region that the profile does not declare, in the same jurisdiction.
    call(17, f"us.{SONNET}", "us-west-1"),
    # Through an application profile, which has no scope.
    call(18, f"arn:aws:bedrock:us-west-2:{ACCOUNT}:application-inference-profile/abc", "us-west-2", source="us-west-2"),
    # No calls: of another service, and in a Region whose files have nothing else.
    call(19, f"us.{SONNET}", None, source="us-east-2", eventSource="s3.amazonaws.com", eventName="GetObject"),
    call(20, f"us.{SONNET}", None, source="us-west-1", eventName="CreateGuardrail", delivered_in="us-east-1"),
]


def main():
    files = {}
    for record in RECORDS:
        region = record.pop("delivered_in", record["awsRegion"])
        files.setdefault((record["recipientAccountId"], region), []).append(record)
    for (account, region), records in files.items():
        folder = Path(sys.argv[1]) / f"AWSLogs/{account}/CloudTrail/{region}/2026/10/05"
        folder.mkdir(parents=True)
        name = f"{account}_CloudTrail_{region}_20261005T1230Z_aaaaaaaaaaaaaaaa.json.gz"
        (folder / name).write_bytes(gzip.compress(json.dumps({"Records": records}).encode(), mtime=0))


main()
