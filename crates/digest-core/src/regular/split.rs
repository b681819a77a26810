//! Splitting: where the delimiters of neighbouring columns are, found 64 bytes at a time.

use crate::regular::plan::{OWN, Own};
use crate::vector::{BEFORE, Lanes, MOST_SPLIT, View};

/// Where a row's own token begins and ends in its view.
#[inline(always)]
pub(crate) fn cell(own: &Own, place: u8) -> (u32, u32) {
    let place = usize::from(place) % OWN;
    match (own.get(place), own.get(place + 1)) {
        (Some(before), Some(end)) => (before + 1, *end),
        _ => (BEFORE, BEFORE),
    }
}

/// Finds the delimiters of neighbouring columns that begin here, one blank apart; behind the last of a row stands a newline.
/// The first element becomes the place before them. Gives the place behind the last; `None` where they are not so.
#[inline(always)]
pub(crate) fn split<L: Lanes>(
    lanes: L,
    view: &View,
    at: u32,
    places: &mut [u32],
    ends_row: bool,
) -> Option<u32> {
    if at > MOST_SPLIT {
        return None;
    }
    let (first, places) = places.split_first_mut()?;
    *first = at - 1;
    let mut base = at;
    let mut marks = lanes.marks(view, base);
    let mut left = marks.delimiters;
    // What stands before the first token is a delimiter.
    let mut before = 1;
    let mut faults = 0;
    let mut place = 0;
    for out in places.iter_mut() {
        while left == 0 {
            faults |=
                (marks.delimiters << 1 | before) & marks.delimiters | (marks.delimiters & !marks.blanks);
            before = marks.delimiters >> 63;
            base += 64;
            if base > MOST_SPLIT {
                return None;
            }
            marks = lanes.marks(view, base);
            left = marks.delimiters;
        }
        place = base + left.trailing_zeros();
        *out = place;
        left &= left.wrapping_sub(1);
    }
    let taken = marks.delimiters ^ left;
    faults |= (taken << 1 | before) & taken;
    let mut others = taken & !marks.blanks;
    if ends_row {
        // The highest of those taken is the newline.
        faults |= u64::from(view.byte(place) != b'\n');
        others &= !(1 << (place - base));
    }
    (faults | others == 0).then_some(place + 1)
}
