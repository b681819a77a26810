//! What is told of an object without its rows: how it is packed, its columns, its format, and the ranges it takes.

use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};

use digest_core::{
    Beginning, Container, Delivery, FoldOptions, Source, beginning, first_layout, fold_parallel, parquet_copy,
};
use flate2::write::GzEncoder;

use crate::answer::hour;
use crate::ranged::{Asked, Ranged};

const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
                      action log-status tcp-flags pkt-srcaddr";

fn log(records: u32) -> String {
    let mut text = format!("{HEADER}\n");
    for at in 0..records {
        let start = 1_539_734_400 + at;
        text.push_str(&format!(
            "2 123456789012 eni-1 10.0.0.{} 10.0.0.2 4{at} 443 6 1 {at} {start} {start} ACCEPT OK 2 10.0.0.1\n",
            at % 9,
        ));
    }
    text
}

fn look(mut bytes: &[u8]) -> Beginning {
    beginning(&FoldOptions::default(), "object", &mut bytes).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

#[test]
fn an_object_is_told_by_its_bytes_whatever_its_rows_came_in() {
    let text = log(3);
    let skipped = [
        b"\x53\x2a\x4d\x18\x03\0\0\0abc".as_slice(),
        &zstd(text.as_bytes()),
    ]
    .concat();
    let lines = text.lines();
    let export: String = lines
        .map(|row| format!("2018-10-17T00:00:00.000Z {row}\n"))
        .collect();
    let json: String = text
        .lines()
        .map(|row| format!("{{\"message\": \"{row}\"}}"))
        .collect();
    let table = parquet_copy(&text, 10).unwrap();
    let (export, json) = (export.as_bytes(), json.as_bytes());
    for (bytes, container, delivery) in [
        (text.clone().into_bytes(), Container::Plain, None),
        (gzip(text.as_bytes()), Container::Gzip, None),
        (zstd(text.as_bytes()), Container::Zstd, None),
        (skipped, Container::Zstd, None),
        (export.to_vec(), Container::Plain, Some(Delivery::Export)),
        (gzip(export), Container::Gzip, Some(Delivery::Export)),
        (json.to_vec(), Container::Plain, Some(Delivery::Documents)),
        (zstd(json), Container::Zstd, Some(Delivery::Documents)),
        (table, Container::Parquet, None),
    ] {
        let found = look(&bytes);
        assert_eq!((found.container, found.delivery), (container, delivery));
        let columns = found.columns.unwrap().join(" ").replace('_', "-");
        assert_eq!(columns, HEADER);
        assert_eq!(found.layout.unwrap().novelty(), (3, 16));
    }
}

#[test]
fn what_cannot_be_read_is_told_as_far_as_it_can() {
    let bare = look(b"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 1 1539734400 1539734460 ACCEPT OK\n");
    assert!(bare.columns.is_none() && bare.layout.is_ok());
    let cut = look(b"\x1f\x8bnothing");
    assert_eq!((cut.container, cut.columns), (Container::Gzip, None));
    assert!(cut.layout.is_err());
    let short = look(b"srcaddr dstaddr\n");
    assert_eq!(short.columns.unwrap(), ["srcaddr", "dstaddr"]);
    assert!(short.layout.is_err());
    let no_table = look(b"PAR1 and no more");
    assert_eq!((no_table.container, no_table.columns), (Container::Parquet, None));
    assert!(no_table.layout.is_err());
}

#[test]
fn a_table_takes_the_ranges_that_were_foretold() {
    // Of its groups of a thousand records, the last two begin after the hour.
    let table = parquet_copy(&log(5600), 1000).unwrap();
    for (window, edges) in [(None, true), (None, false), (Some(hour()), true)] {
        let options = FoldOptions {
            window,
            edges,
            ..FoldOptions::default()
        };
        let ranged = |asked: &Arc<Asked>| Ranged {
            table: Cursor::new(table.clone()),
            asked: Arc::clone(asked),
        };
        let mut looked = ranged(&Arc::default());
        let foretold = beginning(&options, "object", &mut looked).unwrap().ranges;
        let asked = Arc::<Asked>::default();
        let source: Source = ("object".to_owned(), Box::new(ranged(&asked)));
        let source = Mutex::new(vec![source]);
        fold_parallel(&options, None, 1, || source.lock().unwrap().pop(), |_, _| {}).unwrap();
        assert_eq!(foretold, Some((asked.ranges(), asked.bytes())));
        // Footer, and some of sixteen columns.
        let groups = if window.is_some() { 4 } else { 6 };
        let columns = if edges { 16 } else { 15 };
        assert_eq!(asked.ranges(), 2 + groups * columns, "{window:?} {edges}");
    }
}

#[test]
fn a_format_can_be_had_without_its_rows() {
    let look = |bytes: &[u8]| {
        let mut bytes = bytes;
        first_layout(&FoldOptions::default(), "object", &mut bytes).map(|layout| layout.novelty())
    };
    let text = log(3);
    assert_eq!(look(text.as_bytes()).unwrap(), (3, 16));
    assert_eq!(look(&parquet_copy(&text, 10).unwrap()).unwrap(), (3, 16));
    assert_eq!(
        look(b"\n\n2 1 eni-1 no header").unwrap(),
        (2, 14),
        "the default format"
    );
    assert_eq!(look(b"").unwrap(), (2, 14));
    let newer = "srcaddr dstaddr protocol packets bytes start reject-reason x-new";
    assert_eq!(look(newer.as_bytes()).unwrap(), (8, 7));
    assert!(look(b"srcaddr dstaddr").is_err() && look(b"PAR1 and no more").is_err());
}
