//! The kernel's digest in the oracle's shape, so that the two can be compared whole.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use digest_core::checks::agreement::{counts, edge, interfaces};
use digest_core::oracle::{Answer, EdgeKey, Further, Question, Refusal, Sums};
use digest_core::{BadRows, Digest, Fold, FoldError, FoldOptions, ObjectTally, Window};

/// Keys and bytes.
pub(crate) type Objects = Vec<(String, Vec<u8>)>;

/// The hour that the corpus lies around.
pub(crate) fn hour() -> Window {
    Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap()
}

/// The same question, put to the kernel.
pub(crate) fn options(question: &Question) -> FoldOptions {
    FoldOptions {
        window: question.window,
        bad_rows: if question.skip {
            BadRows::Skip
        } else {
            BadRows::Fail
        },
        max_row: question.max_row,
        edges: true,
        ..FoldOptions::default()
    }
}

/// The kernel's answer, one fold over all objects.
pub(crate) fn kernel(question: &Question, objects: &Objects) -> Result<Answer, Refusal> {
    kernel_in_pieces(question, objects, usize::MAX)
}

/// The kernel's answer where sources give at most `piece` bytes at a time.
pub(crate) fn kernel_in_pieces(
    question: &Question,
    objects: &Objects,
    piece: usize,
) -> Result<Answer, Refusal> {
    let mut fold = Fold::new(&options(question));
    for (key, bytes) in objects {
        fold.read_object(key, &mut Pieces(bytes, piece))
            .map_err(refusal)?;
    }
    Ok(shape(&fold.finish().map_err(refusal)?, question.window))
}

/// A digest as the oracle would have said it.
pub(crate) fn shape(digest: &Digest, window: Option<Window>) -> Answer {
    let mut text = Vec::new();
    digest.write_text(&mut text).unwrap();
    let mut edges: Vec<(EdgeKey, Sums)> = Vec::new();
    digest
        .for_each_edge(|one| {
            edges.push(edge(one));
            Ok(())
        })
        .unwrap();
    // What is told apart by more than its line stands in some order, each once.
    let line = |key: &EdgeKey| {
        let mut line = key.clone();
        line.7 = Further::default();
        line
    };
    assert!(
        edges.is_sorted_by_key(|(key, _)| line(key)),
        "edges are out of order"
    );
    let distinct: BTreeSet<&EdgeKey> = edges.iter().map(|(key, _)| key).collect();
    assert_eq!(distinct.len(), edges.len(), "an edge is there twice");
    Answer {
        text,
        edges: edges.into_iter().collect::<BTreeMap<_, _>>(),
        interfaces: interfaces(digest).0,
        counts: counts(digest.tally()),
        minutes: minutes(digest.tally(), window),
        span: digest.span(),
        unknown_columns: digest.tally().unknown_columns.clone(),
    }
}

/// The error in the oracle's words.
pub(crate) fn refusal(error: FoldError) -> Refusal {
    match error {
        FoldError::BadRow { key, line, .. } => Refusal::BadRow(key, line),
        FoldError::Corrupt { key, .. } | FoldError::TooLarge { key, .. } => Refusal::Corrupt(key),
        FoldError::NotFlowLog { key, line, .. } => Refusal::NotFlowLog(key, line),
        FoldError::Overflow { .. } => Refusal::Overflow,
        FoldError::Read { key, source } => panic!("{key}: {source}"),
        FoldError::Spill { source } => panic!("{source}"),
    }
}

/// Hands out its bytes in pieces of a given size.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let room = self.1.min(out.len());
        self.0.read(&mut out[..room])
    }
}

/// Keeps of the oracle's folded ports what the kernel keeps: the least and the greatest.
pub(crate) fn ends_of_ports(mut answer: Answer) -> Answer {
    for sums in answer.edges.values_mut() {
        let ports = &sums.folded_ports;
        sums.folded_ports = ports.first().into_iter().chain(ports.last()).copied().collect();
    }
    answer
}

fn minutes(tally: &ObjectTally, window: Option<Window>) -> BTreeSet<i64> {
    let first = window.map_or(0, |window| window.start_unix() / 60);
    (0..tally.minutes.len())
        .filter(|&minute| tally.minutes.is_covered(minute))
        .map(|minute| first + minute as i64)
        .collect()
}
