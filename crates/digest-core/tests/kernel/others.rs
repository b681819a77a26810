//! Records that another flow log has do not count; interfaces are noted with their actions; a transit gateway's records
//! that may count twice are told.

use std::io::{self, Cursor, Read};
use std::sync::{Arc, Mutex};

use digest_core::{
    Actions, Contents, Digest, FoldOptions, ObjectTally, Others, Source, fold_parallel, parquet_copy,
};

const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
                      action log-status tcp-flags pkt-srcaddr";

/// Others that have these interfaces with what is accepted.
pub(crate) struct Have(pub(crate) Vec<&'static str>);

impl Others for Have {
    fn may_have(&self) -> bool {
        !self.0.is_empty()
    }

    fn have(&self, interface: &[u8], actions: Actions) -> bool {
        actions.meet(Actions::of(b"ACCEPT")) && self.0.iter().any(|name| name.as_bytes() == interface)
    }
}

/// Others that have nothing; the object is of this place.
struct Nobody(u32);

impl Others for Nobody {
    fn have(&self, _: &[u8], _: Actions) -> bool {
        false
    }

    fn place(&self) -> Option<u32> {
        Some(self.0)
    }
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
fn rows() -> Vec<(usize, bool, String)> {
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

fn log<'r>(rows: impl IntoIterator<Item = &'r String>) -> String {
    let rows = rows.into_iter().map(String::as_str);
    let lines: Vec<&str> = [HEADER].into_iter().chain(rows).collect();
    lines.join("\n") + "\n"
}

fn digest(bytes: Vec<u8>, others: Option<Have>, edges: bool) -> (Digest, ObjectTally) {
    let source: Box<dyn Contents + Send> = match others {
        Some(others) => Box::new(Beside(Cursor::new(bytes), Arc::new(others))),
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
    let both = Actions::of(b"ACCEPT").with(Actions::of(b"REJECT"));
    for (names, of) in [(vec!["eni-1", "eni-2", "-"], vec![1, 2]), (vec![], vec![])] {
        let is_had = |interface: &usize, is_rejected: &bool| of.contains(interface) && !is_rejected;
        let kept = rows
            .iter()
            .filter(|(interface, is_rejected, _)| !is_had(interface, is_rejected));
        let kept: Vec<&String> = kept.map(|(.., row)| row).collect();
        for edges in [true, false] {
            let expected = text(&digest(log(kept.iter().copied()).into_bytes(), None, edges).0);
            for bytes in [all.clone().into_bytes(), parquet_copy(&all, 200).unwrap()] {
                let (found, tally) = digest(bytes, Some(Have(names.clone())), edges);
                assert!(text(&found) == expected, "edges: {edges}");
                assert_eq!(tally.records, kept.len() as u64);
                assert_eq!(tally.superseded, (rows.len() - kept.len()) as u64);
                assert_eq!(tally.rows, rows.len() as u64);
                // What others have is noted too: it overlaps all the same.
                let mut noted = tally.interfaces.clone();
                noted.sort();
                noted.dedup();
                let expected =
                    ["eni-0", "eni-1", "eni-2", "eni-3"].map(|name| (Arc::from(name.as_bytes()), both));
                assert_eq!(noted, expected);
            }
        }
    }
    // Both are noted where one stands amid the other in an object of regular rows alone.
    let rows = ["ACCEPT", "REJECT", "ACCEPT"].map(|action| {
        format!(
            "2 123456789012 eni-1 10.0.0.1 10.0.0.2 40000 443 6 1 40 1539734400 1539734460 {action} OK 2 -"
        )
    });
    let tally = digest(log(&rows).into_bytes(), Some(Have(Vec::new())), false).1;
    assert_eq!(tally.interfaces, [(Arc::from(b"eni-1".as_slice()), both)]);
    // What is not counted is not noted, though a row that is was read beside it.
    let rows = ["-", "1"].map(|bytes| {
        let action = if bytes == "-" { "ACCEPT" } else { "REJECT" };
        format!("2 123456789012 eni-1 10.0.0.1 10.0.0.2 40000 443 6 1 {bytes} 1539734400 1539734460 {action} OK 2 -")
    });
    let tally = digest(log(&rows).into_bytes(), Some(Have(Vec::new())), false).1;
    let rejected = Actions::of(b"REJECT");
    assert_eq!(tally.interfaces, [(Arc::from(b"eni-1".as_slice()), rejected)]);
    assert!(
        digest(all.into_bytes(), None, true).1.interfaces.is_empty(),
        "nobody asked"
    );
}

#[test]
fn an_interface_is_told_once_for_each_place_whose_objects_name_it() {
    let rows = rows();
    let of = |names: &[usize]| {
        let named = rows.iter().filter(|(interface, ..)| names.contains(interface));
        log(named.map(|(.., row)| row))
    };
    let cases = [
        (1, of(&[0, 1]), vec!["eni-0", "eni-1"]),
        (1, of(&[1, 2]), vec!["eni-2"]),
        (2, of(&[1, 3]), vec!["eni-1", "eni-3"]),
        // Back in a place the thread may tell again what it has told, and need not tell what it met last there.
        (1, of(&[2]), vec![]),
    ];
    for as_parquet in [false, true] {
        let objects = cases.iter().enumerate().map(|(at, (place, text, _))| {
            let bytes = if as_parquet {
                parquet_copy(text, 50).unwrap()
            } else {
                text.clone().into_bytes()
            };
            let source = Beside(Cursor::new(bytes), Arc::new(Nobody(*place)));
            (at.to_string(), Box::new(source) as Box<dyn Contents + Send>)
        });
        let objects = Mutex::new(objects.collect::<Vec<Source>>().into_iter());
        let told = Mutex::new(Vec::new());
        fold_parallel(
            &FoldOptions::default(),
            None,
            1,
            || objects.lock().unwrap().next(),
            |key, tally| {
                let names = tally.interfaces.iter();
                let mut names: Vec<String> = names
                    .map(|(name, _)| String::from_utf8(name.to_vec()).unwrap())
                    .collect();
                names.sort();
                told.lock().unwrap().push((key.to_owned(), names));
            },
        )
        .unwrap();
        for ((key, names), (.., expected)) in told.into_inner().unwrap().iter().zip(&cases) {
            assert_eq!(names, expected, "object {key}, Parquet: {as_parquet}");
        }
    }
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
