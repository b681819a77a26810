//! The fields of flow records: every one that AWS documents, in one table. Names, versions, types, the columns of
//! Parquet and `docs/fields.md` all follow from it; so do headers, which are recognised by these names.

use crate::fact;

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
    FlowDirection,
    PairAttachment,
    PktSrcAddr,
    PktDstAddr,
    TrafficPath,
    RejectReason,
    PktSrcService,
    PktDstService,
    VpcId,
    SubnetId,
    InstanceId,
    InstanceTag,
    InstanceTag2,
    InterfaceTag,
    InterfaceTag2,
    AsgTag,
    AsgTag2,
}

/// How many fields are used.
pub(crate) const USED: usize = Field::AsgTag2 as usize + 1;

/// What stands in for the interface where a transit gateway wrote the record.
pub(crate) const ATTACHMENT: &str = "tgw-attachment-id";

/// What a field's values are, and so the type of its column in Parquet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// Any text without blanks.
    Text,
    /// A number of 32 bits.
    Int32,
    /// A number of 64 bits.
    Int64,
}

/// A field that AWS documents.
#[derive(Debug, Clone, Copy)]
pub struct KnownField {
    /// Its name, as headers and formats spell it.
    pub name: &'static str,
    /// The version of the format that brought it.
    pub since: u8,
    /// Its place in the documentation of VPC flow logs, from 1; `None`: only transit gateways have it.
    pub in_vpc: Option<u8>,
    /// Its place in the default format of transit gateway flow logs, from 1; `None`: only VPC flow logs have it.
    pub in_gateway: Option<u8>,
    /// What its values are.
    pub values: FieldType,
    /// What it says.
    pub meaning: &'static str,
    used: Option<Field>,
}

impl KnownField {
    /// The field of a header's token.
    #[must_use]
    pub fn of_name(name: &[u8]) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.name.as_bytes() == name)
    }

    /// The field of a column in Parquet, with underscores as AWS has them or with hyphens.
    #[must_use]
    pub fn of_column(column: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| {
            let same = |(ours, theirs): (u8, u8)| ours == theirs || (ours == b'-' && theirs == b'_');
            field.name.len() == column.len() && field.name.bytes().zip(column.bytes()).all(same)
        })
    }

    /// The number of the fact that it is, if it says something of the interface, which then is the same in all of its rows.
    pub(crate) fn fact(&self) -> Option<u8> {
        fact::number(self.name)
    }

    /// The name of its column in Parquet.
    #[must_use]
    pub fn column(&self) -> String {
        self.name.replace('-', "_")
    }

    /// What a digest uses it for. One that is a fact as well is used where the layout names no interface.
    pub(crate) fn used(&self) -> Option<Field> {
        self.used
    }
}

impl Field {
    /// All of them.
    pub(crate) const ALL: [Self; USED] = [
        Self::AccountId,
        Self::InterfaceId,
        Self::SrcAddr,
        Self::DstAddr,
        Self::SrcPort,
        Self::DstPort,
        Self::Protocol,
        Self::Packets,
        Self::Bytes,
        Self::Start,
        Self::End,
        Self::Action,
        Self::LogStatus,
        Self::TcpFlags,
        Self::Version,
        Self::FlowDirection,
        Self::PairAttachment,
        Self::PktSrcAddr,
        Self::PktDstAddr,
        Self::TrafficPath,
        Self::RejectReason,
        Self::PktSrcService,
        Self::PktDstService,
        Self::VpcId,
        Self::SubnetId,
        Self::InstanceId,
        Self::InstanceTag,
        Self::InstanceTag2,
        Self::InterfaceTag,
        Self::InterfaceTag2,
        Self::AsgTag,
        Self::AsgTag2,
    ];

    /// The name as headers spell it.
    pub(crate) fn name(self) -> &'static str {
        FIELDS
            .iter()
            .find(|field| field.used == Some(self))
            .map_or("", |field| field.name)
    }
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

/// A line each: name, version, place in the documentation of VPC flow logs, place in the default format of transit
/// gateways (0: none), type, what a digest uses it for, meaning.
macro_rules! fields {
    ($($name:literal $since:literal $vpc:literal $gateway:literal $values:ident [$($used:ident)?] $meaning:literal;)*) => {
        &[$(KnownField {
            name: $name,
            since: $since,
            in_vpc: if $vpc == 0 { None } else { Some($vpc) },
            in_gateway: if $gateway == 0 { None } else { Some($gateway) },
            values: FieldType::$values,
            meaning: $meaning,
            used: used!($($used)?),
        }),*]
    };
}

