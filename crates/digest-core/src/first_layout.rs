//! The layout that an object begins with: what its flow log's format is, without its rows.

use crate::block::{Block, Blocks, Lines};
use crate::columnar::{Place, Schema};
use crate::contents::Contents;
use crate::error::FoldError;
use crate::fold::FoldOptions;
use crate::inflate::{Scratch, Text, TextFailure};
use crate::layout::{Layout, is_header, tokens};
use crate::object_rows::ObjectRows;
use crate::readers::Readers;

/// The layout of an object's first row: its header's or its schema's; where it has none, the one that is told for such
/// rows.
///
/// # Errors
/// [`FoldError`], as folding the object would have it.
pub fn first_layout(
    options: &FoldOptions,
    key: &str,
    source: &mut dyn Contents,
) -> Result<Layout, FoldError> {
    let rows = ObjectRows::new(options, key, None);
    let mut scratch = Scratch::default();
    let text = match Text::open(source, &mut scratch) {
        Ok(text) => text,
        Err(TextFailure::Parquet(read)) => {
            let readers = Readers::new(None);
            let mut place = match source.ranges() {
                Some(ranges) => Place::Ranges(ranges, 0),
                None => {
                    let whole = scratch.whole_object(source, read);
                    Place::Memory(whole.map_err(|failure| rows.failed(failure))?, source)
                }
            };
            let schema =
                Schema::read(&mut place, false, &mut readers.open(1)).map_err(|why| rows.no_schema(why))?;
            return Ok(schema.layout);
        }
        Err(failure) => return Err(rows.failed(failure)),
    };
    let mut blocks = Blocks::new(text, options.max_row);
    while let Some(block) = blocks.next().map_err(|failure| rows.failed(failure))? {
        let Block::Lines(Lines { buffer, from, to }) = block else {
            break;
        };
        let lines = buffer.get(from..to).unwrap_or_default();
        let mut lines = lines.split(|&byte| byte == b'\n');
        let Some(first) = lines.find(|line| tokens(line).next().is_some()) else {
            continue;
        };
        if is_header(first) {
            return Layout::from_header(first).map_err(|fault| rows.not_flow_log(1, fault));
        }
        break;
    }
    Ok(options.layout.clone())
}
