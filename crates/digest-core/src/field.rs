//! The fields of flow records by name: all that are known, so that headers are recognised, and those that are used.

/// A field that a digest is made of. Its number is its place in a [`Row`](crate::layout::Row).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Field {
    AccountId,
    InterfaceId,
    SrcAddr,
    DstAddr,
    SrcPort,
    DstPort,
    Protocol,
    Packets,
    Bytes,
    Start,
    End,
    Action,
    LogStatus,
    TcpFlags,
    Version,
}

/// How many fields are used.
pub(crate) const USED: usize = Field::Version as usize + 1;

impl Field {
    /// The name as headers spell it.
    pub(crate) fn name(self) -> &'static str {
        KNOWN
            .iter()
            .find(|(_, used)| *used == Some(self))
            .map_or("", |(name, _)| *name)
    }
}

/// Looks a header's token up: `None` if no field has that name, `Some(None)` if it is known but not used.
pub(crate) fn known(token: &[u8]) -> Option<Option<Field>> {
    let at = KNOWN
        .binary_search_by(|(name, _)| name.as_bytes().cmp(token))
        .ok()?;
    KNOWN.get(at).map(|(_, used)| *used)
}

/// The columns of the default format (version 2), in order.
pub(crate) const DEFAULT_FORMAT: [Field; 14] = [
    Field::Version,
    Field::AccountId,
    Field::InterfaceId,
    Field::SrcAddr,
    Field::DstAddr,
    Field::SrcPort,
    Field::DstPort,
    Field::Protocol,
    Field::Packets,
    Field::Bytes,
    Field::Start,
    Field::End,
    Field::Action,
    Field::LogStatus,
];

/// Every field of VPC flow logs (versions 2 to 11) and of transit gateway flow logs, sorted by name.
const KNOWN: [(&str, Option<Field>); 72] = [
    ("account-id", Some(Field::AccountId)),
    ("action", Some(Field::Action)),
    ("asg-tag", None),
    ("asg-tag-2", None),
    ("az-id", None),
    ("bytes", Some(Field::Bytes)),
    ("dstaddr", Some(Field::DstAddr)),
    ("dstport", Some(Field::DstPort)),
    ("ecs-cluster-arn", None),
    ("ecs-cluster-name", None),
    ("ecs-container-id", None),
    ("ecs-container-instance-arn", None),
    ("ecs-container-instance-id", None),
    ("ecs-second-container-id", None),
    ("ecs-service-name", None),
    ("ecs-task-arn", None),
    ("ecs-task-definition-arn", None),
    ("ecs-task-id", None),
    ("encryption-status", None),
    ("end", Some(Field::End)),
    ("flow-direction", None),
    ("instance-id", None),
    ("instance-tag", None),
    ("instance-tag-2", None),
    ("interface-id", Some(Field::InterfaceId)),
    ("interface-tag", None),
    ("interface-tag-2", None),
    ("interface-type", None),
    ("log-status", Some(Field::LogStatus)),
    ("next-hop-az-id", None),
    ("next-hop-interface-id", None),
    ("next-hop-interface-type", None),
    ("next-hop-subnet-id", None),
    ("next-hop-vpc-id", None),
    ("packets", Some(Field::Packets)),
    ("packets-lost-blackhole", None),
    ("packets-lost-mtu-exceeded", None),
    ("packets-lost-no-route", None),
    ("packets-lost-ttl-expired", None),
    ("pkt-dst-aws-service", None),
    ("pkt-dstaddr", None),
    ("pkt-src-aws-service", None),
    ("pkt-srcaddr", None),
    ("protocol", Some(Field::Protocol)),
    ("region", None),
    ("reject-reason", None),
    ("resource-id", None),
    ("resource-type", None),
    ("srcaddr", Some(Field::SrcAddr)),
    ("srcport", Some(Field::SrcPort)),
    ("start", Some(Field::Start)),
    ("sublocation-id", None),
    ("sublocation-type", None),
    ("subnet-id", None),
    ("tcp-flags", Some(Field::TcpFlags)),
    ("tgw-attachment-id", None),
    ("tgw-dst-az-id", None),
    ("tgw-dst-eni", None),
    ("tgw-dst-subnet-id", None),
    ("tgw-dst-vpc-account-id", None),
    ("tgw-dst-vpc-id", None),
    ("tgw-id", None),
    ("tgw-pair-attachment-id", None),
    ("tgw-src-az-id", None),
    ("tgw-src-eni", None),
    ("tgw-src-subnet-id", None),
    ("tgw-src-vpc-account-id", None),
    ("tgw-src-vpc-id", None),
    ("traffic-path", None),
    ("type", None),
    ("version", Some(Field::Version)),
    ("vpc-id", None),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_name_is_found() {
        assert!(KNOWN.is_sorted_by(|a, b| a.0 < b.0));
        for (name, used) in KNOWN {
            assert_eq!(known(name.as_bytes()), Some(used));
        }
        assert_eq!(known(b"srcaddr "), None);
        assert_eq!(known(b""), None);
    }

    #[test]
    fn every_used_field_has_a_name_of_its_own() {
        let used: Vec<Field> = KNOWN.iter().filter_map(|(_, used)| *used).collect();
        assert_eq!(used.len(), USED);
        for field in used {
            assert_eq!(known(field.name().as_bytes()), Some(Some(field)));
        }
    }
}
