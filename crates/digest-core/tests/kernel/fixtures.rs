//! Golden logs: each folder of `tests/fixtures` is named by what it proves, and holds `input.log` beside the
//! `expected.log` it must give, or the `refused.txt` it must fail with. An `input.parquet` of the same records, which
//! `scripts/parquet-fixtures.py` made of it, must give the same.

use std::fs;
use std::path::Path;

use digest_core::oracle::{self, Question};
use digest_core::{Fold, FoldOptions};

use crate::answer::refusal;

#[test]
fn every_fixture_gives_what_stands_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let (mut cases, mut tables) = (0, 0);
    for case in fs::read_dir(folder).unwrap() {
        let case = case.unwrap();
        let name = case.file_name().into_string().unwrap();
        let path = case.path();
        let input = fs::read(path.join("input.log")).unwrap();
        let question = Question {
            window: None,
            skip: false,
            max_row: 64 * 1024,
        };
        let by_oracle = oracle::digest(&question, &[("input.log".to_owned(), input.clone())]);

        let mut fold = Fold::new(&FoldOptions::default());
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
    assert!(cases >= 15, "{cases} fixtures");
    assert!(tables >= 3, "{tables} in Parquet");
}
