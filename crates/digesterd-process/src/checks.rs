//! What must hold of any file of tokens, whoever wrote it: for fuzzing, and for the test that tries again what fuzzing was started
//! from and what it found.

#![allow(clippy::expect_used, reason = "a check that does not hold ends the program")]

use std::path::Path;

use crate::tokens::{PREFIX, read};

/// Digits of a hash that may be shown: words have as many that are digits by chance.
const BY_CHANCE: usize = 16;

/// Reads the bytes as the file of tokens. Nothing panics; what is read and written again is the same; a refusal names the line,
/// is of bounded length, and shows no hash and no token.
pub fn tokens_file(bytes: &[u8]) {
    let path = Path::new("tokens");
    match read(path, bytes) {
        Ok(tokens) => {
            let written: String = tokens.iter().map(|token| format!("{token}\n")).collect();
            let again = read(path, written.as_bytes()).expect("it was written by us");
            assert_eq!(again, tokens, "{written}");
        }
        Err(refused) => told(bytes, &refused.to_string()),
    }
}

fn told(bytes: &[u8], told: &str) {
    let line = told
        .strip_prefix("tokens, line ")
        .and_then(|rest| rest.split_once(": "));
    let line: Option<usize> = line.and_then(|(line, _)| line.parse().ok());
    let lines = bytes.split(|byte| *byte == b'\n').count();
    assert!(line.is_some_and(|line| (1..=lines).contains(&line)), "{told}");
    assert!(
        told.len() < 512 && !told.chars().any(char::is_control),
        "{told:?}"
    );
    assert!(!told.contains(PREFIX), "{told}");
    let text = String::from_utf8_lossy(bytes);
    let words = text.split(|character: char| !character.is_ascii_hexdigit());
    for word in words.filter(|word| word.len() >= BY_CHANCE) {
        assert!(!told.contains(word), "{told}");
    }
}
