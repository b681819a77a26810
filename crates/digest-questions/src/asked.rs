//! What a question is asked of: tables of edges where there are any, else texts; with their windows and coverage.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use digest_core::{Coverage, DigestId, Manifest, Scope};
use digest_insight::{Edges, Filter, Grouping, Observers, Source};
use digest_tables::{EdgesTable, InterfacesTable, TableReadError, TableSource};

use crate::baseline::BaselineWindow;
use crate::error::QuestionError;
use crate::question::computed;

/// The digests of a question.
#[derive(Debug, Default)]
pub struct Asked {
    /// By time.
    pub digests: Vec<AskedDigest>,
    /// Tables of interfaces that belong to none of them.
    pub interfaces: Vec<Table>,
    /// Parts of the time asked for of which nothing is stored.
    pub gaps: Vec<(i64, i64)>,
    /// Windows of digests that are stored without a table of edges, and are not asked for that.
    pub without_table: Vec<(i64, i64)>,
    /// What it is held against, by time; only where the question is what is unusual.
    pub baseline: Vec<BaselineWindow>,
}

/// One of them.
#[derive(Debug)]
pub struct AskedDigest {
    /// A window, an id or a file.
    pub name: String,
    /// Its id, as far as it is known.
    pub id: Option<DigestId>,
    /// First and past-the-last second of its window, as far as it is known.
    pub window: Option<(i64, i64)>,
    /// Its accounts and regions, likewise.
    pub scope: Option<Scope>,
    /// How complete it is.
    pub coverage: Coverage,
    /// Why it is partial.
    pub reasons: Vec<String>,
    /// What is read of it.
    pub edges: AskedEdges,
    /// Its table of interfaces.
    pub interfaces: Option<Table>,
}

/// What is read of a digest.
#[derive(Debug, Clone)]
pub enum AskedEdges {
    /// Its text.
    Text(Arc<dyn Text>),
    /// Its table of edges.
    Table(Table),
}

/// A table's bytes.
#[derive(Clone)]
pub struct Table(pub Arc<dyn TableSource>);

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a table of {} bytes", self.0.size())
    }
}

/// A digest's text, which can be read from its beginning again and again.
#[async_trait]
pub trait Text: fmt::Debug + Send + Sync {
    /// Opens it.
    ///
    /// # Errors
    /// Whatever the place that it lies in says.
    async fn open(&self) -> Result<Edges, Box<dyn Error + Send + Sync>>;
}

impl AskedDigest {
    /// A digest of which this is read, as its manifest tells of it.
    #[must_use]
    pub fn new(name: String, edges: AskedEdges, known: Option<Manifest>) -> Self {
        Self {
            name,
            id: known.as_ref().map(|known| known.job.id()),
            window: known
                .as_ref()
                .map(|known| (known.job.window().start_unix(), known.job.window().stop_unix())),
            scope: known.as_ref().map(|known| known.job.scope().clone()),
            coverage: known.as_ref().map_or(Coverage::Unknown, |known| known.coverage),
            reasons: known.map(|known| known.reasons).unwrap_or_default(),
            edges,
            interfaces: None,
        }
    }

    /// Whether it is asked by its table, which knows when edges were seen and who opened.
    #[must_use]
    pub fn has_table(&self) -> bool {
        matches!(self.edges, AskedEdges::Table(_))
    }
}

impl Asked {
    /// Opens the digests: the sources stand in their order.
    ///
    /// # Errors
    /// [`QuestionError`].
    pub async fn sources(&self) -> Result<Vec<Source>, QuestionError> {
        sources_of(&self.digests).await
    }

    /// The tables of interfaces, each with the number of its digest where it is one's.
    pub(crate) async fn interfaces(&self) -> Result<Vec<(Option<usize>, InterfacesTable)>, QuestionError> {
        let of_digests = self.digests.iter().enumerate();
        let of_digests = of_digests.filter_map(|(at, digest)| Some((Some(at), digest.interfaces.clone()?)));
        let loose = self.interfaces.iter().map(|table| (None, table.clone()));
        let before = self.baseline.iter().flat_map(|window| &window.digests);
        let before = before.filter_map(|digest| Some((None, digest.interfaces.clone()?)));
        let all: Vec<_> = before.chain(of_digests).chain(loose).collect();
        let opened = computed(move || {
            let opened = all
                .into_iter()
                .map(|(at, Table(bytes))| Ok((at, InterfacesTable::open(bytes)?)));
            opened.collect::<Result<Vec<_>, TableReadError>>()
        });
        opened.await?.map_err(QuestionError::Interfaces)
    }

    /// Whose addresses are known: by tables of interfaces where there are any, else by what the edges have in common.
    /// Where only some edges are asked for, these say enough.
    ///
    /// # Errors
    /// [`QuestionError`].
    pub async fn observers(&self, grouping: &Grouping, of: Filter) -> Result<Observers, QuestionError> {
        let tables = self.interfaces().await?.into_iter();
        let tables: Vec<InterfacesTable> = tables.map(|(_, table)| table).collect();
        if !tables.is_empty() {
            let columns = grouping.columns().to_vec();
            let known = computed(move || Observers::of_tables(&tables, &columns)).await?;
            return known.map_err(QuestionError::Interfaces);
        }
        if !grouping.columns().is_empty() {
            return Err(QuestionError::NoInterfaces);
        }
        let mut sources = self.sources().await?;
        for window in &self.baseline {
            sources.extend(sources_of(&window.digests).await?);
        }
        let learnt = computed(move || Observers::ask(&mut sources, &of)).await?;
        learnt.map_err(|source| QuestionError::Ask {
            name: self.names(),
            source,
        })
    }

    /// Their names, for messages.
    #[must_use]
    pub fn names(&self) -> String {
        match self.digests.as_slice() {
            [one] => one.name.clone(),
            several => format!("{} digests", several.len()),
        }
    }
}

/// Opens digests: the sources stand in their order.
///
/// # Errors
/// [`QuestionError`].
pub(crate) async fn sources_of(digests: &[AskedDigest]) -> Result<Vec<Source>, QuestionError> {
    let mut sources = Vec::new();
    for digest in digests {
        sources.push(match &digest.edges {
            AskedEdges::Text(text) => {
                Source::Text(text.open().await.map_err(|source| QuestionError::Text {
                    name: digest.name.clone(),
                    source,
                })?)
            }
            AskedEdges::Table(Table(bytes)) => {
                let bytes = Arc::clone(bytes);
                let table = computed(move || EdgesTable::open(bytes)).await?;
                Source::Table(table.map_err(|error| QuestionError::Ask {
                    name: digest.name.clone(),
                    source: error.into(),
                })?)
            }
        });
    }
    Ok(sources)
}
