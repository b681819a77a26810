//! The table of edges as its readers see it: its columns, and which of them are asked for by value.

/// The table's columns, in order. Text that a format or a record lacks is null, never `-`.
pub(crate) const SCHEMA: &str = "message edges {
    optional binary account_id (string);
    optional binary region (string);
    optional binary interface_id (string);
    optional binary flow_direction (string);
    optional int32 traffic_path;
    required binary srcaddr (string);
    required binary dstaddr (string);
    optional int64 srcaddr_v4;
    optional int64 dstaddr_v4;
    optional binary pkt_srcaddr (string);
    optional binary pkt_dstaddr (string);
    optional int32 srcport;
    optional int32 dstport;
    required int32 protocol;
    optional binary action (string);
    optional binary reject_reason (string);
    required binary fold (string);
    required int64 packets;
    required int64 bytes;
    required int64 records;
    required int64 syn_records;
    required int64 synack_records;
    required int64 rst_records;
    required int64 first_seen;
    required int64 last_seen;
    optional int32 folded_port_min;
    optional int32 folded_port_max;
    optional int32 tcp_flags;
    required int64 log_versions;
    optional binary src_aws_service (string);
    optional binary dst_aws_service (string);
    optional binary vpc_id (string);
    optional binary subnet_id (string);
    optional binary instance_id (string);
    optional binary instance_tag (string);
    optional binary instance_tag_2 (string);
    optional binary interface_tag (string);
    optional binary interface_tag_2 (string);
    optional binary asg_tag (string);
    optional binary asg_tag_2 (string);
}";

/// Columns with a bloom filter: what is asked for by its one value. Numbers of addresses are there for ranges.
pub(crate) const FILTERED: [&str; 5] = ["interface_id", "srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr"];

/// The columns of one side's address: as text, and as a number where it is of IPv4.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side {
    pub(crate) text: &'static str,
    pub(crate) number: &'static str,
}

impl Side {
    pub(crate) const SOURCE: Self = Self {
        text: "srcaddr",
        number: "srcaddr_v4",
    };
    pub(crate) const DESTINATION: Self = Self {
        text: "dstaddr",
        number: "dstaddr_v4",
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_a_column() {
        for name in FILTERED {
            assert!(SCHEMA.contains(&format!(" {name}")), "{name}");
        }
    }
}
