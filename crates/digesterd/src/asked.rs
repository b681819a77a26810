//! The digests that a command asks: files, ids and windows by name, or what is stored of a stretch of time.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use async_trait::async_trait;
use chrono::Utc;
use digest_core::{DigestId, Scope, Window};
use digest_insight::Edges;
use digest_questions::{Asked, AskedDigest, AskedEdges, Table, Text, of_id, of_stretch};
use digest_storage::Store;
use digest_tables::{EdgesTable, InterfacesTable, TableReadError};
use digesterd_process::environment::Environment;
use tokio_util::sync::CancellationToken;

use crate::arguments::{AskedArguments, FromArguments, TimeArguments, refused};
use crate::hive::Hive;
use crate::stored::{Named, Shelf, manifest, manifest_at, storage, unsorted};
use crate::table_bytes::{is_table, of_file};

/// Most digests that are asked at once.
pub(crate) const MOST: usize = 100_000;

/// A text that a person named.
#[derive(Debug)]
struct NamedText {
    named: Named,
    shelf: Option<Arc<Shelf>>,
}

#[async_trait]
impl Text for NamedText {
    async fn open(&self) -> Result<Edges, Box<dyn Error + Send + Sync>> {
        Ok(unsorted(&self.named, self.shelf.as_deref()).await?)
    }
}

/// Finds what the arguments name.
pub(crate) async fn find(
    command: &str,
    arguments: &AskedArguments,
    environment: &Environment,
) -> anyhow::Result<Asked> {
    if !arguments.digests.is_empty() {
        return named(command, arguments, environment).await;
    }
    let window = stretch(command, &arguments.time)?;
    let store = storage(environment).await?;
    let text = texts_of(&store);
    let scope = Scope::default();
    let given_up = CancellationToken::new();
    let asked = of_stretch(&store, &window, &scope, MOST, Some(&text), &given_up).await?;
    if asked.digests.is_empty() {
        bail!("{store} has no digest of {window}: `digesterd list` shows which there are");
    }
    Ok(asked)
}

/// How texts of a store are opened.
pub(crate) fn texts_of(store: &Store) -> impl Fn(DigestId) -> Arc<dyn Text> + Send + Sync + use<> {
    let shelf = Arc::new(Shelf::of_store(store.clone()));
    move |id: DigestId| -> Arc<dyn Text> {
        let (named, shelf) = (Named::Id(id), Some(Arc::clone(&shelf)));
        Arc::new(NamedText { named, shelf })
    }
}

/// The time that is asked for.
pub(crate) fn stretch(command: &str, time: &TimeArguments) -> anyhow::Result<Window> {
    let window = match (time.since, &time.start, &time.stop) {
        (Some(since), ..) => {
            let now = Utc::now().timestamp().div_euclid(60) * 60;
            Window::from_unix(now - since.0, now)
        }
        (None, Some(start), Some(stop)) => Window::parse(start, stop),
        _ => {
            let why = "name digests, or say of which time with --since or --start and --stop";
            return Err(refused(command, why).into());
        }
    };
    Ok(window.map_err(|error| refused(command, error))?)
}

async fn named(
    command: &str,
    arguments: &AskedArguments,
    environment: &Environment,
) -> anyhow::Result<Asked> {
    let (digests, interfaces) =
        digests_named(command, &arguments.digests, &arguments.from, environment).await?;
    Ok(Asked {
        digests,
        interfaces,
        ..Asked::default()
    })
}

/// Digests by name, by time; and tables of interfaces that are named beside them.
pub(crate) async fn digests_named(
    command: &str,
    names: &[String],
    from: &FromArguments,
    environment: &Environment,
) -> anyhow::Result<(Vec<AskedDigest>, Vec<Table>)> {
    let named: Result<Vec<Named>, clap::Error> = names.iter().map(|text| Named::of(text, command)).collect();
    let named = named?;
    let names: Vec<&Named> = named.iter().collect();
    let shelf = Shelf::open(&names, from, environment).await?.map(Arc::new);
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
    Ok((digests, interfaces))
}

enum Found {
    Edges(Box<AskedDigest>),
    Interfaces(Table),
}

/// A table in a file.
fn of_table(path: &Path) -> anyhow::Result<Found> {
    let bytes = of_file(path)?;
    let edges = match EdgesTable::open(Arc::clone(&bytes)) {
        Ok(edges) => edges,
        Err(refusal @ TableReadError::NoTable { .. }) => {
            return match InterfacesTable::open(Arc::clone(&bytes)) {
                Ok(_) => Ok(Found::Interfaces(Table(bytes))),
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
    let mut digest = AskedDigest::new(path.display().to_string(), AskedEdges::Table(Table(bytes)), known);
    digest.window = digest.window.or(hive.map(|hive| hive.window)).or(seen);
    digest.interfaces = beside.map(|path| of_file(&path).map(Table)).transpose()?;
    Ok(Found::Edges(Box::new(digest)))
}

/// The table of interfaces beside `NAME.edges.parquet`.
fn beside(path: &Path) -> Option<PathBuf> {
    let stem = path.file_name()?.to_str()?.strip_suffix(".edges.parquet")?;
    Some(path.with_file_name(format!("{stem}.interfaces.parquet")))
}

/// A digest by its id, or a text in a file.
async fn of_shelf(named: Named, shelf: Option<&Arc<Shelf>>) -> anyhow::Result<AskedDigest> {
    let text = |named: Named| -> Arc<dyn Text> {
        let shelf = shelf.map(Arc::clone);
        Arc::new(NamedText { named, shelf })
    };
    if let (Named::Id(id), Some(store)) = (&named, shelf.and_then(|shelf| shelf.store())) {
        let known = of_id(store, *id, &CancellationToken::new()).await?;
        let open = |id| text(Named::Id(id));
        let open_text: digest_questions::OpenText<'_> = &open;
        return known.asked(*id, Some(open_text)).context("a digest has a text");
    }
    let known = manifest(&named, shelf.map(Arc::as_ref)).await?;
    let name = match &known {
        Some(known) if !named.is_file() => known.job.window().to_string(),
        _ => named.to_string(),
    };
    Ok(AskedDigest::new(name, AskedEdges::Text(text(named)), known))
}
