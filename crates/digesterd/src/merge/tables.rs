//! `merge` of tables of edges, or of interfaces.

use std::sync::Arc;

use anyhow::{Context, bail};
use digest_core::Manifest;
use digest_questions::of_object;
use digest_storage::{TableKind, Tables};
use digest_tables::{
    EdgesTable, InterfacesTable, TableReadError, TableSource, TableSummary, merge_edges, merge_interfaces,
};
use tokio_util::sync::CancellationToken;

use crate::arguments::{MergeArguments, MergedTable, refused};
use crate::output::Output;
use crate::progress_bar::tell;
use crate::stored::{Named, Shelf};
use crate::table_bytes::{is_table, of_file};
use crate::units::{bytes, counted};

/// Whether tables are merged, and not texts. Files of both are refused.
pub(super) fn are_tables(arguments: &MergeArguments, named: &[Named]) -> Result<bool, clap::Error> {
    let is_one = |named: &Named| match named {
        Named::File(path) => is_table(path),
        Named::Id(_) => arguments.table.is_some(),
    };
    let tables = named.iter().filter(|named| is_one(named)).count();
    if tables > 0 && tables < named.len() {
        return Err(refused(
            "merge",
            "some are tables and some are not: merge either by themselves",
        ));
    }
    if tables == 0 && arguments.table.is_some() {
        return Err(refused(
            "merge",
            "--table is for stored digests: files are tables by what is in them",
        ));
    }
    Ok(tables > 0)
}

/// Merges tables whose manifests, as far as they are known, go together.
pub(super) async fn run(
    arguments: &MergeArguments,
    mut digests: Vec<(Named, Option<Manifest>)>,
    shelf: Option<&Shelf>,
) -> anyhow::Result<()> {
    // What the later window says of an interface stands.
    let are_known = digests.iter().all(|(_, manifest)| manifest.is_some());
    if are_known {
        digests.sort_by_key(|(_, manifest)| manifest.as_ref().map(|manifest| manifest.job.window().start()));
    } else {
        tell("the tables are taken to be named in the order of their windows");
    }
    let output = Output::open(arguments.output.as_deref())?;
    output.remove_on_signals()?;
    let mut sources = Vec::new();
    for (named, manifest) in &digests {
        sources.push(source(named, manifest.as_ref(), arguments.table, shelf).await?);
    }
    let windows = || {
        digests
            .iter()
            .filter_map(|(_, manifest)| Some(*manifest.as_ref()?.job.window()))
    };
    let start = windows().map(|window| window.start_unix()).min();
    let stop = windows().map(|window| window.stop_unix()).max();
    let within = start.zip(stop).filter(|_| are_known);
    let names: Vec<String> = digests.iter().map(|(named, _)| named.to_string()).collect();
    let merged =
        tokio::task::spawn_blocking(move || output.write_with(|out| merge(&names, sources, within, out)));
    let Some(merged) = merged.await?.context("the tables cannot be merged")? else {
        return Ok(());
    };
    tell(format!(
        "{} from {}, {}",
        counted(merged.rows, "row"),
        counted(digests.len() as u64, "table"),
        bytes(merged.bytes.into())
    ));
    Ok(())
}

/// A table's bytes.
async fn source(
    named: &Named,
    manifest: Option<&Manifest>,
    table: Option<MergedTable>,
    shelf: Option<&Shelf>,
) -> anyhow::Result<Arc<dyn TableSource>> {
    if let Named::File(path) = named {
        return of_file(path);
    }
    let Some(store) = shelf.and_then(Shelf::store) else {
        return Err(refused("merge", "the API hands out no tables: read them with --stored").into());
    };
    let Some(manifest) = manifest else {
        bail!("{named} has no manifest, which would name its table");
    };
    let (kind, stored) = match table {
        Some(MergedTable::Interfaces) => (TableKind::Interfaces, &manifest.interfaces_table),
        Some(MergedTable::Edges) | None => (TableKind::Edges, &manifest.edges_table),
    };
    let tables = Tables::new(store.clone());
    let found = match stored {
        Some(stored) => tables.find(&stored.key).await?,
        None => None,
    };
    match found {
        Some(object) => Ok(of_object(tables, object, CancellationToken::new()).0),
        None => bail!("{named} has no table of {kind:?} in {store} (DIGEST_EDGES=off?)"),
    }
}

/// By what the first of them is; all have to be the same.
fn merge(
    names: &[String],
    sources: Vec<Arc<dyn TableSource>>,
    within: Option<(i64, i64)>,
    out: &mut (dyn std::io::Write + Send),
) -> anyhow::Result<TableSummary> {
    let first = sources.first().map(|source| EdgesTable::open(Arc::clone(source)));
    let named = |at: usize| names.get(at).cloned().unwrap_or_default();
    if let Some(Err(TableReadError::NoTable { .. })) = first {
        let tables = sources.into_iter().enumerate();
        let tables = tables.map(|(at, source)| InterfacesTable::open(source).with_context(|| named(at)));
        let tables: Vec<_> = tables.collect::<anyhow::Result<_>>()?;
        return Ok(merge_interfaces(&tables, within, out)?);
    }
    let tables = sources.into_iter().enumerate();
    let tables = tables.map(|(at, source)| EdgesTable::open(source).with_context(|| named(at)));
    Ok(merge_edges(tables.collect::<anyhow::Result<_>>()?, out)?)
}
