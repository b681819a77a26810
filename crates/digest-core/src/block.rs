//! Blocks of whole lines out of a stream of text, in bounded memory.

use memchr::{memchr, memrchr};

use crate::inflate::{Container, Delivery, Pieces, Text, TextFailure, WholeText};
use crate::vector::PAD;

/// Bytes of text read at a time.
const BLOCK: usize = 256 * 1024;

/// What comes next in an object's text.
#[derive(Debug)]
pub(crate) enum Block<'a> {
    /// One or more whole lines, each ended by a newline. A line may still be longer than the bound.
    Lines(Lines<'a>),
    /// One line that is longer than the bound. It is not kept; the rest of it is read past by the next call.
    TooLong,
}

/// Whole lines, with [`PAD`] more bytes on either side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines<'a> {
    pub(crate) buffer: &'a [u8],
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// Cuts an object's text into blocks.
pub(crate) enum Blocks<'s> {
    Whole(Slicer<'s>),
    /// Holds at most one block and one row.
    Pieces(Cutter<'s>),
}

/// Cuts a text that is there as a whole: into blocks that stay near the processor while they are verified and read.
pub(crate) struct Slicer<'s> {
    text: WholeText<'s>,
    /// The begin of the next block, and the end of the text.
    start: usize,
    end: usize,
}

/// Cuts a text that comes in pieces.
pub(crate) struct Cutter<'s> {
    text: Pieces<'s>,
    max_row: usize,
    buffer: &'s mut Vec<u8>,
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
        match text {
            Text::Whole(text) => Self::Whole(Slicer {
                start: PAD,
                end: text.bytes.len() - PAD,
                text,
            }),
            Text::Pieces { text, window } => {
                // A long row of an object before may have made it larger.
                window.resize(PAD + BLOCK + PAD, 0);
                window.shrink_to_fit();
                Self::Pieces(Cutter {
                    text,
                    max_row,
                    buffer: window,
                    start: PAD,
                    end: PAD,
                    searched: PAD,
                    ended: false,
                    skipping: false,
                    inflated: 0,
                })
            }
        }
    }

    /// The next block; `None` at the end of the text.
    pub(crate) fn next(&mut self) -> Result<Option<Block<'_>>, TextFailure> {
        match self {
            Self::Pieces(cutter) => cutter.next(),
            Self::Whole(slicer) => slicer.next(),
        }
    }

    /// What the object is packed in.
    pub(crate) fn container(&self) -> Container {
        match self {
            // Of what is taken in whole, everything is gzip.
            Self::Whole(_) => Container::Gzip,
            Self::Pieces(cutter) => cutter.text.container(),
        }
    }

    /// What its rows were delivered in, once some have been read.
    pub(crate) fn delivery(&self) -> Option<Delivery> {
        match self {
            Self::Whole(_) => None,
            Self::Pieces(cutter) => cutter.text.delivery(),
        }
    }

    /// Bytes of text: read so far, or all there are where the text is there as a whole.
    pub(crate) fn inflated(&self) -> u64 {
        match self {
            Self::Whole(slicer) => (slicer.end - PAD) as u64,
            Self::Pieces(cutter) => cutter.inflated,
        }
    }

    /// Bytes taken from the source, once the text has ended.
    pub(crate) fn taken(&self) -> u64 {
        match self {
            Self::Whole(slicer) => slicer.text.taken,
            Self::Pieces(cutter) => cutter.text.taken(),
        }
    }
}

impl<'a> Lines<'a> {
    /// The text that is there from a block behind this place on, to be asked of memory. Of one that comes in pieces there is none
    /// but what lies there by chance.
    pub(crate) fn ahead(&self, from: usize) -> &'a [u8] {
        self.buffer.get(from + BLOCK..).unwrap_or_default()
    }

    /// Lines of which the last may lack its newline: it gets one, in the padding.
    fn ended(buffer: &'a mut [u8], from: usize, mut to: usize) -> Self {
        if to > from
            && buffer.get(to - 1) != Some(&b'\n')
            && let Some(byte) = buffer.get_mut(to)
        {
            *byte = b'\n';
            to += 1;
        }
        Self { buffer, from, to }
    }
}

