//! A digest as text, and that text as one gzip member: made in blocks on all threads, written in order.
//!
//! A block is a fixed number of lines. Each is compressed by itself (`deflate`), so that blocks behind one another are one stream;
//! the checksum is taken as they are written. Neither the text nor the gzip bytes depend on the number of threads, nor on whether edges had to
//! leave memory.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use sha2::{Digest as _, Sha256};

use crate::checksum::Checksum;
use crate::deflate::{Deflate, Deflater, END};
use crate::digest::{Body, Digest, Held};
use crate::line::Lines;
use crate::merge::{Merge, Part};
use crate::spill::SpilledRun;
use crate::tables::lock;

/// Lines of a block.
pub(crate) const LINES: usize = 8192;
/// A gzip header that names no time, no file and no system (255, "unknown").
pub(crate) const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// What was written as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSummary {
    /// Lines, one an edge as the text tells edges apart.
    pub lines: u64,
    /// Bytes of text.
    pub bytes: u64,
    /// SHA-256 of the text, in hex.
    pub sha256: String,
}

/// What was written as gzip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GzipSummary {
    /// The text inside.
    pub text: TextSummary,
    /// Bytes of gzip.
    pub bytes: u64,
    /// SHA-256 of the gzip bytes, in hex.
    pub sha256: String,
}

/// Some lines of the digest.
#[derive(Debug, Default)]
struct Block {
    lines: usize,
    text: Vec<u8>,
    deflated: Vec<u8>,
}

impl Digest {
    /// Writes the digest's text: a line an edge, each ended by a newline; nothing at all for an empty digest.
    ///
    /// Columns: version (always 2), account-id, interface-id, srcaddr, dstaddr, srcport, dstport, protocol, packets,
    /// bytes, start and end (of the whole digest), action, log-status (always OK).
    ///
    /// # Errors
    /// Whatever `out` returns.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<TextSummary> {
        let mut text = Measure::default();
        let lines = self.text_to(out, |written| text.take(written))?;
        Ok(text.summary(lines))
    }

    /// The same text for whom its hash is worth nothing: gives the number of lines.
    ///
    /// # Errors
    /// Whatever `out` returns.
    pub fn write_text_unhashed(&self, out: &mut dyn Write) -> io::Result<u64> {
        self.text_to(out, |_| ())
    }

    /// Writes the text as one gzip member, whose header names neither a time nor a file nor a system, so that one
    /// build of the program always gives the same bytes.
    ///
    /// # Errors
    /// Whatever `out` returns.
    pub fn write_gzip(&self, out: &mut dyn Write) -> io::Result<GzipSummary> {
        let (mut text, mut gzip) = (Measure::default(), Measure::default());
        let lines = self.gzip_to(out, |written| text.take(written), |written| gzip.take(written))?;
        let (bytes, sha256) = gzip.finish();
        Ok(GzipSummary {
            text: text.summary(lines),
            bytes,
            sha256,
        })
    }

    /// The same bytes for whom their hashes are worth nothing: gives the number of lines.
    ///
    /// # Errors
    /// Whatever `out` returns.
    pub fn write_gzip_unhashed(&self, out: &mut dyn Write) -> io::Result<u64> {
        self.gzip_to(out, |_| (), |_| ())
    }

    fn text_to(&self, out: &mut dyn Write, mut measure: impl FnMut(&[u8])) -> io::Result<u64> {
        let mut lines = 0;
        self.blocks(false, |block| {
            lines += block.lines as u64;
            measure(&block.text);
            out.write_all(&block.text)
        })?;
        out.flush()?;
        Ok(lines)
    }

    fn gzip_to(
        &self,
        out: &mut dyn Write,
        mut text: impl FnMut(&[u8]),
        mut gzip: impl FnMut(&[u8]),
    ) -> io::Result<u64> {
        let mut put = |bytes: &[u8]| {
            gzip(bytes);
            out.write_all(bytes)
        };
        put(&HEADER)?;
        let (mut lines, mut checksum) = (0, Checksum::default());
        self.blocks(true, |block| {
            lines += block.lines as u64;
            text(&block.text);
            checksum.update(&block.text);
            put(&block.deflated)
        })?;
        put(&END)?;
        put(&checksum.trailer())?;
        out.flush()?;
        Ok(lines)
    }

    /// Makes all blocks and hands each to `write`, in order.
    fn blocks(&self, deflate: bool, write: impl FnMut(&Block) -> io::Result<()>) -> io::Result<()> {
        match &self.body {
            Body::Held(held) => self.held_blocks(held, deflate, write),
            Body::Spilled(runs) => self.merged_blocks(runs, deflate, write),
        }
    }

    /// Blocks of edges in memory: every thread takes the next one.
    fn held_blocks(
        &self,
        held: &Held,
        deflate: bool,
        mut write: impl FnMut(&Block) -> io::Result<()>,
    ) -> io::Result<()> {
        let count = held.lines.div_ceil(LINES);
        let next = AtomicUsize::new(0);
        let make = |maker: &mut Maker, block: &mut Block, at: usize| {
            let from = at * LINES;
            let to = (from + LINES).min(held.lines);
            maker.lines.write(held, from..to, &mut block.text);
            block.lines = to - from;
            maker.deflate(block)
        };
        let maker = || Maker::new(self.span(), held.facets.actions(), deflate);
        if self.threads < 2 || count < 2 {
            let (mut maker, mut block) = (maker(), Block::default());
            for at in 0..count {
                make(&mut maker, &mut block, at)?;
                write(&block)?;
            }
            return Ok(());
        }
        let taken = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&at| at < count);
        let work = |pool: &Mutex<Vec<Block>>, send: &dyn Fn(usize, io::Result<Block>) -> bool| {
            let mut maker = maker();
            while let Some(at) = taken() {
                let mut block = lock(pool).pop().unwrap_or_default();
                let made = make(&mut maker, &mut block, at).map(|()| block);
                if !send(at, made) {
                    return;
                }
            }
        };
        in_order(self.threads, work, |_| Ok(()), write)
    }

    /// Blocks of edges that are merged by one thread and made into text by the others.
    fn merged_blocks(
        &self,
        runs: &[Arc<dyn SpilledRun>],
        deflate: bool,
        write: impl FnMut(&Block) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut merge = Merge::lines(runs)?;
        let actions = Arc::clone(&merge.actions);
        let (sender, merged) = mpsc::sync_channel::<(usize, Vec<Part>)>(self.threads);
        let merged = Mutex::new(merged);
        let work = |pool: &Mutex<Vec<Block>>, send: &dyn Fn(usize, io::Result<Block>) -> bool| {
            let mut maker = Maker::new(self.span(), &actions, deflate);
            loop {
                let received = lock(&merged).recv();
                let Ok((at, parts)) = received else { return };
                let mut block = lock(pool).pop().unwrap_or_default();
                maker.lines.write_parts(&parts, &mut block.text);
                block.lines = parts.iter().map(|part| part.rows.len()).sum();
                let made = maker.deflate(&mut block).map(|()| block);
                if !send(at, made) {
                    return;
                }
            }
        };
        let feed = |stop: &AtomicBool| {
            let feed = sender;
            merge_in_blocks(&mut merge, |at, parts| {
                if stop.load(Ordering::Relaxed) {
                    return Err(io::Error::other("nobody takes the merged edges any more"));
                }
                // The receiver outlives all workers.
                feed.send((at, parts)).map_err(io::Error::other)
            })
        };
        in_order(self.threads, work, feed, write)
    }
}

