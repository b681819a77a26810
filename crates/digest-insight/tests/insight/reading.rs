//! Reading digests: every line, and by its number what is none.

use std::io::{self, Read};

use digest_insight::{Edges, ReadError};
use proptest::prelude::*;

use crate::digests::{digest, gzip, records, text};

fn lines(source: impl Read + Send + 'static) -> Result<Vec<String>, ReadError> {
    let mut edges = Edges::sorted(source)?;
    let mut lines = Vec::new();
    edges.for_each::<ReadError>(|line| {
        let edge = &line.edge;
        let name = |name: &[u8]| String::from_utf8(name.to_vec()).unwrap();
        let ports = edge
            .ports
            .map_or("- -".to_owned(), |(src, dst)| format!("{src} {dst}"));
        lines.push(format!(
            "2 {} {} {} {} {ports} {} {} {} {} {} {} OK\n",
            name(edge.account_id),
            name(edge.interface_id),
            edge.srcaddr,
            edge.dstaddr,
            edge.protocol,
            edge.packets,
            edge.bytes,
            line.start,
            line.end,
            name(edge.action),
        ));
        Ok(())
    })?;
    Ok(lines)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_line_is_read_back_from_text_and_gzip(records in records()) {
        let digest = digest(&records);
        let text = text(&digest);
        prop_assert_eq!(lines(io::Cursor::new(text.clone())).unwrap().concat(), text.clone());
        prop_assert_eq!(lines(io::Cursor::new(gzip(&digest))).unwrap().concat(), text);
    }
}

fn line(number: u32) -> String {
    let (high, low) = (number >> 8, number & 255);
    format!("2 1 eni-1 10.0.{high}.{low} 10.0.0.1 0 443 6 1 40 5 9 ACCEPT OK\n")
}

#[test]
fn a_long_digest_comes_in_batches_and_whole() {
    let text: String = (0..20_000).map(line).collect();
    assert_eq!(lines(io::Cursor::new(text.clone())).unwrap().concat(), text);
}

#[test]
fn what_is_no_line_or_out_of_order_is_named_by_its_number() {
    let text: Vec<String> = (0..20_000).map(line).collect();
    for (at, wrong, told) in [
        (0, "2 1 eni-1\n".to_owned(), "line 1: 3 fields"),
        (
            15_000,
            text[15_000].replace("10.0.0.1", "x"),
            "line 15001: dstaddr",
        ),
        (15_000, text[14_999].clone(), "line 15001 does not come behind"),
        (15_000, text[14_000].clone(), "line 15001 does not come behind"),
        (19_999, "\n".to_owned(), "line 20000: version"),
    ] {
        let mut text = text.clone();
        text[at] = wrong;
        let error = lines(io::Cursor::new(text.concat())).unwrap_err().to_string();
        assert!(error.starts_with(told), "{error}");
    }
    let mut unsorted = Edges::unsorted(io::Cursor::new([line(2), line(1)].concat())).unwrap();
    unsorted.for_each::<ReadError>(|_| Ok(())).unwrap();
}

/// Fails after its bytes.
struct Failing(io::Cursor<Vec<u8>>);

impl Read for Failing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 => Err(io::Error::other("the line is dead")),
            read => Ok(read),
        }
    }
}

#[test]
fn a_source_that_fails_and_bytes_that_are_cut_are_told_apart() {
    let text: String = (0..20_000).map(line).collect();
    let failing = Failing(io::Cursor::new(text.clone().into_bytes()));
    let error = lines(failing).unwrap_err().to_string();
    assert!(error.contains("the line is dead"), "{error}");
    let mut bytes = Vec::new();
    let mut writer = digest_core::DigestWriter::gzip(&mut bytes, (5, 9)).unwrap();
    let mut edges = Edges::sorted(io::Cursor::new(text)).unwrap();
    edges
        .for_each::<ReadError>(|line| {
            writer.push(&line.edge).unwrap();
            Ok(())
        })
        .unwrap();
    writer.finish().unwrap();
    assert_eq!(lines(io::Cursor::new(bytes.clone())).unwrap().len(), 20_000);
    for length in [bytes.len() - 1, bytes.len() / 2] {
        let cut = bytes[..length].to_vec();
        let error = lines(io::Cursor::new(cut)).unwrap_err().to_string();
        assert!(error.contains("corrupt or cut"), "{error}");
    }
}
