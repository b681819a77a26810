//! Records that another flow log has do not count; interfaces are noted with their actions; a transit gateway's records
//! that may count twice are told.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::sync::{Arc, Mutex};

use digest_core::{
    Actions, BadRows, Contents, Digest, FoldOptions, Mention, ObjectTally, Others, Place, Source,
    fold_parallel, parquet_copy,
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

    fn at(
        names: Vec<&'static str>,
        (number, time, at_once): (u32, u32, bool),
        heard: &Arc<Mutex<Vec<Mention>>>,
    ) -> Self {
        let place = Place {
            number,
            time,
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

fn together(mentions: &[Mention]) -> Vec<Mention> {
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

fn mention(interface: &str, place: u32, records: Option<(Actions, u32, u32)>) -> Mention {
    Mention {
        interface: Arc::from(interface.as_bytes()),
        place,
        records,
    }
}

fn both() -> Actions {
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

/// The rows of these interfaces; a row without data of one more.
fn log_of(interfaces: &[usize], silent: Option<&str>) -> String {
    let rows = rows();
    let named = rows
        .iter()
        .filter(|(interface, ..)| interfaces.contains(interface));
    let text = log(named.map(|(.., row)| row));
    let silent = silent
        .map(|name| format!("2 123456789012 {name} - - - - - - - 1539734400 1539734460 - NODATA - -\n"));
    text + &silent.unwrap_or_default()
}

/// Objects, and what each was given to be beside.
fn told(
    objects: &[(Place, String)],
    options: &FoldOptions,
    threads: usize,
    as_parquet: bool,
    mut on_object: impl FnMut(usize, &[Mention]) + Send,
) -> Vec<Mention> {
    let heard = Arc::default();
    let sources = objects.iter().enumerate().map(|(at, (place, text))| {
        let bytes = if as_parquet {
            parquet_copy(text, 50).unwrap()
        } else {
            text.clone().into_bytes()
        };
        let others = Have::at(Vec::new(), (place.number, place.time, place.at_once), &heard);
        let source = Beside(Cursor::new(bytes), Arc::new(others));
        (at.to_string(), Box::new(source) as Box<dyn Contents + Send>)
    });
    let sources = Mutex::new(sources.collect::<Vec<Source>>().into_iter());
    let on_object = Mutex::new(&mut on_object);
    fold_parallel(
        options,
        None,
        threads,
        || sources.lock().unwrap().next(),
        |key, _| on_object.lock().unwrap()(key.parse().unwrap(), &heard.lock().unwrap()),
    )
    .unwrap();
    let heard = heard.lock().unwrap();
    heard.clone()
}

fn place(number: u32, time: u32, at_once: bool) -> Place {
    Place {
        number,
        time,
        at_once,
    }
}

#[test]
fn what_objects_of_a_place_mention_is_told_once_and_with_the_times_of_all() {
    let with_edges = FoldOptions {
        edges: true,
        ..FoldOptions::default()
    };
    let objects = [
        (place(1, 5, false), log_of(&[0, 1], Some("eni-9"))),
        (place(1, 2, false), log_of(&[1, 2], None)),
        (place(1, 7, false), log_of(&[2], Some("eni-0"))),
        (place(1, 3, false), log_of(&[2, 1], Some("eni-9"))),
    ];
    let expected = [
        mention("eni-0", 1, Some((both(), 5, 5))),
        mention("eni-1", 1, Some((both(), 2, 5))),
        mention("eni-2", 1, Some((both(), 2, 7))),
        mention("eni-9", 1, None),
    ];
    for as_parquet in [false, true] {
        let mut once = told(&objects, &with_edges, 1, as_parquet, |_, heard| {
            assert!(heard.is_empty());
        });
        once.sort();
        assert_eq!(once, expected, "Parquet: {as_parquet}");
        let by_two = told(&objects, &with_edges, 2, as_parquet, |_, _| {});
        assert_eq!(together(&by_two), expected);
    }
}

#[test]
fn an_interface_that_several_places_mention_is_told_of_each() {
    let objects = [
        (place(1, 0, false), log_of(&[0, 1], None)),
        (place(2, 4, false), log_of(&[1], None)),
        (place(1, 9, false), log_of(&[1, 3], None)),
        (place(3, 1, false), log_of(&[3], None)),
    ];
    let expected = [
        mention("eni-0", 1, Some((both(), 0, 0))),
        mention("eni-1", 1, Some((both(), 0, 9))),
        mention("eni-1", 2, Some((both(), 4, 4))),
        mention("eni-3", 1, Some((both(), 9, 9))),
        mention("eni-3", 3, Some((both(), 1, 1))),
    ];
    for threads in [1, 2] {
        let heard = told(&objects, &FoldOptions::default(), threads, false, |_, _| {});
        assert_eq!(together(&heard), expected);
    }
}

#[test]
fn where_it_is_asked_for_an_object_is_told_of_before_the_next() {
    let objects = [
        (place(1, 0, true), log_of(&[0, 1], None)),
        (place(1, 1, true), log_of(&[1], None)),
        (place(2, 1, true), log_of(&[3], None)),
    ];
    let counts = [2, 3, 4];
    for as_parquet in [false, true] {
        let heard = told(
            &objects,
            &FoldOptions::default(),
            1,
            as_parquet,
            |object, heard| assert_eq!(heard.len(), counts[object], "object {object}"),
        );
        assert_eq!(
            together(&heard),
            [
                mention("eni-0", 1, Some((both(), 0, 0))),
                mention("eni-1", 1, Some((both(), 0, 1))),
                mention("eni-3", 2, Some((both(), 1, 1)))
            ]
        );
    }
}

#[test]
fn an_object_that_is_left_out_mentions_nothing() {
    let skip = FoldOptions {
        bad_rows: BadRows::Skip,
        ..FoldOptions::default()
    };
    for at_once in [false, true] {
        // No layout is known of the rows of the second.
        let objects = [
            (place(1, 0, at_once), log_of(&[0], None)),
            (
                place(1, 1, at_once),
                log_of(&[1], None) + "version account-id interface-id\n",
            ),
        ];
        let heard = told(&objects, &skip, 1, false, |_, _| {});
        assert_eq!(heard, [mention("eni-0", 1, Some((both(), 0, 0)))]);
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
