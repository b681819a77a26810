variable "name" {
  description = "Prefix of all names, and so of the two buckets: unique in all of S3."
  type        = string
}

variable "flow_logs_bucket" {
  description = "Bucket that AWS delivers the flow logs to. It is there already and only read."
  type        = string
}

variable "flow_logs_prefix" {
  description = "Prefix of the delivery, without slashes at its ends; empty where there is none."
  type        = string
  default     = ""
}

variable "flow_logs_kms_key_arn" {
  description = "Key that the flow logs are encrypted with, where it is one of yours."
  type        = string
  default     = null
}

variable "api_reads_flow_logs" {
  description = "Whether the API may read the flow logs too, to answer /v1/records: whoever may read digests then may read raw records."
  type        = bool
  default     = false
}

variable "max_receive_count" {
  description = "Deliveries of one message before it goes to the dead letters. A healthy job may take several: one for each busy worker, lost worker and restart."
  type        = number
  default     = 20

  validation {
    condition     = var.max_receive_count >= 10
    error_message = "Fewer than 10 deliveries send healthy jobs to the dead letters: see docs/operations.md."
  }
}

variable "trusted_service_accounts" {
  description = "For IRSA: the cluster's OIDC provider, and the service accounts of the two programs as namespace:name. Null where it is not used."
  type = object({
    oidc_provider_arn = string
    api               = string
    worker            = string
  })
  default = null
}

variable "pod_identity" {
  description = "Whether EKS Pod Identity may assume the roles."
  type        = bool
  default     = false
}

variable "ec2" {
  description = "Whether instances may assume the roles, as with the systemd units."
  type        = bool
  default     = false
}

variable "vpc_id" {
  description = "VPC that the workers run in, for the gateway endpoint to S3. Null where there is one already."
  type        = string
  default     = null
}

variable "route_table_ids" {
  description = "Route tables of the workers' subnets, for the gateway endpoint."
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
