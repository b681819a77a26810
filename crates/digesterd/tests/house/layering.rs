//! Who may depend on whom, and which outside crates each layer may name.

use std::collections::BTreeMap;
use std::fs;

use super::{root, sources};

/// Each crate of ours and those of ours that it may use.
const LAYERS: [(&str, &[&str]); 10] = [
    ("digest-core", &[]),
    ("digest-insight", &["digest-core", "digest-tables"]),
    (
        "digest-questions",
        &["digest-core", "digest-insight", "digest-storage", "digest-tables"],
    ),
    ("digest-queue", &["digest-core"]),
    ("digest-storage", &["digest-core"]),
    ("digest-tables", &["digest-core"]),
    (
        "digesterd-process",
        &["digest-core", "digest-queue", "digest-storage"],
    ),
    (
        "digesterd-api",
        &[
            "digest-core",
            "digest-insight",
            "digest-questions",
            "digest-queue",
            "digest-storage",
            "digesterd-process",
        ],
    ),
    (
        "digesterd-worker",
        &[
            "digest-core",
            "digest-insight",
            "digest-queue",
            "digest-storage",
            "digest-tables",
            "digesterd-process",
        ],
    ),
    (
        "digesterd",
        &[
            "digest-core",
            "digest-insight",
            "digest-questions",
            "digest-queue",
            "digest-storage",
            "digest-tables",
            "digesterd-api",
            "digesterd-process",
            "digesterd-worker",
        ],
    ),
];

/// Outside crates that only the named crates of ours may use.
const RESERVED: [(&str, &[&str]); 11] = [
    ("aws-sdk-sqs", &["digest-queue"]),
    ("aws-smithy-http-client", &["digest-queue"]),
    ("object_store", &["digest-storage"]),
    ("rusoto_core", &["digest-storage"]),
    ("rusoto_credential", &["digest-storage"]),
    ("rusoto_s3", &["digest-storage"]),
    ("rusoto_signature", &["digest-storage"]),
    ("aws-config", &["digesterd-process"]),
    ("envy", &["digesterd-process"]),
    ("mimalloc", &["digesterd-process"]),
    (
        "actix-web",
        &[
            "digesterd",
            "digesterd-api",
            "digesterd-process",
            "digesterd-worker",
        ],
    ),
];

/// What the pure kernel may use at all: no async, no store, no HTTP, no logging.
const KERNEL_USES: [&str; 18] = [
    "bytes",
    "chrono",
    "flate2",
    "foldhash",
    "hashbrown",
    "isal-sys",
    "itoa",
    "libc",
    "libdeflate-sys",
    "memchr",
    "parquet",
    "serde",
    "serde_json",
    "sha2",
    "snap",
    "thiserror",
    "uuid",
    "zstd",
];

/// What reading digests may use: as little as the kernel.
const INSIGHT_USES: [&str; 11] = [
    "digest-core",
    "digest-tables",
    "foldhash",
    "force_graph",
    "hashbrown",
    "memchr",
    "petgraph",
    "serde",
    "serde_json",
    "thiserror",
    "toml",
];

/// What writing and reading tables may use: pure as the kernel is.
const TABLES_USE: [&str; 8] = [
    "bytes",
    "digest-core",
    "foldhash",
    "hashbrown",
    "parquet",
    "sha2",
    "thiserror",
    "zstd",
];

/// Words that a crate's shipped sources may not contain: where, which, why.
const FORBIDDEN_WORDS: [(&str, &str, &str); 18] = [
    ("digest-tables", "async fn", "tables are not async"),
    (
        "digest-tables",
        "std::fs",
        "tables go to any writer and come from any source",
    ),
    ("digest-insight", "async fn", "reading digests is not async"),
    ("digest-insight", "std::fs", "digests come from any reader"),
    (
        "digest-insight",
        "std::env",
        "only digesterd-process reads the environment",
    ),
    ("digest-core", "async fn", "the kernel has no async"),
    ("digest-core", "Utc::now", "the kernel has no clock"),
    ("digest-core", "SystemTime", "the kernel has no clock"),
    ("digest-core", "Instant::now", "the kernel has no clock"),
    ("digest-core", "println!", "the kernel does not log"),
    ("digest-core", "std::fs", "the kernel knows no files"),
    ("digest-core", "std::env", "the kernel has no environment"),
    (
        "digest-storage",
        "srcaddr",
        "the store knows keys and bytes, never columns",
    ),
    (
        "digesterd-api",
        "FlowLogs",
        "flow logs are read for the API by digest-questions alone",
    ),
    (
        "digest-storage",
        "env::var",
        "only digesterd-process reads the environment",
    ),
    (
        "digest-queue",
        "env::var",
        "only digesterd-process reads the environment",
    ),
    (
        "digesterd-api",
        "env::var",
        "only digesterd-process reads the environment",
    ),
    (
        "digesterd-worker",
        "env::var",
        "only digesterd-process reads the environment",
    ),
];

