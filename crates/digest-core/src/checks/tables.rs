//! Parquet: whatever a file's footer and pages say, it is read or refused, in memory and by ranges alike, and within its
//! budget.

use std::io::{self, Cursor, Read};
use std::sync::{LazyLock, Mutex};

use parquet::basic::Compression;
use parquet::file::properties::{WriterProperties, WriterVersion};

use super::HeldRuns;
use crate::contents::{Contents, Ranges};
use crate::error::FoldError;
use crate::fold::{BadRows, FoldOptions};
use crate::parallel::{Source, fold_parallel};
use crate::parquet_copy::parquet_file;
use crate::spill::Budget;
use crate::window::Window;

const MAGIC: &[u8] = b"PAR1";
/// Longest input.
const MOST: usize = 32 * 1024;
/// A budget that a small sound file fits.
const BUDGET: usize = 16 << 20;

/// Sound files of the same records: body and footer of each.
static SOUND: LazyLock<Vec<(Vec<u8>, Vec<u8>)>> = LazyLock::new(|| {
    let plain = || WriterProperties::builder().set_compression(Compression::UNCOMPRESSED);
    let ways = [
        plain().build(),
        WriterProperties::builder()
            .set_compression(Compression::GZIP(Default::default()))
            .build(),
        plain().set_dictionary_enabled(false).build(),
        plain()
            .set_dictionary_enabled(false)
            .set_writer_version(WriterVersion::PARQUET_2_0)
            .build(),
    ];
    ways.into_iter()
        .map(|way| {
            let file = parquet_file(&log(), 30, way).expect("a sound log");
            let (rest, tail) = file.split_at(file.len() - 8);
            let length = tail.first_chunk().map_or(0, |&length| u32::from_le_bytes(length));
            let (body, footer) = rest.split_at(rest.len() - length as usize);
            (body[4..].to_vec(), footer.to_vec())
        })
        .collect()
});

fn log() -> String {
    let mut text = "version interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status \
                    tcp-flags pkt-srcaddr flow-direction\n"
        .to_owned();
    for row in 0..40 {
        let start = 1_539_734_400 + 60 * (row / 10) - 60;
        let (address, status) = match row % 13 {
            7 => ("2001:db8::7", "OK"),
            11 => ("-", "NODATA"),
            _ => ("10.0.0.7", "OK"),
        };
        text += &format!(
            "5 eni-{} {address} 10.0.1.{} {} 443 6 {row} 40 {start} {start} ACCEPT {status} 2 10.0.0.{} egress\n",
            row / 20,
            row % 7,
            40_000 + row,
            row % 3
        );
    }
    text
}

/// Any bytes as a Parquet file's footer, or as changes to a sound one's. The first byte says which file's pages stand
/// before it, whether there is a window, what becomes of bad rows, and whether the bytes are changes.
pub fn footer(bytes: &[u8]) {
    let Some((&way, rest)) = bytes.split_first() else {
        return;
    };
    let (body, sound) = &SOUND[usize::from(way & 3)];
    let footer = changed(sound, way, rest);
    digest(way, &[MAGIC, body, &footer].concat(), footer.len());
}

/// Any bytes in place of a sound Parquet file's pages, or as changes to them. The first byte is as for [`footer`].
pub fn pages(bytes: &[u8]) {
    let Some((&way, rest)) = bytes.split_first() else {
        return;
    };
    let (sound, footer) = &SOUND[usize::from(way & 3)];
    let mut body = changed(sound, way, rest);
    // The footer says where pages stand: bytes that are missing are those of the sound file.
    body.extend(sound.get(body.len()..).unwrap_or_default());
    digest(way, &[MAGIC, &body, footer].concat(), footer.len());
}

/// The bytes themselves, or sound ones with changes: three bytes each, place and difference.
fn changed(sound: &[u8], way: u8, bytes: &[u8]) -> Vec<u8> {
    let bytes = bytes.get(..MOST).unwrap_or(bytes);
    if way & 0x80 > 0 {
        return bytes.to_vec();
    }
    let mut changed = sound.to_vec();
    for change in bytes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % changed.len();
        changed[at] ^= change[2];
    }
    changed
}

/// Digests a file without its end in every way: all that is made of it is the same.
fn digest(way: u8, file: &[u8], footer: usize) {
    let length = u32::try_from(footer).expect("few bytes").to_le_bytes();
    let file = [file, &length, MAGIC].concat();
    let hour = Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").expect("an hour");
    let options = FoldOptions {
        window: (way & 4 > 0).then_some(hour),
        bad_rows: if way & 8 > 0 { BadRows::Skip } else { BadRows::Fail },
        edges: way & 16 > 0,
        ..FoldOptions::default()
    };
    let in_memory = text(&options, None, Box::new(Cursor::new(file.clone())));
    let by_ranges = text(&options, None, Box::new(Ranged(file.clone())));
    assert_eq!(
        in_memory.is_ok(),
        by_ranges.is_ok(),
        "{in_memory:?} and {by_ranges:?} by ranges"
    );
    let in_little = text(
        &options,
        Some(HeldRuns::budget(BUDGET)),
        Box::new(Cursor::new(file)),
    );
    for other in [by_ranges, in_little] {
        match (&in_memory, other) {
            (Ok(one), Ok(other)) => assert!(*one == other, "the texts differ"),
            (_, Err(error)) => assert!(error.to_string().starts_with("object: "), "{error}"),
            (Err(error), Ok(_)) => panic!("with less memory there is no {error}"),
        }
    }
}

fn text(
    options: &FoldOptions,
    budget: Option<Budget>,
    source: Box<dyn Contents + Send>,
) -> Result<Vec<u8>, FoldError> {
    let source = Mutex::new(Some(("object".to_owned(), source)));
    let next = || -> Option<Source> { source.lock().expect("no thread died").take() };
    let mut text = Vec::new();
    // Sums may pass their range, while rows are folded or when runs are merged: then there is no text, in any way.
    match fold_parallel(options, budget, 1, next, |_, _| {}) {
        Ok(digest) if digest.write_text(&mut text).is_ok() => Ok(text),
        Ok(_) | Err(FoldError::Overflow { .. }) => Ok(b"overflow".to_vec()),
        Err(error) => Err(error),
    }
}

/// A file that is read by ranges.
struct Ranged(Vec<u8>);

impl Read for Ranged {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = out.len().min(self.0.len());
        out[..count].copy_from_slice(&self.0[..count]);
        Ok(count)
    }
}

impl Contents for Ranged {
    fn ranges(&mut self) -> Option<&mut dyn Ranges> {
        Some(self)
    }
}

impl Ranges for Ranged {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&mut self, at: u64, out: &mut [u8]) -> io::Result<()> {
        let at = usize::try_from(at).expect("a small file");
        let bytes = self.0.get(at..at + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_changed_was_sound() {
        for way in 0..32 {
            let (body, footer) = &SOUND[usize::from(way & 3)];
            let length = u32::try_from(footer.len()).expect("few bytes").to_le_bytes();
            let file = [MAGIC, body, footer, &length, MAGIC].concat();
            let text =
                text(&FoldOptions::default(), None, Box::new(Cursor::new(file))).expect("a sound file");
            assert!(text.len() > 500);
            pages(&[way]);
            super::footer(&[way]);
        }
    }
}
