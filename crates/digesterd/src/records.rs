//! `digesterd records`: the raw rows behind edges, from the flow logs that digests were made of.

use anyhow::{Context, bail};
use digest_core::{Manifest, Scope};
use digest_questions::{RecordRow, RecordSource, RecordsAnswer, RecordsAsking, stored_windows};
use digest_storage::{Manifests, Store};
use digesterd_process::environment::Environment;
use digesterd_process::stores::open_flow_logs;
use tokio_util::sync::CancellationToken;

use crate::arguments::RecordsArguments;
use crate::asked::{MOST, stretch};
use crate::place::{configured, find};
use crate::progress_bar::tell;
use crate::questions::show_listed;
use crate::stored::{Named, Shelf, manifest, storage};
use crate::table::Cell;
use crate::times::second;
use crate::units::{bytes, counted, grouped};

const COMMAND: &str = "records";

/// Reads the objects again, and shows what is found.
pub(crate) async fn run(arguments: &RecordsArguments, environment: &Environment) -> anyhow::Result<()> {
    let (known, store) = known(arguments, environment).await?;
    let flow_logs = match &arguments.logs {
        Some(logs) => find(logs, environment).await?.flow_logs,
        None => {
            let (places, aws) = configured(environment)?;
            open_flow_logs(&places, &aws).await?
        }
    };
    let source = RecordSource::new(flow_logs);
    let manifests = store.map(Manifests::new);
    let asking = RecordsAsking {
        filter: arguments.filter.clone(),
        ignore: arguments.ignore.clone(),
        limit: arguments.shown.limit,
    };
    let (mut answer, given_up) = (RecordsAnswer::default(), CancellationToken::new());
    for known in &known {
        let read = source.read(known, manifests.as_ref(), &asking, &given_up, &mut answer);
        read.await?;
    }
    show_listed(&arguments.shown.as_shown(), &answer.listed, head, line)?;
    tell(format!(
        "in all {} in {} packets; {} of {} read again",
        bytes(answer.total.bytes),
        grouped(answer.total.packets),
        grouped(answer.objects_read),
        counted(answer.objects_read + answer.unread.count, "object"),
    ));
    for unread in &answer.unread.items {
        tell(format!("not read: {}: {}", unread.object, unread.why));
    }
    if answer.unread.more() > 0 {
        tell(format!(
            "and {} more objects not read",
            grouped(answer.unread.more())
        ));
    }
    Ok(())
}

/// The manifests of the digests that are named, and where their lists of objects are.
async fn known(
    arguments: &RecordsArguments,
    environment: &Environment,
) -> anyhow::Result<(Vec<Manifest>, Option<Store>)> {
    let asked = &arguments.asked;
    let mut found = Vec::new();
    if asked.digests.is_empty() {
        let window = stretch(COMMAND, &asked.time)?;
        let store = storage(environment).await?;
        let (keys, gaps) = stored_windows(&store, &window, &Scope::default(), MOST).await?;
        let manifests = Manifests::new(store.clone());
        for key in keys {
            let loaded = manifests.load(key.id()).await?;
            found.push(loaded.with_context(|| format!("the digest {} has no manifest", key.id()))?);
        }
        if found.is_empty() {
            bail!("{store} has no digest of {window}: `digesterd list` shows which there are");
        }
        for (from, to) in gaps {
            tell(format!("nothing is stored of {} to {}", second(from), second(to)));
        }
        return Ok((found, Some(store)));
    }
    let named: Result<Vec<Named>, clap::Error> = asked
        .digests
        .iter()
        .map(|text| Named::of(text, COMMAND))
        .collect();
    let named = named?;
    let names: Vec<&Named> = named.iter().collect();
    let shelf = Shelf::open(&names, &asked.from, environment).await?;
    for one in &named {
        let Some(known) = manifest(one, shelf.as_ref()).await? else {
            bail!("{one} has no manifest, which alone says what it was made of");
        };
        // Both tables and the text of a digest have one manifest.
        if !found.contains(&known) {
            found.push(known);
        }
    }
    let store = shelf.as_ref().and_then(Shelf::store).cloned();
    Ok((found, store))
}

fn head() -> Vec<Cell> {
    vec![
        Cell::text("start"),
        Cell::text("object"),
        Cell::number("line"),
        Cell::text("record"),
    ]
}

fn line(row: &RecordRow) -> Vec<Cell> {
    let number = row.line.or(row.row).map(grouped).unwrap_or_default();
    vec![
        Cell::text(second(row.start)),
        Cell::text(&row.object),
        Cell::number(number),
        Cell::text(&row.record),
    ]
}
