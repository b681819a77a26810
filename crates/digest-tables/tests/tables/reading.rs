//! Tables made of logs, and read back by the crate `parquet`, which shares no code with what wrote their pages.

use std::io::Cursor;
use std::sync::Mutex;

use bytes::Bytes;
use digest_core::{Budget, Digest, FoldOptions, Source, fold_parallel};
use digest_tables::{Origins, TableSummary, write_edges};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

/// The digest of these logs.
pub(crate) fn digest(logs: &[Vec<u8>], budget: Option<Budget>, threads: usize) -> Digest {
    digest_with(&FoldOptions::default(), logs, budget, threads)
}

/// The same with options.
pub(crate) fn digest_with(
    options: &FoldOptions,
    logs: &[Vec<u8>],
    budget: Option<Budget>,
    threads: usize,
) -> Digest {
    let queue = Mutex::new(logs.to_vec());
    let next = || -> Option<Source> {
        let log = queue.lock().unwrap().pop()?;
        Some(("a log".to_owned(), Box::new(Cursor::new(log))))
    };
    fold_parallel(options, budget, threads, next, |_, _| {}).unwrap()
}

/// The table of a digest's edges.
pub(crate) fn table(digest: &Digest, origins: &Origins) -> (Vec<u8>, TableSummary) {
    let mut file = Vec::new();
    let summary = write_edges(digest, origins, &mut file).unwrap();
    (file, summary)
}

/// The table's rows.
pub(crate) fn rows(file: &[u8]) -> Vec<Row> {
    let reader = SerializedFileReader::new(Bytes::from(file.to_vec())).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(Result::unwrap).collect()
}

/// What stands in a column.
pub(crate) fn field<'r>(row: &'r Row, name: &str) -> &'r Field {
    row.get_column_iter()
        .find(|(column, _)| *column == name)
        .unwrap()
        .1
}

/// A text; `-` where there is none.
pub(crate) fn text(row: &Row, name: &str) -> String {
    match field(row, name) {
        Field::Null => "-".to_owned(),
        Field::Str(text) => text.clone(),
        other => panic!("{name} is {other:?}"),
    }
}

/// A number, where there is one.
pub(crate) fn number(row: &Row, name: &str) -> Option<i64> {
    match *field(row, name) {
        Field::Null => None,
        Field::Int(number) => Some(number.into()),
        Field::Long(number) => Some(number),
        ref other => panic!("{name} is {other:?}"),
    }
}
