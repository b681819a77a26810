//! What an object begins with: how it is packed, and the layout of its first row, which is its flow log's format.

use crate::block::{Block, Blocks, Lines};
use crate::columnar::{Bounds, Place, Schema};
use crate::contents::Contents;
use crate::error::FoldError;
use crate::fold::FoldOptions;
use crate::inflate::{Container, Delivery, Scratch, Text, TextFailure};
use crate::layout::{Layout, is_header, tokens};
use crate::object_rows::ObjectRows;
use crate::readers::Readers;

/// Ranges by which a footer is read.
const FOOTER_RANGES: u64 = 2;

/// What can be told of an object without its rows.
#[derive(Debug)]
pub struct Beginning {
    /// How its bytes are packed.
    pub container: Container,
    /// What its rows came in, where that is no flow log of its own.
    pub delivery: Option<Delivery>,
    /// The names of its columns, as its header or its schema spells them; none where no header stands above its first
    /// row, or that cannot be read.
    pub columns: Option<Vec<String>>,
    /// The layout of its first row: its header's or its schema's; where it has none, the one that is told for such rows.
    /// What is wrong with the object, if that cannot be told.
    pub layout: Result<Layout, FoldError>,
    /// Of a Parquet file whose source has [`Ranges`](crate::Ranges), how many of them folding it takes, and their bytes,
    /// about.
    pub ranges: Option<(u64, u64)>,
}

/// Reads as much of an object as it takes to tell what it begins with.
///
/// # Errors
/// [`FoldError::Read`]: the source's own failure.
pub fn beginning(
    options: &FoldOptions,
    key: &str,
    source: &mut dyn Contents,
) -> Result<Beginning, FoldError> {
    let rows = ObjectRows::new(options, key, None);
    // The first block of the text is enough.
    let mut scratch = Scratch::in_pieces();
    let text = match Text::open(source, &mut scratch) {
        Ok(text) => text,
        Err(TextFailure::Parquet(read)) => return parquet(&rows, source, scratch, read),
        Err(failure) => return Err(rows.failed(failure)),
    };
    let mut blocks = Blocks::new(text, options.max_row);
    let (columns, layout) = match first_line(&rows, &mut blocks) {
        Err(error) if !error.is_of_contents() => return Err(error),
        Err(error) => (None, Err(error)),
        Ok(Some(header)) => (
            Some(
                tokens(&header)
                    .map(|name| String::from_utf8_lossy(name).into_owned())
                    .collect(),
            ),
            Layout::from_header(&header).map_err(|fault| rows.not_flow_log(1, fault)),
        ),
        Ok(None) => (None, Ok(options.layout.clone())),
    };
    Ok(Beginning {
        container: blocks.container(),
        delivery: blocks.delivery(),
        columns,
        layout,
        ranges: None,
    })
}

/// The layout of an object's first row, as [`Beginning`] has it.
///
/// # Errors
/// [`FoldError`], as folding the object would have it.
pub fn first_layout(
    options: &FoldOptions,
    key: &str,
    source: &mut dyn Contents,
) -> Result<Layout, FoldError> {
    beginning(options, key, source)?.layout
}

/// The first line that is not blank, if it is a header.
fn first_line(rows: &ObjectRows<'_>, blocks: &mut Blocks<'_>) -> Result<Option<Vec<u8>>, FoldError> {
    while let Some(block) = blocks.next().map_err(|failure| rows.failed(failure))? {
        let Block::Lines(Lines { buffer, from, to }) = block else {
            break;
        };
        let lines = buffer.get(from..to).unwrap_or_default();
        let mut lines = lines.split(|&byte| byte == b'\n');
        if let Some(first) = lines.find(|line| tokens(line).next().is_some()) {
            return Ok(is_header(first).then(|| first.to_owned()));
        }
    }
    Ok(None)
}

/// What is told of a Parquet file, whose first `read` bytes are at hand.
fn parquet(
    rows: &ObjectRows<'_>,
    source: &mut dyn Contents,
    mut scratch: Scratch,
    read: usize,
) -> Result<Beginning, FoldError> {
    let readers = Readers::new(None);
    let mut allowance = readers.open(1);
    let mut place = match source.ranges() {
        Some(ranges) => Place::Ranges(ranges, 0),
        None => {
            let whole = scratch.whole_object(source, read);
            Place::Memory(whole.map_err(|failure| rows.failed(failure))?, source)
        }
    };
    let schema = Schema::read(&mut place, rows.options.edges, &mut allowance);
    let (columns, layout, ranges) = match schema.map_err(|why| rows.no_schema(why)) {
        Err(error) if !error.is_of_contents() => return Err(error),
        Err(error) => (None, Err(error), None),
        Ok(schema) => {
            let ranges = match &place {
                Place::Memory(..) => None,
                Place::Ranges(_, footer) => {
                    let bounds = Bounds::within(allowance.most());
                    let (ranges, bytes) = schema.ranges(rows.options.window.as_ref(), place.size(), bounds);
                    Some((FOOTER_RANGES + ranges, *footer + bytes))
                }
            };
            (Some(schema.names()), Ok(schema.layout), ranges)
        }
    };
    Ok(Beginning {
        container: Container::Parquet,
        delivery: None,
        columns,
        layout,
        ranges,
    })
}
