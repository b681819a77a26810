//! Memory for texts that are inflated as a whole, in huge pages where the system has them to give: such a text is written and
//! read from its begin to its end, and of ordinary pages the processor would have to look up one for every 4 KiB.

#![allow(
    unsafe_code,
    reason = "tells the system about memory; the call stands beside its reason"
)]

/// Alignment and size of what the system is told about: the largest that an ordinary page has.
#[cfg(target_os = "linux")]
const PAGE: usize = 64 << 10;

/// Bytes from which it is worth the call.
const LARGE: usize = 8 << 20;

/// So many bytes of memory, all 0.
pub(super) fn zeroed(bytes: usize) -> Vec<u8> {
    let memory = vec![0; bytes];
    if bytes >= LARGE {
        advise(&memory);
    }
    memory
}

#[cfg(not(target_os = "linux"))]
fn advise(_: &[u8]) {}

#[cfg(target_os = "linux")]
fn advise(memory: &[u8]) {
    let before = memory.as_ptr().align_offset(PAGE);
    let whole = memory.len().saturating_sub(before) / PAGE * PAGE;
    let Some(pages) = memory.get(before..before.saturating_add(whole)) else {
        return;
    };
    // SAFETY: the range is of whole pages inside memory that is ours, and the advice changes neither its contents nor who may
    // use it. Where the system does not take it, all stays as it was.
    unsafe {
        libc::madvise(pages.as_ptr().cast_mut().cast(), pages.len(), libc::MADV_HUGEPAGE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_any_size_is_there_and_zero() {
        for bytes in [0, 1, 4096, LARGE - 1, LARGE + 12_289] {
            let mut memory = zeroed(bytes);
            assert!(memory.len() == bytes && memory.iter().all(|&byte| byte == 0));
            memory.fill(1);
        }
    }
}
