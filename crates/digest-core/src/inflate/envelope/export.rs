//! An export of CloudWatch Logs: each row has a time (`2024-02-29T23:59:59.999Z`) and a blank before it.

use crate::inflate::TextFailure;
use crate::inflate::inflated::Inflated;

/// The shape of a time up to its seconds: `0` is any digit.
const SHAPE: &[u8; SECONDS] = b"0000-00-00T00:00:00";
/// Bytes of it.
const SECONDS: usize = 19;
/// Most digits of a fraction of a second.
const MOST_FRACTION: usize = 9;
/// Bytes by which a line's time and the blank behind it are known.
pub(super) const LONGEST: usize = SECONDS + 1 + MOST_FRACTION + 2;
/// Bytes read at a time.
const BUFFER: usize = 64 * 1024;

/// Takes the times off.
pub(crate) struct Export {
    /// What has been read and not handed out stands from `start` to `end`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether a line begins at `start`.
    at_line: bool,
    ended: bool,
}

/// Whether a text begins as an export does.
pub(super) fn begins_with_time(begin: &[u8]) -> bool {
    time(begin) > 0
}

fn has_shape(line: &[u8]) -> bool {
    let is_of = |(shape, byte): (&u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        shape => shape == byte,
    };
    line.len() >= SECONDS && SHAPE.iter().zip(line).all(is_of)
}

/// The length of the time that a line begins with, and of the blank behind it; 0 where it begins with something else.
fn time(line: &[u8]) -> usize {
    if !has_shape(line) {
        return 0;
    }
    let mut rest = line.get(SECONDS..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=MOST_FRACTION).contains(&digits) {
            return 0;
        }
        rest = fraction.get(digits..).unwrap_or_default();
    }
    let Some(rest) = rest.strip_prefix(b"Z") else {
        return 0;
    };
    match rest.first() {
        Some(b' ' | b'\t') => line.len() - rest.len() + 1,
        None | Some(b'\n' | b'\r') => line.len() - rest.len(),
        Some(_) => 0,
    }
}

impl Export {
    /// An export whose first bytes have been read.
    pub(crate) fn after(begin: Vec<u8>) -> Self {
        let end = begin.len();
        let mut buffer = begin;
        buffer.resize(BUFFER, 0);
        Self {
            buffer,
            start: 0,
            end,
            at_line: true,
            ended: false,
        }
    }

    /// Reads rows without their times; 0 is the end.
    pub(crate) fn read(&mut self, bytes: &mut Inflated<'_>, out: &mut [u8]) -> Result<usize, TextFailure> {
        let mut written = 0;
        while written < out.len() {
            let wanted = if self.at_line { LONGEST } else { 1 };
            if self.end - self.start < wanted && !self.ended {
                if written > 0 {
                    break;
                }
                self.fill(bytes)?;
                continue;
            }
            if self.start == self.end {
                break;
            }
            if self.at_line {
                self.start += time(self.buffer.get(self.start..self.end).unwrap_or_default());
                self.at_line = false;
                continue;
            }
            let held = self.buffer.get(self.start..self.end).unwrap_or_default();
            let line = memchr::memchr(b'\n', held).map_or(held.len(), |at| at + 1);
            let count = line.min(out.len() - written);
            let to = out.get_mut(written..written + count).unwrap_or_default();
            to.copy_from_slice(held.get(..count).unwrap_or_default());
            self.at_line = held.get(count.wrapping_sub(1)) == Some(&b'\n');
            self.start += count;
            written += count;
        }
        Ok(written)
    }

    /// Reads once behind what is held, which moves to the front.
    fn fill(&mut self, bytes: &mut Inflated<'_>) -> Result<(), TextFailure> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let read = bytes.read(self.buffer.get_mut(self.end..).unwrap_or_default())?;
        self.end += read;
        self.ended = read == 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_whole_token_at_the_begin_of_a_line() {
        for (line, length) in [
            ("2024-02-29T23:59:59.999Z 2 1", 25),
            ("2024-02-29T23:59:59Z\t2", 21),
            ("2024-02-29T23:59:59.123456789Z 2", 31),
            ("2024-02-29T23:59:59.999Z", 24),
            ("2024-02-29T23:59:59.999Z\r\n", 24),
            ("2024-02-29T23:59:59.Z 2", 0),
            ("2024-02-29T23:59:59.1234567890Z 2", 0),
            ("2024-02-29T23:59:59.999Zulu 2", 0),
            ("2024-02-29T23:59:59.999+01:00 2", 0),
            ("2024-02-29 23:59:59 2", 0),
            (" 2024-02-29T23:59:59Z 2", 0),
            ("2 123456789010 eni-1", 0),
        ] {
            assert_eq!(time(line.as_bytes()), length, "{line}");
        }
    }
}
