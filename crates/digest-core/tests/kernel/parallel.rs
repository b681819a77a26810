//! The driver of several threads: an error anywhere ends the work everywhere, and is told as it is.

use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use digest_core::{FoldError, FoldOptions, InOrder, Source, fold_parallel};

const ROW: &[u8] = b"2 1 eni-1 10.0.0.1 10.0.0.2 443 49152 6 1 40 1539734400 1539734401 ACCEPT OK\n";

/// Rows without end.
struct Endless(usize);

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = (&ROW[self.0..]).read(out)?;
        self.0 = (self.0 + read) % ROW.len();
        Ok(read)
    }
}

/// Hands out these sources once each.
fn queue(sources: Vec<Source>) -> impl Fn() -> Option<Source> + Sync {
    let queue = Mutex::new(sources.into_iter());
    move || queue.lock().unwrap().next()
}

#[test]
fn an_error_ends_endless_work() {
    let asked = AtomicUsize::new(0);
    let next = || -> Option<Source> {
        let at = asked.fetch_add(1, Ordering::Relaxed);
        let bytes: &[u8] = if at == 10 { b"bogus line\n" } else { ROW };
        Some((format!("object-{at}"), Box::new(bytes)))
    };
    let error = fold_parallel(&FoldOptions::default(), None, 3, next, |_, _| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        "object-10: line 1: 2 fields where the default format has 14"
    );
}

#[test]
fn an_error_ends_an_endless_object_in_another_thread() {
    let next = queue(vec![
        ("endless".to_owned(), Box::new(InOrder(Endless(0)))),
        ("bogus".to_owned(), Box::new(b"bogus line".as_slice())),
    ]);
    let error = fold_parallel(&FoldOptions::default(), None, 2, next, |_, _| {}).unwrap_err();
    assert!(
        matches!(&error, FoldError::BadRow { key, line: 1, .. } if key == "bogus"),
        "{error}"
    );
}

#[test]
fn each_object_is_heard_of_once() {
    let sources = (0..20).map(|at| -> Source { (format!("object-{at}"), Box::new(ROW)) });
    let heard = Mutex::new(Vec::new());
    let digest = fold_parallel(
        &FoldOptions::default(),
        None,
        4,
        queue(sources.collect()),
        |key, tally| {
            heard.lock().unwrap().push((key.to_owned(), tally.records));
        },
    )
    .unwrap();
    let mut heard = heard.into_inner().unwrap();
    heard.sort();
    let mut expected: Vec<_> = (0..20).map(|at| (format!("object-{at}"), 1)).collect();
    expected.sort();
    assert_eq!(heard, expected);
    let lines = digest.write_text(&mut io::sink()).unwrap().lines;
    assert_eq!((lines, digest.tally().objects), (1, 20));
}

#[test]
fn no_object_is_an_empty_digest() {
    let digest = fold_parallel(&FoldOptions::default(), None, 0, || None, |_, _| {}).unwrap();
    let lines = digest.write_text(&mut io::sink()).unwrap().lines;
    assert_eq!((lines, digest.span(), digest.tally().objects), (0, None, 0));
}
