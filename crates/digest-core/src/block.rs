//! Blocks of whole lines out of a stream of text, in bounded memory.

use memchr::{memchr, memrchr};

use crate::inflate::{Text, TextFailure};

/// Bytes of text read at a time.
const BLOCK: usize = 128 * 1024;

/// What comes next in an object's text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block<'a> {
    /// One or more whole lines, each ended by a newline save perhaps the object's last. A line may still be longer
    /// than the bound.
    Lines(&'a [u8]),
    /// One line that is longer than the bound. It is not kept; the rest of it is read past by the next call.
    TooLong,
}

/// Cuts an object's text into blocks. Holds at most one block and one row.
pub(crate) struct Blocks<'s> {
    text: Text<'s>,
    max_row: usize,
    buffer: Vec<u8>,
    /// The bytes not yet handed out: from the begin of a line up to what has been read.
    start: usize,
    end: usize,
    /// Up to here there is no newline behind `start`.
    searched: usize,
    ended: bool,
    /// Within a line that is too long.
    skipping: bool,
    inflated: u64,
}

impl<'s> Blocks<'s> {
    pub(crate) fn new(text: Text<'s>, max_row: usize) -> Self {
        Self {
            text,
            max_row,
            buffer: vec![0; BLOCK],
            start: 0,
            end: 0,
            searched: 0,
            ended: false,
            skipping: false,
            inflated: 0,
        }
    }

    /// The next block; `None` at the end of the text.
    pub(crate) fn next(&mut self) -> Result<Option<Block<'_>>, TextFailure> {
        if std::mem::take(&mut self.skipping) {
            self.skip_line()?;
        }
        loop {
            let fresh = self.buffer.get(self.searched..self.end).unwrap_or_default();
            if let Some(at) = memrchr(b'\n', fresh) {
                let stop = self.searched + at + 1;
                return Ok(Some(self.hand_out(stop)));
            }
            self.searched = self.end;
            if self.ended {
                let rest = self.end;
                return Ok((self.start < rest).then(|| self.hand_out(rest)));
            }
            if self.end - self.start > self.max_row {
                self.skipping = true;
                return Ok(Some(Block::TooLong));
            }
            self.make_room();
            self.read_more()?;
        }
    }

    /// Bytes of text read so far.
    pub(crate) fn inflated(&self) -> u64 {
        self.inflated
    }

    /// Bytes taken from the source, once the text has ended.
    pub(crate) fn taken(&self) -> u64 {
        self.text.taken()
    }

    fn hand_out(&mut self, stop: usize) -> Block<'_> {
        let lines = self.start..stop;
        self.start = stop;
        self.searched = self.end;
        Block::Lines(self.buffer.get(lines).unwrap_or_default())
    }

    /// Drops the line at hand, up to and with its newline; what was read behind it stays.
    fn skip_line(&mut self) -> Result<(), TextFailure> {
        loop {
            (self.start, self.end, self.searched) = (0, 0, 0);
            self.read_more()?;
            let fresh = self.buffer.get(..self.end).unwrap_or_default();
            if let Some(at) = memchr(b'\n', fresh) {
                (self.start, self.searched) = (at + 1, at + 1);
                return Ok(());
            }
            if self.ended {
                return Ok(());
            }
        }
    }

    /// Moves the line at hand to the front, and grows the buffer only where that line has filled it.
    fn make_room(&mut self) {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        (self.start, self.searched) = (0, self.end);
        if self.end == self.buffer.len() {
            self.buffer.resize(self.end.saturating_mul(2), 0);
        }
    }

    fn read_more(&mut self) -> Result<(), TextFailure> {
        let read = self
            .text
            .read(self.buffer.get_mut(self.end..).unwrap_or_default())?;
        self.end += read;
        self.inflated += read as u64;
        self.ended = read == 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// Hands out its bytes in pieces of a given size.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let room = self.1.min(out.len());
            self.0.read(&mut out[..room])
        }
    }

    /// The lines, `None` for one that was too long.
    fn lines(text: &[u8], piece: usize, max_row: usize) -> Vec<Option<String>> {
        let mut source = Pieces(text, piece);
        let mut blocks = Blocks::new(Text::open(&mut source).unwrap(), max_row);
        let mut lines = Vec::new();
        while let Some(block) = blocks.next().unwrap() {
            match block {
                Block::TooLong => lines.push(None),
                Block::Lines(block) => {
                    let text = std::str::from_utf8(block).unwrap();
                    lines.extend(
                        text.split_inclusive('\n')
                            .map(|line| line.trim_end_matches('\n'))
                            .map(|line| (line.len() <= max_row).then(|| line.to_owned())),
                    );
                }
            }
        }
        assert_eq!(blocks.inflated(), text.len() as u64);
        lines
    }

    #[test]
    fn lines_are_the_same_whatever_the_pieces() {
        let text = b"one\n\ntwo two two two\nthree\n\nlast without newline";
        let expected = ["one", "", "two two two two", "three", "", "last without newline"];
        for piece in 1..text.len() {
            let found: Vec<String> = lines(text, piece, 100).into_iter().flatten().collect();
            assert_eq!(found, expected, "{piece}");
        }
    }

    #[test]
    fn a_long_line_is_skipped_and_its_neighbours_are_not() {
        let text = b"one\n123456789\ntwo\n12345678\nthree\n123456789";
        for piece in 1..text.len() {
            let found = lines(text, piece, 8);
            let expected = [
                Some("one"),
                None,
                Some("two"),
                Some("12345678"),
                Some("three"),
                None,
            ];
            assert_eq!(found, expected.map(|line| line.map(str::to_owned)), "{piece}");
        }
    }

    #[test]
    fn a_line_longer_than_a_block_is_kept_where_the_bound_allows() {
        let long = "x".repeat(3 * BLOCK);
        let text = format!("a\n{long}\nb\n");
        assert_eq!(
            lines(text.as_bytes(), usize::MAX, usize::MAX),
            ["a".to_owned(), long, "b".to_owned()].map(Some)
        );
    }
}
