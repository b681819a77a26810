//! What is done with many bytes at once: delimiters, comparing, numbers, IPv4 addresses, packed bits; prefetching.
//!
//! Each operation exists for AVX-512 (`avx512.rs`) and for AVX2 (`avx2.rs`), taken where the processor has them, and in plain Rust
//! (`portable.rs`), taken everywhere else. All say the same of the same bytes, but for two that plain Rust has no quick way for
//! (`columns` and `v6`) and leaves to others; the tests below hold them against the
//! simplest code there is. A value that an operation does not take is no error: the row is judged by `flow_record.rs`,
//! which takes everything that is right and names everything that is not.

#![allow(
    unsafe_code,
    reason = "calls what only some processors can do, once it is known that this one can"
)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod neighbours;
mod portable;
#[cfg(test)]
mod tests;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
pub(crate) use neighbours::{Neighbours, SplitColumns};
pub(crate) use portable::Scalar;

/// Bytes that must be readable before the first and behind the last byte of a text.
pub(crate) const PAD: usize = BEFORE as usize + VIEW;

/// Bytes of a line of the cache.
#[cfg(target_arch = "x86_64")]
const LINE: usize = 64;

/// Numbers that are read at once.
pub(crate) const NUMBERS: usize = 6;
/// Neighbouring columns that are read at once, at most.
pub(crate) const ONCE: usize = 16;

/// Bytes of a [`View`] before what it is of.
pub(crate) const BEFORE: u32 = 32;
/// Places of a view where something may begin, a power of two, and all of its bytes.
pub(crate) const PLACES: usize = 2048;
const VIEW: usize = PLACES + 64;
/// Bytes of a text and the eight before it.
#[cfg(target_arch = "x86_64")]
const AROUND: usize = 8 + 64;
/// The last place where 64 bytes may be looked at.
pub(crate) const MOST_SPLIT: u32 = PLACES as u32 - 64;

/// Which of the implementations is used.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Level {
    /// Plain Rust.
    Portable,
    /// 256-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// 512-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

/// Whole lines with [`PAD`] readable bytes on either side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Padded<'a> {
    bytes: &'a [u8],
}

/// A row and what is around it: [`BEFORE`] bytes before it and so many from there on that no place which is looked at can lie beyond.
/// A place is taken modulo [`PLACES`], so that no look needs a check: whoever walks along a row stays below it, or gives the
/// row up, for beyond it stands what another place has.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct View {
    bytes: [u8; VIEW],
}

/// Places among 64 bytes, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Bytes up to the blank: blanks, newlines and control characters.
    pub(crate) delimiters: u64,
    /// Blanks.
    pub(crate) blanks: u64,
}

/// One implementation's operations.
pub(crate) trait Lanes: Copy {
    /// Whether [`Lanes::columns`] ever says anything.
    const READS_COLUMNS: bool = false;

    /// Where delimiters are.
    fn marks(self, view: &View, from: u32) -> Marks;

    /// Whether so many bytes of two views are the same.
    fn same(self, one: &View, from: u32, other: &View, at: u32, length: u32) -> bool;

    /// Reads tokens, none of them empty, as numbers. `None` where one is no number, or has more than eight digits.
    fn numbers(self, view: &View, cells: [(u32, u32); NUMBERS]) -> Option<[u32; NUMBERS]>;

    /// Reads two tokens as IPv4 addresses (big-endian values); a bit each for those that are none.
    fn addresses(self, view: &View, cells: [(u32, u32); 2]) -> ([u32; 2], u8);

    /// Reads a token as an IPv6 address. `None` where it is none, or has what this level does not read.
    #[inline(always)]
    fn v6(self, view: &View, cell: (u32, u32)) -> Option<u128> {
        let _ = (view, cell);
        None
    }

    /// The numbers of `width` bits, 16 at most, that stand side by side in two words from the lowest bit on, four in each.
    fn unpack(self, words: [u64; 2], width: u32) -> [u32; 8];

    /// Splits a row's neighbouring columns that begin here, one blank apart, and reads numbers among them. `None` where they
    /// are not so, a number has more than eight digits or is none, 64 bytes do not hold them all, or this level cannot.
    #[inline(always)]
    fn columns(self, view: &View, at: u32, neighbours: &Neighbours) -> Option<SplitColumns> {
        let _ = (view, at, neighbours);
        None
    }
}

