//! Whatever the bytes, the kernel and the naive oracle say the same.

use std::io::Write;

use digest_core::oracle::{self, Question, Refusal};
use digest_core::{Fold, FoldOptions, Layout};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::answer::{Objects, ends_of_ports, hour, kernel, kernel_in_pieces, options, shape};
use crate::corpus::{Delivery, Log, any_log, delivery, sound_log};

/// How an object is stored.
#[derive(Debug, Clone)]
enum Stored {
    Plain,
    Gzip,
    Zstd,
    Cut(Index),
    Flipped(Index),
}

fn stored() -> impl Strategy<Value = Stored> {
    prop_oneof![
        6 => Just(Stored::Plain),
        6 => Just(Stored::Gzip),
        2 => Just(Stored::Zstd),
        1 => any::<Index>().prop_map(Stored::Cut),
        1 => any::<Index>().prop_map(Stored::Flipped),
    ]
}

fn bytes(log: &Log, stored: &Stored, delivery: Delivery) -> Vec<u8> {
    let text = delivery.of(log.text());
    match stored {
        Stored::Plain => return text,
        Stored::Zstd => return zstd::encode_all(text.as_slice(), 1).unwrap(),
        _ => {}
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&text).unwrap();
    let mut gzip = encoder.finish().unwrap();
    match stored {
        Stored::Cut(at) => gzip.truncate(2 + at.index(gzip.len() - 2)),
        Stored::Flipped(at) => {
            let at = 10 + at.index(gzip.len() - 10);
            gzip[at] ^= 0x10;
        }
        Stored::Plain | Stored::Zstd | Stored::Gzip => {}
    }
    gzip
}

fn objects(logs: &[(Log, Stored, Delivery)]) -> Objects {
    logs.iter()
        .enumerate()
        .map(|(at, (log, stored, delivery))| (format!("object-{at}"), bytes(log, stored, *delivery)))
        .collect()
}

fn question(windowed: bool, skip: bool, max_row: usize) -> Question {
    Question {
        window: windowed.then(hour),
        skip,
        max_row,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn on_sound_logs(logs in vec((sound_log(), Just(Stored::Gzip), delivery()), 0..4), windowed: bool) {
        let (question, objects) = (question(windowed, false, 1000), objects(&logs));
        let expected = oracle::digest(&question, &objects).map(ends_of_ports);
        prop_assert!(expected.is_ok());
        prop_assert_eq!(kernel(&question, &objects), expected);
    }

    #[test]
    fn on_logs_of_any_kind(
        logs in vec((any_log(), stored(), delivery()), 0..4),
        windowed: bool,
        skip: bool,
        max_row in prop_oneof![Just(1000usize), 40usize..160],
        piece in prop_oneof![Just(usize::MAX), 1usize..200],
    ) {
        let (question, objects) = (question(windowed, skip, max_row), objects(&logs));
        let expected = oracle::digest(&question, &objects).map(ends_of_ports);
        match (kernel_in_pieces(&question, &objects, piece), expected) {
            // The kernel meets a bad row on its way to where the stream is broken; the oracle inflates first.
            (Err(Refusal::BadRow(at, _) | Refusal::NotFlowLog(at, _)), Err(Refusal::Corrupt(expected))) => {
                prop_assert_eq!(at, expected);
            }
            (found, expected) => prop_assert_eq!(found, expected),
        }
    }

    #[test]
    fn on_logs_whose_format_is_told(log in sound_log(), delivery in delivery(), windowed: bool) {
        let question = question(windowed, true, 1000);
        let objects: Objects = vec![("told".to_owned(), delivery.of(log.lines.join("\n").into_bytes()))];
        let shown: Vec<String> = log.format.columns.iter().map(|name| format!("${{{name}}}")).collect();
        let told = FoldOptions {
            layout: Layout::of_format(&shown.join(" ")).unwrap(),
            ..options(&question)
        };
        let mut fold = Fold::new(&told);
        fold.read_object("told", &mut objects[0].1.as_slice()).unwrap();
        let expected = oracle::digest_of_format(&question, &log.format.columns.join(" "), &objects);
        prop_assert_eq!(
            shape(&fold.finish().unwrap(), question.window),
            ends_of_ports(expected.unwrap())
        );
    }

    #[test]
    fn on_noise(noise in vec(vec(any::<u8>(), 0..200), 0..4), skip: bool) {
        let objects: Objects = noise.into_iter().map(|bytes| ("noise".to_owned(), bytes)).collect();
        let question = question(false, skip, 100);
        prop_assert_eq!(kernel(&question, &objects), oracle::digest(&question, &objects));
    }
}

#[test]
fn the_logs_tried_hold_what_they_should() {
    // A generator that never makes a kind of row would prove nothing about it.
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut sum = oracle::Counts::default();
    for _ in 0..300 {
        let log = any_log().new_tree(&mut runner).unwrap().current();
        let question = question(true, true, 1000);
        let counts = oracle::digest(&question, &[("log".to_owned(), log.text())])
            .unwrap()
            .counts;
        sum.objects += counts.objects;
        sum.objects_refused += counts.objects_refused;
        sum.headers += counts.headers;
        sum.records += counts.records;
        sum.outside_window += counts.outside_window;
        sum.second_sightings += counts.second_sightings;
        sum.no_data += counts.no_data;
        sum.skip_data += counts.skip_data;
        sum.other_status += counts.other_status;
        sum.unusable += counts.unusable;
        sum.bad_rows += counts.bad_rows;
    }
    let least = [
        sum.objects,
        sum.objects_refused,
        sum.headers,
        sum.records,
        sum.outside_window,
        sum.second_sightings,
        sum.no_data,
        sum.skip_data,
        sum.other_status,
        sum.unusable,
        sum.bad_rows,
    ];
    assert!(least.iter().all(|&count| count >= 30), "{sum:?}");
}
