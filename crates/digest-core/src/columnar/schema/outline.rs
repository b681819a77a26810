//! What a file's footer tells of it to those who do not read its rows.

use parquet::schema::types::ColumnDescPtr;

use super::Schema;
use crate::columnar::Bounds;
use crate::window::Window;

impl Schema {
    /// The names of all columns, as they stand there.
    pub(crate) fn names(&self) -> Vec<String> {
        names(self.metadata.file_metadata().schema_descr().columns())
    }

    /// The ranges of a file of this size that its rows are read by, and their bytes, about: pages that a range cuts are
    /// asked for again.
    pub(crate) fn ranges(&self, window: Option<&Window>, size: u64, bounds: Bounds) -> (u64, u64) {
        let groups = self.groups().filter(|group| !self.is_outside(*group, window));
        let extents = groups.flat_map(|group| {
            let extents = self
                .wanted
                .iter()
                .map(move |wanted| self.extent(group, wanted, size));
            // Whoever reads one that lies nowhere is told of it.
            extents.flatten()
        });
        extents.fold((0, 0), |(ranges, bytes), extent| {
            let length = extent.to - extent.from;
            (ranges + length.div_ceil(bounds.window as u64), bytes + length)
        })
    }
}

/// The names of columns; of one that is nested, that of the outermost part.
pub(super) fn names(columns: &[ColumnDescPtr]) -> Vec<String> {
    let first = |column: &ColumnDescPtr| column.path().parts().first().cloned().unwrap_or_default();
    columns.iter().map(first).collect()
}
