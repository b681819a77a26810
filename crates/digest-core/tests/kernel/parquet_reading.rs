//! What of a Parquet file is read, and what is said of one that cannot be.

use std::io::Cursor;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use digest_core::checks::HeldRuns;
use digest_core::oracle::{self, Question};
use digest_core::{
    BadRows, Fold, FoldError, FoldOptions, ObjectTally, Source, Window, fold_parallel, parquet_copy,
};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use crate::answer::hour;
use crate::long_logs::Dice;
use crate::parquet_file::Rows;
use crate::ranged::{Asked, Ranged};

const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
    action log-status";

/// A record a second, from some seconds before the hour on.
fn log(before: i64, records: i64) -> String {
    let mut text = format!("{HEADER}\n");
    for at in 0..records {
        let start = hour().start_unix() - before + at;
        let row = format!(
            "2 123456789012 eni-1 10.0.0.{} ::1 443 5{at} 6 {at} 40 {start} {start} ACCEPT OK\n",
            at % 9
        );
        text.push_str(&row);
    }
    text
}

fn read(bytes: &[u8], options: &FoldOptions) -> Result<(ObjectTally, Vec<u8>), FoldError> {
    let mut fold = Fold::new(options);
    let tally = fold.read_object("flows.parquet", &mut &*bytes)?;
    let mut text = Vec::new();
    fold.finish()?.write_text(&mut text).unwrap();
    Ok((tally, text))
}

fn windowed(window: Window) -> FoldOptions {
    FoldOptions {
        window: Some(window),
        ..FoldOptions::default()
    }
}

fn refusal(text: &str) -> String {
    let table = parquet_copy(text, 100).unwrap();
    read(&table, &FoldOptions::default()).unwrap_err().to_string()
}

#[test]
fn row_groups_outside_the_window_are_passed_over_by_their_statistics_and_counted() {
    let text = log(1000, 3000);
    let mut table = parquet_copy(&text, 500).unwrap();
    let expected = read(text.as_bytes(), &windowed(hour())).unwrap();
    let seen = read(&table, &windowed(hour())).unwrap();
    assert_eq!(seen.1, expected.1);
    // The first two of six groups lie before the hour: whatever their pages hold is not looked at.
    let metadata = SerializedFileReader::new(Bytes::from(table.clone())).unwrap();
    let third = metadata.metadata().row_group(2).column(0);
    let (from, _) = third.byte_range();
    table[4..from as usize].fill(0xa5);
    let (tally, text) = read(&table, &windowed(hour())).unwrap();
    assert_eq!(text, expected.1);
    assert_eq!(
        (tally.rows, tally.records, tally.outside_window),
        (3000, 2000, 1000)
    );
    assert_eq!(tally.minutes, expected.0.minutes);
    assert!(read(&table, &FoldOptions::default()).is_err());
}

#[test]
fn rows_without_a_time_are_in_no_group_that_is_passed_over() {
    let mut text = log(5000, 100);
    text.push_str("2 123456789012 eni-1 - - - - - - - - - - NODATA\n");
    let table = parquet_copy(&text, 1000).unwrap();
    let (tally, _) = read(&table, &windowed(hour())).unwrap();
    assert_eq!((tally.outside_window, tally.no_data), (100, 1));
}

#[test]
fn a_bad_row_is_named_by_its_number_in_the_file() {
    let mut rows: Vec<String> = log(0, 30).lines().map(str::to_owned).collect();
    rows[17] = rows[17].replace(" 443 ", " 65543 ");
    let table = parquet_copy(&rows.join("\n"), 10).unwrap();
    let error = read(&table, &FoldOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "flows.parquet: row 17: srcport is out of range (at most 65535): \"65543\""
    );
    let lenient = FoldOptions {
        bad_rows: BadRows::Skip,
        ..FoldOptions::default()
    };
    let (tally, _) = read(&table, &lenient).unwrap();
    assert_eq!((tally.records, tally.bad_rows, tally.faults[0].line), (29, 1, 17));
    // Rows of groups that were passed over count.
    let window = Window::from_unix(hour().start_unix(), hour().start_unix() + 60).unwrap();
    let mut late: Vec<String> = log(600, 700).lines().map(str::to_owned).collect();
    late[651] = late[651].replace(" 40 ", " -40 ");
    let table = parquet_copy(&late.join("\n"), 100).unwrap();
    let error = read(&table, &windowed(window)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "flows.parquet: row 651: bytes is not a number: \"-40\""
    );
}

