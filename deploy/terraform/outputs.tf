output "settings" {
  description = "Environment of both programs (docs/configuration.md), for a values file or an env file."
  value = {
    REGION                        = data.aws_region.current.name
    USE_IAM                       = "true"
    DIGEST_STORAGE_BUCKET         = aws_s3_bucket.digests["storage"].bucket
    DIGEST_PROGRESS_BUCKET        = aws_s3_bucket.digests["progress"].bucket
    DIGEST_STORAGE_SSE_KMS_KEY_ID = aws_kms_key.digests.arn
    SQS_QUEUE_URL                 = aws_sqs_queue.jobs.url
  }
}

output "worker_settings" {
  description = "What a worker needs besides."
  value = {
    VPC_FLOW_LOGS_BUCKET = local.flow_logs
  }
}

output "api_settings" {
  description = "What the API needs besides: where the flow logs are, if it may read them; else nothing."
  value = {
    VPC_FLOW_LOGS_BUCKET = var.api_reads_flow_logs ? local.flow_logs : null
  }
}

output "role_arns" {
  description = "Roles of the two programs, by name."
  value       = { for name, role in aws_iam_role.program : name => role.arn }
}

output "scaler_policy_arn" {
  description = "Policy for the role of KEDA's operator."
  value       = aws_iam_policy.scaler.arn
}

output "dead_letters_url" {
  description = "Queue of the messages that no worker could take."
  value       = aws_sqs_queue.dead_letters.url
}
