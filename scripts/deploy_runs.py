"""Checks of what config/deploy does: the commands of docs/deploy.md are run with the AWS CLI against a stand-in, and
what they submit, the CronJob, and the service are run on the sample. Each must leave the bytes of one run."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import yaml
from deploy_files import run, said
from deploy_statements import unit_of
from deploy_work import EXAMPLES, Work
from recipe_schedulers import Machine, named
from recipe_stand_in import ACCOUNT_ID, REGION, Account, start
from recipe_work import ROOT, Checks, commands_of_page

SAMPLE = ROOT / "tests/sample/org-trail"
RANGE = ["--from", "2026-10-01", "--to", "2026-10-31"]
STACK = "hoptrail-nightly"
# The days of a night, which are in the sample.
NIGHT = ["--last", "2"]
# The exit code of promtool when it only has something to say about names.
LINTS = 3
KEPT = """#!/bin/sh
echo "$*" >> "$KEPT"
"""


def run_page(work: Work, checks: Checks, heading: str) -> tuple:
    """Runs the commands below a heading. Returns what AWS was asked for, and what kubectl was called with."""
    account, url = start(Account())
    folder, programs = work.folder / "page", work.folder / "programs"
    for made in (folder, programs):
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
    (folder / "config").symlink_to(work.root / "config")
    (programs / "kubectl").write_text(KEPT)
    (programs / "kubectl").chmod(0o755)
    (programs / "hoptrail").symlink_to(work.program)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(work.folder),
        "KEPT": str(folder / "kubectl"),
        "AWS_ENDPOINT_URL": url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }
    command = ["bash", "-euo", "pipefail", "-c", commands_of_page(work.page)[heading]]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    checks.check(f"the commands below {heading} succeed", done.returncode == 0, f"{done.stderr}{account.refused}")
    kept = folder / "kubectl"
    return account, kept.read_text().splitlines() if kept.exists() else []


class Trials:
    """Containers and services on the sample, each with a destination of its own, compared with that of one run."""

    def __init__(self, work: Work, checks: Checks) -> None:
        self.work, self.checks = work, checks
        self.reference = work.folder / "reference"
        if not self.reference.exists():
            done = run([work.program, "run", "--source", SAMPLE, "--dest", self.reference, *RANGE])
            checks.check("one run succeeds", done.returncode == 0, said(done))

    def machine(self, name: str) -> Machine:
        analytics = self.work.folder / name
        shutil.rmtree(analytics, ignore_errors=True)
        return Machine(self.work.program, SAMPLE, analytics)

    def run(self, machine: Machine, command: list, environment: dict) -> str:
        """What a container of the image writes to its log; it must succeed."""
        environment = {key: machine.local(value) for key, value in environment.items()}
        done = subprocess.run(
            [str(self.work.program), *(machine.local(part) for part in command)],
            env={"HOME": "/nonexistent", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        self.checks.check(f"{command} with {environment} succeeds", done.returncode == 0, said(done))
        return done.stdout

    def same_bytes(self, name: str, machine: Machine) -> None:
        dest = f"{machine.locations['s3://analytics']}/bedrock"
        done = run(["diff", "-rq", self.reference, dest])
        self.checks.check(f"{name}: the same bytes as after one run", done.returncode == 0, said(done))


def of_sample(command: list) -> list:
    """A command of a night, for the days of the sample."""
    position = command.index(NIGHT[0])
    if command[position : position + 2] != NIGHT:
        raise ValueError(f"expected {NIGHT} in {command}")
    return command[:position] + RANGE + command[position + 2 :]


def containers(work: Work, account: Account, job: dict) -> list:
    """Command and variables of each container of a job."""
    _, parameters = account.stacks[job["jobDefinition"]]
    resources = work.resources(parameters, stack=job["jobDefinition"])
    container = resources["Job"]["Properties"]["ContainerProperties"]
    command = job.get("containerOverrides", {}).get("command", container["Command"])
    environment = named(container["Environment"])
    if "arrayProperties" not in job:
        return [(command, environment)]
    size = job["arrayProperties"]["size"]
    of_array = {"AWS_BATCH_JOB_ARRAY_SIZE": str(size)}
    return [(command, environment | of_array | {"AWS_BATCH_JOB_ARRAY_INDEX": str(index)}) for index in range(size)]


def check_stack(work: Work, checks: Checks) -> None:
    """The commands of docs/deploy.md set up a stack, and start its job."""
    account, _ = run_page(work, checks, "The first table in ten minutes")
    names = [job["jobName"] for job in account.jobs]
    if not checks.check("docs/deploy.md submits its jobs", names == ["first", "preflight"] and STACK in account.stacks, names):
        return
    _, parameters = account.stacks[STACK]
    resources = work.resources(parameters, STACK)
    submitted = account.jobs[0]
    names = [resources[key]["Properties"][f"{kind}Name"] for key, kind in (("Queue", "JobQueue"), ("Job", "JobDefinition"))]
    checks.check("queue and job have the names of the page", names == [submitted["jobQueue"], submitted["jobDefinition"]], names)
    log = resources["Log"]["Properties"]["LogGroupName"]
    checks.check("the log group has the name of the page", f"aws logs tail {log} " in work.page.read_text(), log)
    trials = Trials(work, checks)
    machine = trials.machine("preflight")
    ((command, environment),) = containers(work, account, account.jobs[1])
    trials.run(machine, of_sample(command), environment)
    check_tables(account, parameters, checks)


def check_night(work: Work, checks: Checks) -> None:
    """What the schedule submits, and that its job writes what the alarms look at."""
    resources = work.resources({name: EXAMPLES[name] for name in ("SourceBucket", "DestinationBucket")})
    check_schedule(resources, checks)
    container = resources["Job"]["Properties"]["ContainerProperties"]
    trials = Trials(work, checks)
    machine = trials.machine("night")
    log = trials.run(machine, of_sample(container["Command"]), named(container["Environment"]))
    trials.same_bytes("the job", machine)
    check_metrics(resources, machine, log, checks)


def check_tables(account: Account, parameters: dict, checks: Checks) -> None:
    url = parameters["TablesTemplateUrl"]
    bucket, key = re.fullmatch(rf"https://([\w-]+)\.s3\.{REGION}\.amazonaws\.com/(.*)", url).groups()
    uploaded = account.uploads.get(f"{bucket}/{key}", b"{}")
    template = json.loads(uploaded)
    databases = [r["Properties"]["DatabaseInput"]["Name"] for r in template.get("Resources", {}).values() if r["Type"] == "AWS::Glue::Database"]
    checks.check("the template of the tables was uploaded to where it is fetched from", databases == ["hoptrail"], list(account.uploads))
    location = f"s3://{parameters['DestinationBucket']}/{parameters['Tables']}/"
    checks.check("it is of the destination", f'"{location}model_costs/"'.encode() in uploaded, location)


def check_schedule(resources: dict, checks: Checks) -> None:
    target = resources["Night"]["Properties"]["Target"]
    given = json.loads(target["Input"])
    checks.check("the schedule submits the job to the queue", given == {"JobName": "night", "JobQueue": "Queue", "JobDefinition": "Job"}, given)
    (policy,) = resources["SchedulerRole"]["Properties"]["Policies"]
    allowed = policy["PolicyDocument"]["Statement"][0]
    checks.check("it may", (allowed["Action"], allowed["Resource"]) == ("batch:SubmitJob", ["Queue", "Job"]), allowed)
    pattern = resources["Failed"]["Properties"]["EventPattern"]["detail"]
    checks.check("failed jobs of the queue are told", pattern == {"status": ["FAILED"], "jobQueue": ["Queue"]}, pattern)


def check_metrics(resources: dict, machine: Machine, log: str, checks: Checks) -> None:
    """The job writes the metrics that the alarms look at, with their dimension."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith('{"') and '"_aws"' in line]
    if not checks.check("the job writes a line of metrics", len(lines) == 1, log):
        return
    (declared,) = lines[0]["_aws"]["CloudWatchMetrics"]
    names = {metric["Name"] for metric in declared["Metrics"]}
    for name in ("NoSuccess", "NotRead"):
        alarm = resources[name]["Properties"]
        metrics = [alarm] if "MetricName" in alarm else [m["MetricStat"]["Metric"] for m in alarm["Metrics"] if "MetricStat" in m]
        for metric in metrics:
            (dimension,) = metric["Dimensions"]
            asked = (metric["Namespace"], [[dimension["Name"]]], machine.local(dimension["Value"]))
            written = (declared["Namespace"], declared["Dimensions"], lines[0].get(dimension["Name"]))
            is_written = metric["MetricName"] in names and metric["MetricName"] in lines[0] and asked == written
            checks.check(f"{name}: {metric['MetricName']} is written as the alarm asks for it", is_written, (asked, written))
    checks.check("a run that ends with 0 is a success", lines[0].get("RunSucceeded") == 1, lines[0])


