//! What a store can do beyond reading and writing, and what all holders of a place believe of it.

use std::sync::atomic::{AtomicU8, Ordering};

/// What a store can do beyond reading and writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Of several creates of one key at once, exactly one succeeds.
    pub atomic_create: bool,
    /// A write succeeds only over the very object that it names.
    pub compare_and_swap: bool,
    /// Objects keep attributes (content type, metadata).
    pub attributes: bool,
    /// A copy can demand that its target does not exist.
    pub conditional_copy: bool,
}

impl Capabilities {
    /// What S3 itself, the memory store and (but for attributes) local directories do.
    pub const ALL: Self = Self {
        atomic_create: true,
        compare_and_swap: true,
        attributes: true,
        conditional_copy: true,
    };

    fn bits(self) -> u8 {
        let flags = [
            self.atomic_create,
            self.compare_and_swap,
            self.attributes,
            self.conditional_copy,
        ];
        flags.into_iter().fold(0, |bits, flag| bits << 1 | u8::from(flag))
    }

    fn of_bits(bits: u8) -> Self {
        Self {
            atomic_create: bits & 8 != 0,
            compare_and_swap: bits & 4 != 0,
            attributes: bits & 2 != 0,
            conditional_copy: bits & 1 != 0,
        }
    }
}

/// Capabilities that can turn out to be fewer while the store is in use.
#[derive(Debug)]
pub(crate) struct Believed(AtomicU8);

impl Believed {
    pub(crate) fn new(capabilities: Capabilities) -> Self {
        Self(AtomicU8::new(capabilities.bits()))
    }

    pub(crate) fn get(&self) -> Capabilities {
        Capabilities::of_bits(self.0.load(Ordering::Relaxed))
    }

    /// Gives up what these lack; nothing is added.
    pub(crate) fn lower(&self, found: Capabilities) {
        self.0.fetch_and(found.bits(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn belief_is_lowered_and_never_raised() {
        let believed = Believed::new(Capabilities::ALL);
        assert_eq!(believed.get(), Capabilities::ALL);
        let fewer = Capabilities {
            compare_and_swap: false,
            ..Capabilities::ALL
        };
        believed.lower(fewer);
        assert_eq!(believed.get(), fewer);
        believed.lower(Capabilities {
            conditional_copy: false,
            ..Capabilities::ALL
        });
        let fewest = Capabilities {
            conditional_copy: false,
            ..fewer
        };
        assert_eq!(believed.get(), fewest);
    }
}
