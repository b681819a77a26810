//! The compressor of builds with the cargo feature `isal`: Intel's ISA-L. Its first level makes seven tenths of the bytes that
//! zlib-rs makes at its own, in less time.

#![allow(unsafe_code, reason = "calls a C library; each call stands beside its reason")]

use std::io;
use std::ptr;

use isal_sys::igzip_lib::{
    COMP_OK, IGZIP_DEFLATE, ISAL_DEF_LVL1_DEFAULT, SYNC_FLUSH, isal_deflate, isal_deflate_init,
    isal_deflate_reset, isal_zstream,
};

use super::Deflate;

/// Level of compression: see `docs/decisions/0015-compressing.md`.
const LEVEL: u32 = 1;
/// Room for output that a call gets at least.
const LEAST_ROOM: usize = 64 * 1024;

/// What the library keeps of a level between calls, as it recommends; aligned as it may be read.
#[repr(C, align(64))]
struct LevelBuffer([u8; ISAL_DEF_LVL1_DEFAULT as usize]);

pub(crate) struct Isal {
    /// On the heap: it is some hundreds of KB, and so is the level's.
    stream: Box<isal_zstream>,
    level: Box<LevelBuffer>,
}

// SAFETY: both are memory of their own, tied to no thread; between calls the stream points to no memory but
// theirs.
unsafe impl Send for Isal {}

impl Default for Isal {
    fn default() -> Self {
        // SAFETY: the stream is numbers, arrays of numbers and pointers, all of which may be zero.
        let mut stream = unsafe { Box::<isal_zstream>::new_zeroed().assume_init() };
        // SAFETY: the buffer is an array of bytes, which may be zero.
        let level = unsafe { Box::<LevelBuffer>::new_zeroed().assume_init() };
        // SAFETY: the call writes the numbers of a stream that is ours alone.
        unsafe { isal_deflate_init(&mut *stream) };
        Self { stream, level }
    }
}

impl Deflate for Isal {
    fn deflate(&mut self, text: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        let stream = &mut *self.stream;
        // SAFETY: the stream was made by `isal_deflate_init` and is borrowed alone. Nothing that came before is referred to.
        unsafe { isal_deflate_reset(stream) };
        stream.level = LEVEL;
        stream.level_buf = self.level.0.as_mut_ptr();
        stream.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
        stream.gzip_flag = IGZIP_DEFLATE as u16;
        stream.end_of_stream = 0;
        stream.flush = SYNC_FLUSH as u16;
        out.clear();
        out.reserve(text.len() / 4 + LEAST_ROOM);
        let mut rest = text;
        loop {
            if out.spare_capacity_mut().len() < LEAST_ROOM {
                out.reserve(out.capacity());
            }
            let free = out.spare_capacity_mut();
            // The library counts in 32 bits; what is beyond is for the next call.
            let given = u32::try_from(rest.len()).unwrap_or(u32::MAX);
            let room = u32::try_from(free.len()).unwrap_or(u32::MAX);
            stream.next_in = rest.as_ptr().cast_mut();
            stream.avail_in = given;
            stream.next_out = free.as_mut_ptr().cast();
            stream.avail_out = room;
            // SAFETY: both pointers go with no more bytes than their slices have. The library only reads from the first and writes
            // to the second; beside these it uses the stream and the level's buffer, which are borrowed alone.
            let code = unsafe { isal_deflate(stream) };
            let (taken, written) = (
                given.saturating_sub(stream.avail_in),
                room.saturating_sub(stream.avail_out),
            );
            let is_full = stream.avail_out == 0;
            stream.next_in = ptr::null_mut();
            stream.next_out = ptr::null_mut();
            if code != COMP_OK as i32 {
                return Err(io::Error::other(format!("ISA-L cannot compress: {code}")));
            }
            // SAFETY: the library has written so many bytes behind the length, which are no more than there is room for.
            unsafe { out.set_len(out.len() + written as usize) };
            rest = rest.get(taken as usize..).unwrap_or_default();
            // Room that is left over says that nothing waits to be written.
            if rest.is_empty() && !is_full {
                return Ok(());
            }
        }
    }
}

impl std::fmt::Debug for Isal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Isal").finish_non_exhaustive()
    }
}