def check_backfill(work: Work, checks: Checks) -> None:
    account, _ = run_page(work, checks, "Backfill")
    account.stacks[STACK] = (None, {"SourceBucket": "org-trail", "DestinationBucket": "analytics"})
    names = [job["jobName"] for job in account.jobs]
    if not checks.check("docs/deploy.md submits both jobs", names == ["backfill", "settle"], names):
        return
    checks.check("settle waits for the array", account.jobs[1]["dependsOn"] == [{"jobId": "job-1"}], account.jobs[1])
    trials = Trials(work, checks)
    machine = trials.machine("backfill")
    for job in account.jobs:
        for command, environment in reversed(containers(work, account, job)):
            trials.run(machine, command, environment)
    trials.same_bytes("the backfill", machine)


def check_cronjob(work: Work, checks: Checks) -> None:
    _, commands = run_page(work, checks, "Kubernetes")
    file = "config/deploy/kubernetes/cronjob.yaml"
    expected = ["create namespace hoptrail", f"apply --namespace hoptrail -f {file}", "create job --namespace hoptrail --from=cronjob/hoptrail first"]
    checks.check("docs/deploy.md applies the file", commands == expected, commands)
    documents = list(yaml.safe_load_all((work.root / file).read_text()))
    (cronjob,) = (document for document in documents if document["kind"] == "CronJob")
    checks.check("the CronJob has the name of the page", cronjob["metadata"]["name"] == "hoptrail")
    pod = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    accounts = [document["metadata"]["name"] for document in documents if document["kind"] == "ServiceAccount"]
    checks.check("its service account is there", accounts == [pod["serviceAccountName"]], accounts)
    (container,) = pod["containers"]
    trials = Trials(work, checks)
    machine = trials.machine("cronjob")
    trials.run(machine, of_sample(container["args"]), named(container["env"]))
    trials.same_bytes("the CronJob", machine)