impl Slicer<'_> {
    fn next(&mut self) -> Result<Option<Block<'_>>, TextFailure> {
        if self.start == self.end {
            return Ok(None);
        }
        let (from, text) = (self.start, &self.text.bytes);
        let newline = |at: usize| memchr(b'\n', text.get(at..self.end)?).map(|newline| at + newline + 1);
        let to = newline(from.saturating_add(BLOCK)).unwrap_or(self.end);
        self.start = to;
        self.text.verify(from, to)?;
        Ok(Some(Block::Lines(Lines::ended(self.text.bytes, from, to))))
    }
}

impl Cutter<'_> {
    fn next(&mut self) -> Result<Option<Block<'_>>, TextFailure> {
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

    fn hand_out(&mut self, stop: usize) -> Block<'_> {
        let from = std::mem::replace(&mut self.start, stop);
        self.searched = self.end;
        Block::Lines(Lines::ended(self.buffer, from, stop))
    }

    /// Drops the line at hand, up to and with its newline; what was read behind it stays.
    fn skip_line(&mut self) -> Result<(), TextFailure> {
        loop {
            (self.start, self.end, self.searched) = (PAD, PAD, PAD);
            self.read_more()?;
            let fresh = self.buffer.get(PAD..self.end).unwrap_or_default();
            if let Some(at) = memchr(b'\n', fresh) {
                (self.start, self.searched) = (PAD + at + 1, PAD + at + 1);
                return Ok(());
            }
            if self.ended {
                return Ok(());
            }
        }
    }

    /// Moves the line at hand to the front, and grows the buffer only where that line has filled it.
    fn make_room(&mut self) {
        self.buffer.copy_within(self.start..self.end, PAD);
        self.end = PAD + self.end - self.start;
        (self.start, self.searched) = (PAD, self.end);
        if self.end + PAD >= self.buffer.len() {
            self.buffer.resize(self.buffer.len().saturating_mul(2), 0);
        }
    }

    fn read_more(&mut self) -> Result<(), TextFailure> {
        let room = self.end..self.buffer.len() - PAD;
        let read = self.text.read(self.buffer.get_mut(room).unwrap_or_default())?;
        self.end += read;
        self.inflated += read as u64;
        self.ended = read == 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::inflate::{INFLATERS, Scratch};

    /// Hands out its bytes in pieces of a given size.
    struct Given<'a>(&'a [u8], usize);

    impl Read for Given<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let room = self.1.min(out.len());
            self.0.read(&mut out[..room])
        }
    }

    /// The lines, `None` for one that was too long.
    fn lines(text: &[u8], piece: usize, max_row: usize) -> Vec<Option<String>> {
        let mut source = Given(text, piece);
        let mut scratch = Scratch::default();
        let mut blocks = Blocks::new(Text::open(&mut source, &mut scratch).unwrap(), max_row);
        let mut lines = Vec::new();
        while let Some(block) = blocks.next().unwrap() {
            match block {
                Block::TooLong => lines.push(None),
                Block::Lines(block) => {
                    let text = std::str::from_utf8(&block.buffer[block.from..block.to]).unwrap();
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
    fn a_wrong_checksum_is_told_before_the_text_ends_whichever_member_it_is_of() {
        let text = b"one line\n".repeat(3 * BLOCK / 9);
        let members = [text.as_slice(), b"", &text, b""].map(|text| {
            let mut member = GzEncoder::new(Vec::new(), Compression::fast());
            member.write_all(text).unwrap();
            member.finish().unwrap()
        });
        for wrong in 0..=members.len() {
            let mut members = members.clone();
            if let Some(member) = members.get_mut(wrong) {
                let sum = member.len() - 8;
                member[sum] ^= 1;
            }
            let object = members.concat();
            for mut scratch in INFLATERS.iter().filter_map(|name| Scratch::named(name)) {
                let mut source = object.as_slice();
                let mut blocks = Blocks::new(Text::open(&mut source, &mut scratch).unwrap(), 100);
                let end = loop {
                    match blocks.next() {
                        Ok(Some(_)) => {}
                        Ok(None) => break None,
                        Err(TextFailure::Corrupt(why)) => break Some(why.contains("checksum")),
                        Err(failure) => panic!("{failure:?}"),
                    }
                };
                assert_eq!(end, (wrong < members.len()).then_some(true), "member {wrong}");
            }
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
