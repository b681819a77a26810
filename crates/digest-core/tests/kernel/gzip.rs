//! What is written is one gzip member, measured rightly, and the same bytes every time.

use std::fmt::Write as _;
use std::io::Read;

use digest_core::{Digest, Fold, FoldOptions};
use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};

fn digest(edges: usize) -> Digest {
    let mut log = String::new();
    for edge in 0..edges {
        let (high, low) = (edge / 250, edge % 250);
        writeln!(
            log,
            "2 1 eni-1 10.0.{high}.{low} 10.0.0.2 49152 443 6 1 40 1539734400 1539734401 ACCEPT OK"
        )
        .unwrap();
    }
    let mut fold = Fold::new(&FoldOptions::default());
    fold.read_object("log", &mut log.as_bytes()).unwrap();
    fold.finish().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

#[test]
fn a_reader_that_stops_after_one_member_gets_the_whole_digest() {
    // Long enough for several of the blocks that text is written in.
    let digest = digest(20_000);
    let (mut text, mut gzip) = (Vec::new(), Vec::new());
    let text_summary = digest.write_text(&mut text).unwrap();
    let summary = digest.write_gzip(&mut gzip).unwrap();
    let mut read = Vec::new();
    let mut rest = gzip.as_slice();
    GzDecoder::new(&mut rest).read_to_end(&mut read).unwrap();
    assert!(read == text && text.len() > 1 << 20);
    assert_eq!(summary.text, text_summary);
    assert_eq!(
        (summary.bytes, text_summary.bytes),
        (gzip.len() as u64, text.len() as u64)
    );
    assert_eq!((summary.sha256, text_summary.sha256), (hex(&gzip), hex(&text)));
    assert_eq!(text_summary.lines, 20_000);
    let mut unhashed = (Vec::new(), Vec::new());
    assert_eq!(digest.write_text_unhashed(&mut unhashed.0).unwrap(), 20_000);
    assert_eq!(digest.write_gzip_unhashed(&mut unhashed.1).unwrap(), 20_000);
    assert!(unhashed == (text, gzip));
}

#[test]
fn the_header_names_no_time_no_file_and_no_system() {
    let mut gzip = Vec::new();
    digest(1).write_gzip(&mut gzip).unwrap();
    let (flags, time, system) = (gzip[3], &gzip[4..8], gzip[9]);
    assert_eq!((flags, time, system), (0, [0; 4].as_slice(), 255));
    let mut again = Vec::new();
    digest(1).write_gzip(&mut again).unwrap();
    assert_eq!(gzip, again);
}

#[test]
fn a_digest_without_edges_is_an_empty_text_in_a_whole_member() {
    let (mut text, mut gzip) = (Vec::new(), Vec::new());
    let digest = digest(0);
    assert_eq!(digest.write_text(&mut text).unwrap().lines, 0);
    digest.write_gzip(&mut gzip).unwrap();
    let mut read = Vec::new();
    GzDecoder::new(gzip.as_slice()).read_to_end(&mut read).unwrap();
    assert_eq!((text, read, digest.span()), (vec![], vec![], None));
}
