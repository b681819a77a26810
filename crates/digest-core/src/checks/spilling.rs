//! Spilling: groups that went through runs and a merge are the groups that stayed in memory, sums and history alike.

use std::fmt::Write as _;
use std::io::{self, Cursor};
use std::sync::Mutex;

use crate::checks::HeldRuns;
use crate::digest::Digest;
use crate::error::FoldError;
use crate::fold::FoldOptions;
use crate::parallel::{Source, fold_parallel};
use crate::spill::Budget;

/// Bytes that make a record.
const RECORD: usize = 8;
/// Most records: a few runs of a few groups show all there is to see.
const MOST_RECORDS: usize = 2000;

/// Records made of any bytes, folded without a budget and within tiny ones, on one thread and on two.
pub fn spill(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else {
        return;
    };
    let texts = objects(bytes, 1 + usize::from(first >> 6));
    let options = FoldOptions {
        edges: first & 1 > 0,
        ..FoldOptions::default()
    };
    let expected = told(fold(&options, None, 1, &texts));
    let tiny = usize::from(first & 0x3f) * 64;
    for (budget, threads) in [(0, 1), (tiny, 1), (tiny, 2), (usize::MAX, 1)] {
        let found = told(fold(&options, Some(HeldRuns::budget(budget)), threads, &texts));
        assert!(found == expected, "budget {budget}, {threads} threads: {found:?}");
    }
}

/// Logs of these records, the records in turn.
fn objects(bytes: &[u8], count: usize) -> Vec<String> {
    let header = "account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action tcp-flags \
                  flow-direction pkt-srcaddr instance-id\n";
    let mut texts = vec![header.to_owned(); count];
    for (record, text) in bytes
        .chunks_exact(RECORD)
        .take(MOST_RECORDS)
        .zip((0..count).cycle())
    {
        let &[names, src, dst, srcport, dstport, packets, sizes, times] = record else {
            continue;
        };
        let address = |byte: u8| match byte & 3 {
            0 => format!("2001:db8::{byte:x}"),
            _ => format!("10.0.{}.{byte}", byte & 1),
        };
        let port = |byte: u8| {
            if byte < 200 {
                u32::from(byte)
            } else {
                u32::from(byte) * 257
            }
        };
        let start = 1_539_734_400 + u64::from(times) * 7;
        // Some are beyond 32 bits, few near the greatest there is.
        let size = if sizes > 250 {
            1u64 << (sizes - 194)
        } else {
            u64::from(sizes) << (sizes & 31)
        };
        let _ = writeln!(
            texts[text],
            "{} eni-{} {} {} {} {} {} {packets} {size} {start} {} {} {} {} {} i-{}",
            names & 1,
            names & 0x0e,
            address(src),
            address(dst),
            port(srcport),
            port(dstport),
            6 + (names >> 4 & 1) * 11,
            start + u64::from(dst) * u64::from(sizes),
            if names & 0x80 > 0 { "REJECT" } else { "ACCEPT" },
            if names & 0x40 > 0 {
                "-".to_owned()
            } else {
                (packets & 31).to_string()
            },
            ["-", "ingress", "egress"][usize::from(srcport % 3)],
            address(if packets & 3 == 0 { dst } else { src }),
            (names & 0x0e) + u8::from(packets == 7),
        );
    }
    texts
}

fn fold(
    options: &FoldOptions,
    budget: Option<Budget>,
    threads: usize,
    texts: &[String],
) -> Result<Digest, FoldError> {
    let queue = Mutex::new(texts.iter().cloned());
    let next = || -> Option<Source> {
        let text = queue.lock().expect("no thread died").next()?;
        Some(("object".to_owned(), Box::new(Cursor::new(text))))
    };
    fold_parallel(options, budget, threads, next, |_, _| {})
}

/// Text, then every edge with its history; or that a sum has passed its range.
fn told(digest: Result<Digest, FoldError>) -> Option<(String, Vec<String>)> {
    let (mut text, mut edges) = (Vec::new(), Vec::new());
    let digest = match digest {
        Ok(digest) => digest,
        Err(FoldError::Overflow { .. }) => return None,
        Err(error) => panic!("{error}"),
    };
    let written = digest.write_text(&mut text).map(drop).and_then(|()| {
        digest.for_each_edge(|edge| {
            edges.push(format!("{edge:?}"));
            Ok(())
        })
    });
    let interfaces = |edges: &mut Vec<String>| {
        let told = digest.for_each_interface(|interface| {
            edges.push(format!("{interface:?}"));
            Ok(())
        });
        told.expect("memory cannot fail");
    };
    match written {
        Ok(()) => {
            interfaces(&mut edges);
            Some((String::from_utf8_lossy(&text).into_owned(), edges))
        }
        Err(error) if is_overflow(&error) => None,
        Err(error) => panic!("{error}"),
    }
}

fn is_overflow(error: &io::Error) -> bool {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<FoldError>());
    matches!(inner, Some(FoldError::Overflow { .. }))
}
