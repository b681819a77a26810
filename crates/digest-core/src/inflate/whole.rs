//! A whole gzip object inflated at once by libdeflate: the fastest that a C compiler alone can build, for objects whose
//! bytes and text fit bounds.
//!
//! Whatever libdeflate does not take (it says no more than that) is left to the inflater that works in pieces, which
//! knows what is wrong and where.

#![allow(unsafe_code, reason = "calls a C library; each call stands beside its reason")]

use std::ptr::NonNull;

use libdeflate_sys::{
    libdeflate_alloc_decompressor, libdeflate_decompressor, libdeflate_free_decompressor,
    libdeflate_gzip_decompress_ex, libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE,
    libdeflate_result_LIBDEFLATE_SUCCESS,
};

use super::header;

/// Most bytes of a gzip object that is inflated at once.
pub(crate) const MOST_GZIP: usize = 32 << 20;
/// Most bytes of its text: each thread holds one. AWS closes its objects at 75 MB of text and most of them long before;
/// what is larger, gzip bombs among it, goes in pieces through little memory.
pub(crate) const MOST_TEXT: usize = 68 << 20;
/// Deflate makes no more of a byte than this.
const MOST_RATIO: usize = 1032;
/// Bytes of a gzip member's header and trailer, at least.
const FRAME: usize = 18;

/// An inflater for whole members.
#[derive(Debug)]
pub(crate) struct Whole {
    inflater: NonNull<libdeflate_decompressor>,
}

// SAFETY: libdeflate's decompressor is memory of its own, tied to no thread, and is used by one at a time.
unsafe impl Send for Whole {}

/// What became of one member.
enum Member {
    /// Bytes taken, bytes written.
    Inflated(usize, usize),
    /// The text needs more room.
    Short,
    Refused,
}

impl Whole {
    /// `None` where there is no memory for it.
    pub(crate) fn new() -> Option<Self> {
        // SAFETY: the call takes nothing and gives a decompressor or null.
        let inflater = NonNull::new(unsafe { libdeflate_alloc_decompressor() })?;
        Some(Self { inflater })
    }

    /// Inflates all members of an object into `text`, from `pad` on, and leaves `pad` more bytes behind them.
    /// Gives the length of the text, or `None` where the object is too large or not sound.
    pub(crate) fn inflate(
        &mut self,
        gzip: &[u8],
        text: &mut Vec<u8>,
        pad: usize,
        most: usize,
    ) -> Option<usize> {
        let most = most.min(MOST_TEXT);
        // The trailer says how long a lone member's text is; with several, or where it lies, it is no more than a hint.
        let hint = gzip
            .last_chunk()
            .map_or(0, |size| u32::from_le_bytes(*size) as usize);
        let hint = hint.min(gzip.len().saturating_mul(MOST_RATIO));
        if hint > most {
            return None;
        }
        if text.len() < pad + hint + pad {
            text.resize(pad + hint + pad, 0);
        }
        let (mut taken, mut written) = (0, 0);
        loop {
            let rest = gzip.get(taken..)?;
            if rest.iter().all(|&byte| byte == 0) {
                return Some(written);
            }
            let room = text.len() - 2 * pad - written;
            match self.member(rest, text.get_mut(pad + written..pad + written + room)?) {
                Member::Inflated(more_taken, more_written) => {
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
                    text.resize(pad + wanted + pad, 0);
                }
                Member::Refused => return None,
            }
        }
    }

    fn member(&mut self, gzip: &[u8], text: &mut [u8]) -> Member {
        // libdeflate does not look at a header's checksum.
        let mut bytes = gzip;
        if gzip.len() < FRAME || header::skip(&mut bytes).is_err() {
            return Member::Refused;
        }
        let (mut taken, mut written) = (0, 0);
        // SAFETY: the decompressor lives as long as `self`, which is borrowed alone; both slices are given with their
        // lengths, and libdeflate reads and writes inside them.
        let result = unsafe {
            libdeflate_gzip_decompress_ex(
                self.inflater.as_ptr(),
                gzip.as_ptr().cast(),
                gzip.len(),
                text.as_mut_ptr().cast(),
                text.len(),
                &mut taken,
                &mut written,
            )
        };
        if result == libdeflate_result_LIBDEFLATE_SUCCESS {
            Member::Inflated(taken, written)
        } else if result == libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE {
            Member::Short
        } else {
            Member::Refused
        }
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        // SAFETY: the decompressor came from `new` and is freed once.
        unsafe { libdeflate_free_decompressor(self.inflater.as_ptr()) }
    }
}
