//! The compressor of every build: zlib-rs.

use std::io;

use flate2::{Compress, Compression, FlushCompress};

use super::Deflate;

/// Level of compression: see `docs/decisions/0015-compressing.md`.
const LEVEL: u32 = 1;

#[derive(Debug)]
pub(crate) struct Zlib(Compress);

impl Default for Zlib {
    fn default() -> Self {
        Self(Compress::new(Compression::new(LEVEL), false))
    }
}

impl Deflate for Zlib {
    fn deflate(&mut self, text: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        let deflater = &mut self.0;
        deflater.reset();
        out.clear();
        out.reserve(text.len() / 3 + 1024);
        loop {
            let taken = usize::try_from(deflater.total_in()).unwrap_or(usize::MAX);
            let rest = text.get(taken..).unwrap_or_default();
            deflater.compress_vec(rest, out, FlushCompress::Sync)?;
            // Room that is left over says that nothing waits to be written.
            if deflater.total_in() == text.len() as u64 && out.len() < out.capacity() {
                return Ok(());
            }
            out.reserve(out.capacity().max(1024));
        }
    }
}
