//! Order of objects, splits, threads, merging of parts, compression and read sizes change nothing.

use std::io::Write;
use std::sync::Mutex;

use digest_core::oracle::{Answer, Question};
use digest_core::{Fold, ObjectTally, fold_parallel};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::answer::{Objects, hour, kernel, kernel_in_pieces, options, shape};
use crate::corpus::{Log, any_log, delivery, sound_log};

const QUESTION: fn(bool) -> Question = |skip| Question {
    window: Some(hour()),
    skip,
    max_row: 1000,
};

fn objects(logs: &[Log]) -> Objects {
    logs.iter()
        .enumerate()
        .map(|(at, log)| (format!("object-{at}"), log.text()))
        .collect()
}

/// What must not change: all but how many objects and headers there were, and in how many objects a column was.
fn essence(mut answer: Answer) -> Answer {
    answer.counts.objects = 0;
    answer.counts.headers = 0;
    answer
        .unknown_columns
        .values_mut()
        .for_each(|objects| *objects = 0);
    answer
}

fn gzip(text: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn order_of_objects(logs in vec(any_log(), 0..5), turn: Index) {
        let mut objects = objects(&logs);
        let expected = kernel(&QUESTION(true), &objects).unwrap();
        if !objects.is_empty() {
            let turn = turn.index(objects.len());
            objects.rotate_left(turn);
        }
        prop_assert_eq!(&kernel(&QUESTION(true), &objects).unwrap(), &expected);
        objects.reverse();
        prop_assert_eq!(kernel(&QUESTION(true), &objects).unwrap(), expected);
    }

    #[test]
    fn splits_of_an_object(log in sound_log(), cuts in vec(any::<Index>(), 0..4)) {
        let whole = kernel(&QUESTION(false), &objects(std::slice::from_ref(&log))).unwrap();
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(log.lines.len() + 1)).collect();
        at.extend([0, log.lines.len()]);
        at.sort_unstable();
        let parts: Objects = at
            .windows(2)
            .map(|pair| ("part".to_owned(), log.text_of(&log.lines[pair[0]..pair[1]])))
            .collect();
        prop_assert_eq!(essence(kernel(&QUESTION(false), &parts).unwrap()), essence(whole));
    }

    #[test]
    fn number_of_threads(logs in vec(any_log(), 0..8), threads in 1usize..5) {
        let objects = objects(&logs);
        let expected = kernel(&QUESTION(true), &objects).unwrap();
        let queue = Mutex::new(objects);
        let next = || {
            let (key, bytes) = queue.lock().unwrap().pop()?;
            Some((key, Box::new(std::io::Cursor::new(bytes)) as Box<dyn digest_core::Contents + Send>))
        };
        let heard = Mutex::new(ObjectTally::none_of(QUESTION(true).window.as_ref()));
        let on_object = |_: &str, tally: &ObjectTally| heard.lock().unwrap().merge(tally);
        let digest = fold_parallel(&options(&QUESTION(true)), None, threads, next, on_object).unwrap();
        prop_assert_eq!(shape(&digest, QUESTION(true).window), expected);
        // The faults in words, too, are the same whatever the threads.
        prop_assert_eq!(digest.tally(), &*heard.lock().unwrap());
    }

    #[test]
    fn merging_of_parts(logs in vec(any_log(), 0..6), owner in vec(0usize..3, 6)) {
        let objects = objects(&logs);
        let options = options(&QUESTION(true));
        let expected = kernel(&QUESTION(true), &objects).unwrap();
        let mut folds = [Fold::new(&options), Fold::new(&options), Fold::new(&options)];
        for ((key, bytes), owner) in objects.iter().zip(owner) {
            folds[owner].read_object(key, &mut bytes.as_slice()).unwrap();
        }
        let [mut first, mut second, third] = folds;
        second.merge(third).unwrap();
        first.merge(second).unwrap();
        prop_assert_eq!(shape(&first.finish().unwrap(), QUESTION(true).window), expected);
    }

    #[test]
    fn compression_and_read_sizes(
        log in sound_log(),
        cuts in vec(any::<Index>(), 0..4),
        level in 0u32..10,
        delivery in delivery(),
        piece in prop_oneof![1usize..8, Just(64), Just(100_000)],
    ) {
        let text = log.text();
        let plain = vec![("object".to_owned(), text.clone())];
        let expected = kernel(&QUESTION(false), &plain).unwrap();
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        at.extend([0, text.len()]);
        at.sort_unstable();
        let members: Vec<u8> = at.windows(2).flat_map(|pair| gzip(&text[pair[0]..pair[1]], level)).collect();
        let gzip = vec![("object".to_owned(), members)];
        prop_assert_eq!(&kernel_in_pieces(&QUESTION(false), &plain, piece).unwrap(), &expected);
        prop_assert_eq!(&kernel_in_pieces(&QUESTION(false), &gzip, piece).unwrap(), &expected);
        let frames = |part: &[u8]| zstd::encode_all(part, level as i32).unwrap();
        let frames: Vec<u8> = at.windows(2).flat_map(|pair| frames(&text[pair[0]..pair[1]])).collect();
        let zstd = vec![("object".to_owned(), frames)];
        prop_assert_eq!(&kernel_in_pieces(&QUESTION(false), &zstd, piece).unwrap(), &expected);
        let delivered = vec![("object".to_owned(), self::gzip(&delivery.of(text), level))];
        prop_assert_eq!(&kernel_in_pieces(&QUESTION(false), &delivered, piece).unwrap(), &expected);
    }
}

#[test]
fn the_edges_own_measures_can_be_left_out_without_a_trace_in_the_text() {
    let row = b"2 1 eni-1 10.0.0.1 10.0.0.2 443 49152 6 1 40 1539734400 1539734401 ACCEPT OK\n";
    let text = |edges: bool| {
        let mut options = options(&QUESTION(false));
        options.edges = edges;
        let mut fold = Fold::new(&options);
        fold.read_object("object", &mut row.as_slice()).unwrap();
        let mut other = Fold::new(&options);
        other.read_object("object", &mut row.as_slice()).unwrap();
        fold.merge(other).unwrap();
        let digest = fold.finish().unwrap();
        digest
            .for_each_edge(|edge| {
                assert_eq!(edge.history.is_some(), edges);
                Ok(())
            })
            .unwrap();
        let mut text = Vec::new();
        digest.write_text(&mut text).unwrap();
        text
    };
    assert_eq!(text(true), text(false));
}