def check_service(work: Work, checks: Checks) -> None:
    """The command of the service, with its settings in a folder, and its metrics as Prometheus reads them."""
    trials = Trials(work, checks)
    machine = trials.machine("service")
    folder = work.folder / "machine"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("etc/hoptrail", "var/lib/hoptrail", "var/tmp"):
        (folder / name).mkdir(parents=True)
    settings = (work.root / "config/hoptrail.toml").read_text()
    for key, value in {"source": str(SAMPLE), "dest": machine.local("s3://analytics/bedrock")}.items():
        settings, n = re.subn(rf'(?m)^#: {key} = .*$', f'{key} = "{value}"', settings)
        checks.check(f"the example of settings has {key}", n == 1, n)
    (folder / "etc/hoptrail/hoptrail.toml").write_text(settings)
    unit = unit_of(work)
    program, *command = shlex.split(unit["ExecStart"])
    checks.check("the service starts the program", program == "/usr/bin/hoptrail", program)
    command = [re.sub(r"(?<![\w])/(etc|var)/", rf"{folder}/\1/", part) for part in command]
    trials.run(machine, of_sample(command), {"TMPDIR": str(folder / unit["Environment"].removeprefix("TMPDIR=/"))})
    trials.same_bytes("the service", machine)
    metrics = folder / "var/lib/hoptrail/hoptrail.prom"
    text = metrics.read_text() if metrics.exists() else ""
    checks.check("it leaves its metrics", "hoptrail_run_succeeded" in text, text)
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        # A day is something to build here, and no unit.
        found = [line for line in said(done).splitlines() if 'use base unit "seconds" instead of "days"' not in line]
        checks.check("promtool accepts the metrics", not found and done.returncode in (0, LINTS), found)
    else:
        print("no promtool: the metrics were not checked by it")
    check_collector(work, checks, folder)


def check_collector(work: Work, checks: Checks, folder: Path) -> None:
    """The drop-in of the page hands the metrics over with their age: those of a run that wrote none stay old."""
    lines = re.findall(r"^ExecStopPost=-\+/usr/bin/(.*)$", work.page.read_text(), flags=re.MULTILINE)
    checks.check("the page hands the metrics over", len(lines) == 2, lines)
    metrics = folder / "var/lib/hoptrail/hoptrail.prom"
    collected = folder / "var/lib/prometheus/node-exporter"
    collected.mkdir(parents=True, exist_ok=True)
    os.utime(metrics, (0, 0))
    for line in lines:
        done = run(shlex.split(line.replace("/var/", f"{folder}/var/")))
        checks.check(f"{line.split()[0]} succeeds", done.returncode == 0, said(done))
    found = {file.name: file.stat() for file in collected.iterdir()}
    checks.check("they are there whole", [*found] == ["hoptrail.prom"], found)
    checks.check("with their age", all(stat.st_mtime == 0 for stat in found.values()), found)
    checks.check("for all to read", all(stat.st_mode & 0o777 == 0o644 for stat in found.values()), found)