/// Cuts merged edges into blocks of [`LINES`], which are numbered.
fn merge_in_blocks(
    merge: &mut Merge,
    mut take: impl FnMut(usize, Vec<Part>) -> io::Result<()>,
) -> io::Result<()> {
    let (mut at, mut parts, mut lines) = (0, Vec::new(), 0);
    merge.read(LINES, |mut part| {
        while lines + part.rows.len() >= LINES {
            let rest = part.rows.split_off(LINES - lines);
            let names = Arc::clone(&part.names);
            parts.push(std::mem::replace(&mut part, Part { names, rows: rest }));
            take(at, std::mem::take(&mut parts))?;
            (at, lines) = (at + 1, 0);
        }
        if !part.rows.is_empty() {
            lines += part.rows.len();
            parts.push(part);
        }
        Ok(())
    })?;
    if parts.is_empty() { Ok(()) } else { take(at, parts) }
}

/// Runs `work` on so many threads and `feed` on one more, and hands the numbered blocks that come out to `write` in
/// the order of their numbers.
fn in_order(
    threads: usize,
    work: impl Fn(&Mutex<Vec<Block>>, &dyn Fn(usize, io::Result<Block>) -> bool) + Sync,
    feed: impl FnOnce(&AtomicBool) -> io::Result<()> + Send,
    mut write: impl FnMut(&Block) -> io::Result<()>,
) -> io::Result<()> {
    let (pool, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let (sender, made) = mpsc::sync_channel(2 * threads);
    thread::scope(|scope| {
        let feeding = scope.spawn(|| feed(&stop));
        for _ in 0..threads {
            let sender = sender.clone();
            let (work, pool) = (&work, &pool);
            // Sending fails once writing has failed, and then there is nothing left to do.
            scope.spawn(move || work(pool, &|at, block| sender.send((at, block)).is_ok()));
        }
        drop(sender);
        let (mut waiting, mut wanted) = (BTreeMap::new(), 0);
        let mut write_all = || -> io::Result<()> {
            for (at, block) in &made {
                waiting.insert(at, block?);
                while let Some(block) = waiting.remove(&wanted) {
                    write(&block)?;
                    lock(&pool).push(block);
                    wanted += 1;
                }
            }
            Ok(())
        };
        let written = write_all();
        if written.is_err() {
            stop.store(true, Ordering::Relaxed);
            // What is still made has to go somewhere, so that nobody waits for room.
            made.iter().for_each(drop);
        }
        let fed = feeding
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        written.and(fed)
    })
}

/// Makes blocks, one after another.
struct Maker {
    lines: Lines,
    deflater: Option<Deflater>,
}

impl Maker {
    fn new(span: Option<(i64, i64)>, actions: &[Vec<u8>], deflate: bool) -> Self {
        Self {
            lines: Lines::of(span, actions),
            deflater: deflate.then(Deflater::default),
        }
    }

    /// Compresses a block's text, where that is wanted.
    fn deflate(&mut self, block: &mut Block) -> io::Result<()> {
        let Some(deflater) = &mut self.deflater else {
            return Ok(());
        };
        deflater.deflate(&block.text, &mut block.deflated)
    }
}

/// Length and SHA-256 of what has been written.
#[derive(Debug, Default)]
pub(crate) struct Measure {
    hash: Sha256,
    bytes: u64,
}

impl Measure {
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    pub(crate) fn finish(self) -> (u64, String) {
        let mut hex = String::with_capacity(64);
        for byte in self.hash.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        (self.bytes, hex)
    }

    pub(crate) fn summary(self, lines: u64) -> TextSummary {
        let (bytes, sha256) = self.finish();
        TextSummary { lines, bytes, sha256 }
    }
}
