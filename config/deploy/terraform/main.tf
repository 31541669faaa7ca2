# The nightly job of hoptrail, as docs/deploy.md describes it: the template of CloudFormation, deployed by
# Terraform. Its parameters are those of the template, which describes them.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "name" {
  description = "The name of the stack, and of its queue and job definition"
  type        = string
  default     = "hoptrail-nightly"
}

variable "parameters" {
  description = "Parameters of ../aws/hoptrail.yaml, by name; lists with commas between"
  type        = map(string)
}

variable "tags" {
  description = "Tags of the stack, which its resources take over"
  type        = map(string)
  default     = {}
}

resource "aws_cloudformation_stack" "hoptrail" {
  name          = var.name
  template_body = file("${path.module}/../aws/hoptrail.yaml")
  parameters    = var.parameters
  capabilities  = ["CAPABILITY_IAM"]
  tags          = var.tags
}

output "outputs" {
  description = "Queue, Job, Log, TaskRole, Topic, NotSubmitted"
  value       = aws_cloudformation_stack.hoptrail.outputs
}
