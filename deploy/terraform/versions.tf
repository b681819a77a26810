# Everything in AWS that vpcflow-digesterd needs beside the flow logs themselves: two buckets, a key, a queue, two roles.
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40, < 7.0"
    }
  }
}
