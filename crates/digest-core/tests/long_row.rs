//! A row of any length is never held: in a process of its own, whose memory no other test takes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

use std::io::Read;

use digest_core::{BadRows, Fold, FoldOptions};

const ROW: &str = "2 1 eni-1 10.0.0.1 10.0.0.2 443 49152 6 1 40 1539734400 1539734401 ACCEPT OK\n";

/// A text of `before`, then one byte repeated, then `after`; it counts what was asked of it.
struct LongRow {
    before: &'static [u8],
    filler: u64,
    after: &'static [u8],
    given: u64,
}

impl Read for LongRow {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = if !self.before.is_empty() {
            self.before.read(out)?
        } else if self.filler > 0 {
            let read = out.len().min(usize::try_from(self.filler).unwrap());
            out[..read].fill(b'x');
            self.filler -= read as u64;
            read
        } else {
            self.after.read(out)?
        };
        self.given += read as u64;
        Ok(read)
    }
}

fn gigabyte() -> LongRow {
    LongRow {
        before: ROW.as_bytes(),
        filler: 1 << 30,
        after: b"\n2 1 eni-1 10.0.0.1 10.0.0.2 443 49152 6 1 40 1539734400 1539734401 ACCEPT OK\n",
        given: 0,
    }
}

#[test]
fn a_row_of_a_gigabyte_is_refused_as_soon_as_it_passes_the_bound() {
    let mut source = gigabyte();
    let error = Fold::new(&FoldOptions::default())
        .read_object("long", &mut source)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "long: line 2: the row is longer than 65536 bytes (DIGEST_MAX_ROW)"
    );
    assert!(source.given < 1 << 20, "{} bytes were read", source.given);
}

#[test]
fn a_row_of_a_gigabyte_is_skipped_in_bounded_memory_where_bad_rows_are_skipped() {
    let options = FoldOptions {
        bad_rows: BadRows::Skip,
        ..FoldOptions::default()
    };
    let mut fold = Fold::new(&options);
    let before = resident();
    let tally = fold.read_object("long", &mut gigabyte()).unwrap();
    assert!(resident() < before + (64 << 20), "the row was held in memory");
    assert_eq!((tally.records, tally.bad_rows, tally.rows), (2, 1, 3));
    assert_eq!(tally.faults[0].line, 2);
}

/// Resident bytes of this process, where the system tells; otherwise 0.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|statm| statm.split(' ').nth(1)?.parse::<u64>().ok());
    pages.unwrap_or_default() * 4096
}
