//! Tables that were once written and are kept: what reads them has to go on finding the same in new ones.

use std::fmt::Write as _;

use digest_core::{FoldOptions, Window};
use digest_tables::{Origins, Wanted, merge_edges, write_interfaces};

use crate::readback;
use crate::reading::{digest, digest_with, rows, table};

/// Every column has a value in some row and, where it may, none in another.
const LOG: &str = include_str!("../fixtures/edges.log");
const KEPT: &[u8] = include_bytes!("../fixtures/edges.parquet");
const SAID: &str = include_str!("../fixtures/edges.txt");
/// The first three logs as a table had them before edges told of interfaces.
const BEFORE_FACTS: &[u8] = include_bytes!("../fixtures/edges-before-facts.parquet");

/// The same of interfaces.
const LOG_OF_INTERFACES: &str = include_str!("../fixtures/interfaces.log");
const KEPT_INTERFACES: &[u8] = include_bytes!("../fixtures/interfaces.parquet");
const SAID_OF_INTERFACES: &str = include_str!("../fixtures/interfaces.txt");

fn origins() -> Origins {
    let mut origins = Origins::default();
    origins.enter(
        "123456789010",
        "eu-west-1",
        "",
        &[b"eni-1235b8ca123456789"[..].into()],
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

#[test]
fn a_table_without_the_columns_that_came_later_reads_as_ever() {
    let logs = LOG.split("\n\n").take(3).map(|log| log.as_bytes().to_vec());
    let (today, _) = table(&digest(&logs.collect::<Vec<_>>(), None, 1), &origins());
    let edges = |file| readback::read(&readback::open(file), Wanted::ALL, &[]);
    assert_eq!(edges(BEFORE_FACTS), edges(&today));
    // Merging lacks no column either. Only some of these records name their account, which is the same in both.
    let refusal = |file| {
        let merged = merge_edges(vec![readback::open(file)], &mut Vec::new());
        merged.unwrap_err().to_string()
    };
    assert_eq!(refusal(BEFORE_FACTS), refusal(&today));
}

#[test]
fn a_table_of_interfaces_says_what_the_kept_one_says() {
    let logs = LOG.split("\n\n").chain(LOG_OF_INTERFACES.split("\n\n"));
    let log = logs.map(|log| log.as_bytes().to_vec());
    let options = FoldOptions {
        window: Some(Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap()),
        ..FoldOptions::default()
    };
    let digest = digest_with(&options, &log.collect::<Vec<_>>(), None, 1);
    let mut origins = Origins::default();
    let named = ["eni-0a", "eni-0b", "eni-0c"].map(|name| name.as_bytes().into());
    origins.enter("123456789010", "eu-west-1", "fl-1", &named);
    origins.enter("123456789010", "eu-west-1", "fl-2", &named[..1]);
    let mut file = Vec::new();
    write_interfaces(&digest, &origins, &mut file).unwrap();
    assert_eq!(said(&file), SAID_OF_INTERFACES);
    assert_eq!(said(KEPT_INTERFACES), SAID_OF_INTERFACES);
}
