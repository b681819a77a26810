//! A digest as text, and that text as one gzip member: made in blocks on all threads, written in order.
//!
//! A block is a fixed number of lines. Each is compressed by itself and ends at a byte (a sync flush), so that blocks
//! behind one another are one deflate stream; their checksums are combined. Neither the text nor the gzip bytes depend
//! on the number of threads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;

use flate2::{Compress, Compression, Crc, FlushCompress};
use sha2::{Digest as _, Sha256};

use crate::digest::Digest;
use crate::line::Lines;
use crate::tables::lock;

/// Lines of a block.
const LINES: usize = 8192;
/// Level of compression: see `docs/benchmarking.md`.
const LEVEL: u32 = 1;
/// A gzip header that names no time, no file and no system (255, "unknown").
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// What was written as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSummary {
    /// Lines, one an edge.
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
    text: Vec<u8>,
    deflated: Vec<u8>,
    crc: Crc,
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
        self.blocks(false, |block| {
            text.take(&block.text);
            out.write_all(&block.text)
        })?;
        out.flush()?;
        Ok(text.summary(self.edges()))
    }

    /// Writes the text as one gzip member, whose header names neither a time nor a file nor a system, so that one
    /// build of the program always gives the same bytes.
    ///
    /// # Errors
    /// Whatever `out` returns.
    pub fn write_gzip(&self, out: &mut dyn Write) -> io::Result<GzipSummary> {
        let (mut text, mut gzip, mut crc) = (Measure::default(), Measure::default(), Crc::new());
        let mut put = |bytes: &[u8]| {
            gzip.take(bytes);
            out.write_all(bytes)
        };
        put(&HEADER)?;
        self.blocks(true, |block| {
            text.take(&block.text);
            crc.combine(&block.crc);
            put(&block.deflated)
        })?;
        put(&crc.sum().to_le_bytes())?;
        put(&crc.amount().to_le_bytes())?;
        out.flush()?;
        let (bytes, sha256) = gzip.finish();
        Ok(GzipSummary {
            text: text.summary(self.edges()),
            bytes,
            sha256,
        })
    }

    /// Makes all blocks and hands each to `write`, in order. Without any edge there is one empty block.
    fn blocks(&self, deflate: bool, mut write: impl FnMut(&Block) -> io::Result<()>) -> io::Result<()> {
        let count = self.edges().div_ceil(LINES).max(1);
        if self.threads < 2 || count < 2 {
            let mut maker = Maker::new(self, deflate, count);
            let mut block = Block::default();
            for at in 0..count {
                maker.make(at, &mut block)?;
                write(&block)?;
            }
            return Ok(());
        }
        let (next, pool) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let (sender, made) = mpsc::sync_channel(2 * self.threads);
        thread::scope(|scope| {
            for _ in 0..self.threads {
                let sender = sender.clone();
                let (next, pool) = (&next, &pool);
                scope.spawn(move || {
                    let mut maker = Maker::new(self, deflate, count);
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        if at >= count {
                            return;
                        }
                        let mut block = lock(pool).pop().unwrap_or_default();
                        let made = maker.make(at, &mut block).map(|()| block);
                        // Nobody takes blocks any more once writing has failed.
                        if sender.send((at, made)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            let (mut waiting, mut wanted) = (BTreeMap::new(), 0);
            for (at, block) in made {
                waiting.insert(at, block?);
                while let Some(block) = waiting.remove(&wanted) {
                    write(&block)?;
                    lock(&pool).push(block);
                    wanted += 1;
                }
            }
            Ok(())
        })
    }
}

/// Makes blocks, one after another.
struct Maker<'d> {
    digest: &'d Digest,
    lines: Lines<'d>,
    deflater: Option<Compress>,
    count: usize,
}

impl<'d> Maker<'d> {
    fn new(digest: &'d Digest, deflate: bool, count: usize) -> Self {
        Self {
            digest,
            lines: Lines::of(digest),
            deflater: deflate.then(|| Compress::new(Compression::new(LEVEL), false)),
            count,
        }
    }

    fn make(&mut self, at: usize, block: &mut Block) -> io::Result<()> {
        let from = at * LINES;
        let to = (from + LINES).min(self.digest.edges());
        self.lines.write(self.digest, from..to, &mut block.text);
        let Some(deflater) = &mut self.deflater else {
            return Ok(());
        };
        block.crc.reset();
        block.crc.update(&block.text);
        let flush = if at + 1 == self.count {
            FlushCompress::Finish
        } else {
            FlushCompress::Sync
        };
        deflate(deflater, &block.text, flush, &mut block.deflated)
    }
}

/// Compresses a block's text by itself.
fn deflate(deflater: &mut Compress, text: &[u8], flush: FlushCompress, out: &mut Vec<u8>) -> io::Result<()> {
    deflater.reset();
    out.clear();
    out.reserve(text.len() / 3 + 1024);
    loop {
        let taken = usize::try_from(deflater.total_in()).unwrap_or(usize::MAX);
        let rest = text.get(taken..).unwrap_or_default();
        deflater.compress_vec(rest, out, flush)?;
        // Room that is left over says that nothing waits to be written.
        if deflater.total_in() == text.len() as u64 && out.len() < out.capacity() {
            return Ok(());
        }
        out.reserve(out.capacity().max(1024));
    }
}

/// Length and SHA-256 of what has been written.
#[derive(Default)]
struct Measure {
    hash: Sha256,
    bytes: u64,
}

impl Measure {
    fn take(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    fn finish(self) -> (u64, String) {
        let mut hex = String::with_capacity(64);
        for byte in self.hash.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        (self.bytes, hex)
    }

    fn summary(self, edges: usize) -> TextSummary {
        let (bytes, sha256) = self.finish();
        TextSummary {
            lines: edges as u64,
            bytes,
            sha256,
        }
    }
}
