"""Checks of what the recipes do: the commands of docs/scale.md are run, and then what they submitted."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from recipe_schedulers import (
    Failed,
    Machine,
    StateMachine,
    batch_containers,
    kubernetes_containers,
    of_type,
    run_batch,
    run_kubernetes,
)
from recipe_stand_in import ACCOUNT_ID, REGION, Account, start
from recipe_templates import resolved
from recipe_work import ROOT, Checks, Work, commands_of_page

SAMPLE = ROOT / "tests/sample/org-trail"
RANGE = ["--from", "2026-10-01", "--to", "2026-10-31"]
# Parameters of a task whose days are no days.
NO_DAYS = {"from": "never", "to": "never", "shards": "2"}
# Programs of the commands that do nothing here but keep what they were asked for.
KEPT = """#!/bin/sh
echo "$*" >> "$KEPT/$(basename "$0")"
"""
# Makes an environment whose pip and venv-pack are such programs; what is packed is in the environment's file.
PYTHON = """#!/bin/sh
[ "$*" = "-m venv environment" ] || exit 2
mkdir -p environment/bin
cp "$KEPT/../programs/kubectl" environment/bin/pip
printf '#!/bin/sh\\n[ "$3" = --output ] && touch "$4"' > environment/bin/venv-pack
chmod +x environment/bin/*
"""


def run_page(work: Work, checks: Checks, *headings: str) -> tuple:
    """Runs the commands below headings of docs/scale.md. Returns what AWS and kubectl were asked for."""
    account, url = start()
    folder, programs, kept = work.folder / "page", work.folder / "programs", work.folder / "kept"
    for made in (folder, programs, kept):
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
    (folder / "config").symlink_to(work.root / "config")
    commands = "\n".join(commands_of_page()[heading] for heading in headings)
    for wheel in re.findall(r"cp (hoptrail\S+\.whl)", commands):
        (folder / wheel).touch()
    for name, text in {"docker": KEPT, "kubectl": KEPT, "python3": PYTHON}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(work.folder),
        "KEPT": str(kept),
        "AWS_ENDPOINT_URL": url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }
    command = ["bash", "-euo", "pipefail", "-c", commands]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    checks.check(f"the commands below {headings} succeed", done.returncode == 0, f"{done.stderr}{account.refused}")
    kubectl = kept / "kubectl"
    return account, kubectl.read_text().splitlines() if kubectl.exists() else []


def check_page(work: Work, checks: Checks) -> None:
    """What comes before the chapters of the services, and that there are no others."""
    account, _ = run_page(work, checks, "Recipes")
    policies = {f"arn:aws:iam::{ACCOUNT_ID}:policy/{name}" for name in account.stacks}
    given = set(re.findall(r"AccessPolicy=(\S+)", "".join(commands_of_page().values())))
    checks.check("the other templates are given that policy", given == policies, given)
    tried = {"Recipes", "AWS Batch", "Kubernetes", "Step Functions", "Glue", "EMR Serverless"}
    checks.check("all commands of docs/scale.md are tried", commands_of_page().keys() == tried, list(commands_of_page()))


def source_with_unreadable_object(folder: Path) -> Path:
    source = folder / "source"
    if not source.exists():
        shutil.copytree(SAMPLE, source)
        first = min(source.rglob("*CloudTrail_us-east-1_20261006*.json.gz"))
        (first.parent / first.name.replace("_20261006T", "_20261006T0")).write_bytes(first.read_bytes()[:100])
    return source


class Trials:
    """Runs of the recipes on the sample, each with a destination of its own, compared with that of one run."""

    def __init__(self, work: Work, checks: Checks) -> None:
        self.work, self.checks = work, checks
        self.source = source_with_unreadable_object(work.folder)
        self.reference = work.folder / "reference"
        if not self.reference.exists():
            command = [work.program, "run", "--source", self.source, "--dest", self.reference, *RANGE]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            checks.check("one run is partial", done.returncode == 3, done.stderr)

    def machine(self, name: str) -> Machine:
        analytics = self.work.folder / name
        shutil.rmtree(analytics, ignore_errors=True)
        return Machine(self.work.program, self.source, analytics)

    def same_bytes(self, name: str, trial: object) -> None:
        machine = self.machine(name)
        try:
            trial(machine)
        except (Failed, KeyError, ValueError) as error:
            self.checks.check(f"{name}: what was submitted succeeds", False, repr(error))
            return
        dest = f"{machine.locations['s3://analytics']}/bedrock"
        done = subprocess.run(["diff", "-rq", self.reference, dest], capture_output=True, text=True, check=False)
        what = f"{name}: the same bytes as after one run, from {machine.n_started} containers"
        self.checks.check(what, done.returncode == 0, done.stdout)

    def invalid(self, name: str, containers: list) -> None:
        for command, environment in containers:
            code, log = self.machine("invalid").exit_code(command, environment)
            self.checks.check(f"{name}: an invalid option ends with exit code 2", code == 2, (code, log))


def check_batch(work: Work, checks: Checks) -> None:
    account, _ = run_page(work, checks, "AWS Batch")
    trials = Trials(work, checks)
    names = [job["jobName"] for job in account.jobs]
    if not checks.check("docs/scale.md submits both kinds", names == ["days", "settle", "read", "build", "settle"], names):
        return
    for job in account.jobs:
        size = job.get("arrayProperties", {}).get("size")
        shards = job["parameters"].get("shards")
        checks.check(f"batch: {job['jobName']} has as many shards as tasks", shards in (None, str(size)), job)
        invalid = job | {"parameters": job["parameters"] | NO_DAYS}
        trials.invalid(f"batch, {job['jobName']}", batch_containers(account, invalid)[:1])
    retry = of_type(work.template("batch.yaml"), "AWS::Batch::JobDefinition")["RetryStrategy"]
    checks.check("batch: exit code 2 is not tried again", {"OnExitCode": "2", "Action": "EXIT"} in retry["EvaluateOnExit"], retry)
    trials.same_bytes("batch, days", lambda machine: run_batch(account, account.jobs[:2], machine))
    trials.same_bytes("batch, objects", lambda machine: run_batch(account, account.jobs[2:], machine))


def check_kubernetes(work: Work, checks: Checks) -> None:
    _, commands = run_page(work, checks, "Kubernetes")
    trials = Trials(work, checks)
    checks.check("docs/scale.md applies both files", len(commands) == 3, commands)
    for file in sorted((work.recipes / "kubernetes").iterdir()):
        command, environment = kubernetes_containers(file)[-1]
        days = re.search(r"--shard \S+/(\d+)", command[2])
        completions = environment.get("JOB_COMPLETION_INDEX")
        as_many = days is None or int(days[1]) == int(completions) + 1
        checks.check(f"{file.name} has as many shards as completions", as_many, command)
        command[2] = command[2].replace("2026-10-01", "never")
        trials.invalid(file.name, [(command, environment)])
        (job,) = (d for d in yaml.safe_load_all(file.read_text()) if d["kind"] == "Job")
        (container,) = job["spec"]["template"]["spec"]["containers"]
        rules = [r.get("onExitCodes", {}) for r in job["spec"]["podFailurePolicy"]["rules"] if r["action"] == "FailJob"]
        expected = {"containerName": container["name"], "operator": "In", "values": [2]}
        checks.check(f"{file.name}: exit code 2 is not tried again", rules == [expected], rules)
    trials.same_bytes("kubernetes", lambda machine: run_kubernetes(commands, work.root, machine))


def check_step_functions(work: Work, checks: Checks) -> None:
    account, _ = run_page(work, checks, "Step Functions")
    trials = Trials(work, checks)
    (execution,) = account.executions
    arn = f"arn:aws:states:{REGION}:{ACCOUNT_ID}:stateMachine:"
    name, given = execution["stateMachineArn"].removeprefix(arn), json.loads(execution["input"])
    trials.same_bytes("step functions", lambda machine: StateMachine(account, name, machine).execute(given))
    # Two of its days cannot be built.
    machine = trials.machine("step functions, two days fail")
    run = machine.run

    def two_days_fail(command: list, environment: dict) -> None:
        if environment.get("HOPTRAIL_SHARD") in ("4/31", "6/31"):
            raise Failed("the machine is gone")
        run(command, environment)

    machine.run = two_days_fail
    try:
        ended = StateMachine(account, name, machine).execute(given)
    except Failed as failed:
        ended = failed
    checks.check("step functions: days that failed are named", str(ended) == "2026-10-05, 2026-10-07", ended)
    checks.check("step functions: all others are tried, and not settled", machine.n_started == 29, machine.n_started)


# Of hoptrail.spark and pyspark, what spark_job.py uses.
SPARK = {
    "hoptrail/__init__.py": "",
    "hoptrail/spark/__init__.py": """
from types import SimpleNamespace

def run(spark, source, dest, from_, to, *, keys=None, **flags):
    print(spark, source, dest, from_, to)
    return [SimpleNamespace(dt=to, exit_code=0)]
""",
    "pyspark/__init__.py": "",
    "pyspark/sql.py": """
class SparkSession:
    class builder:
        getOrCreate = staticmethod(lambda: "session")
""",
}


def check_spark(work: Work, checks: Checks) -> None:
    account, _ = run_page(work, checks, "Glue", "EMR Serverless")
    modules = work.folder / "modules"
    for name, text in SPARK.items():
        (modules / name).parent.mkdir(parents=True, exist_ok=True)
        (modules / name).write_text(text)
    services = [service for service, _ in account.spark_jobs]
    checks.check("docs/scale.md starts a job of each", services == ["glue", "emr-serverless"], services)
    for service, job in account.spark_jobs:
        options, fetched = glue_job(account, job) if service == "glue" else emr_job(account, job, checks)
        command = [sys.executable, work.recipes / "spark_job.py", *options]
        done = subprocess.run(command, env={"PYTHONPATH": str(modules)}, capture_output=True, text=True, check=False)
        called = "session s3://org-trail s3://analytics/bedrock 2026-10-01 2026-10-31\n2026-10-31 exit code 0\n"
        checks.check(f"{service}: spark_job.py builds the days", done.stdout == called, done.stdout + done.stderr)
        for uri in fetched:
            there = uri.removeprefix("s3://") in account.uploads
            checks.check(f"{service}: {uri} was uploaded", there, list(account.uploads))


def glue_job(account: Account, job: dict) -> tuple:
    """The options that Glue gives a script, and what it fetches."""
    template, parameters = account.stacks[job["JobName"]]
    names = parameters | {"AWS::StackName": job["JobName"]}
    definition = resolved(of_type(template, "AWS::Glue::Job"), names)
    arguments = definition["DefaultArguments"] | job["Arguments"] | {"--JOB_NAME": definition["Name"]}
    fetched = [definition["Command"]["ScriptLocation"], arguments["--additional-python-modules"]]
    return [part for option in arguments.items() for part in option], fetched


def emr_job(account: Account, job: dict, checks: Checks) -> tuple:
    """The options that EMR gives a script, and what it fetches."""
    ((name, (template, _)),) = (s for s in account.stacks.items() if "Application" in s[1][0]["Resources"])
    role = resolved(of_type(template, "AWS::IAM::Role")["RoleName"], {"AWS::StackName": name})
    arn = f"arn:aws:iam::{ACCOUNT_ID}:role/{role}"
    checks.check("emr-serverless: the job has the role of the stack", job["executionRoleArn"] == arn, job)
    submit = job["jobDriver"]["sparkSubmit"]
    parts = shlex.split(submit["sparkSubmitParameters"])
    pairs = list(zip(parts[::2], parts[1::2], strict=True))
    conf = dict(value.split("=", 1) for name, value in pairs if name == "--conf")
    (archive,) = (value for name, value in pairs if name == "--archives")
    archive, _, folder = archive.partition("#")
    pythons = {value for name, value in conf.items() if "PYTHON" in name}
    checks.check("emr-serverless: Python is that of the archive", pythons == {f"./{folder}/bin/python"}, pythons)
    sizes = [int(conf[f"spark.executor.{name}"].removesuffix("g")) for name in ("memory", "memoryOverhead")]
    # What EMR Serverless has for workers of 4 vCPUs, in GB.
    fits = conf["spark.executor.cores"] == "4" and 8 <= sum(sizes) <= 30
    checks.check("emr-serverless: there are workers of that size", fits, conf)
    return submit["entryPointArguments"], [submit["entryPoint"], archive]
