//! Pages inflated as our own tables have them: by contexts that are used again, where the crate makes one for each column of each
//! row group, and of a dictionary of texts no more than is asked for.

use std::fmt;
use std::io::Read;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::column::page::Page;
use parquet::file::metadata::ColumnChunkMetaData;
use zstd::zstd_safe::{
    DCtx, ErrorCode, InBuffer, OutBuffer, ResetDirective, get_error_name, get_frame_content_size,
};

use crate::reading::error::{TableReadError, corrupt};
use crate::reading::table_file::guarded;
use crate::reading::values::text_behind;

/// Most bytes that zstd makes of one: a block of four bytes stands for [`PIECE`] at most.
const MOST_GROWTH: usize = PIECE / 4;
/// Bytes of a dictionary that are inflated at a time, about what zstd makes a block of.
const PIECE: usize = 128 * 1024;

/// Contexts of a table: as many as threads read it at once.
#[derive(Default)]
pub(crate) struct Inflaters(Mutex<Vec<DCtx<'static>>>);

impl fmt::Debug for Inflaters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflaters").finish_non_exhaustive()
    }
}

/// What inflates the pages of one chunk.
pub(crate) struct Inflater<'t> {
    back: &'t Inflaters,
    /// None where nothing is compressed.
    context: Option<DCtx<'static>>,
    /// Bytes that the chunk's pages may still inflate to.
    left: usize,
}

impl Inflaters {
    /// What inflates the pages of a chunk to so many bytes at most, and as what the crate has to take the chunk for that.
    pub(crate) fn of(
        &self,
        chunk: &ColumnChunkMetaData,
        most: usize,
    ) -> Result<(Inflater<'_>, ColumnChunkMetaData), TableReadError> {
        match chunk.compression() {
            Compression::ZSTD(_) => {}
            Compression::UNCOMPRESSED => {
                let plain = Inflater {
                    back: self,
                    context: None,
                    left: most,
                };
                return Ok((plain, chunk.clone()));
            }
            // The crate would make room for what their pages claim, before it inflates them.
            other => {
                return Err(TableReadError::Foreign {
                    column: chunk.column_descr().name().to_owned(),
                    what: format!("compressed as {other}"),
                });
            }
        }
        let plain = chunk.clone().into_builder();
        let plain = guarded(|| plain.set_compression(Compression::UNCOMPRESSED).build())?;
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let context = match idle {
            Some(context) => context,
            None => DCtx::try_create().ok_or_else(|| corrupt("there is no memory to inflate it"))?,
        };
        let inflater = Inflater {
            back: self,
            context: Some(context),
            left: most,
        };
        Ok((inflater, plain))
    }
}

impl Drop for Inflater<'_> {
    fn drop(&mut self) {
        if let Some(context) = self.context.take() {
            let mut idle = self.back.0.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(context);
        }
    }
}

impl Inflater<'_> {
    /// The page as it was before it was compressed.
    pub(crate) fn page(&mut self, mut page: Page) -> Result<Page, TableReadError> {
        match (&mut self.context, &mut page) {
            (None, _)
            | (
                Some(_),
                Page::DataPageV2 {
                    is_compressed: false, ..
                },
            ) => {}
            (Some(context), Page::DictionaryPage { buf, .. } | Page::DataPage { buf, .. }) => {
                *buf = inflated(context, &[], buf, self.left)?;
            }
            // Levels stand before the values and are never compressed.
            (
                Some(context),
                Page::DataPageV2 {
                    buf,
                    def_levels_byte_len,
                    rep_levels_byte_len,
                    ..
                },
            ) => {
                let levels = (*def_levels_byte_len as usize).saturating_add(*rep_levels_byte_len as usize);
                let stands = buf.split_at_checked(levels);
                let (levels, packed) = stands.ok_or_else(|| corrupt("a page ends before its levels do"))?;
                *buf = inflated(context, levels, packed, self.left)?;
            }
        }
        let left = self.left.checked_sub(page.buffer().len());
        self.left = left.ok_or_else(too_large)?;
        Ok(page)
    }

    /// Of a dictionary's page of texts, as it stands there, the first ones: as many as are wanted, or all that there are.
    pub(crate) fn first_texts(&mut self, page: &Bytes, wanted: usize) -> Result<Bytes, TableReadError> {
        let Some(context) = &mut self.context else {
            return Ok(page.clone());
        };
        context.reset(ResetDirective::SessionOnly).map_err(unsound)?;
        let mut packed = InBuffer::around(page);
        let mut texts = Vec::new();
        let (mut found, mut at) = (0, 0);
        loop {
            let before = (packed.pos(), texts.len());
            texts.reserve(PIECE);
            let mut out = OutBuffer::around_pos(&mut texts, before.1);
            context
                .decompress_stream(&mut out, &mut packed)
                .map_err(unsound)?;
            while found < wanted
                && let Some(next) = text_behind(&texts, at)
            {
                (found, at) = (found + 1, next);
            }
            // Nothing more came: it has ended.
            if found == wanted || (packed.pos(), texts.len()) == before {
                break;
            }
            if texts.len() > self.left {
                return Err(too_large());
            }
        }
        self.left = self.left.saturating_sub(texts.len());
        Ok(texts.into())
    }
}

/// What a frame inflates to, behind bytes that are not compressed: so many at most.
fn inflated(
    context: &mut DCtx<'static>,
    plain: &[u8],
    packed: &[u8],
    most: usize,
) -> Result<Bytes, TableReadError> {
    // A page without a single value may have no bytes at all.
    if packed.is_empty() {
        return Ok(Bytes::copy_from_slice(plain));
    }
    // What it says of its size is believed as far as a frame of its length may inflate.
    let believed = most.min(packed.len().saturating_mul(MOST_GROWTH));
    if let Ok(Some(size)) = get_frame_content_size(packed)
        && size <= believed as u64
        && plain.is_empty()
    {
        let mut page = Vec::with_capacity(size as usize);
        if context.decompress(&mut page, packed).is_ok() {
            return Ok(page.into());
        }
    }
    // It says what is wrong; or it is a page of another writer, whose frames do not say how long they are.
    let mut page = plain.to_vec();
    let read = zstd::Decoder::with_buffer(packed)
        .and_then(|frames| frames.take(most as u64 + 1).read_to_end(&mut page));
    read.map_err(|error| corrupt(&error.to_string()))?;
    if page.len() > most.saturating_add(plain.len()) {
        return Err(too_large());
    }
    Ok(page.into())
}

fn too_large() -> TableReadError {
    corrupt("a column that inflates to more than a table has in so few bytes")
}

fn unsound(code: ErrorCode) -> TableReadError {
    corrupt(get_error_name(code))
}
