# Terabytes of flow logs through a NAT gateway are paid by the gigabyte; through a gateway endpoint they are not.
data "aws_region" "current" {}

resource "aws_vpc_endpoint" "s3" {
  count             = var.vpc_id == null ? 0 : 1
  vpc_id            = var.vpc_id
  service_name      = "com.amazonaws.${data.aws_region.current.name}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = var.route_table_ids
  tags              = var.tags
}