macro_rules! used {
    () => {
        None
    };
    ($used:ident) => {
        Some(Field::$used)
    };
}

/// Every field of VPC flow logs (versions 2 to 11), in the order of their documentation; then what transit gateway flow
/// logs (version 6) have besides.
pub const FIELDS: &[KnownField] = fields! {
    "version" 2 1 1 Int32 [Version] "highest version among the fields of the format";
    "account-id" 2 2 3 Text [AccountId] "owner of the network interface, or `unknown`; of the transit gateway";
    "interface-id" 2 3 0 Text [InterfaceId] "network interface";
    "srcaddr" 2 4 17 Text [SrcAddr] "source address; of the interface, its primary private one";
    "dstaddr" 2 5 18 Text [DstAddr] "destination address; of the interface, its primary private one";
    "srcport" 2 6 19 Int32 [SrcPort] "source port, 0 where the protocol has none";
    "dstport" 2 7 20 Int32 [DstPort] "destination port, 0 where the protocol has none";
    "protocol" 2 8 21 Int32 [Protocol] "IANA protocol number";
    "packets" 2 9 22 Int64 [Packets] "packets in the record's interval";
    "bytes" 2 10 23 Int64 [Bytes] "bytes in the record's interval";
    "start" 2 11 24 Int64 [Start] "Unix seconds of the first packet";
    "end" 2 12 25 Int64 [End] "Unix seconds of the last packet";
    "action" 2 13 0 Text [Action] "`ACCEPT` or `REJECT`";
    "log-status" 2 14 26 Text [LogStatus] "`OK`, `NODATA` or `SKIPDATA`";
    "vpc-id" 3 15 0 Text [VpcId] "VPC of the interface";
    "subnet-id" 3 16 0 Text [SubnetId] "subnet of the interface";
    "instance-id" 3 17 0 Text [InstanceId] "instance of the interface";
    "tcp-flags" 3 18 32 Int32 [TcpFlags] "TCP flags seen, added up as bits";
    "type" 3 19 27 Text [] "`IPv4`, `IPv6` or `EFA`";
    "pkt-srcaddr" 3 20 0 Text [PktSrcAddr] "source address in the packet";
    "pkt-dstaddr" 3 21 0 Text [PktDstAddr] "destination address in the packet";
    "region" 4 22 33 Text [] "region";
    "az-id" 4 23 0 Text [] "availability zone of the interface";
    "sublocation-type" 4 24 0 Text [] "`wavelength`, `outpost` or `localzone`";
    "sublocation-id" 4 25 0 Text [] "which of these";
    "pkt-src-aws-service" 5 26 35 Text [PktSrcService] "AWS service of the source address";
    "pkt-dst-aws-service" 5 27 36 Text [PktDstService] "AWS service of the destination address";
    "flow-direction" 5 28 34 Text [FlowDirection] "`ingress` or `egress`, as the interface or attachment sees it";
    "traffic-path" 5 29 0 Int32 [TrafficPath] "which way egress traffic leaves, 1 to 8";
    "ecs-cluster-arn" 7 30 0 Text [] "ECS cluster";
    "ecs-cluster-name" 7 31 0 Text [] "its name";
    "ecs-container-instance-arn" 7 32 0 Text [] "ECS container instance";
    "ecs-container-instance-id" 7 33 0 Text [] "its id";
    "ecs-container-id" 7 34 0 Text [] "first container of the task";
    "ecs-second-container-id" 7 35 0 Text [] "second container of the task";
    "ecs-service-name" 7 36 0 Text [] "ECS service";
    "ecs-task-definition-arn" 7 37 0 Text [] "ECS task definition";
    "ecs-task-arn" 7 38 0 Text [] "ECS task";
    "ecs-task-id" 7 39 0 Text [] "its id";
    "reject-reason" 8 40 0 Text [RejectReason] "why traffic was rejected, such as `BPA`";
    "resource-id" 9 41 0 Text [] "resource without an interface of its own, such as a regional NAT gateway";
    "encryption-status" 10 42 0 Int32 [] "0 clear text, 1 by the network, 2 by the application, 3 both";
    "instance-tag" 11 43 0 Text [InstanceTag] "value of a tag of the instance, percent-encoded";
    "instance-tag-2" 11 44 0 Text [InstanceTag2] "value of another tag of the instance";
    "interface-tag" 11 45 0 Text [InterfaceTag] "value of a tag of the interface";
    "interface-tag-2" 11 46 0 Text [InterfaceTag2] "value of another tag of the interface";
    "asg-tag" 11 47 0 Text [AsgTag] "value of a tag of the auto scaling group";
    "asg-tag-2" 11 48 0 Text [AsgTag2] "value of another tag of the auto scaling group";
    "interface-type" 11 49 0 Text [] "kind of interface, such as `nat_gateway`";
    "next-hop-interface-id" 11 50 0 Text [] "interface that receives egress traffic or sends ingress traffic";
    "next-hop-subnet-id" 11 51 0 Text [] "its subnet";
    "next-hop-az-id" 11 52 0 Text [] "its availability zone";
    "next-hop-vpc-id" 11 53 0 Text [] "its VPC";
    "next-hop-interface-type" 11 54 0 Text [] "its kind";
    "resource-type" 6 0 2 Text [] "`TransitGateway`";
    "tgw-id" 6 0 4 Text [] "transit gateway";
    "tgw-attachment-id" 6 0 5 Text [] "attachment that saw the flow: stands in for the interface";
    "tgw-src-vpc-account-id" 6 0 6 Text [] "account of the source VPC";
    "tgw-dst-vpc-account-id" 6 0 7 Text [] "account of the destination VPC";
    "tgw-src-vpc-id" 6 0 8 Text [] "source VPC";
    "tgw-dst-vpc-id" 6 0 9 Text [] "destination VPC";
    "tgw-src-subnet-id" 6 0 10 Text [] "source subnet";
    "tgw-dst-subnet-id" 6 0 11 Text [] "destination subnet";
    "tgw-src-eni" 6 0 12 Text [] "gateway's interface in the source VPC";
    "tgw-dst-eni" 6 0 13 Text [] "gateway's interface in the destination VPC";
    "tgw-src-az-id" 6 0 14 Text [] "availability zone of the source";
    "tgw-dst-az-id" 6 0 15 Text [] "availability zone of the destination";
    "tgw-pair-attachment-id" 6 0 16 Text [PairAttachment] "attachment at the flow's other side";
    "packets-lost-no-route" 6 0 28 Int64 [] "packets without a route";
    "packets-lost-blackhole" 6 0 29 Int64 [] "packets whose route leads nowhere";
    "packets-lost-mtu-exceeded" 6 0 30 Int64 [] "packets that were too long";
    "packets-lost-ttl-expired" 6 0 31 Int64 [] "packets that had come too far";
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_54_fields_of_vpcs_and_36_of_transit_gateways_each_in_its_place() {
        let places = |place: fn(&KnownField) -> Option<u8>| -> Vec<u8> {
            let set: BTreeSet<u8> = FIELDS.iter().filter_map(place).collect();
            assert_eq!(set.len(), FIELDS.iter().filter_map(place).count());
            set.into_iter().collect()
        };
        assert_eq!(places(|field| field.in_vpc), (1..=54).collect::<Vec<u8>>());
        assert_eq!(places(|field| field.in_gateway), (1..=36).collect::<Vec<u8>>());
        let versions: BTreeSet<u8> = FIELDS.iter().map(|field| field.since).collect();
        assert_eq!(versions, (2..=11).collect());
    }

    #[test]
    fn every_field_is_found_by_its_name_and_by_its_column() {
        for field in FIELDS {
            let found = KnownField::of_name(field.name.as_bytes()).map(|found| found.name);
            assert_eq!(found, Some(field.name));
            for column in [field.column(), field.name.to_owned()] {
                let found = KnownField::of_column(&column).map(|found| found.name);
                assert_eq!(found, Some(field.name));
            }
        }
        for name in ["srcaddr ", "", "log_status", "Version"] {
            assert!(KnownField::of_name(name.as_bytes()).is_none());
        }
        assert!(KnownField::of_column("log status").is_none());
    }

    #[test]
    fn every_used_field_has_a_name_of_its_own() {
        let used: Vec<Field> = FIELDS.iter().filter_map(KnownField::used).collect();
        assert_eq!(used.len(), USED);
        for field in used {
            let found = KnownField::of_name(field.name().as_bytes()).and_then(KnownField::used);
            assert_eq!(found, Some(field));
        }
    }
}
