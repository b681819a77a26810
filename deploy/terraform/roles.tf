# The least that each program needs; docs/permissions.md says what each action is for, and a test holds the two together.
locals {
  storage_arn   = aws_s3_bucket.digests["storage"].arn
  progress_arn  = aws_s3_bucket.digests["progress"].arn
  flow_logs_arn = "arn:${data.aws_partition.current.partition}:s3:::${var.flow_logs_bucket}"
  # As the programs are told it.
  flow_logs = var.flow_logs_prefix == "" ? var.flow_logs_bucket : "s3://${var.flow_logs_bucket}/${var.flow_logs_prefix}"
  # AWSLogs/ below the delivery's prefix.
  flow_logs_objects = join("/", compact([local.flow_logs_arn, var.flow_logs_prefix, "AWSLogs/*"]))
}

data "aws_partition" "current" {}

data "aws_iam_policy_document" "api" {
  statement {
    sid       = "ReadDigests"
    actions   = ["s3:GetObject"]
    resources = ["${local.storage_arn}/*"]
  }
  statement {
    sid       = "HoldAndReadJobs"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${local.progress_arn}/*"]
  }
  statement {
    sid       = "TellAbsentFromForbidden"
    actions   = ["s3:ListBucket"]
    resources = [local.storage_arn, local.progress_arn]
  }
  statement {
    sid       = "SendJobs"
    actions   = ["sqs:SendMessage", "sqs:GetQueueAttributes"]
    resources = [aws_sqs_queue.jobs.arn]
  }
  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.digests.arn]
  }
  dynamic "statement" {
    for_each = var.api_reads_flow_logs ? [local.flow_logs_objects] : []
    content {
      sid       = "ReadFlowLogs"
      actions   = ["s3:GetObject"]
      resources = [statement.value]
    }
  }
  dynamic "statement" {
    for_each = var.api_reads_flow_logs && var.flow_logs_kms_key_arn != null ? [var.flow_logs_kms_key_arn] : []
    content {
      sid       = "ReadEncryptedFlowLogs"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "worker" {
  statement {
    sid       = "ReadFlowLogs"
    actions   = ["s3:GetObject"]
    resources = [local.flow_logs_objects]
  }
  statement {
    sid       = "ListAll"
    actions   = ["s3:ListBucket"]
    resources = [local.flow_logs_arn, local.storage_arn, local.progress_arn]
  }
  statement {
    sid       = "StoreDigestsAndJobs"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    resources = ["${local.storage_arn}/*", "${local.progress_arn}/*"]
  }
  statement {
    sid       = "TakeJobs"
    actions   = ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    resources = [aws_sqs_queue.jobs.arn]
  }
  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.digests.arn]
  }
  dynamic "statement" {
    for_each = var.flow_logs_kms_key_arn == null ? [] : [var.flow_logs_kms_key_arn]
    content {
      sid       = "ReadEncryptedFlowLogs"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

# What KEDA's operator needs to see how long the queue is.
data "aws_iam_policy_document" "scaler" {
  statement {
    sid       = "SeeTheQueue"
    actions   = ["sqs:GetQueueAttributes"]
    resources = [aws_sqs_queue.jobs.arn]
  }
}

resource "aws_iam_policy" "scaler" {
  name   = "${var.name}-scaler"
  policy = data.aws_iam_policy_document.scaler.json
  tags   = var.tags
}

locals {
  policies = {
    api    = data.aws_iam_policy_document.api.json
    worker = data.aws_iam_policy_document.worker.json
  }
  issuer = var.trusted_service_accounts == null ? "" : element(split("oidc-provider/", var.trusted_service_accounts.oidc_provider_arn), 1)
  services = concat(
    var.pod_identity ? ["pods.eks.amazonaws.com"] : [],
    var.ec2 ? ["ec2.amazonaws.com"] : [],
  )
}

data "aws_iam_policy_document" "trust" {
  for_each = local.policies
  dynamic "statement" {
    for_each = var.trusted_service_accounts == null ? [] : [var.trusted_service_accounts]
    content {
      sid     = "ServiceAccount"
      actions = ["sts:AssumeRoleWithWebIdentity"]
      principals {
        type        = "Federated"
        identifiers = [statement.value.oidc_provider_arn]
      }
      condition {
        test     = "StringEquals"
        variable = "${local.issuer}:sub"
        values   = ["system:serviceaccount:${each.key == "api" ? statement.value.api : statement.value.worker}"]
      }
      condition {
        test     = "StringEquals"
        variable = "${local.issuer}:aud"
        values   = ["sts.amazonaws.com"]
      }
    }
  }
  dynamic "statement" {
    for_each = local.services
    content {
      sid     = replace(title(replace(statement.value, ".", " ")), " ", "")
      actions = statement.value == "pods.eks.amazonaws.com" ? ["sts:AssumeRole", "sts:TagSession"] : ["sts:AssumeRole"]
      principals {
        type        = "Service"
        identifiers = [statement.value]
      }
    }
  }
}

resource "aws_iam_role" "program" {
  for_each           = local.policies
  name               = "${var.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust[each.key].json
  tags               = var.tags
}

resource "aws_iam_role_policy" "program" {
  for_each = local.policies
  name     = "least"
  role     = aws_iam_role.program[each.key].id
  policy   = each.value
}

resource "aws_iam_instance_profile" "program" {
  for_each = var.ec2 ? local.policies : {}
  name     = "${var.name}-${each.key}"
  role     = aws_iam_role.program[each.key].name
}
