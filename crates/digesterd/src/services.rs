//! `digesterd services`: who serves what, and by which rule that is known.

use digest_insight::{Rule, Service, service_of};
use digest_questions::{Answer, AskedDigest, Question};
use digesterd_process::environment::Environment;

use crate::arguments::QuestionArguments;
use crate::progress_bar::tell;
use crate::questions::{asked_of, asking, show_listed};
use crate::table::Cell;
use crate::units::{bytes, grouped};

const COMMAND: &str = "services";

/// Asks, and shows the services with most bytes.
pub(crate) async fn run(arguments: &QuestionArguments, environment: &Environment) -> anyhow::Result<()> {
    let asking = asking(COMMAND, &arguments.edges, &arguments.shown, environment)?;
    let asked = asked_of(COMMAND, Question::Services, asking, &arguments.asked, environment);
    let (asked, answer) = asked.await?;
    if let Answer::Services(listed) = &answer {
        show_listed(&arguments.shown, listed, head, line)?;
    }
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
        Cell::text(service_of(service.protocol, Some(service.port))),
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
