//! The inflater of least memory and time, with cargo feature `isal`: Intel's ISA-L, which needs autotools and nasm to build.
//!
//! The library keeps a window of its own, so text may be taken in pieces of any size. It reads up to eight bytes ahead
//! of a stream's end; they are handed back with the end ([`Behind`]), for they may have come with an earlier piece.

#![allow(unsafe_code, reason = "calls a C library; each call stands beside its reason")]

use std::ptr;

use isal_sys::igzip_lib::{
    ISAL_DEFLATE, inflate_state, isal_block_state_ISAL_BLOCK_FINISH, isal_inflate, isal_inflate_init,
    isal_inflate_reset,
};

use super::stream::{Behind, Inflate, Step, Unsound};

pub(crate) struct Isal {
    /// On the heap: it is some 90 KB.
    state: Box<inflate_state>,
}

// SAFETY: the state is memory of its own, tied to no thread; its two pointers are null between steps.
unsafe impl Send for Isal {}

impl Isal {
    pub(crate) fn new() -> Self {
        // SAFETY: the state is numbers, arrays of numbers and two pointers, all of which may be zero.
        let mut state = unsafe { Box::<inflate_state>::new_zeroed().assume_init() };
        // SAFETY: the call writes the numbers of a state that is ours alone.
        unsafe { isal_inflate_init(&mut *state) };
        state.crc_flag = ISAL_DEFLATE;
        Self { state }
    }
}

impl Inflate for Isal {
    fn begin(&mut self) {
        // SAFETY: the state was made by `isal_inflate_init` and is borrowed alone.
        unsafe { isal_inflate_reset(&mut *self.state) };
    }

    fn step(&mut self, deflate: &[u8], text: &mut [u8]) -> Result<Step, Unsound> {
        let state = &mut *self.state;
        // The library counts in 32 bits; what is beyond is for the next step.
        let given = u32::try_from(deflate.len()).unwrap_or(u32::MAX);
        let room = u32::try_from(text.len()).unwrap_or(u32::MAX);
        state.next_in = deflate.as_ptr().cast_mut();
        state.avail_in = given;
        state.next_out = text.as_mut_ptr();
        state.avail_out = room;
        // SAFETY: both pointers go with no more bytes than their slices have. The library only reads from the first,
        // writes to the second, and otherwise uses the state, which is borrowed alone.
        let code = unsafe { isal_inflate(state) };
        state.next_in = ptr::null_mut();
        state.next_out = ptr::null_mut();
        if code != 0 {
            return Err(Unsound);
        }
        let end = (state.block_state == isal_block_state_ISAL_BLOCK_FINISH)
            .then(|| behind(state).ok_or(Unsound))
            .transpose()?;
        Ok(Step {
            taken: given.saturating_sub(state.avail_in) as usize,
            written: room.saturating_sub(state.avail_out) as usize,
            end,
        })
    }
}

/// The whole bytes among the bits that the library has read ahead; the bits before them fill up the last byte.
fn behind(state: &inflate_state) -> Option<Behind> {
    let bits = u32::try_from(state.read_in_length).ok()?;
    let ahead = state.read_in.checked_shr(bits % 8)?;
    Behind::first((bits / 8) as usize, ahead.to_le_bytes())
}

impl std::fmt::Debug for Isal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Isal").finish_non_exhaustive()
    }
}
