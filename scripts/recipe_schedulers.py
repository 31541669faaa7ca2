"""What Batch, Kubernetes, and Step Functions do with a recipe, as far as hoptrail sees it: they start containers
with commands and variables, and look at exit codes. Containers are processes here, and locations folders."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import jsonata
import yaml
from recipe_stand_in import Account
from recipe_templates import resolved


class Failed(Exception):
    """A container, or what was to start one, failed."""


class Machine:
    """Where containers run: `hoptrail` is on its path, and s3://org-trail and s3://analytics are folders."""

    def __init__(self, program: Path, source: Path, analytics: Path) -> None:
        self.locations = {"s3://org-trail": str(source), "s3://analytics": str(analytics)}
        self.path = f"{program.parent}:{os.environ['PATH']}"
        self.n_started = 0

    def local(self, text: str) -> str:
        for location, folder in self.locations.items():
            text = text.replace(location, folder)
        return text

    def exit_code(self, command: list, environment: dict) -> tuple:
        """The exit code of a container, and the end of its log."""
        self.n_started += 1
        environment = {name: self.local(value) for name, value in environment.items()}
        done = subprocess.run(
            [self.local(part) for part in command],
            env={"PATH": self.path, "HOME": "/nonexistent", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr[-2000:]

    def run(self, command: list, environment: dict) -> None:
        code, log = self.exit_code(command, environment)
        if code != 0:
            raise Failed(f"exit code {code} of {command} with {environment}: {log}")


def named(environment: list) -> dict:
    """Variables of a container as the services write them, or as Kubernetes does."""
    lower = [{key.lower(): value for key, value in variable.items()} for variable in environment]
    return {variable["name"]: variable["value"] for variable in lower}


def of_type(template: dict, kind: str) -> dict:
    (found,) = (r["Properties"] for r in template["Resources"].values() if r["Type"] == kind)
    return found


def batch_containers(account: Account, job: dict) -> list:
    """Command and variables of each container of a job."""
    template, parameters = account.stacks[job["jobDefinition"]]
    names = parameters | {"AWS::StackName": job["jobDefinition"]}
    definition = resolved(of_type(template, "AWS::Batch::JobDefinition"), names)
    queue = resolved(of_type(template, "AWS::Batch::JobQueue"), names)
    if (queue["JobQueueName"], definition["JobDefinitionName"]) != (job["jobQueue"], job["jobDefinition"]):
        raise Failed(f"no queue {job['jobQueue']}, or no job definition {job['jobDefinition']}")
    given = job.get("parameters", {})
    if unknown := given.keys() - definition["Parameters"]:
        raise Failed(f"parameters that the job definition has not: {unknown}")
    values = definition["Parameters"] | given
    container = definition["ContainerProperties"]
    command = [values.get(part[5:], part) if part.startswith("Ref::") else part for part in container["Command"]]
    environment = named(container["Environment"])
    if "arrayProperties" not in job:
        return [(command, environment)]
    size = job["arrayProperties"]["size"]
    if not 2 <= size <= 10_000:
        raise Failed(f"an array of {size}")
    return [(command, environment | {"AWS_BATCH_JOB_ARRAY_INDEX": str(index)}) for index in range(size)]


def run_batch(account: Account, jobs: list, machine: Machine) -> None:
    """Jobs in the order of their submission, each of which depends on the one before it."""
    for position, job in enumerate(jobs):
        before = [f"job-{account.jobs.index(jobs[position - 1]) + 1}"] if position else []
        if [d["jobId"] for d in job.get("dependsOn", [])] != before:
            raise Failed(f"{job['jobName']} depends on {job.get('dependsOn')}, not on {before}")
        for command, environment in reversed(batch_containers(account, job)):
            machine.run(command, environment)


def kubernetes_containers(file: Path) -> list:
    """Command and variables of each container of the Job in a file."""
    (job,) = (document for document in yaml.safe_load_all(file.read_text()) if document["kind"] == "Job")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    environment = named(container["env"])
    if job["spec"].get("completionMode") != "Indexed":
        return [(container["command"], environment)]
    indexes = range(job["spec"]["completions"])
    return [(container["command"], environment | {"JOB_COMPLETION_INDEX": str(index)}) for index in indexes]


def run_kubernetes(commands: list, folder: Path, machine: Machine) -> None:
    """What kubectl was called with, in order."""
    n_pods, waited_for = 0, ""
    for command in commands:
        match command.split():
            case ["apply", "-f", file]:
                containers = kubernetes_containers(folder / file)
                if n_pods and not waited_for:
                    raise Failed(f"{file} is applied before the job before it is complete")
                for container in reversed(containers):
                    machine.run(*container)
                n_pods += len(containers)
                waited_for = ""
            case ["wait", "--for=condition=complete", timeout, job] if timeout.startswith("--timeout="):
                waited_for = job
            case _:
                raise Failed(f"kubectl {command}")


class StateMachine:
    """The state machine of a stack: as much of the Amazon States Language as it uses."""

    def __init__(self, account: Account, name: str, machine: Machine) -> None:
        template, parameters = account.stacks[name]
        properties = of_type(template, "AWS::StepFunctions::StateMachine")
        names = parameters | {"AWS::StackName": name}
        text = json.dumps(properties["Definition"])
        for key, value in resolved(properties["DefinitionSubstitutions"], names).items():
            text = text.replace(f"${{{key}}}", value)
        self.definition = json.loads(text)
        self.task = resolved(of_type(template, "AWS::ECS::TaskDefinition"), names)
        self.machine = machine

    def execute(self, given: dict) -> object:
        context = {"Execution": {"Input": given}}
        return self.states(self.definition, given, context)

    def states(self, definition: dict, given: object, context: dict) -> object:
        name = definition["StartAt"]
        while True:
            state = definition["States"][name]
            given, name = self.step(state, given, context)
            if name is None:
                return given

    def step(self, state: dict, given: object, context: dict) -> tuple:
        """The output of a state, and the next one."""
        known = {"input": given, "context": context}
        match state["Type"]:
            case "Succeed":
                return given, None
            case "Fail":
                raise Failed(evaluated(state["Cause"], known))
            case "Choice":
                for choice in state["Choices"]:
                    if evaluated(choice["Condition"], known) is True:
                        return evaluated(choice.get("Output", given), known), choice["Next"]
                return evaluated(state.get("Output", given), known), state["Default"]
            case "Map":
                result = [self.item(state, value, known) for value in evaluated(state["Items"], known)]
            case "Task":
                try:
                    self.run_task(evaluated(state["Arguments"], known))
                    result = {}
                except Failed:
                    if "Catch" not in state:
                        raise
                    (catch,) = state["Catch"]
                    return evaluated(catch["Output"], known), catch["Next"]
            case kind:
                raise Failed(f"no state of type {kind}")
        output = evaluated(state["Output"], known) if "Output" in state else result
        return output, None if state.get("End") else state["Next"]

    def item(self, state: dict, value: object, known: dict) -> object:
        context = known["context"] | {"Map": {"Item": {"Value": value}}}
        given = evaluated(state["ItemSelector"], {"input": known["input"], "context": context})
        return self.states(state["ItemProcessor"], given, context)

    def run_task(self, arguments: dict) -> None:
        (override,) = arguments["Overrides"]["ContainerOverrides"]
        (container,) = self.task["ContainerDefinitions"]
        if (override["Name"], arguments["TaskDefinition"]) != (container["Name"], "Task"):
            raise Failed(f"no container {override['Name']}, or no task {arguments['TaskDefinition']}")
        environment = named(container["Environment"]) | named(override["Environment"])
        self.machine.run(container["EntryPoint"] + override["Command"], environment)


def evaluated(value: object, states: dict) -> object:
    """A part of a state with its JSONata expressions evaluated."""
    match value:
        case str() if value.startswith("{%") and value.endswith("%}"):
            expression = jsonata.Jsonata(value[2:-2])
            expression.assign("states", states)
            found = expression.evaluate(None)
            if found is None:
                raise Failed(f"{value} gives nothing for {states}")
            return found
        case dict():
            return {key: evaluated(part, states) for key, part in value.items()}
        case list():
            return [evaluated(part, states) for part in value]
    return value
