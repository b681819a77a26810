//! Sums beyond their range and what inflates too far are refused, and memory stays bounded.

use std::io::Read;

use digest_core::{BadRows, Fold, FoldError, FoldOptions};

const ROW: &str = "2 1 eni-1 10.0.0.1 10.0.0.2 443 49152 6 1 40 1539734400 1539734401 ACCEPT OK\n";

#[test]
fn a_row_of_exactly_the_bound_is_read() {
    let options = |max_row| FoldOptions {
        max_row,
        ..FoldOptions::default()
    };
    let length = ROW.len() - 1;
    let read = |max_row| Fold::new(&options(max_row)).read_object("row", &mut ROW.as_bytes());
    assert_eq!(read(length).unwrap().records, 1);
    assert!(matches!(read(length - 1), Err(FoldError::BadRow { line: 1, .. })));
}

#[test]
fn a_sum_beyond_the_signed_range_is_an_error_wherever_it_arises() {
    let most = i64::MAX;
    let row = format!("2 1 eni-1 10.0.0.1 ::1 443 49152 6 {most} 0 1539734400 1539734401 ACCEPT OK\n");
    let mut fold = Fold::new(&FoldOptions::default());
    fold.read_object("full", &mut row.as_bytes()).unwrap();
    let mut other = Fold::new(&FoldOptions::default());
    other
        .read_object("more", &mut ROW.replace("10.0.0.2", "::1").as_bytes())
        .unwrap();
    let expected = "packets pass the greatest value a digest can hold (1 eni-1 10.0.0.1 ::1 443 0 6 ACCEPT)";
    assert_eq!(fold.merge(other).unwrap_err().to_string(), expected);

    let twice = row.clone() + &row;
    for bad_rows in [BadRows::Fail, BadRows::Skip] {
        let options = FoldOptions {
            bad_rows,
            ..FoldOptions::default()
        };
        let error = Fold::new(&options)
            .read_object("twice", &mut twice.as_bytes())
            .unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert!(!error.is_retryable());
    }
}

#[test]
fn the_greatest_sum_is_shown() {
    let most = i64::MAX;
    let rows = format!(
        "2 1 eni-1 10.0.0.1 10.0.0.2 443 49152 6 {most} {most} 1539734400 1539734401 ACCEPT OK\n\
         2 1 eni-1 10.0.0.1 10.0.0.2 443 49152 17 {most} {most} 1539734400 1539734401 ACCEPT OK\n"
    );
    let mut fold = Fold::new(&FoldOptions::default());
    fold.read_object("full", &mut rows.as_bytes()).unwrap();
    let digest = fold.finish().unwrap();
    let mut sums = Vec::new();
    digest
        .for_each_edge(|edge| {
            sums.push((edge.packets, edge.bytes));
            Ok(())
        })
        .unwrap();
    assert_eq!(sums, [(most as u64, most as u64); 2]);
}

#[test]
fn a_source_that_fails_is_worth_another_try_and_is_fatal_even_where_bad_rows_are_skipped() {
    struct Reset;
    impl Read for Reset {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::ConnectionReset.into())
        }
    }
    let options = FoldOptions {
        bad_rows: BadRows::Skip,
        ..FoldOptions::default()
    };
    let error = Fold::new(&options).read_object("away", &mut Reset).unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(error.to_string(), "away: reading failed: connection reset");
}

/// Lines without end, squeezed by zstd to next to nothing.
fn bomb() -> Vec<u8> {
    let text = ROW.repeat((64 << 20) / ROW.len());
    zstd::encode_all(text.as_bytes(), 3).unwrap()
}

#[test]
fn an_object_that_inflates_to_more_than_the_ratio_is_corrupt_and_is_skipped_as_such() {
    let bomb = bomb();
    let options = |max_ratio, bad_rows| FoldOptions {
        max_ratio,
        bad_rows,
        ..FoldOptions::default()
    };
    let read = |options: &FoldOptions| Fold::new(options).read_object("bomb", &mut bomb.as_slice());
    let error = read(&options(1000, BadRows::Fail)).unwrap_err();
    assert!(matches!(error, FoldError::Corrupt { .. }) && !error.is_retryable());
    assert!(
        error
            .to_string()
            .ends_with("it inflates to more than 1000 times its size (DIGEST_MAX_RATIO)"),
        "{error}"
    );
    assert_eq!(read(&options(1000, BadRows::Skip)).unwrap().records, 0);
    assert!(read(&options(u64::MAX, BadRows::Fail)).unwrap().records > 100_000);
    // What is short may repeat itself.
    let short = zstd::encode_all(ROW.repeat(10_000).as_bytes(), 3).unwrap();
    let mut fold = Fold::new(&options(1, BadRows::Fail));
    assert_eq!(
        fold.read_object("short", &mut short.as_slice()).unwrap().records,
        10_000
    );
    let mut gzip = Vec::new();
    let text = ROW.repeat((32 << 20) / ROW.len());
    let mut encoder = flate2::read::GzEncoder::new(text.as_bytes(), flate2::Compression::fast());
    encoder.read_to_end(&mut gzip).unwrap();
    let mut fold = Fold::new(&options(10, BadRows::Fail));
    assert!(fold.read_object("gzip", &mut gzip.as_slice()).is_err());
}

#[test]
fn a_header_of_more_columns_than_may_be_is_no_flow_log() {
    let options = FoldOptions {
        max_columns: 20,
        ..FoldOptions::default()
    };
    let known =
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end";
    let read = |more: usize| {
        // Half of a header's names are known, or it is none.
        let header = format!("{known}{}\n", " new-column".repeat(more));
        Fold::new(&options).read_object("wide", &mut header.as_bytes())
    };
    assert_eq!(read(8).unwrap().headers, 1);
    let error = read(9).unwrap_err();
    assert_eq!(
        error.to_string(),
        "wide: line 1: no flow log that can be digested: its header has more than 20 columns (DIGEST_MAX_COLUMNS)"
    );
}
