//! A budget changes nothing but where edges wait: the same text, the same gzip bytes, the same histories.

use std::io::{self, Cursor, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use digest_core::oracle::Question;
use digest_core::{
    BadRows, Budget, Digest, FoldError, FoldOptions, Source, Spill, SpillWriter, SpilledRun, fold_parallel,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::answer::{Objects, hour, kernel, options, shape};
use crate::corpus::{any_log, sound_log};
use crate::others::{Beside, Have};

/// Keeps runs in memory; says how many there are.
#[derive(Debug, Default)]
struct Kept {
    runs: AtomicUsize,
    alive: Arc<AtomicUsize>,
    /// Writing fails after so many bytes.
    room: Option<usize>,
}

#[derive(Debug)]
struct Run {
    bytes: Arc<[u8]>,
    alive: Arc<AtomicUsize>,
}

struct Writer {
    bytes: Vec<u8>,
    room: usize,
    alive: Arc<AtomicUsize>,
}

impl Spill for Kept {
    fn create(&self) -> io::Result<Box<dyn SpillWriter>> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(Writer {
            bytes: Vec::new(),
            room: self.room.unwrap_or(usize::MAX),
            alive: Arc::clone(&self.alive),
        }))
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.room {
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                "/tmp/x: no space left",
            ));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SpillWriter for Writer {
    fn finish(self: Box<Self>) -> io::Result<Box<dyn SpilledRun>> {
        self.alive.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(Run {
            bytes: self.bytes.into(),
            alive: self.alive,
        }))
    }
}

impl SpilledRun for Run {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(Arc::clone(&self.bytes))))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

fn fold(
    options: &FoldOptions,
    budget: Option<Budget>,
    threads: usize,
    objects: &Objects,
) -> Result<Digest, FoldError> {
    let queue = Mutex::new(objects.clone());
    let next = || {
        let (key, bytes) = queue.lock().unwrap().pop()?;
        Some((
            key,
            Box::new(Cursor::new(bytes)) as Box<dyn digest_core::Contents + Send>,
        ))
    };
    fold_parallel(options, budget, threads, next, |_, _| {})
}

