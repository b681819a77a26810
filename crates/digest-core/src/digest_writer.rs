//! A digest written from edges that come in its order: the same text, and the same gzip bytes, as if [`crate::Fold`] had
//! made it.

use std::io::{self, Write};

use crate::checksum::Checksum;
use crate::deflate::{Deflate, Deflater, END};
use crate::edge::Edge;
use crate::line::push_line;
use crate::page::Page;
use crate::render::{GzipSummary, HEADER, LINES, Measure, TextSummary};

/// Writes a digest's lines, as text or as one gzip member.
#[derive(Debug)]
pub struct DigestWriter<W> {
    out: W,
    span: (i64, i64),
    page: Page,
    lines: usize,
    written: u64,
    text: Measure,
    gzip: Option<Gzip>,
}

/// What a gzip member needs besides.
#[derive(Debug)]
struct Gzip {
    deflater: Deflater,
    deflated: Vec<u8>,
    checksum: Checksum,
    measure: Measure,
}

impl<W: Write> DigestWriter<W> {
    /// A digest as text, whose every line has these times (Unix seconds, not negative).
    pub fn text(out: W, span: (i64, i64)) -> Self {
        Self {
            out,
            span,
            page: Page::default(),
            lines: 0,
            written: 0,
            text: Measure::default(),
            gzip: None,
        }
    }

    /// The same as one gzip member.
    ///
    /// # Errors
    /// Whatever `out` returns.
    pub fn gzip(mut out: W, span: (i64, i64)) -> io::Result<Self> {
        let mut measure = Measure::default();
        measure.take(&HEADER);
        out.write_all(&HEADER)?;
        let gzip = Gzip {
            deflater: Deflater::default(),
            deflated: Vec::new(),
            checksum: Checksum::default(),
            measure,
        };
        Ok(Self {
            gzip: Some(gzip),
            ..Self::text(out, span)
        })
    }

    /// Appends an edge. That it comes behind the one before is the caller's promise.
    ///
    /// # Errors
    /// Whatever `out` returns.
    pub fn push(&mut self, edge: &Edge<'_>) -> io::Result<()> {
        push_line(&mut self.page, edge, self.span);
        self.lines += 1;
        if self.lines == LINES {
            self.put_block()?;
        }
        Ok(())
    }

    /// Ends the digest.
    ///
    /// # Errors
    /// Whatever `out` returns.
    pub fn finish(mut self) -> io::Result<(TextSummary, Option<GzipSummary>)> {
        if self.lines > 0 {
            self.put_block()?;
        }
        let text = self.text.summary(self.written);
        let mut summary = None;
        if let Some(mut gzip) = self.gzip {
            let end = [&END[..], &gzip.checksum.trailer()].concat();
            gzip.measure.take(&end);
            self.out.write_all(&end)?;
            let (bytes, sha256) = gzip.measure.finish();
            summary = Some(GzipSummary {
                text: text.clone(),
                bytes,
                sha256,
            });
        }
        self.out.flush()?;
        Ok((text, summary))
    }

    fn put_block(&mut self) -> io::Result<()> {
        self.written += self.lines as u64;
        self.lines = 0;
        let block = self.page.take();
        self.text.take(&block);
        match &mut self.gzip {
            Some(gzip) => {
                gzip.checksum.update(&block);
                gzip.deflater.deflate(&block, &mut gzip.deflated)?;
                gzip.measure.take(&gzip.deflated);
                self.out.write_all(&gzip.deflated)?;
            }
            None => self.out.write_all(&block)?,
        }
        self.page.again(block);
        Ok(())
    }
}
