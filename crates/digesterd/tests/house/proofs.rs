//! The tests that `docs/semantics.md` and `docs/security.md` name are in the tree: a promise without its test is noticed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{root, sources};

/// Heads of the columns of tables that name tests.
const HEAD: &str = "shown by";

/// What may stand before a test of ours.
const ATTRIBUTES: [&str; 3] = ["#[test]", "#[tokio::test", "#[actix_web::test"];

/// The tests of a Rust source. A case of the storage contract is one for every store that has to pass it.
fn rust_tests(path: &str, text: &str) -> Vec<String> {
    let is_contract = path.contains("/src/contract/");
    let mut tests = Vec::new();
    let mut is_marked = false;
    for line in text.lines().map(str::trim_start) {
        if ATTRIBUTES.iter().any(|attribute| line.starts_with(attribute)) {
            is_marked = true;
        } else if !line.starts_with("#[") {
            let is_case = is_contract && line.starts_with("pub async fn ");
            let name = line
                .split_once("fn ")
                .and_then(|(_, rest)| rest.split('(').next());
            tests.extend(name.filter(|_| is_marked || is_case).map(str::to_owned));
            is_marked = false;
        }
    }
    tests
}

/// The tests of a Python source.
fn python_tests(text: &str) -> impl Iterator<Item = String> {
    text.lines()
        .filter_map(|line| line.strip_prefix("def ")?.split('(').next())
        .filter(|name| name.starts_with("test_"))
        .map(str::to_owned)
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// Every test there is: functions, fixtures, end-to-end tests.
fn tests() -> BTreeSet<String> {
    let mut tests: BTreeSet<String> = sources()
        .iter()
        .flat_map(|(path, text)| rust_tests(path, text))
        .collect();
    tests.extend(names_in(&root().join("crates/digest-core/tests/fixtures")));
    for suite in ["tests/end_to_end", "tests/deploy"] {
        let suite = root().join(suite);
        for name in names_in(&suite).iter().filter(|name| name.ends_with(".py")) {
            tests.extend(python_tests(&fs::read_to_string(suite.join(name)).unwrap()));
        }
    }
    tests
}

/// What a page promises and does not show: names that are neither a test nor, with a slash, a file; rows without any.
fn breaches(page: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let mut breaches = Vec::new();
    let mut is_proof = false;
    for line in page.lines() {
        let Some((_, shown)) = line.trim_end_matches([' ', '|']).rsplit_once('|') else {
            is_proof = false;
            continue;
        };
        let shown = shown.trim();
        if shown == HEAD {
            is_proof = true;
        } else if is_proof && !shown.starts_with("---") {
            let mut names = shown.split('`').skip(1).step_by(2).peekable();
            if names.peek().is_none() {
                breaches.push(format!("nothing shows: {line}"));
            }
            let missing = names.filter(|name| {
                let is_file = name.contains('/') && root().join(name).is_file();
                !is_file && !tests.contains(*name)
            });
            breaches.extend(missing.map(|name| format!("there is no test {name}")));
        }
    }
    breaches
}

#[test]
fn planted_names_are_found() {
    let table = |shown: &str| format!("| promise | {HEAD} |\n|---|---|\n| it holds | {shown} |\n");
    let tests = tests();
    for shown in [
        "`a_test_that_nobody_wrote`",
        "`planted_names_are_found`, `a-fixture-that-is-not-there`",
        "`scripts/nowhere`",
        "word of mouth",
        // A function, and no test.
        "`rust_tests`",
    ] {
        assert_eq!(breaches(&table(shown), &tests).len(), 1, "{shown}");
    }
    let sound = "`planted_names_are_found`, `equal-ports-fold-the-source`, `scripts/integration`, \
                 `test_ranges_give_parts`, `of_many_claims_exactly_one_succeeds`, `number_of_threads`";
    assert_eq!(breaches(&table(sound), &tests), Vec::<String>::new());
    let elsewhere = "| state | means |\n|---|---|\n| `claimed` | `no_test` |\n";
    assert_eq!(breaches(elsewhere, &tests), Vec::<String>::new());
}

#[test]
fn every_promise_names_tests_that_exist() {
    for (page, least) in [("docs/semantics.md", 6), ("docs/security.md", 4)] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let promises = text.matches(HEAD).count();
        assert!(
            promises >= least,
            "only {promises} tables found in {page}: the rule would hold for nothing"
        );
        assert_eq!(breaches(&text, &tests()), Vec::<String>::new(), "{page}");
    }
}
