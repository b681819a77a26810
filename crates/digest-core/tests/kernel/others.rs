//! Records that another flow log has do not count; interfaces are noted with their actions; a transit gateway's records
//! that may count twice are told.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::sync::{Arc, Mutex};

use digest_core::{
    Actions, Contents, Digest, FoldOptions, Mention, ObjectTally, Others, Place, Source, fold_parallel,
    parquet_copy,
};

const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
                      action log-status tcp-flags pkt-srcaddr";

/// Others that have these interfaces with what is accepted, and keep what they hear.
pub(crate) struct Have {
    names: Vec<&'static str>,
    place: Place,
    heard: Arc<Mutex<Vec<Mention>>>,
}

impl Have {
    pub(crate) fn these(names: Vec<&'static str>) -> Self {
        Self::at(names, (0, 0, false), &Arc::default())
    }

    pub(crate) fn at(
        names: Vec<&'static str>,
        (number, time, at_once): (u32, u32, bool),
        heard: &Arc<Mutex<Vec<Mention>>>,
    ) -> Self {
        let place = Place {
            number,
            time,
            with_actions: true,
            at_once,
        };
        let heard = Arc::clone(heard);
        Self { names, place, heard }
    }

    /// What was heard, as one thing of each interface and place.
    pub(crate) fn heard(&self) -> Vec<Mention> {
        together(&self.heard.lock().unwrap())
    }
}

impl Others for Have {
    fn may_have(&self) -> bool {
        !self.names.is_empty()
    }

    fn have(&self, interface: &[u8], actions: Actions) -> bool {
        actions.meet(Actions::of(b"ACCEPT")) && self.names.iter().any(|name| name.as_bytes() == interface)
    }

    fn place(&self) -> Place {
        self.place
    }

    fn hear(&self, mentions: &[Mention]) {
        self.heard.lock().unwrap().extend_from_slice(mentions);
    }
}

pub(crate) fn together(mentions: &[Mention]) -> Vec<Mention> {
    let mut all = BTreeMap::new();
    for mention in mentions {
        let known = all
            .entry((Arc::clone(&mention.interface), mention.place))
            .or_insert(mention.records);
        *known = match (*known, mention.records) {
            (Some(one), Some(other)) => Some((one.0.with(other.0), one.1.min(other.1), one.2.max(other.2))),
            (one, other) => one.or(other),
        };
    }
    let all = all.into_iter();
    all.map(|((interface, place), records)| Mention {
        interface,
        place,
        records,
    })
    .collect()
}

pub(crate) fn mention(interface: &str, place: u32, records: Option<(Actions, u32, u32)>) -> Mention {
    Mention {
        interface: Arc::from(interface.as_bytes()),
        place,
        records,
    }
}

pub(crate) fn both() -> Actions {
    Actions::of(b"ACCEPT").with(Actions::of(b"REJECT"))
}

/// An object beside others.
pub(crate) struct Beside(pub(crate) Cursor<Vec<u8>>, pub(crate) Arc<dyn Others>);

impl Read for Beside {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl Contents for Beside {
    fn others(&self) -> Option<Arc<dyn Others>> {
        Some(Arc::clone(&self.1))
    }
}

/// Bursts of several interfaces, with rows among them that are read by themselves. Each is of the interface of its number,
/// and every fifth row of each is rejected.
pub(crate) fn rows() -> Vec<(usize, bool, String)> {
    let row = |number: usize| {
        let interface = number / 20 % 4;
        let is_rejected = number % 5 == 4;
        let action = if is_rejected { "REJECT" } else { "ACCEPT" };
        let blanks = if number.is_multiple_of(7) { "  " } else { " " };
        let address = if number.is_multiple_of(3) {
            "2001:db8::1"
        } else {
            "10.0.0.7"
        };
        let row = format!(
            "5 123456789012 eni-{interface}{blanks}{address} 10.0.1.{} {} 443 6 {number} 40 1539734400 1539734460 {action} OK \
             2 10.9.9.{}",
            number % 11,
            40_000 + number % 3,
            number % 4,
        );
        (interface, is_rejected, row)
    };
    (0..600).map(row).collect()
}

pub(crate) fn log<'r>(rows: impl IntoIterator<Item = &'r String>) -> String {
    let rows = rows.into_iter().map(String::as_str);
    let lines: Vec<&str> = [HEADER].into_iter().chain(rows).collect();
    lines.join("\n") + "\n"
}

fn digest(bytes: Vec<u8>, others: Option<&Arc<Have>>, edges: bool) -> (Digest, ObjectTally) {
    let source: Box<dyn Contents + Send> = match others {
        Some(others) => Box::new(Beside(Cursor::new(bytes), Arc::clone(others) as Arc<dyn Others>)),
        None => Box::new(Cursor::new(bytes)),
    };
    let object = Mutex::new(Some(("object".to_owned(), source)));
    let next = || -> Option<Source> { object.lock().unwrap().take() };
    let told = Mutex::new(ObjectTally::default());
    let options = FoldOptions {
        edges,
        ..FoldOptions::default()
    };
    let digest = fold_parallel(&options, None, 1, next, |_, tally| {
        *told.lock().unwrap() = tally.clone()
    });
    (digest.unwrap(), told.into_inner().unwrap())
}

