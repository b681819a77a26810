//! `digesterd unexpected`: traffic on ports of no registered service, or that a policy does not allow.

use std::fs;
use std::path::Path;

use anyhow::Context;
use digest_insight::{Policy, Rule, Unexpected, service_of};
use digest_questions::{Answer, Question};
use digesterd_process::environment::Environment;

use crate::arguments::{UnexpectedArguments, refused};
use crate::progress_bar::tell;
use crate::questions::{asked_of, asking, show_listed};
use crate::table::{Cell, Colour};
use crate::times::second;
use crate::units::{bytes, counted};

const COMMAND: &str = "unexpected";

/// Asks, and shows what has most bytes.
pub(crate) async fn run(arguments: &UnexpectedArguments, environment: &Environment) -> anyhow::Result<()> {
    let question = &arguments.question;
    let asking = asking(COMMAND, &question.edges, &question.shown, environment)?;
    let policy = arguments.policy.as_deref().map(policy).transpose()?;
    let asked = asked_of(
        COMMAND,
        Question::Unexpected(policy),
        asking,
        &question.asked,
        environment,
    );
    let (asked, answer) = asked.await?;
    if let Answer::Unexpected(answer) = &answer {
        show_listed(&question.shown, &answer.listed, head, line)?;
        let registry = answer.registry;
        tell(match answer.rules {
            None => format!("by IANA's registry of {registry}; --policy says what is expected besides"),
            Some(rules) => format!(
                "by {} of the policy and IANA's registry of {registry}",
                counted(rules, "rule")
            ),
        });
    }
    asked.caveats().iter().for_each(tell);
    Ok(())
}

fn policy(path: &Path) -> anyhow::Result<Policy> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let read = text.parse::<Policy>();
    Ok(read.map_err(|error| refused("unexpected", format!("the policy {}: {error}", path.display())))?)
}

fn head() -> Vec<Cell> {
    vec![
        Cell::text("client"),
        Cell::text("server"),
        Cell::text("service"),
        Cell::number("received"),
        Cell::number("sent"),
        Cell::text("first seen"),
        Cell::text("rule"),
        Cell::text("seen by"),
        Cell::text("why"),
    ]
}

fn line(one: &Unexpected) -> Vec<Cell> {
    vec![
        Cell::text(&one.client),
        Cell::text(&one.server),
        Cell::text(service_of(one.protocol, one.port)),
        Cell::number(bytes(one.received.bytes)),
        Cell::number(bytes(one.sent.bytes)),
        Cell::text(one.first_seen.map(second).unwrap_or_default()),
        Cell::text(one.rule.map_or("", Rule::name)),
        Cell::text(one.seen_by.word()),
        Cell::text(&one.why).coloured(Colour::Yellow),
    ]
}
