//! The digests that a question is asked of: tables where there are any, else texts; with their windows and coverage.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use chrono::Utc;
use digest_core::{Coverage, Manifest, Window};
use digest_insight::{Filter, Grouping, Observers, Source};
use digest_storage::Tables;
use digest_tables::{EdgesTable, InterfacesTable, TableReadError, TableSource};
use digesterd_process::environment::Environment;

use crate::arguments::{AskedArguments, refused};
use crate::hive::Hive;
use crate::stored::{Named, Shelf, manifest, manifest_at, storage, unsorted};
use crate::table_bytes::{is_table, of_file, of_object};

mod stretch;

use stretch::stored_windows;

/// The digests of a question.
pub(crate) struct Asked {
    pub(crate) digests: Vec<AskedDigest>,
    /// Tables of interfaces that were named by themselves.
    interfaces: Vec<Arc<dyn TableSource>>,
    shelf: Option<Shelf>,
    /// Parts of the time asked for of which nothing is stored.
    pub(crate) gaps: Vec<(i64, i64)>,
}

/// One of them.
pub(crate) struct AskedDigest {
    pub(crate) name: String,
    /// First and past-the-last second of its window, as far as it is known.
    pub(crate) window: Option<(i64, i64)>,
    pub(crate) coverage: Coverage,
    /// Why it is partial.
    pub(crate) reasons: Vec<String>,
    edges: Edges,
    interfaces: Option<Arc<dyn TableSource>>,
}

enum Edges {
    Text(Named),
    Table(Arc<dyn TableSource>),
}

impl Asked {
    /// Finds what the arguments name.
    pub(crate) async fn of(
        command: &str,
        arguments: &AskedArguments,
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        let time = &arguments.time;
        if !arguments.digests.is_empty() {
            return Self::named(command, arguments, environment).await;
        }
        let window = match (time.since, &time.start, &time.stop) {
            (Some(since), ..) => {
                let now = Utc::now().timestamp().div_euclid(60) * 60;
                Window::from_unix(now - since.0, now).map_err(|error| refused(command, error))?
            }
            (None, Some(start), Some(stop)) => {
                Window::parse(start, stop).map_err(|error| refused(command, error))?
            }
            _ => {
                let why = "name digests, or say of which time with --since or --start and --stop";
                return Err(refused(command, why).into());
            }
        };
        let store = storage(environment).await?;
        let (found, gaps) = stored_windows(&store, &window).await?;
        if found.is_empty() {
            bail!("{store} has no digest of {window}: `digesterd list` shows which there are");
        }
        let shelf = Some(Shelf::of_store(store));
        let mut digests = Vec::new();
        for key in found {
            let named = Named::Id(key.id());
            let mut digest = of_shelf(named, shelf.as_ref()).await?;
            digest.window = Some(key.span());
            digests.push(digest);
        }
        Ok(Self {
            digests,
            interfaces: Vec::new(),
            shelf,
            gaps,
        })
    }

    async fn named(
        command: &str,
        arguments: &AskedArguments,
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        let named: Result<Vec<Named>, clap::Error> = arguments
            .digests
            .iter()
            .map(|text| Named::of(text, command))
            .collect();
        let named = named?;
        let names: Vec<&Named> = named.iter().collect();
        let shelf = Shelf::open(&names, &arguments.from, environment).await?;
        let (mut digests, mut interfaces) = (Vec::new(), Vec::new());
        for one in named {
            match &one {
                Named::File(path) if is_table(path) => match of_table(path)? {
                    Found::Edges(digest) => digests.push(*digest),
                    Found::Interfaces(table) => interfaces.push(table),
                },
                _ => digests.push(of_shelf(one, shelf.as_ref()).await?),
            }
        }
        if digests.is_empty() {
            return Err(refused(command, "only tables of interfaces are named, and no edges").into());
        }
        // Those whose window is not known last, as they were named.
        digests.sort_by_key(|digest| digest.window.map_or((i64::MAX, i64::MAX), |window| window));
        Ok(Self {
            digests,
            interfaces,
            shelf,
            gaps: Vec::new(),
        })
    }

