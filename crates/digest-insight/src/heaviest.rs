//! The edges with most, by themselves.

use digest_core::Edge;
use digest_tables::Wanted;

use crate::edges::{Edges, ReadError};
use crate::links::{LinksOptions, Measure};
use crate::listed::{Heaviest, Listed};
use crate::sources::{Answer, AskError, Source, Standing, ask};
use crate::subject::{Subject, Sums};

/// The edges of several sources, by themselves, with the most bytes, packets or edges.
///
/// # Errors
/// [`AskError`].
pub fn heaviest_of(
    sources: &mut [Source],
    options: &LinksOptions,
    most: usize,
    measure: Measure,
) -> Result<Listed<(Subject, Sums)>, AskError> {
    let new = || Weighing {
        heaviest: Heaviest::new(most),
        options,
        measure,
    };
    Ok(ask(sources, Wanted::default(), &options.filter, new)?
        .heaviest
        .finish())
}

/// The heaviest edges on their way.
struct Weighing<'o> {
    heaviest: Heaviest<(Subject, Sums)>,
    options: &'o LinksOptions,
    measure: Measure,
}

impl Answer for Weighing<'_> {
    fn take(&mut self, at: Standing, edge: &Edge<'_>) -> Result<(), AskError> {
        if !self.options.is_ignored(edge) {
            // Places of a source take 48 bits at most: a row group and a row.
            let place = ((at.source as u64) << 48) | at.place;
            let item = || (Subject::of(edge), Sums::of(edge));
            self.heaviest.push_at(self.measure.of(edge), place, item);
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<(), AskError> {
        self.heaviest.merge(other.heaviest);
        Ok(())
    }
}

impl Measure {
    fn of(self, edge: &Edge<'_>) -> u64 {
        match self {
            Self::Bytes => edge.bytes,
            Self::Packets => edge.packets,
            Self::Edges => 1,
        }
    }
}

/// The edges of a digest, by themselves, with the most bytes, packets or edges.
///
/// # Errors
/// [`ReadError`].
pub fn heaviest_edges(
    edges: &mut Edges,
    options: &LinksOptions,
    most: usize,
    measure: Measure,
) -> Result<Listed<(Subject, Sums)>, ReadError> {
    let mut heaviest = Heaviest::new(most);
    edges.for_each::<ReadError>(|line| {
        let edge = &line.edge;
        if options.wants(edge) {
            heaviest.push(measure.of(edge), || (Subject::of(edge), Sums::of(edge)));
        }
        Ok(())
    })?;
    Ok(heaviest.finish())
}
