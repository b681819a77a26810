//! Each stage of the kernel alone, on one thread, over rows like those of the corpus `main`.
//!
//! `cargo bench -p digest-core` measures all, `cargo bench -p digest-core -- NAME` some. Before anything is measured
//! every stage's answer is held against the naive oracle's: a fast wrong answer is not worth a figure.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark may fail loudly"
)]

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::LazyLock;

use digest_core::measure::{Folded, Inflating, Parser, Rows};
use digest_core::oracle::{self, Question};
use digest_core::{Digest, Fold, FoldOptions};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

/// Rows measured: enough for tables beyond the nearest caches, few enough for the oracle.
const ROWS: u64 = 200_000;
const INTERFACES: u64 = 300;
const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
    action log-status\n";

fn main() {
    check();
    divan::main();
}

/// What all stages work on.
struct Corpus {
    text: String,
    gzip: Vec<u8>,
    rows: Rows,
}

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| {
    let text = log();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory");
    Corpus {
        gzip: encoder.finish().expect("memory"),
        rows: Rows::new(text.as_bytes()).expect("a header"),
        text,
    }
});

/// Every stage's answer is the one it should be.
fn check() {
    let corpus = &*CORPUS;
    let question = Question {
        window: None,
        skip: false,
        max_row: 4096,
    };
    let object = ("log".to_owned(), corpus.text.clone().into_bytes());
    let expected = oracle::digest(&question, &[object]).expect("a sound log");
    for name in Inflating::NAMES {
        let bytes = inflating(name)
            .inflate(&mut corpus.gzip.as_slice())
            .expect("sound gzip");
        assert_eq!(bytes, corpus.text.len() as u64, "{name}");
    }
    for portable in [false, true] {
        let rows = Parser::new(&corpus.rows, portable).parse().expect("room");
        assert_eq!(rows, ROWS, "all rows are regular");
    }
    let folded = folded();
    assert_eq!(folded.records(), expected.counts.records);
    let edges = expected.edges.len() as u64;
    assert!((ROWS / 12..ROWS / 6).contains(&edges), "{edges} edges");
    let digest = folded.sort(1).expect("no overflow");
    let written = digest.write_text(&mut io::sink()).expect("a sink");
    let sha256 = Sha256::digest(&expected.text)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
    assert_eq!((written.lines, &written.sha256), (edges, &sha256));
    assert_eq!(digest.write_gzip(&mut io::sink()).expect("a sink").text, written);
    let whole = whole().write_text(&mut io::sink()).expect("a sink");
    assert_eq!(whole, written);
}

#[divan::bench(args = Inflating::NAMES, sample_count = 20)]
fn a_inflate(bencher: Bencher<'_, '_>, name: &str) {
    let gzip = CORPUS.gzip.as_slice();
    let mut inflating = inflating(name);
    bencher
        .counter(BytesCount::new(CORPUS.text.len()))
        .bench_local(|| inflating.inflate(&mut black_box(gzip)));
}

#[divan::bench(args = ["best", "portable"], sample_count = 20)]
fn b_parse(bencher: Bencher<'_, '_>, level: &str) {
    let mut parser = Parser::new(&CORPUS.rows, level == "portable");
    bencher
        .counter(ItemsCount::new(ROWS))
        .counter(BytesCount::new(CORPUS.text.len()))
        .bench_local(|| parser.parse());
}

#[divan::bench(sample_count = 20)]
fn c_fold(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(ROWS))
        .with_inputs(|| CORPUS.rows.parsed().expect("room"))
        .bench_local_values(|parsed| parsed.fold().expect("no overflow"));
}

#[divan::bench(sample_count = 20)]
fn d_sort(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(folded)
        .input_counter(|_| ItemsCount::new(whole_edges()))
        .bench_local_values(|folded: Folded| folded.sort(1).expect("no overflow"));
}

