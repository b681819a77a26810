//! The names of columns, for the oracle: which there are, what a header is, and what a transit gateway's columns mean.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// Every field name, in the order of the documentation: VPC flow logs.
const NAMES: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
    action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id \
    sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path \
    ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id \
    ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id reject-reason \
    resource-id encryption-status instance-tag instance-tag-2 interface-tag interface-tag-2 asg-tag asg-tag-2 \
    interface-type next-hop-interface-id next-hop-subnet-id next-hop-az-id next-hop-vpc-id next-hop-interface-type";

/// What transit gateways add.
const GATEWAY: &str = "resource-type tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id tgw-src-vpc-id \
    tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id \
    tgw-pair-attachment-id packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded \
    packets-lost-ttl-expired";

/// The default format.
pub(super) const DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start \
    end action log-status";

pub(super) fn is_known(word: &[u8]) -> bool {
    let mut names = NAMES.split(' ').chain(GATEWAY.split(' '));
    names.any(|name| name.as_bytes() == word)
}

pub(super) fn is_header(words: &[Vec<u8>]) -> bool {
    let value = |word: &Vec<u8>| {
        word.iter().all(u8::is_ascii_digit)
            || str::from_utf8(word).is_ok_and(|word| word.parse::<IpAddr>().is_ok())
    };
    words.iter().filter(|word| is_known(word)).count() * 2 > words.len() && !words.iter().any(value)
}

pub(super) fn is_complete(header: &[Vec<u8>]) -> bool {
    let times = |name: &str| header.iter().filter(|word| *word == name.as_bytes()).count();
    let used = format!(
        "{DEFAULT} tcp-flags flow-direction tgw-attachment-id tgw-pair-attachment-id pkt-srcaddr pkt-dstaddr traffic-path \
         reject-reason pkt-src-aws-service pkt-dst-aws-service"
    );
    let told_apart = times("tgw-attachment-id") > 0 || times("flow-direction") > 0;
    ["srcaddr", "dstaddr", "protocol", "packets", "bytes"]
        .iter()
        .all(|name| times(name) == 1)
        && (times("start") > 0 || times("end") > 0)
        && (told_apart || !is_gateways(|name| times(name) > 0))
        && used.split_ascii_whitespace().all(|name| times(name) < 2)
}

/// Whether a transit gateway's row is the second that tells of a flow.
pub(super) fn is_second_sighting(row: &BTreeMap<&[u8], &[u8]>) -> bool {
    let text = |name: &str| row.get(name.as_bytes()).copied();
    if !is_gateways(|name| text(name).is_some()) || text("flow-direction") != Some(b"egress") {
        return false;
    }
    match (text("tgw-attachment-id"), text("tgw-pair-attachment-id")) {
        (Some(attachment), Some(pair)) => attachment == pair || attachment == b"-",
        (Some(_), None) => false,
        (None, _) => true,
    }
}

fn is_gateways(has: impl Fn(&str) -> bool) -> bool {
    GATEWAY.split_ascii_whitespace().any(&has) && !has("interface-id")
}
