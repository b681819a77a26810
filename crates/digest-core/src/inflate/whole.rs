//! A whole gzip object inflated at once by libdeflate: the fastest that a C compiler alone can build, for objects whose
//! bytes and text fit bounds.
//!
//! Whatever libdeflate does not take (it says no more than that) is left to the inflater that works in pieces, which
//! knows what is wrong and where.
//!
//! Checksums are not taken here: a text is larger than the processor's caches, and what reads it takes them block by block while
//! it has the block at hand.

#![allow(unsafe_code, reason = "calls a C library; each call stands beside its reason")]

use std::ptr::NonNull;

use libdeflate_sys::{
    libdeflate_alloc_decompressor, libdeflate_decompressor, libdeflate_deflate_decompress_ex,
    libdeflate_free_decompressor, libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE,
    libdeflate_result_LIBDEFLATE_SUCCESS,
};

use super::{header, huge_pages};
use crate::checksum::Checksum;

/// Most bytes of a gzip object that is inflated at once.
pub(crate) const MOST_GZIP: usize = 32 << 20;
/// Most bytes of its text: each thread holds one. AWS closes its objects at 75 MB of text and most of them long before;
/// what is larger, gzip bombs among it, goes in pieces through little memory.
pub(crate) const MOST_TEXT: usize = 68 << 20;
/// Deflate makes no more of a byte than this.
const MOST_RATIO: usize = 1032;

/// Members that there is room for from one object to the next.
const MEMBERS_KEPT: usize = 1024;

/// An inflater for whole members.
#[derive(Debug)]
pub(crate) struct Whole {
    inflater: NonNull<libdeflate_decompressor>,
    trailers: Trailers,
}

/// The checksums of an object's members, against which its text is held as it is read.
#[derive(Debug, Default)]
pub(crate) struct Trailers {
    /// Of each member the length of its text, and the checksum that it should have.
    members: Vec<(usize, u32)>,
    /// The member that the next byte is of, and what has been read of it.
    at: usize,
    read: usize,
    seen: Checksum,
}

// SAFETY: libdeflate's decompressor is memory of its own, tied to no thread, and is used by one at a time.
unsafe impl Send for Whole {}

/// What became of one member.
enum Member {
    /// Bytes taken, bytes written, checksum that they should have.
    Inflated(usize, usize, u32),
    /// The text needs more room.
    Short,
    Refused,
}

impl Whole {
    /// `None` where there is no memory for it.
    pub(crate) fn new() -> Option<Self> {
        // SAFETY: the call takes nothing and gives a decompressor or null.
        let inflater = NonNull::new(unsafe { libdeflate_alloc_decompressor() })?;
        Some(Self {
            inflater,
            trailers: Trailers::default(),
        })
    }

    /// Inflates all members of an object into `text`, from `pad` on, and leaves `pad` more bytes behind them.
    /// Gives the length of the text and what it has still to be held against, or `None` where the object is too large or not sound.
    pub(crate) fn inflate(
        &mut self,
        gzip: &[u8],
        text: &mut Vec<u8>,
        pad: usize,
        most: usize,
    ) -> Option<(usize, &mut Trailers)> {
        let most = most.min(MOST_TEXT);
        self.trailers.clear();
        // The trailer says how long a lone member's text is; with several, or where it lies, it is no more than a hint.
        let hint = gzip
            .last_chunk()
            .map_or(0, |size| u32::from_le_bytes(*size) as usize);
        let hint = hint.min(gzip.len().saturating_mul(MOST_RATIO));
        if hint > most {
            return None;
        }
        if text.len() < pad + hint + pad {
            *text = huge_pages::zeroed(pad + hint + pad);
        }
        let (mut taken, mut written) = (0, 0);
        loop {
            let rest = gzip.get(taken..)?;
            if rest.iter().all(|&byte| byte == 0) {
                return Some((written, &mut self.trailers));
            }
            let room = text.len() - 2 * pad - written;
            match self.member(rest, text.get_mut(pad + written..pad + written + room)?) {
                Member::Inflated(more_taken, more_written, sum) => {
                    self.trailers.push(more_written, sum)?;
                    taken += more_taken;
                    written += more_written;
                }
                Member::Short => {
                    let possible = rest.len().saturating_mul(MOST_RATIO);
                    let wanted = written + room.saturating_mul(2).max(1 << 16).min(possible);
                    let wanted = wanted.min(most);
                    if wanted <= written + room {
                        return None;
                    }
                    let mut larger = huge_pages::zeroed(pad + wanted + pad);
                    let known = pad + written;
                    larger.get_mut(..known)?.copy_from_slice(text.get(..known)?);
                    *text = larger;
                }
                Member::Refused => return None,
            }
        }
    }

    fn member(&mut self, gzip: &[u8], text: &mut [u8]) -> Member {
        let mut deflate = gzip;
        if header::skip(&mut deflate).is_err() {
            return Member::Refused;
        }
        let (mut taken, mut written) = (0, 0);
        // SAFETY: the decompressor lives as long as `self`, which is borrowed alone; both slices are given with their
        // lengths, and libdeflate reads and writes inside them.
        let result = unsafe {
            libdeflate_deflate_decompress_ex(
                self.inflater.as_ptr(),
                deflate.as_ptr().cast(),
                deflate.len(),
                text.as_mut_ptr().cast(),
                text.len(),
                &mut taken,
                &mut written,
            )
        };
        if result == libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE {
            return Member::Short;
        }
        let behind = deflate
            .get(taken..)
            .and_then(<[u8]>::split_first_chunk::<{ Checksum::TRAILER }>);
        match behind {
            Some((&[a, b, c, d, e, f, g, h], rest))
                if result == libdeflate_result_LIBDEFLATE_SUCCESS
                    // The length counts modulo 2^32.
                    && u32::from_le_bytes([e, f, g, h]) == written as u32 =>
            {
                Member::Inflated(gzip.len() - rest.len(), written, u32::from_le_bytes([a, b, c, d]))
            }
            _ => Member::Refused,
        }
    }
}

impl Trailers {
    /// Holds the next bytes of the text against the checksums of the members that end with them. False: one differs.
    pub(crate) fn hold(&mut self, mut text: &[u8]) -> bool {
        while let Some(&(length, sum)) = self.members.get(self.at) {
            let (these, rest) = text.split_at((length - self.read).min(text.len()));
            self.seen.update(these);
            self.read += these.len();
            text = rest;
            if self.read < length {
                break;
            }
            if self.seen.sum() != sum {
                return false;
            }
            self.at += 1;
            (self.read, self.seen) = (0, Checksum::default());
        }
        true
    }

    /// Whether all of the text has been held against them.
    pub(crate) fn is_done(&self) -> bool {
        self.at == self.members.len()
    }

    /// Adds a member. `None` where it has no text and the checksum of some: of those without there may be millions.
    fn push(&mut self, length: usize, sum: u32) -> Option<()> {
        match length {
            0 => (sum == Checksum::default().sum()).then_some(()),
            _ => {
                self.members.push((length, sum));
                Some(())
            }
        }
    }

    fn clear(&mut self) {
        self.members.clear();
        self.members.shrink_to(MEMBERS_KEPT);
        (self.at, self.read, self.seen) = (0, 0, Checksum::default());
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        // SAFETY: the decompressor came from `new` and is freed once.
        unsafe { libdeflate_free_decompressor(self.inflater.as_ptr()) }
    }
}
