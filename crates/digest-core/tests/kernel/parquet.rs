//! Parquet files say what text logs of the same records say, however they are laid out, and hostile ones do no harm.

use std::net::IpAddr;

use digest_core::oracle::{self, Answer, Question, Refusal};
use digest_core::{BadRows, Fold, FoldError, FoldOptions, ObjectTally};
use proptest::prelude::*;

use crate::answer::{Objects, ends_of_ports, hour, kernel};
use crate::corpus::{any_log, sound_log};
use crate::long_logs::{self, Dice};
use crate::parquet_file::Rows;

fn question(windowed: bool, skip: bool) -> Question {
    Question {
        window: windowed.then(hour),
        skip,
        max_row: 64 * 1024,
    }
}

/// What the text says, as a table says it: without a header, whose line is not counted.
fn of_table(answer: Result<Answer, Refusal>) -> Result<Answer, Refusal> {
    match answer {
        Ok(mut answer) => {
            answer.counts.headers = 0;
            Ok(ends_of_ports(answer))
        }
        Err(Refusal::BadRow(key, line)) => Err(Refusal::BadRow(key, line - 1)),
        Err(Refusal::NotFlowLog(key, _)) => Err(Refusal::NotFlowLog(key, 0)),
        Err(refusal) => Err(refusal),
    }
}

fn agrees(rows: &Rows, question: &Question, seed: u64) {
    let text: Objects = vec![("object".to_owned(), rows.text())];
    let table: Objects = vec![("object".to_owned(), rows.parquet(&mut Dice::of(seed)))];
    let answer = kernel(question, &table);
    assert!(
        answer == of_table(oracle::digest(question, &text)),
        "by the oracle, seed {seed}: {answer:?}"
    );
    assert!(
        answer == of_table(kernel(question, &text)),
        "by the text, seed {seed}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_table_says_what_the_text_of_the_same_records_says(
        log in prop_oneof![sound_log(), any_log()],
        windowed: bool,
        skip: bool,
        seed: u64,
    ) {
        let mut rows = Rows::of(&log.text());
        let is_value = |token: &String| token.parse::<u128>().is_ok() || token.parse::<IpAddr>().is_ok();
        // A line with a value is a row in text, whatever else it says, and no table has such names.
        if !rows.columns.iter().any(|column| column == "dstaddr") || rows.columns.iter().any(is_value) {
            rows.columns = log.format.columns.clone();
        }
        // A line of names alone is a header in text, and a row of a table.
        rows.rows.retain(|row| row.len() == rows.columns.len() && row.iter().any(is_value));
        agrees(&rows, &question(windowed, skip), seed);
    }
}

#[test]
fn long_tables_of_many_pages_and_row_groups_say_it_too() {
    for seed in 0..30 {
        let rows = Rows::of(&long_logs::log(&mut Dice::of(seed), 6000));
        for windowed in [true, false] {
            agrees(&rows, &question(windowed, true), seed);
        }
    }
}

/// Rows that are judged by themselves, for their bytes pass 32 bits, among others.
#[test]
fn dimensions_and_facts_beyond_their_bounds_are_absent_from_every_row() {
    let mut text = String::from(
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action \
         log-status pkt-srcaddr vpc-id\n",
    );
    for row in 0..200 {
        let bytes = if row % 3 == 0 { 5_000_000_000_u64 } else { 100 };
        let dimension = if row % 2 == 0 { "-" } else { &"x".repeat(255 + row) };
        let fact = "v".repeat(4_090 + row % 10) + ["", "w"][row % 2];
        text += &format!(
            "5 123456789010 eni-1 10.0.0.{} 10.0.1.1 443 50000 6 1 {bytes} 1767603600 1767603660 ACCEPT OK {dimension} {fact}\n",
            row % 7
        );
    }
    for seed in 0..20 {
        agrees(&Rows::of(text.as_bytes()), &question(false, false), seed);
    }
}

/// In text such a row is longer than rows may be. In a table one value in a dictionary is enough for very many of them.
#[test]
fn a_row_with_a_value_that_no_row_may_have_is_a_bad_row_in_both() {
    let mut text = String::from(
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action \
         log-status\n",
    );
    let long = [
        format!("{}1", "0".repeat(70_000)),
        "x".repeat(70_000),
        "10.0.0.1".repeat(9_000),
    ];
    for row in 0..300 {
        let value = |at: usize, sound: &'static str| match row % 8 == at {
            true => long[row % 3].as_str(),
            false => sound,
        };
        text += &format!(
            "2 123456789010 {} {} 10.0.1.1 {} 50000 6 {} 100 {} 1767603660 {} {}\n",
            value(1, "eni-1"),
            value(2, "10.0.0.1"),
            value(3, "443"),
            value(4, "1"),
            value(5, "1767603600"),
            value(6, "ACCEPT"),
            if row % 16 == 9 { "NODATA" } else { value(7, "OK") },
        );
    }
    let rows = Rows::of(text.as_bytes());
    for seed in 0..4 {
        agrees(&rows, &question(false, true), seed);
        agrees(&rows, &question(false, false), seed);
    }
    let skipped = FoldOptions {
        bad_rows: BadRows::Skip,
        ..FoldOptions::default()
    };
    let tally = outcome(&rows.parquet(&mut Dice::of(1)), &skipped).unwrap();
    assert_eq!((tally.records, tally.bad_rows), (38, 262));
}

/// What a fold makes of a table; it must make something.
fn outcome(bytes: &[u8], options: &FoldOptions) -> Result<ObjectTally, FoldError> {
    let mut fold = Fold::new(options);
    let tally = fold.read_object("flows.parquet", &mut &*bytes)?;
    fold.finish()?;
    Ok(tally)
}

#[test]
fn no_flipped_byte_and_no_cut_does_harm() {
    let columns = "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start";
    let mut rows = Rows {
        columns: columns.split(' ').map(str::to_owned).collect(),
        rows: Vec::new(),
    };
    for at in 0..12 {
        let row = format!("eni-1 10.0.0.{} ::1 443 5{at} 6 {at} 4{at} 1539734400", at % 3);
        rows.rows.push(row.split(' ').map(str::to_owned).collect());
    }
    let lenient = FoldOptions {
        bad_rows: BadRows::Skip,
        ..FoldOptions::default()
    };
    let mut corrupt = 0;
    for seed in 0..4 {
        let sound = rows.parquet(&mut Dice::of(seed));
        assert!(outcome(&sound, &lenient).unwrap().records > 0);
        for at in 0..sound.len() {
            for flip in [1, 0x80, 0xff] {
                let mut flipped = sound.clone();
                flipped[at] ^= flip;
                let tally = outcome(&flipped, &lenient).unwrap();
                corrupt += tally.objects_refused;
            }
            let cut = outcome(&sound[..at], &FoldOptions::default());
            let is_told = |error: &FoldError| error.to_string().starts_with("flows.parquet: ");
            assert!(at == 0 || cut.is_err_and(|error| is_told(&error)), "cut at {at}");
        }
    }
    assert!(corrupt > 1000, "{corrupt}");
}
