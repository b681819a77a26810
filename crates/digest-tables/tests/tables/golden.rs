//! A table that was once written and is kept: what reads it has to go on finding the same in new ones.

use std::fmt::Write as _;

use digest_tables::Origins;

use crate::reading::{digest, rows, table};

/// Every column has a value in some row and, where it may, none in another.
const LOG: &str = include_str!("../fixtures/edges.log");
const KEPT: &[u8] = include_bytes!("../fixtures/edges.parquet");
const SAID: &str = include_str!("../fixtures/edges.txt");

fn origins() -> Origins {
    let mut origins = Origins::default();
    origins.enter(
        "123456789010",
        "eu-west-1",
        "",
        &[b"eni-1235b8ca123456789".to_vec()],
    );
    origins
}

/// Rows, one to a line, as the crate shows them.
fn said(file: &[u8]) -> String {
    let mut said = String::new();
    for row in rows(file) {
        let fields = row
            .get_column_iter()
            .map(|(name, field)| format!("{name}={field}"));
        writeln!(said, "{}", fields.collect::<Vec<_>>().join(" ")).unwrap();
    }
    said
}

#[test]
fn a_table_says_what_the_kept_one_says() {
    let log = LOG.split("\n\n").map(|log| log.as_bytes().to_vec());
    let (file, _) = table(&digest(&log.collect::<Vec<_>>(), None, 1), &origins());
    assert_eq!(said(&file), SAID);
    assert_eq!(said(KEPT), SAID);
}
