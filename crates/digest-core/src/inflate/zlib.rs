//! The inflater of every build: zlib-rs, which is Rust alone.

use flate2::{Decompress, FlushDecompress, Status};

use super::stream::{Behind, Inflate, Step, Unsound};

#[derive(Debug)]
pub(crate) struct Zlib {
    inflater: Decompress,
}

impl Zlib {
    pub(crate) fn new() -> Self {
        Self {
            inflater: Decompress::new(false),
        }
    }
}

impl Inflate for Zlib {
    fn begin(&mut self) {
        self.inflater.reset(false);
    }

    fn step(&mut self, deflate: &[u8], text: &mut [u8]) -> Result<Step, Unsound> {
        let (taken, written) = (self.inflater.total_in(), self.inflater.total_out());
        let status = self.inflater.decompress(deflate, text, FlushDecompress::None);
        let status = status.map_err(|_| Unsound)?;
        Ok(Step {
            // Both are bounded by the slices' lengths.
            taken: (self.inflater.total_in() - taken) as usize,
            written: (self.inflater.total_out() - written) as usize,
            // zlib takes no byte beyond the stream.
            end: (status == Status::StreamEnd).then(Behind::default),
        })
    }
}