/// A crate's name and the dependencies that it ships with.
type Manifests = BTreeMap<String, Vec<String>>;

fn manifests() -> Manifests {
    fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| {
            let folder = entry.unwrap().path();
            let manifest: toml::Table = fs::read_to_string(folder.join("Cargo.toml"))
                .unwrap()
                .parse()
                .unwrap();
            let uses = manifest.get("dependencies").and_then(toml::Value::as_table);
            let uses = uses
                .map(|table| table.keys().cloned().collect())
                .unwrap_or_default();
            (folder.file_name().unwrap().to_string_lossy().into_owned(), uses)
        })
        .collect()
}

fn breaches(manifests: &Manifests) -> Vec<String> {
    let mut breaches = Vec::new();
    for (name, uses) in manifests {
        let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| layer == name) else {
            breaches.push(format!("{name} has no place in the layers"));
            continue;
        };
        for used in uses {
            let ours = LAYERS.iter().any(|(layer, _)| layer == used);
            if ours && !allowed.contains(&used.as_str()) {
                breaches.push(format!("{name} may not depend on {used}"));
            }
            let reserved = RESERVED.iter().find(|(outside, _)| outside == used);
            if reserved.is_some_and(|(_, holders)| !holders.contains(&name.as_str())) {
                breaches.push(format!("{name} may not name {used}"));
            }
            if name == "digest-core" && !KERNEL_USES.contains(&used.as_str()) {
                breaches.push(format!("the kernel may not use {used}"));
            }
            if name == "digest-insight" && !INSIGHT_USES.contains(&used.as_str()) {
                breaches.push(format!("{name} may not use {used}"));
            }
            if name == "digest-tables" && !TABLES_USE.contains(&used.as_str()) {
                breaches.push(format!("{name} may not use {used}"));
            }
        }
    }
    breaches
}

fn word_breaches(sources: &[(String, String)]) -> Vec<String> {
    let mut breaches = Vec::new();
    for (name, word, why) in FORBIDDEN_WORDS {
        let shipped = format!("crates/{name}/src/");
        for (path, text) in sources.iter().filter(|(path, _)| path.starts_with(&shipped)) {
            if text
                .lines()
                .any(|line| !line.trim_start().starts_with("//") && line.contains(word))
            {
                breaches.push(format!("{path} says `{word}`: {why}"));
            }
        }
    }
    breaches
}

#[test]
fn planted_edges_are_found() {
    let plant = |name: &str, used: &str| {
        let mut planted = manifests();
        planted.entry(name.to_owned()).or_default().push(used.to_owned());
        breaches(&planted)
    };
    for (name, used) in [
        ("digest-core", "digest-storage"),
        ("digest-core", "tokio"),
        ("digest-core", "tracing"),
        ("digest-insight", "digest-storage"),
        ("digest-insight", "tokio"),
        ("digest-tables", "tokio"),
        ("digest-tables", "digest-storage"),
        ("digest-storage", "digesterd-process"),
        ("digesterd-api", "digesterd-worker"),
        ("digesterd-worker", "digesterd-api"),
        ("digesterd-worker", "object_store"),
        ("digesterd-worker", "aws-sdk-sqs"),
        ("digesterd", "rusoto_s3"),
        ("digest-queue", "actix-web"),
        ("digesterd-api", "envy"),
        ("a-new-crate", "serde"),
    ] {
        assert!(!plant(name, used).is_empty(), "{name} -> {used} went unnoticed");
    }
    for (name, word, _) in FORBIDDEN_WORDS {
        let file = |text: String| [(format!("crates/{name}/src/planted.rs"), text)];
        assert_eq!(word_breaches(&file(format!("use {word};"))).len(), 1, "{word}");
        assert!(
            word_breaches(&file(format!("// No {word}."))).is_empty(),
            "{word}"
        );
    }
}

#[test]
fn the_workspace_keeps_its_layers() {
    assert_eq!(manifests().len(), LAYERS.len());
    assert_eq!(breaches(&manifests()), Vec::<String>::new());
    assert_eq!(word_breaches(&sources()), Vec::<String>::new());
}
