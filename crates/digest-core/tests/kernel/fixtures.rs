//! Golden logs: each folder of `tests/fixtures` is named by what it proves, and holds `input.log` (or `input.log.gz`,
//! `input.json` and the like) beside the `expected.log` it must give, or the `refused.txt` it must fail with. `tally.txt`
//! has what became of its rows; of a log that is refused, where what is bad is skipped instead. Where there is a
//! `format.txt`, it is the format of rows that no header stands above. An `input.parquet` of the same records, which
//! `scripts/parquet-fixtures.py` made of it, must give the same.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use digest_core::checks::agreement::counts;
use digest_core::oracle::{self, Answer, Question, Refusal};
use digest_core::{BadRows, Digest, Fold, FoldError, FoldOptions, Layout, ObjectTally};

use crate::answer::refusal;

/// One folder.
struct Case {
    name: String,
    input: Vec<u8>,
    format: Option<String>,
}

#[test]
fn every_fixture_gives_what_stands_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let (mut cases, mut tables) = (0, 0);
    for folder in fs::read_dir(folder).unwrap() {
        let path = folder.unwrap().path();
        let case = Case::read(&path);
        let name = &case.name;
        let tally = fs::read_to_string(path.join("tally.txt")).unwrap();
        match case.digest("input.log", &case.input, false) {
            Ok(digest) => {
                let expected = fs::read(path.join("expected.log")).unwrap();
                is_text(&text(&digest), &expected, name);
                assert_eq!(told(digest.tally()), tally, "{name}");
                let by_oracle = case.oracle(false).unwrap();
                is_text(&by_oracle.text, &expected, &format!("{name}, by the oracle"));
                is_counted_alike(name, digest.tally(), &by_oracle);
                // Readers of digests drop what is not OK: whatever the log's columns were, nothing may be lost on them.
                let lines = expected
                    .split(|byte| *byte == b'\n')
                    .filter(|line| !line.is_empty());
                for columns in lines.map(|line| line.split(|byte| *byte == b' ').collect::<Vec<_>>()) {
                    assert_eq!((columns.len(), columns[13]), (14, &b"OK"[..]), "{name}");
                }
                if let Ok(table) = fs::read(path.join("input.parquet")) {
                    let digest = case.digest("input.parquet", &table, false).unwrap();
                    is_text(&text(&digest), &expected, &format!("{name}, as Parquet"));
                    assert_eq!(told(digest.tally()), tally, "{name}, as Parquet");
                    tables += 1;
                }
            }
            Err(error) => {
                let expected = fs::read_to_string(path.join("refused.txt")).unwrap();
                assert_eq!(error.to_string(), expected.trim_end(), "{name}");
                let by_oracle = case.oracle(false).unwrap_err();
                assert_eq!(by_oracle, refusal(error), "{name}, by the oracle");
                let skipping = case.digest("input.log", &case.input, true).unwrap();
                assert_eq!(told(skipping.tally()), tally, "{name}, skipped");
                is_counted_alike(name, skipping.tally(), &case.oracle(true).unwrap());
            }
        }
        cases += 1;
    }
    assert!(cases >= 50, "{cases} fixtures");
    assert!(tables >= 5, "{tables} in Parquet");
}

impl Case {
    fn read(folder: &Path) -> Self {
        let format = fs::read_to_string(folder.join("format.txt"));
        Self {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            input: input(folder),
            format: format.ok().map(|format| format.trim_end().to_owned()),
        }
    }

    fn digest(&self, key: &str, mut bytes: &[u8], skip: bool) -> Result<Digest, FoldError> {
        let format = self.format.as_deref();
        let mut fold = Fold::new(&FoldOptions {
            layout: format.map_or_else(Layout::default, |format| Layout::of_format(format).unwrap()),
            bad_rows: if skip { BadRows::Skip } else { BadRows::Fail },
            ..FoldOptions::default()
        });
        fold.read_object(key, &mut bytes)?;
        fold.finish()
    }

    fn oracle(&self, skip: bool) -> Result<Answer, Refusal> {
        let question = Question {
            window: None,
            skip,
            max_row: 64 * 1024,
        };
        let objects = [("input.log".to_owned(), self.input.clone())];
        match &self.format {
            Some(format) => {
                oracle::digest_of_format(&question, &format.replace(['$', '{', '}'], ""), &objects)
            }
            None => oracle::digest(&question, &objects),
        }
    }
}

fn text(digest: &Digest) -> Vec<u8> {
    let mut text = Vec::new();
    digest.write_text(&mut text).unwrap();
    text
}

/// Texts are the same; where they are not, they are shown, whatever their bytes.
fn is_text(text: &[u8], expected: &[u8], name: &str) {
    if text != expected {
        let shown = String::from_utf8_lossy;
        assert_eq!(shown(text), shown(expected), "{name}");
        panic!("{name}: {text:?} is not {expected:?}");
    }
}

/// What became of rows, a line for each fate that some had.
fn told(tally: &ObjectTally) -> String {
    let mut told = String::new();
    for (what, rows) in [
        ("records", tally.records),
        ("outside", tally.outside_window),
        ("nodata", tally.no_data),
        ("skipdata", tally.skip_data),
        ("other statuses", tally.other_status),
        ("dashes", tally.unusable),
        ("second sightings", tally.second_sightings),
        ("doubtful sightings", tally.doubtful_sightings),
        ("bad rows", tally.bad_rows),
        ("objects refused", tally.objects_refused),
    ] {
        if rows > 0 {
            writeln!(told, "{what}: {rows}").unwrap();
        }
    }
    if !tally.unknown_columns.is_empty() {
        let names: Vec<_> = tally.unknown_columns.keys().map(String::as_str).collect();
        writeln!(told, "unknown columns: {}", names.join(" ")).unwrap();
    }
    told
}

/// Headers and rows are counted as the oracle counts them.
fn is_counted_alike(name: &str, tally: &ObjectTally, by_oracle: &Answer) {
    assert_eq!(counts(tally), by_oracle.counts, "{name}, by the oracle");
    assert_eq!(
        tally.unknown_columns, by_oracle.unknown_columns,
        "{name}, by the oracle"
    );
}

/// The one file of a case that is called `input`, whatever comes behind, but for its copy in Parquet.
fn input(case: &Path) -> Vec<u8> {
    let files = fs::read_dir(case).unwrap().map(|file| file.unwrap().path());
    let inputs: Vec<_> = files
        .filter(|path| {
            path.file_name().is_some_and(|name| {
                let name = name.to_string_lossy();
                name.starts_with("input.") && name != "input.parquet"
            })
        })
        .collect();
    assert_eq!(inputs.len(), 1, "{}", case.display());
    fs::read(&inputs[0]).unwrap()
}