    /// Opens them: the sources stand in the order of the digests.
    pub(crate) async fn sources(&self) -> anyhow::Result<Vec<Source>> {
        let mut sources = Vec::new();
        for digest in &self.digests {
            sources.push(match &digest.edges {
                Edges::Text(named) => Source::Text(unsorted(named, self.shelf.as_ref()).await?),
                Edges::Table(bytes) => {
                    let bytes = Arc::clone(bytes);
                    let table = tokio::task::spawn_blocking(move || EdgesTable::open(bytes)).await?;
                    let table = table.with_context(|| format!("{} cannot be asked", digest.name))?;
                    Source::Table(table)
                }
            });
        }
        Ok(sources)
    }

    /// The tables of interfaces, each with the number of its digest where it is one's.
    pub(crate) async fn interfaces(&self) -> anyhow::Result<Vec<(Option<usize>, InterfacesTable)>> {
        let of_digests = self.digests.iter().enumerate();
        let of_digests =
            of_digests.filter_map(|(at, digest)| Some((Some(at), Arc::clone(digest.interfaces.as_ref()?))));
        let loose = self.interfaces.iter().map(|table| (None, Arc::clone(table)));
        let all: Vec<_> = of_digests.chain(loose).collect();
        let opened = tokio::task::spawn_blocking(move || {
            let opened = all
                .into_iter()
                .map(|(at, bytes)| Ok((at, InterfacesTable::open(bytes)?)));
            opened.collect::<Result<Vec<_>, TableReadError>>()
        });
        opened.await?.context("a table of interfaces cannot be read")
    }

    /// Whose addresses are known: by tables of interfaces where there are any, else by what the edges have in common.
    /// Where only some edges are asked for, these say enough.
    pub(crate) async fn observers(&self, grouping: &Grouping, of: Filter) -> anyhow::Result<Observers> {
        let tables: Vec<InterfacesTable> = self
            .interfaces()
            .await?
            .into_iter()
            .map(|(_, table)| table)
            .collect();
        if !tables.is_empty() {
            let columns = grouping.columns().to_vec();
            let known = tokio::task::spawn_blocking(move || Observers::of_tables(&tables, &columns)).await?;
            return known.context("a table of interfaces cannot be read");
        }
        if !grouping.columns().is_empty() {
            bail!(
                "there is no table of interfaces, by which alone this --group-by is known: name it beside the edges \
                 (`digesterd digest --interfaces FILE` writes one)"
            );
        }
        let mut sources = self.sources().await?;
        let learnt = tokio::task::spawn_blocking(move || Observers::ask(&mut sources, &of)).await?;
        learnt.context("the digests cannot be read")
    }

    /// Their names, for messages.
    pub(crate) fn names(&self) -> String {
        match self.digests.as_slice() {
            [one] => one.name.clone(),
            several => format!("{} digests", several.len()),
        }
    }

    /// One line for each digest that is not known to be complete, and one for what is not stored.
    pub(crate) fn caveats(&self) -> Vec<String> {
        let mut caveats = Vec::new();
        let unknown = self
            .digests
            .iter()
            .filter(|digest| digest.coverage == Coverage::Unknown)
            .count();
        if unknown > 0 {
            let which = if unknown == self.digests.len() {
                self.names()
            } else {
                format!("{unknown} of {}", self.names())
            };
            caveats.push(format!(
                "coverage of {which} is unknown: there is no manifest that fits"
            ));
        }
        for digest in &self.digests {
            if let Coverage::Partial | Coverage::NoData = digest.coverage {
                let why = digest.reasons.join("; ");
                caveats.push(
                    format!("{}: coverage {} {why}", digest.name, digest.coverage)
                        .trim_end()
                        .to_owned(),
                );
            }
        }
        for (from, to) in &self.gaps {
            caveats.push(format!(
                "nothing is stored of {} to {}",
                crate::times::minute(*from),
                crate::times::minute(*to)
            ));
        }
        caveats
    }
}

