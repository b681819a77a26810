//! Golden logs: each folder of `tests/fixtures` is named by what it proves, and holds `input.log` (or `input.log.gz`,
//! `input.json` and the like) beside the `expected.log` it must give, or the `refused.txt` it must fail with. Where
//! there is a `format.txt`, it is the format of rows that no header stands above. An `input.parquet` of the same records,
//! which `scripts/parquet-fixtures.py` made of it, must give the same.

use std::fs;
use std::path::Path;

use digest_core::oracle::{self, Question};
use digest_core::{Fold, FoldOptions, Layout};

use crate::answer::refusal;

#[test]
fn every_fixture_gives_what_stands_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let (mut cases, mut tables) = (0, 0);
    for case in fs::read_dir(folder).unwrap() {
        let case = case.unwrap();
        let name = case.file_name().into_string().unwrap();
        let path = case.path();
        let input = input(&path);
        let format = fs::read_to_string(path.join("format.txt")).ok();
        let question = Question {
            window: None,
            skip: false,
            max_row: 64 * 1024,
        };
        let objects = [("input.log".to_owned(), input.clone())];
        let by_oracle = match &format {
            Some(format) => {
                oracle::digest_of_format(&question, &format.replace(['$', '{', '}'], ""), &objects)
            }
            None => oracle::digest(&question, &objects),
        };
        let layout = format.map_or_else(Layout::default, |format| Layout::of_format(&format).unwrap());
        let mut fold = Fold::new(&FoldOptions {
            layout,
            ..FoldOptions::default()
        });
        match fold.read_object("input.log", &mut input.as_slice()) {
            Ok(_) => {
                let mut text = Vec::new();
                fold.finish().unwrap().write_text(&mut text).unwrap();
                let expected = fs::read(path.join("expected.log")).unwrap();
                assert_eq!(
                    String::from_utf8_lossy(&text),
                    String::from_utf8_lossy(&expected),
                    "{name}"
                );
                assert_eq!(by_oracle.unwrap().text, expected, "{name}, by the oracle");
                // Readers of digests drop what is not OK: whatever the log's columns were, nothing may be lost on them.
                let lines = expected
                    .split(|byte| *byte == b'\n')
                    .filter(|line| !line.is_empty());
                for columns in lines.map(|line| line.split(|byte| *byte == b' ').collect::<Vec<_>>()) {
                    assert_eq!((columns.len(), columns[13]), (14, &b"OK"[..]), "{name}");
                }
                if let Ok(table) = fs::read(path.join("input.parquet")) {
                    let mut fold = Fold::new(&FoldOptions::default());
                    fold.read_object("input.parquet", &mut table.as_slice()).unwrap();
                    let mut text = Vec::new();
                    fold.finish().unwrap().write_text(&mut text).unwrap();
                    assert_eq!(
                        String::from_utf8_lossy(&text),
                        String::from_utf8_lossy(&expected),
                        "{name}, as Parquet"
                    );
                    tables += 1;
                }
            }
            Err(error) => {
                let expected = fs::read_to_string(path.join("refused.txt")).unwrap();
                assert_eq!(error.to_string(), expected.trim_end(), "{name}");
                assert_eq!(by_oracle.unwrap_err(), refusal(error), "{name}, by the oracle");
            }
        }
        cases += 1;
    }
    assert!(cases >= 50, "{cases} fixtures");
    assert!(tables >= 3, "{tables} in Parquet");
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
