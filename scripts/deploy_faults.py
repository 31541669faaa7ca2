"""Mistakes that are planted in what check_deploy.py checks, to see that it finds them."""

from __future__ import annotations

from recipe_faults import Fault

TEMPLATE, POLICY = "config/deploy/aws/hoptrail.yaml", "config/deploy/aws/policy.json"
CRONJOB, MODULE = "config/deploy/kubernetes/cronjob.yaml", "config/deploy/terraform/main.tf"
SERVICE, DOCKERFILE = "config/deploy/systemd/hoptrail.service", "config/deploy/image/Dockerfile"
PUBLISH, RELEASE = "config/deploy/iceberg/publish.py", ".github/workflows/release.yml"
PAGE, MANIFEST = "docs/deploy.md", "crates/cli/Cargo.toml"
SAME, ROWS = "the same bytes as after one run", "has our rows"

MADE = 'subprocess.run([program.resolve(), "generate", kind, "--out", out], check=True)'
SPOILED = """
        for file in out.iterdir():
            file.write_text(file.read_text() + "\\n.XY\\nif (\\n")
"""

# What has to be there for a finding.
NEEDS = {
    "terraform accepts": "terraform",
    "ProtectHomes": "systemd-analyze",
    "the exposure of hoptrail.service": "systemd-analyze",
    "lintian accepts": "lintian",
    "mandoc accepts": "mandoc",
    "zsh accepts": "zsh",
    "fish accepts": "fish",
    "promtool accepts": "promtool",
}

