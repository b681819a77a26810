//! Records one at a time are those that a fold counts, whatever they stand in, each where it is said to stand.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::path::Path;

use digest_core::{BadRows, Edge, Fold, FoldError, FoldOptions, Unit, raw_records};
use proptest::prelude::*;

use crate::answer::hour;
use crate::corpus::{any_log, sound_log};
use crate::long_logs::Dice;
use crate::parquet_file::Rows;

type Key = (Vec<u8>, Vec<u8>, IpAddr, IpAddr, Option<(u16, u16)>, u8, Vec<u8>);
/// Packets and bytes by what a line of a digest is told apart by.
type Sums = BTreeMap<Key, (u64, u64)>;
/// Where each record stands, and as what.
type Places = Vec<(u64, Unit, String)>;

fn add(sums: &mut Sums, edge: &Edge<'_>) {
    let names = (edge.account_id.to_vec(), edge.interface_id.to_vec());
    let key = (
        names.0,
        names.1,
        edge.srcaddr,
        edge.dstaddr,
        edge.ports,
        edge.protocol,
        edge.action.to_vec(),
    );
    let (packets, bytes) = sums.entry(key).or_default();
    *packets += edge.packets;
    *bytes += edge.bytes;
}

fn options(windowed: bool) -> FoldOptions {
    FoldOptions {
        window: windowed.then(hour),
        bad_rows: BadRows::Skip,
        ..FoldOptions::default()
    }
}

/// What a fold makes of an object, and how many records it counts.
fn folded(options: &FoldOptions, object: &[u8]) -> Option<(Sums, u64)> {
    let mut fold = Fold::new(options);
    let tally = fold.read_object("object", &mut &*object).ok()?;
    let mut sums = Sums::new();
    let digest = fold.finish().ok()?;
    digest
        .for_each_edge(|edge| {
            add(&mut sums, edge);
            Ok(())
        })
        .unwrap();
    (tally.objects_refused == 0).then_some((sums, tally.records))
}

fn one_by_one(options: &FoldOptions, object: &[u8]) -> Result<(Sums, Places), FoldError> {
    let (mut sums, mut places) = (Sums::new(), Places::new());
    raw_records(options, "object", &mut &*object, &mut |record| {
        add(&mut sums, &record.edge);
        let text = String::from_utf8_lossy(record.text).into_owned();
        places.push((record.number, record.unit, text));
        ControlFlow::Continue(())
    })?;
    Ok((sums, places))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn raw_records_are_those_that_a_fold_counts(
        log in prop_oneof![sound_log(), any_log()],
        windowed: bool,
    ) {
        let (text, options) = (log.text(), options(windowed));
        match (folded(&options, &text), one_by_one(&options, &text)) {
            (Some((sums, records)), Ok((found, places))) => {
                prop_assert_eq!(found, sums);
                prop_assert_eq!(places.len() as u64, records);
                let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
                for (number, unit, shown) in places {
                    prop_assert_eq!(unit, Unit::Line);
                    let line = lines[number as usize - 1];
                    prop_assert_eq!(shown, String::from_utf8_lossy(line));
                }
            }
            (None, found) => prop_assert!(found.is_err(), "{:?}", found),
            (Some(_), Err(error)) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn raw_records_of_a_table_are_those_of_its_text(log in sound_log(), windowed: bool, seed: u64) {
        let (mut rows, options) = (Rows::of(&log.text()), options(windowed));
        if !rows.columns.iter().any(|column| column == "dstaddr") {
            rows.columns = log.format.columns.clone();
        }
        rows.rows.retain(|row| row.len() == rows.columns.len());
        let of_text = one_by_one(&options, &rows.text());
        let of_table = one_by_one(&options, &rows.parquet(&mut Dice::of(seed)));
        if let Ok((sums, lines)) = of_text {
            let (found, rows) = of_table.unwrap();
            prop_assert_eq!(found, sums);
            // A table has no line for its header.
            let numbers = |places: &Places, less| places.iter().map(|place| place.0 - less).collect::<Vec<_>>();
            prop_assert_eq!(numbers(&rows, 0), numbers(&lines, 1));
            prop_assert!(rows.iter().all(|place| place.1 == Unit::Row));
        } else {
            prop_assert!(of_table.is_err());
        }
    }
}

#[test]
fn raw_records_are_found_in_whatever_a_fold_reads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut cases = 0;
    for case in fs::read_dir(folder).unwrap() {
        let case = case.unwrap().path();
        if case.join("format.txt").exists() {
            continue;
        }
        for input in fs::read_dir(&case).unwrap().map(|file| file.unwrap().path()) {
            let name = input.file_name().unwrap().to_string_lossy().into_owned();
            let object = fs::read(&input).unwrap();
            let Some((sums, records)) =
                folded(&options(false), &object).filter(|_| name.starts_with("input."))
            else {
                continue;
            };
            let (found, places) = one_by_one(&options(false), &object).unwrap();
            assert_eq!(found, sums, "{}", input.display());
            assert_eq!(places.len() as u64, records, "{}", input.display());
            cases += 1;
        }
    }
    assert!(cases >= 30, "{cases} fixtures");
}

#[test]
fn whoever_has_enough_ends_the_reading() {
    let line = "2 1 eni-1 10.0.0.1 10.0.0.2 40000 443 6 1 1 1539734400 1539734400 ACCEPT OK\n";
    let mut count = 0;
    let each = &mut |_: &digest_core::RawRecord<'_>| {
        count += 1;
        if count == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    raw_records(&options(false), "object", &mut line.repeat(9).as_bytes(), each).unwrap();
    assert_eq!(count, 3);
}