/// So many edges of so many interfaces, some of them IPv6, each in several objects.
fn many(edges: usize, interfaces: usize, objects: usize) -> Objects {
    (0..objects)
        .map(|object| {
            let mut text = Vec::new();
            for edge in 0..edges {
                let (high, low) = (edge / 250 % 250, edge % 250);
                let interface = edge % interfaces;
                let dst = if edge % 7 == 0 {
                    format!("2001:db8::{low:x}")
                } else {
                    "10.0.0.2".to_owned()
                };
                writeln!(
                    text,
                    "2 1 eni-{interface} 10.{high}.3.{low} {dst} 49152 443 6 {object} 40 1539734400 1539734460 ACCEPT OK"
                )
                .unwrap();
            }
            (format!("object-{object}"), text)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn any_budget_gives_the_same_digest(
        logs in vec(prop_oneof![any_log(), sound_log()], 0..6),
        bytes in prop_oneof![Just(0usize), 0usize..20_000],
        threads in 1usize..4,
    ) {
        let question = Question { window: Some(hour()), skip: true, max_row: 1000 };
        let objects: Objects = logs.iter().enumerate().map(|(at, log)| (format!("{at}"), log.text())).collect();
        let expected = kernel(&question, &objects).unwrap();
        let kept = Arc::new(Kept::default());
        let budget = Budget { bytes, spill: kept.clone() };
        let digest = fold(&options(&question), Some(budget), threads, &objects).unwrap();
        // An object that is refused in the end takes its runs along, and the digest may have none.
        let has_run = kept.runs.load(Ordering::Relaxed) > 0;
        prop_assert!(digest.is_spilled() == has_run || has_run && expected.counts.objects_refused > 0);
        prop_assert_eq!(shape(&digest, question.window), expected);
    }
}

#[test]
fn spilled_gzip_is_the_unspilled_gzip_byte_for_byte() {
    let objects = many(30_000, 40, 4);
    for edges in [true, false] {
        let options = FoldOptions {
            edges,
            ..FoldOptions::default()
        };
        let mut expected = Vec::new();
        let whole = fold(&options, None, 2, &objects).unwrap();
        let summary = whole.write_gzip(&mut expected).unwrap();
        assert!(!whole.is_spilled());
        for threads in [1, 3] {
            let kept = Arc::new(Kept::default());
            let budget = Budget {
                bytes: 1 << 18,
                spill: kept.clone(),
            };
            let digest = fold(&options, Some(budget), threads, &objects).unwrap();
            assert!(kept.runs.load(Ordering::Relaxed) > 2);
            let mut gzip = Vec::new();
            assert_eq!(digest.write_gzip(&mut gzip).unwrap(), summary);
            assert!(gzip == expected, "the gzip bytes differ");
            drop(digest);
            assert_eq!(
                kept.alive.load(Ordering::Relaxed),
                0,
                "runs are let go with the digest"
            );
        }
    }
}

#[test]
fn a_full_disk_ends_the_fold_with_its_reason_and_leaves_nothing() {
    let kept = Arc::new(Kept {
        room: Some(100_000),
        ..Kept::default()
    });
    let budget = Budget {
        bytes: 1 << 20,
        spill: kept.clone(),
    };
    let error = fold(&FoldOptions::default(), Some(budget), 2, &many(30_000, 10, 3)).unwrap_err();
    assert_eq!(error.to_string(), "temporary files failed: /tmp/x: no space left");
    assert!(error.is_retryable());
    assert_eq!(kept.alive.load(Ordering::Relaxed), 0);
}

#[test]
fn a_refused_object_takes_its_runs_along() {
    let mut objects = many(30_000, 10, 1);
    objects[0].1.extend_from_slice(b"version srcaddr\n");
    objects.extend(many(100, 10, 1));
    let options = FoldOptions {
        bad_rows: BadRows::Skip,
        ..FoldOptions::default()
    };
    let kept = Arc::new(Kept::default());
    let budget = Budget {
        bytes: 1 << 20,
        spill: kept.clone(),
    };
    let digest = fold(&options, Some(budget), 1, &objects).unwrap();
    assert!(kept.runs.load(Ordering::Relaxed) > 1);
    assert_eq!(digest.tally().objects_refused, 1);
    assert_eq!(digest.write_text(&mut io::sink()).unwrap().lines, 100);
    assert_eq!(kept.alive.load(Ordering::Relaxed), 0);
}

#[test]
fn an_object_whose_edges_leave_memory_amid_it_names_its_interfaces_all_the_same() {
    // Each interface has its rows at one place, so that the first ones are forgotten when the last are met.
    let mut text = Vec::new();
    for row in 0..60_000 {
        let (interface, peer) = (row / 300, row % 300);
        let action = if interface % 3 == 0 { "REJECT" } else { "ACCEPT" };
        writeln!(
            text,
            "2 1 eni-{interface} 10.0.{}.{} 10.9.0.2 49152 443 6 1 40 1539734400 1539734460 {action} OK",
            peer / 250,
            peer % 250,
        )
        .unwrap();
    }
    let named = |budget: Option<Budget>| {
        let others = Arc::new(Have::these(Vec::new()));
        let source: Source = (
            "object".to_owned(),
            Box::new(Beside(Cursor::new(text.clone()), others.clone())),
        );
        let object = Mutex::new(Some(source));
        fold_parallel(
            &FoldOptions::default(),
            budget,
            1,
            || object.lock().unwrap().take(),
            |_, _| {},
        )
        .unwrap();
        others.heard()
    };
    let kept = Arc::new(Kept::default());
    let budget = Budget {
        bytes: 1 << 20,
        spill: kept.clone(),
    };
    let (spilled, held) = (named(Some(budget)), named(None));
    assert!(kept.runs.load(Ordering::Relaxed) > 2);
    assert_eq!(held.len(), 200);
    assert_eq!(spilled, held);
}

#[test]
fn a_sum_that_passes_its_range_only_in_the_merge_is_told_with_its_edge() {
    let most = i64::MAX;
    let row = format!("2 1 eni-1 10.0.0.1 10.0.0.2 443 49152 6 1 {most} 1539734400 1539734401 ACCEPT OK\n");
    let objects: Objects = vec![
        ("one".to_owned(), row.clone().into()),
        ("two".to_owned(), row.into()),
    ];
    let budget = Budget {
        bytes: 0,
        spill: Arc::new(Kept::default()),
    };
    let digest = fold(&FoldOptions::default(), Some(budget), 1, &objects).unwrap();
    let error = digest.write_text(&mut io::sink()).unwrap_err();
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<FoldError>());
    assert!(inner.is_some_and(|inner| !inner.is_retryable()));
    assert_eq!(
        error.to_string(),
        "bytes pass the greatest value a digest can hold (1 eni-1 10.0.0.1 10.0.0.2 443 0 6 ACCEPT)"
    );
}
