"""Writes report pages for scripts/check-page, and the tables that they are of.

    page_destinations.py PROGRAM DIR

DIR/NAME.html is the page of the tables in DIR/NAME: of the sample, without and with discounts, of the synthetic
month of scripts/check-month, of rare calls (scripts/view_trail.py), of extreme values (extreme_days.py), and of calls
whose callers chose names that try to be more than text ("planted"). "plain" has plain names of the same lengths in
their place. DIR/planted.json has the names as the page shows them.
"""

import json
import subprocess
import sys
from pathlib import Path

from extreme_days import extreme

ROOT = Path(__file__).resolve().parent.parent
DAY = "2026-10-05"
PLANTED = [
    "<script>alert(1)</script>",
    "\"'><svg/onload=alert(1)>",
    "]]></style></title><b>",
    "javascript:alert(1)&lt;b&gt;&amp;",
    "left\u202eright\u2066\u200f",
    "{{7}}{%raw%}",
    "<!--<a/href='javascript:alert(1)'>",
    "<" * 10_000,
]
ESCAPES = {c: f"\\u{{{ord(c):x}}}" for c in "\u202e\u2066\u200f"}


def shown(name):
    """As the page has it: characters that change the direction are escaped, and a long name is cut."""
    text = "".join(ESCAPES.get(c, c) for c in name)
    return text if len(text) <= 160 else text[:159] + "…"


def plain(name, place):
    """A name of the same length without any such character."""
    return f"p{place}".ljust(len("".join(ESCAPES.get(c, c) for c in name)), "x")


def call(name, place, hour):
    role = {"type": "Role", "userName": name}
    return {
        "eventVersion": "1.11", "eventID": f"e{place}-{hour}", "requestID": f"request-{place}-{hour}",
        "eventSource": "bedrock.amazonaws.com", "eventName": "Converse", "eventType": "AwsApiCall",
        "eventTime": f"{DAY}T{hour:02}:{place:02}:00Z", "awsRegion": "us-east-1", "sourceIPAddress": "192.0.2.20",
        "recipientAccountId": "111122223333",
        "userIdentity": {"type": "AssumedRole", "accountId": "111122223333", "sessionContext": {"sessionIssuer": role},
                         "arn": "arn:aws:sts::111122223333:assumed-role/app/session"},
        "requestParameters": {"modelId": "us.anthropic.claude-sonnet-4-6"}, "responseElements": None,
        "additionalEventData": {"inferenceRegion": "us-east-2", "inputTokens": 10, "outputTokens": 2},
    }


def calls(name, place):
    """With the name as principal, model, source and inference Region, and all over the message of a denial."""
    priced, unresolved, elsewhere, denied = (call(name, place, hour) for hour in (1, 2, 3, 4))
    unresolved["requestParameters"] = {"modelId": name}
    elsewhere["awsRegion"], elsewhere["additionalEventData"]["inferenceRegion"] = name, name + "1"
    denied["errorCode"] = "AccessDenied"
    denied["errorMessage"] = (
        f"User: arn:aws:sts::111122223333:assumed-role/{name}/s is not authorized to perform: bedrock:InvokeModel on "
        f"resource: arn:aws:bedrock:{name}::foundation-model/{name} with an explicit deny in a service control policy: "
        f"arn:aws:organizations::999988887777:policy/o-a/service_control_policy/{name}")
    return [priced, unresolved, elsewhere, denied]


def write_trail(folder, names):
    folder.mkdir(parents=True)
    records = [record for place, name in enumerate(names) for record in calls(name, place)]
    (folder / "events.json").write_text(json.dumps({"Records": records}))


def hoptrail(program, *arguments, codes=(0,)):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode not in codes:
        sys.exit(f"hoptrail {arguments[0]} ended with {done.returncode}: {done.stderr}")


def report(program, out, name):
    # Of the month, two days are not built.
    days = ["--from", "2026-11-01", "--to", "2026-11-30"] if name == "month" else []
    hoptrail(program, "report", "--dest", out / name, "-o", out / f"{name}.html", *days, codes=(0, 3))


def main():
    program, out = Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()
    write_trail(out / "trails" / "planted", PLANTED)
    write_trail(out / "trails" / "plain", [plain(name, place) for place, name in enumerate(PLANTED)])
    (out / "planted.json").write_text(json.dumps([shown(name) for name in PLANTED]))
    discounts = (ROOT / "docs" / "discounts.md").read_text().split("```csv\n")[1].split("```")[0]
    (out / "discounts.csv").write_text(discounts)
    month = out / "trails" / "month"
    subprocess.run([ROOT / "scripts" / "check-month", "--write", month], check=True, stdout=subprocess.DEVNULL)
    sample = ["--source", ROOT / "tests" / "sample" / "org-trail", "--from", "2026-10-05", "--to", "2026-10-07"]
    planted, plain_names = (["--layout", "any", "--source", out / "trails" / name, "--day", DAY]
                            for name in ("planted", "plain"))
    subprocess.run([sys.executable, ROOT / "scripts" / "view_trail.py", out / "trails" / "rare"], check=True)
    runs = {
        "sample": sample,
        "rare": ["--source", out / "trails" / "rare", "--day", DAY],
        "discounts": [*sample, "--discount", out / "discounts.csv"],
        "month": ["--layout", "any", "--source", month / "trail", "--invocation-logs", month / "logs",
                  "--from", "2026-11-01", "--to", "2026-11-30"],
        "planted": planted,
        "plain": plain_names,
    }
    for name, arguments in runs.items():
        # A Region that is none is rejected, and the run partial.
        hoptrail(program, "run", "--dest", out / name, *arguments, codes=(0, 3))
        report(program, out, name)
    extreme(out / "sample", out / "extreme")
    report(program, out, "extreme")


main()
