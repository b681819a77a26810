//! Merged digests are the digest of the union, byte for byte.

use std::io;

use digest_insight::{Edges, MergeError, merge};
use proptest::prelude::*;

use crate::digests::{digest, gzip, records, text};

fn merged(texts: &[String], gzip: bool) -> Result<Vec<u8>, MergeError> {
    let edges = |text: &String| Edges::sorted(io::Cursor::new(text.clone())).unwrap();
    let mut out = Vec::new();
    merge(texts.iter().map(edges).collect(), &mut out, gzip)?;
    Ok(out)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn merged_parts_are_the_digest_of_the_whole(parts in proptest::collection::vec(records(), 0..6)) {
        let whole = digest(&parts.concat());
        let texts: Vec<String> = parts.iter().map(|part| text(&digest(part))).collect();
        prop_assert_eq!(String::from_utf8(merged(&texts, false).unwrap()).unwrap(), text(&whole));
        prop_assert!(merged(&texts, true).unwrap() == gzip(&whole));
    }
}

#[test]
fn long_digests_merge_into_the_same_gzip_as_well() {
    let line = |number: u32, bytes: u32| {
        format!(
            "1 eni-1 10.0.{}.{} 10.0.0.1 50000 443 6 1 {bytes} 5 9 ACCEPT\n",
            number >> 8,
            number & 255
        )
    };
    let header =
        "account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action\n";
    let log = |numbers: &mut dyn Iterator<Item = u32>| {
        let rows: String = numbers.map(|number| line(number, number % 7)).collect();
        format!("{header}{rows}")
    };
    let fold = |logs: &[String]| {
        let mut fold = digest_core::Fold::new(&digest_core::FoldOptions::default());
        for log in logs {
            fold.read_object("log", &mut log.as_bytes()).unwrap();
        }
        fold.finish().unwrap()
    };
    let (one, other) = (log(&mut (0..20_000)), log(&mut (10_000..30_000)));
    let whole = fold(&[one.clone(), other.clone()]);
    let parts = [text(&fold(&[one])), text(&fold(&[other]))];
    assert!(merged(&parts, true).unwrap() == gzip(&whole));
}

#[test]
fn sums_never_wrap_and_other_times_are_refused() {
    let line = |bytes: u64, start: u32, port: u16| {
        format!("2 1 eni-1 10.0.0.1 10.0.0.2 0 {port} 6 1 {bytes} {start} 9 ACCEPT OK\n")
    };
    let most = i64::MAX as u64;
    assert!(merged(&[line(most - 1, 5, 1), line(1, 5, 1)], false).is_ok());
    let error = merged(&[line(most, 5, 1), line(1, 5, 1)], false).unwrap_err();
    assert!(
        matches!(error, MergeError::Overflow { measure: "bytes" }),
        "{error}"
    );
    let two = line(1, 5, 1) + &line(1, 6, 2);
    let error = merged(&[line(1, 5, 1), two], false).unwrap_err();
    assert!(matches!(error, MergeError::Times { digest: 2 }), "{error}");
    // First start and last end of all.
    let spans = merged(&[line(1, 5, 1), line(1, 3, 2)], false).unwrap();
    assert_eq!(String::from_utf8(spans).unwrap(), line(1, 3, 1) + &line(1, 3, 2));
}
