//! `digesterd services`: who serves what, and by which rule that is known.

use anyhow::Context;
use digest_insight::{Filter, Measure, Rule, Service, protocol_name, services};
use digesterd_process::environment::Environment;

use crate::arguments::QuestionArguments;
use crate::asked::{Asked, AskedDigest};
use crate::progress_bar::tell;
use crate::questions::{measure, options, show_listed};
use crate::table::Cell;
use crate::units::{bytes, grouped};

/// Asks, and shows the services with most bytes.
pub(crate) async fn run(arguments: &QuestionArguments, environment: &Environment) -> anyhow::Result<()> {
    let mut links = options("services", &arguments.edges, environment)?;
    let asked = Asked::of("services", &arguments.asked, environment).await?;
    links.observers = asked.observers(&links.grouping, Filter::default()).await?;
    let mut sources = asked.sources().await?;
    let shown = arguments.shown;
    let most = measure(&shown, Measure::Bytes);
    let listed =
        tokio::task::spawn_blocking(move || services(&mut sources, &links, shown.limit, most)).await?;
    let listed = listed.with_context(|| format!("{} cannot be asked", asked.names()))?;
    show_listed(&shown, &listed, head, line)?;
    if !asked.digests.iter().all(AskedDigest::has_table) {
        tell("a digest's text knows no flags: there the order of ports decides alone");
    }
    asked.caveats().iter().for_each(tell);
    Ok(())
}

fn head() -> Vec<Cell> {
    vec![
        Cell::text("server"),
        Cell::text("service"),
        Cell::number("clients"),
        Cell::number("received"),
        Cell::number("sent"),
        Cell::text("rule"),
        Cell::number("records"),
        Cell::text("seen by"),
    ]
}

fn line(service: &Service) -> Vec<Cell> {
    vec![
        Cell::text(&service.server),
        Cell::text(format!("{}/{}", protocol_name(service.protocol), service.port)),
        Cell::number(grouped(service.clients)),
        Cell::number(bytes(service.received.bytes)),
        Cell::number(bytes(service.sent.bytes)),
        Cell::text(service.rule.name()),
        // Of the order of ports no record is evidence.
        Cell::number(match service.rule {
            Rule::PortOrder => String::new(),
            Rule::Syn | Rule::SynAck => grouped(service.evidence),
        }),
        Cell::text(service.seen_by.word()),
    ]
}
