//! What every source file looks like: a header that says what it is for, a bounded length, no
//! switched-off tests and no names that say nothing.

use super::sources;

/// Longest source file in lines, tests included.
const MOST_LINES: usize = 400;

/// Names that no module has: they say nothing about what is inside.
const EMPTY_NAMES: [&str; 6] = ["common", "helper", "helpers", "manager", "util", "utils"];

fn breaches(path: &str, text: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    if !text.starts_with("//!") {
        breaches.push(format!("{path} does not open with what it is for"));
    }
    let lines = text.lines().count();
    if lines > MOST_LINES {
        breaches.push(format!("{path} has {lines} lines, at most {MOST_LINES}"));
    }
    // Spelled in two halves, so that this file does not accuse itself.
    if text.contains(concat!("#[ig", "nore")) {
        breaches.push(format!("{path} switches a test off"));
    }
    let named = path
        .trim_end_matches(".rs")
        .split('/')
        .find(|part| EMPTY_NAMES.contains(part));
    if let Some(name) = named {
        breaches.push(format!("{path} is called {name}"));
    }
    if text.lines().any(|line| line.ends_with([' ', '\t'])) {
        breaches.push(format!("{path} has trailing blanks"));
    }
    breaches
}

#[test]
fn planted_breaches_are_found() {
    let long = format!("//! Long.\n{}", "\n".repeat(MOST_LINES));
    for (path, text) in [
        ("crates/a/src/b.rs", "fn headless() {}\n"),
        ("crates/a/src/b.rs", long.as_str()),
        ("crates/a/src/b.rs", concat!("//! Off.\n#[ig", "nore]\n")),
        ("crates/a/src/utils.rs", "//! Anything.\n"),
        ("crates/a/src/b.rs", "//! Blanks. \n"),
    ] {
        assert_eq!(breaches(path, text).len(), 1, "{path}: {text:.20}");
    }
}

#[test]
fn every_source_file_is_tidy() {
    let found: Vec<String> = sources()
        .iter()
        .flat_map(|(path, text)| breaches(path, text))
        .collect();
    assert_eq!(found, Vec::<String>::new());
}