/// Does the same with the implementation of a level, whichever it is.
#[cfg(any(test, feature = "testing"))]
macro_rules! with_lanes {
    ($level:expr, $lanes:ident => $action:expr) => {
        match $level {
            Level::Portable => {
                let $lanes = Scalar;
                $action
            }
            #[cfg(target_arch = "x86_64")]
            Level::Avx2($lanes) => $action,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512($lanes) => $action,
        }
    };
}

/// Every operation at a level, one by one, for tests.
#[cfg(any(test, feature = "testing"))]
impl Lanes for Level {
    fn marks(self, view: &View, from: u32) -> Marks {
        with_lanes!(self, lanes => lanes.marks(view, from))
    }

    fn same(self, one: &View, from: u32, other: &View, at: u32, length: u32) -> bool {
        with_lanes!(self, lanes => lanes.same(one, from, other, at, length))
    }

    fn numbers(self, view: &View, cells: [(u32, u32); NUMBERS]) -> Option<[u32; NUMBERS]> {
        with_lanes!(self, lanes => lanes.numbers(view, cells))
    }

    fn addresses(self, view: &View, cells: [(u32, u32); 2]) -> ([u32; 2], u8) {
        with_lanes!(self, lanes => lanes.addresses(view, cells))
    }

    fn v6(self, view: &View, cell: (u32, u32)) -> Option<u128> {
        with_lanes!(self, lanes => lanes.v6(view, cell))
    }

    fn unpack(self, words: [u64; 2], width: u32) -> [u32; 8] {
        with_lanes!(self, lanes => lanes.unpack(words, width))
    }

    fn columns(self, view: &View, at: u32, neighbours: &Neighbours) -> Option<SplitColumns> {
        with_lanes!(self, lanes => lanes.columns(view, at, neighbours))
    }
}

/// A pass over text by any implementation. Its parts are inlined into a function that may use the processor's vectors: all of
/// them are `#[inline(always)]`, and none is a closure called by the standard library.
pub(crate) trait Pass {
    fn run<L: Lanes>(self, lanes: L);
}

impl Level {
    /// The best that this processor can do.
    pub(crate) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(lanes) = Avx512::detected() {
            return Self::Avx512(lanes);
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(lanes) = Avx2::detected() {
            return Self::Avx2(lanes);
        }
        Self::Portable
    }

    /// Every level that this processor can do, for tests.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn all() -> Vec<Self> {
        let mut levels = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        levels.extend(Avx2::detected().map(Self::Avx2));
        #[cfg(target_arch = "x86_64")]
        levels.extend(Avx512::detected().map(Self::Avx512));
        levels
    }

    /// Runs a pass.
    pub(crate) fn run(self, pass: impl Pass) {
        match self {
            Self::Portable => pass.run(Scalar),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(lanes) => lanes.run(pass),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(lanes) => lanes.run(pass),
        }
    }
}

impl<'a> Padded<'a> {
    /// Lines inside bytes that go on for [`PAD`] on either side; `None` where they do not.
    pub(crate) fn new(bytes: &'a [u8], from: usize, to: usize) -> Option<Self> {
        let bytes = bytes.get(from.checked_sub(PAD)?..to.checked_add(PAD)?)?;
        (bytes.len() <= u32::MAX as usize).then_some(Self { bytes })
    }