enum Found {
    Edges(Box<AskedDigest>),
    Interfaces(Arc<dyn TableSource>),
}

/// A table in a file.
fn of_table(path: &Path) -> anyhow::Result<Found> {
    let bytes = of_file(path)?;
    let edges = match EdgesTable::open(Arc::clone(&bytes)) {
        Ok(edges) => edges,
        Err(refusal @ TableReadError::NoTable { .. }) => {
            return match InterfacesTable::open(Arc::clone(&bytes)) {
                Ok(_) => Ok(Found::Interfaces(bytes)),
                Err(_) => Err(refusal).with_context(|| format!("{} cannot be asked", path.display())),
            };
        }
        Err(error) => return Err(error).with_context(|| format!("{} cannot be asked", path.display())),
    };
    let hive = Hive::of(path);
    let known = match &hive {
        Some(hive) => manifest_at(&hive.manifest, path)?,
        None => crate::stored::manifest_beside(path)?,
    };
    let beside = hive
        .as_ref()
        .map(|hive| hive.interfaces.clone())
        .or_else(|| beside(path));
    let beside = beside.filter(|path| path.exists());
    let seen = edges
        .seen()
        .map(|(first, last)| (first.div_euclid(60) * 60, (last.div_euclid(60) + 1) * 60));
    let mut digest = AskedDigest::new(path.display().to_string(), Edges::Table(bytes), known);
    digest.window = digest.window.or(hive.map(|hive| hive.window)).or(seen);
    digest.interfaces = beside.map(|path| of_file(&path)).transpose()?;
    Ok(Found::Edges(Box::new(digest)))
}

/// The table of interfaces beside `NAME.edges.parquet`.
fn beside(path: &Path) -> Option<PathBuf> {
    let stem = path.file_name()?.to_str()?.strip_suffix(".edges.parquet")?;
    Some(path.with_file_name(format!("{stem}.interfaces.parquet")))
}

/// A digest by its id, or a text in a file.
async fn of_shelf(named: Named, shelf: Option<&Shelf>) -> anyhow::Result<AskedDigest> {
    let known = manifest(&named, shelf).await?;
    let name = match &known {
        Some(known) if !named.is_file() => known.job.window().to_string(),
        _ => named.to_string(),
    };
    let (mut edges, mut interfaces) = (Edges::Text(named), None);
    if let (Some(store), Some(known)) = (shelf.and_then(Shelf::store), &known) {
        let tables = Tables::new(store.clone());
        if let Some(table) = &known.edges_table
            && let Some(object) = tables.find(&table.key).await?
        {
            edges = Edges::Table(of_object(tables.clone(), object));
        }
        if let Some(table) = &known.interfaces_table
            && let Some(object) = tables.find(&table.key).await?
        {
            interfaces = Some(of_object(tables, object));
        }
    }
    let mut digest = AskedDigest::new(name, edges, known);
    digest.interfaces = interfaces;
    Ok(digest)
}

impl AskedDigest {
    fn new(name: String, edges: Edges, known: Option<Manifest>) -> Self {
        Self {
            name,
            window: known
                .as_ref()
                .map(|known| (known.job.window().start_unix(), known.job.window().stop_unix())),
            coverage: known.as_ref().map_or(Coverage::Unknown, |known| known.coverage),
            reasons: known.map(|known| known.reasons).unwrap_or_default(),
            edges,
            interfaces: None,
        }
    }

    /// Whether it is asked by its table, which knows when edges were seen and who opened.
    pub(crate) fn has_table(&self) -> bool {
        matches!(self.edges, Edges::Table(_))
    }
}
