//! Which objects of a plan are looked at, where not all of them are.

use std::collections::BTreeMap;

use digest_storage::FlowLogObject;

/// Compressed bytes that are sampled at most, beside one object more.
const MOST_BYTES: u64 = 64 << 20;
/// Size of the largest object that is sampled: AWS ends a file at 75 MB. What is larger is left to the digest.
pub(super) const LARGEST: u64 = 128 << 20;

/// Objects to read: of bounded size, by themselves and together.
pub(super) fn choose(objects: &[FlowLogObject], most: usize) -> Vec<&FlowLogObject> {
    let (mut bytes, mut has_more) = (0, false);
    spread(
        objects.iter().filter(|object| object.size <= LARGEST),
        most,
        |object| {
            if bytes + object.size <= MOST_BYTES {
                bytes += object.size;
                return true;
            }
            // Of flow logs of large objects, too, one is looked at.
            !std::mem::replace(&mut has_more, true)
        },
    )
}

/// Objects spread over flow logs, and over the time of each: one of the first flow log, one of the next, and so on.
pub(super) fn spread<'o>(
    objects: impl Iterator<Item = &'o FlowLogObject>,
    most: usize,
    mut takes: impl FnMut(&FlowLogObject) -> bool,
) -> Vec<&'o FlowLogObject> {
    let mut by_flow_log: BTreeMap<_, Vec<&FlowLogObject>> = BTreeMap::new();
    for object in objects {
        let key = (
            &object.place,
            &object.account,
            &object.region,
            &object.flow_log_id,
        );
        by_flow_log.entry(key).or_default().push(object);
    }
    let mut chosen = Vec::new();
    for round in 0..most {
        for its in by_flow_log.values() {
            // The middle of each of as many parts as there are rounds.
            let rounds = most.div_ceil(by_flow_log.len()).min(its.len());
            let Some(object) = its.get((2 * round + 1) * its.len() / (2 * rounds)) else {
                continue;
            };
            if round < rounds && chosen.len() < most && takes(object) {
                chosen.push(*object);
            }
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::object;
    use super::*;

    fn objects(flow_log: &str, count: u64, size: u64) -> Vec<FlowLogObject> {
        let object = |number| object(&format!("{flow_log}-{number}"), size, flow_log);
        (0..count).map(object).collect()
    }

    #[test]
    fn every_flow_log_is_sampled_before_any_is_sampled_twice() {
        let all = [
            objects("fl-a", 100, 10),
            objects("fl-b", 1, 10),
            objects("fl-c", 3, 10),
        ]
        .concat();
        let keys = |most| {
            let chosen = choose(&all, most);
            chosen
                .iter()
                .map(|object| object.key.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(0), [""; 0]);
        assert_eq!(keys(3), ["fl-a-50", "fl-b-0", "fl-c-1"]);
        let ten = keys(10);
        assert_eq!(ten.len(), 8, "{ten:?}");
        assert_eq!(ten.iter().collect::<BTreeSet<_>>().len(), 8, "{ten:?}");
        assert_eq!(choose(&[], 5).len(), 0);
    }

    #[test]
    fn no_more_than_the_permitted_bytes_are_sampled() {
        let all = [
            objects("fl-a", 100, MOST_BYTES / 4),
            objects("fl-b", 1, LARGEST + 1),
        ]
        .concat();
        assert_eq!(choose(&all, 20).len(), 5);
    }

    #[test]
    fn of_objects_as_large_as_aws_makes_them_one_is_sampled() {
        let large = objects("fl-b", 9, 75_000_000);
        assert_eq!(choose(&large, 20).len(), 1);
        let all = [objects("fl-a", 2, 10), large].concat();
        let chosen = choose(&all, 20);
        assert_eq!(chosen.iter().filter(|object| object.size > 10).count(), 1);
        assert_eq!(chosen.len(), 3);
        assert_eq!(choose(&objects("fl-a", 9, LARGEST + 1), 20).len(), 0);
    }
}
