"""Mistakes that are planted in the recipes, to see that check_recipes.py finds them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """In a file of the recipes, `old` becomes `new`."""

    what: str
    check: str
    file: str
    old: str
    new: str
    finding: str
    """What a check that fails for it says."""


BATCH, MAP, GLUE = "batch.yaml", "step-functions.yaml", "glue.yaml"
EMR, EMR_JOB = "emr-serverless.yaml", "emr-job.json"
DAYS, SETTLE = "kubernetes/days.yaml", "kubernetes/settle.yaml"
SAME = "the same bytes as after one run"

FAULTS = [
    Fault("an action that does not exist", "check_templates", "access.yaml", "s3:AbortMultipartUpload", "s3:UploadPart", "W3037"),
    Fault("a role that is not there", "check_templates", BATCH, "GetAtt TaskRole.Arn", "GetAtt TaskRoles.Arn", "TaskRoles"),
    Fault("a property that a job of Glue has not", "check_templates", GLUE, "WorkerType:", "WorkerTypes:", "WorkerTypes"),
    Fault("a misspelt property", "check_templates", EMR, "IdleTimeoutMinutes", "IdleTimeout", "IdleTimeout"),
    Fault("a key that is there twice", "check_yaml", DAYS, "  parallelism: 16\n", "  parallelism: 16\n  parallelism: 32\n", "duplication"),
    Fault("a misspelt field of a Job", "check_manifests", DAYS, "backoffLimitPerIndex", "backoffLimitPerindex", "backoffLimitPerindex"),
    Fault("a number that is a text", "check_manifests", SETTLE, "backoffLimit: 2", "backoffLimit: two", "integer"),
    Fault("packages that are recommended", "check_image", "Dockerfile", " --no-install-recommends", "", "DL3015"),
    Fault("an old toolchain", "check_image", "Dockerfile", "rust:1.95", "rust:1.85", "toolchain"),
    Fault("a state that is not there", "check_state_machine", MAP, "Next: AllPublished", "Next: Published", "Published"),
    Fault("a misspelt field of a state", "check_state_machine", MAP, "TimeoutSeconds", "TimeoutSecs", "Run is invalid"),
    Fault("a substitution that is missing", "check_state_machine", MAP, "        Cluster: !GetAtt", "        Clusters: !GetAtt", "uses Clusters"),
    Fault("a variable without quotes", "check_shell", BATCH, '-o "$READINGS/$5/"', "-o $READINGS/$5/", "SC2086"),
    Fault("an action that is missing", "check_policy", "access.yaml", "s3:DeleteObject, ", "", "the policy is the README's"),
    Fault("an action too many", "check_policy", "access.yaml", "s3:DeleteObject, s3:AbortMultipartUpload]\n            Resource: !Sub arn:${AWS::Partition}:s3:::${DestinationBucket}/${Readings}/*",
          "s3:DeleteObject, s3:PutObjectAcl]\n            Resource: !Sub arn:${AWS::Partition}:s3:::${DestinationBucket}/${Readings}/*",
          "lets readings be written"),
    Fault("a parameter that has no value", "check_page", "access.yaml", "    Default: bedrock\n", "", "must have values"),
    Fault("the same shard for every task", "check_batch", BATCH, "--shard \"$AWS_BATCH_JOB_ARRAY_INDEX/$4\" --wait", "--shard \"3/$4\" --wait", SAME),
    Fault("a step that does nothing", "check_batch", BATCH, "settle) hoptrail settle", "settle) : settle", SAME),
    Fault("a partial task that fails", "check_batch", BATCH, "[ $code -ne 3 ] || code=0; ", "", "exit code 3 of"),
    Fault("a misspelt option", "check_batch", BATCH, "--wait-lock 1h ;;", "--wait-locks 1h ;;", "--wait-locks"),
    Fault("shards of readings that are missing", "check_batch", BATCH, 'read --from "$2" --to "$3" --shard "$AWS_BATCH_JOB_ARRAY_INDEX/$4"',
          'read --from "$2" --to "$3" --shard "$AWS_BATCH_JOB_ARRAY_INDEX/20"', "exit code 1 of"),
    Fault("exit codes that are lost", "check_batch", BATCH, "exit $code", "exit 0", "an invalid option ends with exit code 2"),
    Fault("invalid options that are tried again", "check_batch", BATCH, 'OnExitCode: "2"', 'OnExitCode: "1"', "exit code 2 is not tried again"),
    Fault("a misspelt parameter", "check_batch", BATCH, "name: readings }", "names: readings }", "parameters that the job definition has not"),
    Fault("other days in a file", "check_kubernetes", SETTLE, "--from 2026-10-01", "--from 2026-10-07", SAME),
    Fault("a day too few", "check_kubernetes", DAYS, "completions: 31", "completions: 30", "as many shards as completions"),
    Fault("a partial pod that fails", "check_kubernetes", DAYS, "[ $code -ne 3 ] || code=0; ", "", "exit code 3 of"),
    Fault("pods that are all tried again", "check_kubernetes", DAYS, "values: [2]", "values: [1]", "exit code 2 is not tried again"),
    Fault("days that begin at 1", "check_step_functions", MAP, "'shard': $ &", "'shard': ($ + 1) &", "2026-10-31"),
    Fault("a day too many", "check_step_functions", MAP, "86400000 + 1;", "86400000 + 2;", "not settled: 33"),
    Fault("a last step of some days", "check_step_functions", MAP, "true in $states", "false in $states", "gives nothing"),
    Fault("an option that Glue does not give", "check_spark", GLUE, "--dest:", "--destination:", "glue: spark_job.py"),
    Fault("days in the wrong order", "check_spark", "spark_job.py", "options.from_, options.to", "options.to, options.from_",
          "spark_job.py builds the days"),
    Fault("an archive of another name", "check_spark", EMR_JOB, "environment.tar.gz", "venv.tar.gz", "venv.tar.gz was uploaded"),
    Fault("a worker that there is not", "check_spark", EMR_JOB, "memory=6g", "memory=60g", "workers of that size"),
    Fault("a role of another name", "check_spark", EMR, "${AWS::StackName}-job", "${AWS::StackName}-role", "the role of the stack"),
]
