//! What a store has to ask: a digest by its id, or all of a stretch of time.

use std::sync::Arc;

use digest_core::{DigestId, Manifest, Scope, Window};
use digest_storage::{Digests, IndexKey, Manifests, Store, StoreError, Tables};
use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::asked::{Asked, AskedDigest, AskedEdges, Table, Text};
use crate::error::QuestionError;
use crate::stretch::stored_windows;
use crate::table_object::of_object;

/// Digests that are looked up at once.
const AT_ONCE: usize = 16;

/// What a store has of a digest beside its text.
#[derive(Debug, Default)]
pub struct Known {
    /// Its manifest, where there is one that fits.
    pub manifest: Option<Manifest>,
    /// Its table of edges.
    pub edges: Option<Table>,
    /// Its table of interfaces.
    pub interfaces: Option<Table>,
}

/// Opens the text of a digest that has no table.
pub type OpenText<'a> = &'a (dyn Fn(DigestId) -> Arc<dyn Text> + Send + Sync);

impl Known {
    /// The digest as it is asked, by its table of edges; where it has none, by its text.
    #[must_use]
    pub fn asked(self, id: DigestId, text: Option<OpenText<'_>>) -> Option<AskedDigest> {
        let edges = match (self.edges, text) {
            (Some(table), _) => AskedEdges::Table(table),
            (None, Some(text)) => AskedEdges::Text(text(id)),
            (None, None) => return None,
        };
        let name = match &self.manifest {
            Some(known) => known.job.window().to_string(),
            None => id.to_string(),
        };
        let mut digest = AskedDigest::new(name, edges, self.manifest);
        digest.id = Some(id);
        digest.interfaces = self.interfaces;
        Some(digest)
    }
}

/// What there is of an id. Tables can be read until it is given up.
///
/// # Errors
/// [`StoreError`].
pub async fn of_id(store: &Store, id: DigestId, given_up: &CancellationToken) -> Result<Known, StoreError> {
    let Some(manifest) = Manifests::new(store.clone()).load(id).await? else {
        return Ok(Known::default());
    };
    let object = Digests::new(store.clone()).head(id).await?;
    if object.is_none_or(|object| object.size != manifest.gzip.bytes) {
        return Ok(Known::default());
    }
    let tables = Tables::new(store.clone());
    let mut known = Known::default();
    for (named, found) in [
        (&manifest.edges_table, &mut known.edges),
        (&manifest.interfaces_table, &mut known.interfaces),
    ] {
        if let Some(named) = named
            && let Some(object) = tables.find(&named.key).await?
        {
            *found = Some(of_object(tables.clone(), object, given_up.clone()));
        }
    }
    known.manifest = Some(manifest);
    Ok(known)
}

/// The digests of this scope that are stored of a stretch of time, each moment once. Where texts are not opened, digests
/// without a table are left out and named.
///
/// # Errors
/// [`QuestionError`].
pub async fn of_stretch(
    store: &Store,
    stretch: &Window,
    scope: &Scope,
    most: usize,
    text: Option<OpenText<'_>>,
    given_up: &CancellationToken,
) -> Result<Asked, QuestionError> {
    let (found, gaps) = stored_windows(store, stretch, scope, most).await?;
    let known = stream::iter(found)
        .map(|key: IndexKey| async move { Ok((of_id(store, key.id(), given_up).await?, key)) })
        .buffered(AT_ONCE)
        .try_collect::<Vec<_>>();
    let known: Result<_, StoreError> = known.await;
    let mut asked = Asked {
        gaps,
        ..Asked::default()
    };
    for (known, key) in known? {
        match known.asked(key.id(), text) {
            Some(mut digest) => {
                digest.window = Some(key.span());
                asked.digests.push(digest);
            }
            None => asked.without_table.push(key.span()),
        }
    }
    Ok(asked)
}