    /// The lines themselves.
    #[cfg(feature = "testing")]
    pub(crate) fn lines(self) -> &'a [u8] {
        self.bytes.get(PAD..self.bytes.len() - PAD).unwrap_or_default()
    }

    /// The position behind the lines, which begin at [`PAD`].
    #[inline]
    pub(crate) fn end(self) -> u32 {
        (self.bytes.len() - PAD) as u32
    }

    /// The bytes between two positions.
    #[inline]
    pub(crate) fn get(self, from: u32, to: u32) -> &'a [u8] {
        self.bytes.get(from as usize..to as usize).unwrap_or_default()
    }

    /// The view of what begins at a position of the lines.
    #[inline(always)]
    pub(crate) fn view(self, at: u32) -> Option<&'a View> {
        let bytes = self
            .bytes
            .get(at.checked_sub(BEFORE)? as usize..)?
            .first_chunk::<VIEW>()?;
        // SAFETY: a view is these bytes and nothing else.
        Some(unsafe { &*std::ptr::from_ref(bytes).cast::<View>() })
    }

    /// The 8 bytes that end before a position, the first of them lowest.
    #[inline]
    fn word_before(self, end: u32) -> u64 {
        let end = end as usize;
        let word = self.bytes.get(end.wrapping_sub(8)..end);
        word.and_then(|word| word.try_into().ok())
            .map_or(0, u64::from_le_bytes)
    }

    /// The number between two positions, up to 32 bits.
    #[inline]
    pub(crate) fn number(self, start: u32, end: u32) -> Option<u32> {
        portable::number(self, start, end)
    }

    /// The 16 bytes from a position on, the first of them lowest.
    #[inline]
    fn double_at(self, start: u32) -> u128 {
        let word = self.bytes.get(start as usize..).and_then(<[u8]>::first_chunk);
        word.map_or(0, |word| u128::from_le_bytes(*word))
    }

    /// Whether two tokens of one length are the same bytes. What is read beyond them, in steps of 16, is masked out.
    #[inline]
    pub(crate) fn same(self, one: u32, other: u32, length: u32) -> bool {
        let mut done = 0;
        while done + 16 <= length {
            if self.double_at(one + done) != self.double_at(other + done) {
                return false;
            }
            done += 16;
        }
        let left = length - done;
        if left == 0 {
            return true;
        }
        let differ = self.double_at(one + done) ^ self.double_at(other + done);
        differ << (128 - 8 * left) == 0
    }
}

impl View {
    /// The bytes from a place on.
    #[inline(always)]
    fn chunk<const N: usize>(&self, from: u32) -> &[u8; N] {
        const { assert!(N <= 64) };
        let from = from as usize % PLACES;
        let (_, bytes) = self.bytes.split_at(from);
        match bytes.first_chunk() {
            Some(chunk) => chunk,
            // There are 64 bytes from every place on.
            None => &[0; N],
        }
    }

    /// The 64 bytes from a place on, and eight before them; `None` where the view does not have them all.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn around(&self, at: u32) -> Option<&[u8; AROUND]> {
        self.bytes.get(at.wrapping_sub(8) as usize..)?.first_chunk()
    }

    /// The 8 bytes that end before a place, the first of them lowest.
    #[inline(always)]
    fn word_before(&self, end: u32) -> u64 {
        u64::from_le_bytes(*self.chunk(end.wrapping_sub(8)))
    }

    /// The byte at a place.
    #[inline(always)]
    pub(crate) fn byte(&self, at: u32) -> u8 {
        let [byte] = *self.chunk(at);
        byte
    }

    /// The bytes between two places.
    pub(crate) fn get(&self, from: u32, to: u32) -> &[u8] {
        self.bytes.get(from as usize..to as usize).unwrap_or_default()
    }
}

/// Asks for all the memory of a value that will be needed soon.
#[inline]
pub(crate) fn prefetch_whole<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    for line in 0..size_of::<T>().div_ceil(LINE) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = std::ptr::from_ref(value).cast::<i8>().wrapping_add(line * LINE);
        // SAFETY: a prefetch has no effect that a program can see, and the address is inside a living value.
        unsafe { _mm_prefetch(start, _MM_HINT_T0) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

/// Asks for two lines of text that will be needed much later: not into the nearest cache, which has what is needed now.
#[inline(always)]
pub(crate) fn prefetch_text(text: &[u8], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(lines) = text.get(at..at.saturating_add(2 * LINE)) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        let start = lines.as_ptr().cast::<i8>();
        // SAFETY: a prefetch has no effect that a program can see, and both addresses are inside a living text.
        unsafe {
            _mm_prefetch(start, _MM_HINT_T1);
            _mm_prefetch(start.wrapping_add(LINE), _MM_HINT_T1);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (text, at);
}

/// Asks for the memory of an element that will be needed soon.
#[inline]
pub(crate) fn prefetch<T>(slice: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(element) = slice.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch has no effect that a program can see, and the address is that of a living element.
        unsafe { _mm_prefetch(std::ptr::from_ref(element).cast(), _MM_HINT_T0) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, at);
}