#[test]
fn a_table_without_the_needed_columns_is_refused_by_their_names() {
    assert_eq!(
        refusal("version srcaddr packets bytes end\n"),
        "flows.parquet: no flow log that can be digested: its Parquet schema lacks dstaddr, protocol"
    );
    assert_eq!(
        refusal("srcaddr dstaddr protocol packets bytes interface-id interface_id\n"),
        "flows.parquet: no flow log that can be digested: its Parquet schema names interface-id twice"
    );
}

#[test]
fn a_name_that_would_be_several_tokens_of_text_is_a_bad_row() {
    let text = log(0, 5);
    for (name, is_sound) in [("eni 1", false), ("eni\n1", false), ("eni\u{a0}1", true)] {
        let mut rows = Rows::of(text.as_bytes());
        rows.rows[2][2] = name.to_owned();
        for seed in 0..8 {
            let read = read(&rows.parquet(&mut Dice::of(seed)), &FoldOptions::default());
            match read {
                Ok((tally, _)) => assert!(is_sound && tally.records == 5),
                Err(error) => assert_eq!(
                    error.to_string(),
                    format!("flows.parquet: row 3: interface-id holds a blank: {name:?}")
                ),
            }
        }
    }
}

#[test]
fn of_a_large_object_only_the_needed_columns_are_fetched() {
    // Each row carries a value of its own that no digest needs.
    let mut lines = log(0, 3000).lines().map(str::to_owned).collect::<Vec<_>>();
    for (at, line) in lines.iter_mut().enumerate() {
        let tag = if at == 0 {
            "next-hop-interface-id".to_owned()
        } else {
            format!(
                "{:x}",
                (at as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
            )
        };
        line.push(' ');
        line.push_str(&tag);
    }
    let text = lines.join("\n");
    let table = parquet_copy(&text, 1000).unwrap();
    let size = table.len() as u64;
    let asked = Arc::<Asked>::default();
    let ranged = Ranged {
        table: Cursor::new(table),
        asked: Arc::clone(&asked),
    };
    let sources: Mutex<Vec<Source>> = Mutex::new(vec![("flows.parquet".to_owned(), Box::new(ranged))]);
    let next = || sources.lock().unwrap().pop();
    let digest = fold_parallel(&FoldOptions::default(), None, 2, next, |_, _| {}).unwrap();
    let mut digested = Vec::new();
    digest.write_text(&mut digested).unwrap();
    let question = Question {
        window: None,
        skip: false,
        max_row: 64 * 1024,
    };
    let expected = oracle::digest(&question, &[("text".to_owned(), text.into_bytes())]).unwrap();
    assert!(digested == expected.text);
    let taken = asked.bytes();
    assert_eq!(digest.tally().source_bytes, taken);
    assert!(taken * 4 < size * 3, "{taken} of {size}");
    assert_eq!(asked.ends(), 1);
}

/// A table of text columns with one page each, however large.
fn one_page_each(columns: &[(&str, Vec<String>)]) -> Vec<u8> {
    let fields = columns.iter().map(|(name, _)| {
        let field = Type::primitive_type_builder(name, Physical::BYTE_ARRAY);
        let field = field
            .with_repetition(Repetition::REQUIRED)
            .with_logical_type(Some(LogicalType::String));
        Arc::new(field.build().unwrap())
    });
    let schema = Type::group_type_builder("flow_logs").with_fields(fields.collect());
    let properties = WriterProperties::builder()
        .set_compression(Compression::GZIP(Default::default()))
        .set_dictionary_enabled(false)
        .set_data_page_size_limit(1 << 30)
        .set_statistics_enabled(EnabledStatistics::None);
    let schema = Arc::new(schema.build().unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for (_, values) in columns {
        let mut column = group.next_column().unwrap().unwrap();
        let values: Vec<ByteArray> = values.iter().map(|value| value.as_str().into()).collect();
        let typed = column.typed::<ByteArrayType>();
        typed.write_batch(&values, None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

fn within(bytes: &[u8], budget: usize, bad_rows: BadRows) -> Result<(ObjectTally, Vec<u8>), FoldError> {
    let options = FoldOptions {
        bad_rows,
        ..FoldOptions::default()
    };
    let mut fold = Fold::within(&options, Some(HeldRuns::budget(budget)));
    let tally = fold.read_object("flows.parquet", &mut &*bytes)?;
    let mut text = Vec::new();
    fold.finish()?.write_text(&mut text).unwrap();
    Ok((tally, text))
}

#[test]
fn a_page_that_inflates_beyond_the_budget_is_refused_and_named() {
    let rows = 300;
    let column = |value: &str| vec![value.to_owned(); rows];
    let table = one_page_each(&[
        ("interface_id", vec!["e".repeat(100_000); rows]),
        ("srcaddr", column("10.0.0.1")),
        ("dstaddr", column("10.0.0.2")),
        ("protocol", column("6")),
        ("packets", column("1")),
        ("bytes", column("40")),
        ("start", column("1539734400")),
    ]);
    assert!(table.len() < 200_000, "30 MB in {} bytes", table.len());
    let refused = within(&table, 32 << 20, BadRows::Fail).unwrap_err();
    let told = refused.to_string();
    assert!(
        told.starts_with(
            "flows.parquet: reading the Parquet file takes more memory than DIGEST_MAX_MEMORY leaves for it: column \
             interface-id: a page of more than "
        ),
        "{told}"
    );
    assert!(!refused.is_retryable());
    let (tally, _) = within(&table, 32 << 20, BadRows::Skip).unwrap();
    assert_eq!((tally.objects_refused, tally.faults[0].reason == told), (1, true));
    // With more memory it is the rows that are wrong: their names are longer than rows may be.
    let (tally, _) = within(&table, 1 << 30, BadRows::Skip).unwrap();
    assert_eq!((tally.objects_refused, tally.bad_rows), (0, rows as u64));
}

#[test]
fn a_sound_table_is_read_within_a_small_budget() {
    let text = log(0, 9_000);
    let table = parquet_copy(&text, 4_000).unwrap();
    let expected = read(text.as_bytes(), &FoldOptions::default()).unwrap().1;
    for budget in [1, 16 << 20, 1 << 30] {
        let (tally, digested) = within(&table, budget, BadRows::Fail).unwrap();
        assert!(digested == expected && tally.records == 9_000, "{budget}");
    }
}

#[test]
fn a_file_that_claims_more_rows_than_its_bytes_can_hold_is_refused() {
    let rows = 200_000;
    let column = |value: &str| vec![value.to_owned(); rows];
    let table = one_page_each(&[
        ("srcaddr", column("10.0.0.1")),
        ("dstaddr", column("10.0.0.2")),
        ("protocol", column("6")),
        ("packets", column("1")),
        ("bytes", column("40")),
        ("start", column("1539734400")),
    ]);
    let (tally, _) = read(&table, &FoldOptions::default()).unwrap();
    assert_eq!(tally.records, rows as u64, "{} bytes", table.len());
    // Numbers of rows stand in the footer with seven bits to a byte, twice as large as they are.
    let varint = |value: u32| {
        [0, 7, 14].map(|shift| (value << 1 >> shift) as u8 & 0x7f | if shift < 14 { 0x80 } else { 0 })
    };
    let (was, claimed) = (varint(rows as u32), varint(1_000_000));
    let mut changed = table.clone();
    let footer = table.len() - 1000;
    for at in footer..table.len() - 8 {
        if table[at..].starts_with(&was) {
            changed[at..at + 3].copy_from_slice(&claimed);
        }
    }
    // As many as the bytes might hold, but no page does; and more than they might.
    assert!(table.len() > 4000 && changed != table, "{} bytes", table.len());
    let refused = read(&changed, &FoldOptions::default()).unwrap_err().to_string();
    assert!(
        refused.contains("fewer values than the row group has rows"),
        "{refused}"
    );
    let short = [&table[..4], &changed[table.len() - footer_of(&table) - 8..]].concat();
    let refused = read(&short, &FoldOptions::default()).unwrap_err().to_string();
    assert!(refused.contains("a row group of 1000000 rows"), "{refused}");
}

#[test]
fn a_schema_of_groups_without_end_or_of_more_children_than_there_are_is_refused() {
    // An element: its name and its children, as many as 2^30 at most.
    let element = |children: u8| {
        [
            &[0x48, 1, b'a', 0x15][..],
            &[0x80 | children << 1, 0x80, 0x80, 0x80, children],
            &[0],
        ]
        .concat()
    };
    let one = || [&[0x48, 1, b'a', 0x15, 2, 0][..]].concat();
    for (elements, why) in [
        (vec![one(); 200_000], "groups in groups"),
        (vec![element(4)], "more children"),
    ] {
        let count = elements.len() as u32;
        let count = [0, 7, 14].map(|shift| (count >> shift) as u8 & 0x7f | if shift < 14 { 0x80 } else { 0 });
        let footer = [&[0x15, 2, 0x19, 0xfc][..], &count, &elements.concat(), &[0]].concat();
        let length = (footer.len() as u32).to_le_bytes();
        let file = [&b"PAR1"[..], &footer, &length, b"PAR1"].concat();
        let refused = read(&file, &FoldOptions::default()).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
}

/// Bytes of a table's footer.
fn footer_of(table: &[u8]) -> usize {
    let length = table[table.len() - 8..].first_chunk().unwrap();
    u32::from_le_bytes(*length) as usize
}
