//! `digesterd graph`: who talks to whom, as a graph.

use anyhow::Context;
use digest_insight::{Graph, Links};
use digesterd_process::environment::Environment;

use crate::arguments::GraphArguments;
use crate::output::Output;
use crate::progress_bar::tell;
use crate::questions::{observers, options};
use crate::stored::{Named, Shelf, unsorted};

/// Reads the digest twice: first for the interfaces' addresses, then for its links.
pub(crate) async fn run(arguments: &GraphArguments, environment: &Environment) -> anyhow::Result<()> {
    let mut links = options("graph", &arguments.edges, environment)?;
    let named = Named::of(&arguments.digest, "graph")?;
    let shelf = Shelf::open(&[&named], &arguments.from, environment).await?;
    let output = Output::open(arguments.output.as_deref())?;
    links.services = arguments.services;
    links.observers = observers(&named, shelf.as_ref()).await?;
    let mut edges = unsorted(&named, shelf.as_ref()).await?;
    let limit = arguments.limit;
    let drawn = tokio::task::spawn_blocking(move || {
        Links::of(&mut edges, &links).map(|links| Graph::of(links, limit))
    });
    let graph = drawn
        .await?
        .with_context(|| format!("no graph can be drawn of {named}"))?;
    output.write_bytes(&graph.write(arguments.format))?;
    if let Some(more) = graph.more() {
        tell(format!("{more} (--limit, or a coarser --group-by)"));
    }
    Ok(())
}