#[divan::bench(sample_count = 20)]
fn e_render(bencher: Bencher<'_, '_>) {
    let digest = folded().sort(1).expect("no overflow");
    bencher
        .counter(ItemsCount::new(whole_edges()))
        .bench_local(|| digest.write_text(&mut io::sink()));
}

#[divan::bench(sample_count = 20)]
fn f_render_and_compress(bencher: Bencher<'_, '_>) {
    let digest = folded().sort(1).expect("no overflow");
    bencher
        .counter(ItemsCount::new(whole_edges()))
        .bench_local(|| digest.write_gzip(&mut io::sink()));
}

/// All of it, from the object's bytes to gzip.
#[divan::bench(sample_count = 20)]
fn g_whole(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(ROWS))
        .counter(BytesCount::new(CORPUS.text.len()))
        .bench_local(|| whole().write_gzip(&mut io::sink()));
}

fn inflating(name: &str) -> Inflating {
    Inflating::new(Some(name), 128 * 1024).expect("a known name")
}

fn folded() -> Folded {
    let parsed = CORPUS.rows.parsed().expect("room");
    parsed.fold().expect("no overflow")
}

fn whole() -> Digest {
    let mut fold = Fold::new(&FoldOptions::default());
    fold.read_object("log", &mut CORPUS.gzip.as_slice())
        .expect("a sound log");
    fold.finish().expect("no overflow")
}

fn whole_edges() -> u64 {
    static EDGES: LazyLock<u64> = LazyLock::new(|| {
        let written = whole().write_text(&mut io::sink());
        written.expect("a sink").lines
    });
    *EDGES
}

/// A log like those of the corpus `main`: bursts of about 20 records, few interfaces with most of them, 9 % IPv6, 3 %
/// REJECT, 1 % NODATA, an edge for every eight records.
fn log() -> String {
    let mut dice = Dice(1);
    let mut text = String::from(HEADER);
    let (mut left, mut interface, mut start) = (0, 0, 0);
    for _ in 0..ROWS {
        if left == 0 {
            left = 1 + dice.below(40);
            // The least of three: few interfaces have most of the records.
            interface = dice
                .below(INTERFACES)
                .min(dice.below(INTERFACES))
                .min(dice.below(INTERFACES));
            start = 1_767_571_200 + dice.below(60) * 60;
        }
        left -= 1;
        let account = 740_019_283_645 + interface % 3;
        let end = start + 60;
        if dice.below(100) == 0 {
            let _ = writeln!(
                text,
                "2 {account} eni-{interface:017x} - - - - - - - {start} {end} - NODATA"
            );
            continue;
        }
        // A pair of machines speaks one service: so an edge has some eight records.
        let peer = dice.below(36).min(dice.below(36));
        let kind = interface + peer;
        let (own, peer) = if kind.is_multiple_of(11) {
            (
                format!("2600:1f18:4a5b:{interface:x}::7"),
                format!("2a02:cf40:{peer:x}::{peer:x}"),
            )
        } else {
            let (high, low) = (interface / 250, interface % 250 + 4);
            (
                format!("10.20.{high}.{low}"),
                format!("172.31.{}.{peer}", interface % 7),
            )
        };
        let service = [443, 443, 443, 53, 5432, 22][(kind % 6) as usize];
        let client = 32_768 + dice.below(28_000);
        let (src, dst, srcport, dstport) = match dice.below(2) {
            0 => (&own, &peer, client, service),
            _ => (&peer, &own, service, client),
        };
        let protocol = if service == 53 { 17 } else { 6 };
        let most = 1 + dice.below(400);
        let packets = 1 + dice.below(most);
        let bytes = packets * (40 + dice.below(1400));
        let action = if dice.below(100) < 3 { "REJECT" } else { "ACCEPT" };
        let _ = writeln!(
            text,
            "2 {account} eni-{interface:017x} {src} {dst} {srcport} {dstport} {protocol} {packets} {bytes} {start} {end} \
             {action} OK"
        );
    }
    text
}

/// Numbers from a seed (splitmix64), so that every run measures the same rows.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % bound
    }
}
