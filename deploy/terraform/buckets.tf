# Digests, and the records of jobs. Neither is versioned: a record changes every minute of a build and has its own history, a digest can be made anew.
resource "aws_kms_key" "digests" {
  description             = "Digests and job records of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  tags                    = var.tags
}

resource "aws_kms_alias" "digests" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.digests.key_id
}

locals {
  buckets = {
    storage  = "${var.name}-storage"
    progress = "${var.name}-progress"
  }
}

resource "aws_s3_bucket" "digests" {
  for_each = local.buckets
  bucket   = each.value
  tags     = var.tags
}

resource "aws_s3_bucket_public_access_block" "digests" {
  for_each                = local.buckets
  bucket                  = aws_s3_bucket.digests[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "digests" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.digests[each.key].id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "digests" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.digests[each.key].id
  rule {
    # One request to KMS for many objects: a build writes its job's record again and again.
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.digests.arn
    }
  }
}

# A worker that is killed while it uploads more than 64 MiB leaves parts that cost money and that no listing shows.
resource "aws_s3_bucket_lifecycle_configuration" "digests" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.digests[each.key].id
  rule {
    id     = "abandoned-uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }
}

data "aws_iam_policy_document" "tls_only" {
  for_each = local.buckets
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.digests[each.key].arn, "${aws_s3_bucket.digests[each.key].arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "tls_only" {
  for_each   = local.buckets
  bucket     = aws_s3_bucket.digests[each.key].id
  policy     = data.aws_iam_policy_document.tls_only[each.key].json
  depends_on = [aws_s3_bucket_public_access_block.digests]
}
