//! Adjacent windows share no record, and their digests add up to the digest of the union.

use digest_core::Window;
use digest_core::oracle::Question;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::answer::{Objects, hour, kernel};
use crate::corpus::sound_log;

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn adjacent_windows_add_up_to_their_union(logs in vec(sound_log(), 0..4), cut in 1i64..60) {
        let objects: Objects = logs.iter().map(|log| ("object".to_owned(), log.text())).collect();
        let digest = |window: Window| {
            let question = Question { window: Some(window), skip: false, max_row: 1000 };
            kernel(&question, &objects).unwrap()
        };
        let border = hour().start_unix() + 60 * cut;
        let mut sum = digest(Window::from_unix(hour().start_unix(), border).unwrap());
        let right = digest(Window::from_unix(border, hour().stop_unix()).unwrap());
        let union = digest(hour());

        prop_assert_eq!(sum.counts.records + right.counts.records, union.counts.records);
        for (key, theirs) in right.edges {
            let ours = sum.edges.entry(key).or_insert_with(|| {
                let mut none = theirs.clone();
                (none.packets, none.bytes) = (0, 0);
                (none.records, none.syn, none.synack, none.rst) = (0, 0, 0, 0);
                none
            });
            ours.packets += theirs.packets;
            ours.bytes += theirs.bytes;
            ours.records += theirs.records;
            ours.syn += theirs.syn;
            ours.synack += theirs.synack;
            ours.rst += theirs.rst;
            ours.first_seen = ours.first_seen.min(theirs.first_seen);
            ours.last_seen = ours.last_seen.max(theirs.last_seen);
            ours.tcp_flags = match (ours.tcp_flags, theirs.tcp_flags) {
                (Some(one), Some(other)) => Some(one | other),
                (one, other) => one.or(other),
            };
            ours.versions.extend(theirs.versions);
            let ports = &mut ours.folded_ports;
            ports.extend(theirs.folded_ports);
            *ports = ports.first().into_iter().chain(ports.last()).copied().collect();
        }
        prop_assert_eq!(sum.edges, union.edges);
        let spans = [sum.span, right.span];
        let start = spans.iter().flatten().map(|span| span.0).min();
        let end = spans.iter().flatten().map(|span| span.1).max();
        prop_assert_eq!(start.zip(end), union.span);
    }
}