FAULTS = [
    # What other programs accept.
    Fault("an action that does not exist", "check_template", TEMPLATE, "s3:AbortMultipartUpload", "s3:UploadPart", "W3037"),
    Fault("a parameter that is not used", "check_template", TEMPLATE, "          - !If [HasFailOn, --fail-on, !Ref AWS::NoValue]\n          - !If [HasFailOn, !Ref FailOn, !Ref AWS::NoValue]\n",
          "", "HasFailOn"),
    Fault("a queue that is not encrypted", "check_checkov", TEMPLATE, "        skip:\n", "        skipped:\n", "CKV_AWS_27"),
    Fault("a container that may gain privileges", "check_checkov", CRONJOB, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "CKV_K8S_20"),
    Fault("a key that is there twice", "check_yaml", CRONJOB, "      backoffLimit: 0\n", "      backoffLimit: 0\n      backoffLimit: 1\n", "duplication"),
    Fault("an argument that is not aligned", "check_terraform", MODULE, "  name          = var.name", "  name = var.name", "terraform accepts"),
    Fault("a parameter that the template has not", "check_terraform", PAGE, "    AlarmEmail         =", "    AlarmMail          =", "AlarmMail"),
    Fault("a brace too few", "check_terraform", PAGE, '    AlarmEmail         = "ops@example.com"\n  }\n', '    AlarmEmail         = "ops@example.com"\n', "hcl2 reads"),
    Fault("a misspelt field of a CronJob", "check_manifest", CRONJOB, "startingDeadlineSeconds", "startDeadlineSeconds", "startDeadlineSeconds"),
    Fault("a misspelt setting of a service", "check_units", SERVICE, "ProtectHome=yes", "ProtectHomes=yes", "ProtectHomes"),
    Fault("a service that may do more", "check_units", SERVICE, "CapabilityBoundingSet=\n", "", "the exposure of hoptrail.service"),
    Fault("an image that is run as root", "check_image_file", DOCKERFILE, "USER 65532:65532", "USER root", "DL3002"),
    Fault("a context of GitHub that there is not", "check_workflows", RELEASE, "github.ref_name", "github.refname", "refname"),
    Fault("credentials that stay", "check_workflows", RELEASE, "        with:\n          persist-credentials: false\n", "", "artipacked"),
    Fault("an action by its tag", "check_workflows", RELEASE, "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7.0.1", "by commit and version"),
    Fault("a tag that is spliced into a script", "check_workflows", RELEASE, 'version "$TAG"', 'version "${{ github.ref_name }}"', "nothing is spliced"),
    Fault("a variable without quotes", "check_workflows", RELEASE, '"$image:$VERSION"', "$image:$VERSION", "SC2086"),
    Fault("a variable that is misspelt", "check_commands", PAGE, '"jobId=$days"', '"jobId=$day"', "SC2154"),
    Fault("a file that is not there", "check_links", PAGE, "](permissions.md#", "](permission.md#", "permission.md"),
    # What is said more than once.
    Fault("an action that only the policy has", "check_policy", POLICY, '"s3:DeleteObject", ', '"s3:DeleteObject", "s3:GetObjectTagging", ', "the README has policy.json"),
    Fault("an action that only the template has", "check_policy", TEMPLATE, "s3:DeleteObject, ", "s3:DeleteObject, s3:PutObjectAcl, ", "the template has policy.json"),
    Fault("an action that only the recipes have", "check_policy", "config/recipes/access.yaml", "s3:DeleteObject, ", "", "config/recipes/access.yaml"),
    Fault("an option that takes another permission", "check_policy", TEMPLATE, "[kms:GenerateDataKey, kms:Decrypt]", "[kms:Encrypt, kms:Decrypt]", "policy-options.json"),
    Fault("a statement that is not described", "check_policy", PAGE, "| `ReadTrail` |", "| `ReadTrails` |", "a sentence for each statement"),
    Fault("a code that is not described", "check_exit_codes", PAGE, "| 130 interrupted |", "| 131 interrupted |", "has the exit codes"),
    Fault("a code that is tried again", "check_exit_codes", TEMPLATE, '          - { OnExitCode: "4", Action: EXIT }\n', "", "Batch does with 4"),
    Fault("a code that is not tried again", "check_exit_codes", TEMPLATE, 'OnExitCode: "5"', 'OnExitCode: "1*"', "Batch does with 1"),
    Fault("a code that is no failure", "check_exit_codes", SERVICE, "SuccessExitStatus=143", "SuccessExitStatus=3 143", "systemd does with 3"),
    Fault("an alarm that tells nobody", "check_alarms", TEMPLATE, "      AlarmActions: [!Ref Alarms]\n      Metrics:", "      AlarmActions: []\n      Metrics:", "NotRead tells the topic"),
    Fault("an alarm that waits for data", "check_alarms", TEMPLATE, "TreatMissingData: breaching", "TreatMissingData: missing", "nothing for 26 hours"),
    # What a release is made of.
    Fault("a tag of another version", "check_release", "scripts/release", 'if tag != f"v{expected}":', 'if not tag.startswith("v"):', "'v9.9.9' is refused"),
    Fault("an archive that the time changes", "check_archive", "scripts/release", '"wb", mtime=0, fileobj', '"wb", mtime=os.getpid(), fileobj', "the same bytes again"),
    Fault("a unit that is not packed", "check_packages", MANIFEST, '    ["../../config/deploy/systemd/hoptrail.timer", "usr/lib/systemd/system/", "644"],\n', "", "all units"),
    Fault("an archive of another name", "check_packages", MANIFEST, "{ version }-{ target }.tar.gz", "v{ version }-{ target }.tar.gz", "the same archives"),
    Fault("a script that anyone may change", "check_deb", MANIFEST, '"usr/share/zsh/vendor-completions/", "644"', '"usr/share/zsh/vendor-completions/", "777"', "lintian accepts"),
    # What comes after every file that is made.
    Fault("a macro that there is not", "check_generated", "scripts/release", MADE, MADE + SPOILED, "mandoc accepts"),
    Fault("a completion that bash does not read", "check_generated", "scripts/release", MADE, MADE + SPOILED, "bash accepts"),
    Fault("a completion that zsh does not read", "check_generated", "scripts/release", MADE, MADE + SPOILED, "zsh accepts"),
    Fault("a completion that fish does not read", "check_generated", "scripts/release", MADE, MADE + SPOILED, "fish accepts"),
    # What they do.
    Fault("a parameter that has no value", "check_stack", TEMPLATE, "    Default: X86_64\n", "", "must have values"),
    Fault("a name that the page does not know", "check_stack", TEMPLATE, "JobQueueName: !Ref AWS::StackName", "JobQueueName: !Sub ${AWS::StackName}-queue", "the names of the page"),
    Fault("a schedule without a queue", "check_night", TEMPLATE, '"JobQueue": "${Queue}"', '"JobQueue": "queue"', "submits the job to the queue"),
    Fault("a misspelt option", "check_night", TEMPLATE, "- --wait-lock\n", "- --wait-locks\n", "--wait-locks"),
    Fault("an alarm of another destination", "check_night", TEMPLATE, 'MetricName: RunSucceeded\n      Dimensions: [{ Name: Destination, Value: !Sub "s3://${DestinationBucket}/${Tables}" }]',
          'MetricName: RunSucceeded\n      Dimensions: [{ Name: Destination, Value: !Sub "s3://${DestinationBucket}" }]', "NoSuccess: RunSucceeded"),
    Fault("a metric that there is not", "check_night", TEMPLATE, "MetricName: ObjectsUnreadable", "MetricName: UnreadableObjects", "NotRead: UnreadableObjects"),
    Fault("a job without metrics", "check_night", TEMPLATE, "          - --metrics\n          - emf\n", "", "writes a line of metrics"),
    Fault("a template of other tables", "check_stack", PAGE, "--location s3://analytics/bedrock > tables.json", "--location s3://analytics/tables > tables.json", "it is of the destination"),
    Fault("the same shard for every task", "check_backfill", PAGE, "AWS_BATCH_JOB_ARRAY_INDEX/AWS", "3/AWS", SAME),
    Fault("days that are not settled", "check_backfill", PAGE, '"jobId=$days"', '"jobId=none"', "settle waits for the array"),
    Fault("another destination", "check_cronjob", CRONJOB, "s3://analytics/bedrock", "s3://analytics/tables", SAME),
    Fault("an age that is lost", "check_service", PAGE, "install -p -m 644", "install -m 644", "with their age"),
    Fault("settings that are not read", "check_service", SERVICE, "--config /etc/hoptrail/hoptrail.toml ", "", "--source"),
    Fault("metrics that are not written", "check_service", SERVICE, " --metrics prometheus=/var/lib/hoptrail/hoptrail.prom", "", "it leaves its metrics"),
    Fault("metrics of another form", "check_service", SERVICE, "prometheus=/var", "json=/var", "promtool accepts"),
    Fault("a volume that is not declared", "check_image", DOCKERFILE, 'VOLUME ["/tmp"]\n', "", "declared as a volume"),
    Fault("a folder that only root may write", "check_image", "scripts/release", "chmod(0o1777)", "chmod(0o755)", "everyone may write to /tmp"),
    Fault("a type that is wrong", "check_types", PUBLISH, '-> str:\n    """One commit.', '-> int:\n    """One commit.', "publish.py"),
    Fault("rows that stay", "check_iceberg", PUBLISH, "            commit.delete(", "            dict(day=", ROWS),
    Fault("days that are published again", "check_iceberg", PUBLISH, "known.get(DAY + day) != value", "True", "a second time does nothing"),
    Fault("writes of others that are not noticed", "check_refused", PUBLISH, "if not is_known:", "if False:", "is refused"),
    Fault("a day that is not complete", "check_refused", PUBLISH, 'if not manifest["is_complete"]:', "if False:", "and named"),
    Fault("columns that are not added", "check_columns", PUBLISH, "            update.union_by_name(schema)", "            pass", "a new column is added"),
]