fn text(digest: &Digest) -> String {
    let mut text = Vec::new();
    digest.write_text(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn records_that_other_flow_logs_have_do_not_count_and_are_told() {
    let rows = rows();
    let all = log(rows.iter().map(|(.., row)| row));
    for (names, of) in [(vec!["eni-1", "eni-2", "-"], vec![1, 2]), (vec![], vec![])] {
        let is_had = |interface: &usize, is_rejected: &bool| of.contains(interface) && !is_rejected;
        let kept = rows
            .iter()
            .filter(|(interface, is_rejected, _)| !is_had(interface, is_rejected));
        let kept: Vec<&String> = kept.map(|(.., row)| row).collect();
        for edges in [true, false] {
            let expected = text(&digest(log(kept.iter().copied()).into_bytes(), None, edges).0);
            for bytes in [all.clone().into_bytes(), parquet_copy(&all, 200).unwrap()] {
                let others = Arc::new(Have::these(names.clone()));
                let (found, tally) = digest(bytes, Some(&others), edges);
                assert!(text(&found) == expected, "edges: {edges}");
                assert_eq!(tally.records, kept.len() as u64);
                assert_eq!(tally.superseded, (rows.len() - kept.len()) as u64);
                assert_eq!(tally.rows, rows.len() as u64);
                // What others have is noted too: it overlaps all the same.
                let told = ["eni-0", "eni-1", "eni-2", "eni-3"];
                assert_eq!(
                    others.heard(),
                    told.map(|name| mention(name, 0, Some((both(), 0, 0))))
                );
            }
        }
    }
    // Both are noted where one stands amid the other in an object of regular rows alone.
    let rows = ["ACCEPT", "REJECT", "ACCEPT"].map(|action| {
        format!(
            "2 123456789012 eni-1 10.0.0.1 10.0.0.2 40000 443 6 1 40 1539734400 1539734460 {action} OK 2 -"
        )
    });
    let others = Arc::new(Have::these(Vec::new()));
    digest(log(&rows).into_bytes(), Some(&others), false);
    assert_eq!(others.heard(), [mention("eni-1", 0, Some((both(), 0, 0)))]);
    // What is not counted is not noted, though a row that is was read beside it.
    let rows = ["-", "1"].map(|bytes| {
        let action = if bytes == "-" { "ACCEPT" } else { "REJECT" };
        format!("2 123456789012 eni-1 10.0.0.1 10.0.0.2 40000 443 6 1 {bytes} 1539734400 1539734460 {action} OK 2 -")
    });
    let others = Arc::new(Have::these(Vec::new()));
    digest(log(&rows).into_bytes(), Some(&others), false);
    assert_eq!(
        others.heard(),
        [mention("eni-1", 0, Some((Actions::of(b"REJECT"), 0, 0)))]
    );
}

#[test]
fn rows_that_may_tell_of_a_flow_twice_are_counted_as_doubtful() {
    let log = |names: &str, rows: &[&str]| {
        let common = "version account-id srcaddr dstaddr srcport dstport protocol packets bytes start end";
        let values = "6 123456789012 10.0.0.1 10.0.0.2 40000 443 6 1 40 1539734400 1539734460";
        let rows: Vec<String> = rows.iter().map(|row| format!("{values} {row}\n")).collect();
        format!("{common} {names}\n{}", rows.concat())
    };
    let cases = [
        // Every record may be one: there is no pair to tell.
        (log("tgw-attachment-id", &["tgw-attach-1"; 5]), 5),
        (
            log(
                "tgw-attachment-id flow-direction",
                &["tgw-attach-1 egress", "tgw-attach-1 ingress"],
            ),
            2,
        ),
        // Those of an attachment that is its own pair: there is no direction to tell.
        (
            log(
                "tgw-attachment-id tgw-pair-attachment-id",
                &[
                    "tgw-attach-1 tgw-attach-2",
                    "tgw-attach-1 tgw-attach-1",
                    "- tgw-attach-2",
                ],
            ),
            2,
        ),
        (
            log(
                "tgw-attachment-id tgw-pair-attachment-id flow-direction",
                &[
                    "tgw-attach-1 tgw-attach-1 ingress",
                    "tgw-attach-1 tgw-attach-1 egress",
                ],
            ),
            0,
        ),
        // The same where a row leaves its direction open, and only there.
        (
            log(
                "tgw-attachment-id tgw-pair-attachment-id flow-direction",
                &[
                    "tgw-attach-1 tgw-attach-1 -",
                    "tgw-attach-1 tgw-attach-1 ingress",
                    "tgw-attach-1 tgw-attach-2 -",
                    "- tgw-attach-2 sideways",
                ],
            ),
            2,
        ),
        (
            log(
                "tgw-id flow-direction",
                &[
                    "tgw-1 ingress",
                    "tgw-1 egress",
                    "tgw-1 -",
                    "tgw-1 ingress",
                    "tgw-1 -",
                ],
            ),
            2,
        ),
        // Rows of another layout behind them are none.
        (
            log("tgw-attachment-id", &["tgw-attach-1"; 3]) + &log("interface-id", &["eni-1"; 4]),
            3,
        ),
    ];
    for (text, doubtful) in cases {
        let mut all = vec![text.clone().into_bytes()];
        if text.matches("version").count() == 1 {
            all.push(parquet_copy(&text, 100).unwrap());
        }
        for bytes in all {
            let (_, tally) = digest(bytes, None, true);
            assert_eq!(tally.doubtful_sightings, doubtful, "{text}");
            assert_eq!(tally.is_clean(), doubtful == 0);
        }
    }
}
