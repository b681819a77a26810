//! `digesterd top`, `edges` and `rejected`: what digests tell, in columns or as JSON lines.

use std::io::Write;

use anyhow::{Context, anyhow};
use digest_insight::{Grouping, LinksOptions, Listed, Measure, Network, Observers, SeenBy};
use digest_questions::{Answer, Asked, Asking, EdgesAnswer, Question, QuestionError, Row, ask};
use digesterd_process::environment::{Environment, InsideSettings};
use serde::Serialize;

use crate::arguments::{AskedArguments, EdgesArguments, QuestionArguments, ShownArguments, Sort, refused};
use crate::asked::find;
use crate::progress_bar::tell;
use crate::stdout;
use crate::stored::{Named, Shelf, unsorted};
use crate::table::{Cell, Colour, Table, colours};
use crate::units::{bytes, grouped};

/// `edges`, `top` or `rejected`.
pub(crate) async fn edges(
    command: &str,
    question: Question,
    arguments: &QuestionArguments,
    environment: &Environment,
) -> anyhow::Result<()> {
    let asking = asking(command, &arguments.edges, &arguments.shown, environment)?;
    let (asked, answer) = asked_of(command, question, asking, &arguments.asked, environment).await?;
    if let Answer::Edges(answer) = &answer {
        show(&arguments.shown, answer)?;
    }
    asked.caveats().iter().for_each(tell);
    Ok(())
}

/// Finds what the arguments name, and asks it.
pub(crate) async fn asked_of(
    command: &str,
    question: Question,
    asking: Asking,
    arguments: &AskedArguments,
    environment: &Environment,
) -> anyhow::Result<(Asked, Answer)> {
    let asked = find(command, arguments, environment).await?;
    let answer = ask(&asked, question, asking).await.map_err(advised)?;
    Ok((asked, answer))
}

/// What a person can do about it.
pub(crate) fn advised(error: QuestionError) -> anyhow::Error {
    match error {
        QuestionError::NoInterfaces => {
            anyhow!("{error}: name it beside the edges (`digesterd digest --interfaces FILE` writes one)")
        }
        error => error.into(),
    }
}

/// How a question is asked, as the arguments and the environment say.
pub(crate) fn asking(
    command: &str,
    edges: &EdgesArguments,
    shown: &ShownArguments,
    environment: &Environment,
) -> anyhow::Result<Asking> {
    Ok(Asking {
        group_by: edges.group_by.clone(),
        links: options(command, edges, environment)?,
        sort: shown.sort.map(measure),
        limit: shown.limit,
    })
}

fn measure(sort: Sort) -> Measure {
    match sort {
        Sort::Bytes => Measure::Bytes,
        Sort::Packets => Measure::Packets,
        Sort::Edges => Measure::Edges,
    }
}

/// What of edges is looked at, as the arguments and the environment say.
pub(crate) fn options(
    command: &str,
    arguments: &EdgesArguments,
    environment: &Environment,
) -> anyhow::Result<LinksOptions> {
    let mut inside = arguments.internal.clone();
    if inside.is_empty() {
        let reader = environment.reader();
        let settings = InsideSettings::read(&reader);
        inside = match reader.finish(Some(settings))?.networks {
            None => Grouping::usual_inside(),
            Some(text) => {
                Network::list(&text).map_err(|error| refused(command, format!("INTERNAL_CIDRS: {error}")))?
            }
        };
    }
    Ok(LinksOptions {
        grouping: arguments.group_by.clone().unwrap_or_default(),
        inside,
        filter: arguments.filter.clone(),
        ignore: arguments.ignore.clone(),
        ..LinksOptions::default()
    })
}

/// Whose addresses are known: read from the whole digest, before it is read once more.
pub(crate) async fn observers(named: &Named, shelf: Option<&Shelf>) -> anyhow::Result<Observers> {
    let mut edges = unsorted(named, shelf).await?;
    let learnt = tokio::task::spawn_blocking(move || Observers::learn(&mut edges)).await?;
    learnt.with_context(|| format!("the digest {named} cannot be read"))
}

/// Shows the first of many answers, in columns under a head or as JSON lines.
pub(crate) fn show_listed<T: Serialize>(
    shown: &ShownArguments,
    listed: &Listed<T>,
    head: impl FnOnce() -> Vec<Cell>,
    line: impl Fn(&T) -> Vec<Cell>,
) -> anyhow::Result<()> {
    let head = (!listed.items.is_empty()).then(head);
    write_items(shown, &listed.items, head, line)?;
    tell_more(listed.more());
    Ok(())
}

fn write_items<T: Serialize>(
    shown: &ShownArguments,
    items: &[T],
    head: Option<Vec<Cell>>,
    line: impl Fn(&T) -> Vec<Cell>,
) -> anyhow::Result<()> {
    let written = stdout::write(|out| {
        if shown.json {
            let mut items = items.iter();
            return items
                .try_for_each(|item| writeln!(out, "{}", serde_json::to_string(item).unwrap_or_default()));
        }
        let mut table = Table::default();
        head.into_iter().for_each(|head| table.push(head));
        items.iter().for_each(|item| table.push(line(item)));
        table.write(out, colours())
    });
    written.context("cannot write to stdout")?;
    Ok(())
}

fn tell_more(more: u64) {
    if more > 0 {
        tell(format!("and {} more (--limit)", grouped(more)));
    }
}

fn show(shown: &ShownArguments, answer: &EdgesAnswer) -> anyhow::Result<()> {
    write_items(shown, &answer.listed.items, None, line)?;
    tell_more(answer.listed.more());
    if let Some(total) = answer.total {
        let sums = format!("{} in {} packets", bytes(total.bytes), grouped(total.packets));
        tell(match answer.second_sights {
            None | Some(0) => format!("in all {sums}"),
            Some(seen) => format!(
                "in all {sums}; {} edges told a second time of what the source's interface told, and do not count",
                grouped(seen)
            ),
        });
    }
    Ok(())
}

fn line(row: &Row) -> Vec<Cell> {
    let subject = &row.subject;
    let action = subject.action.clone().unwrap_or_default();
    let action = match action.as_str() {
        "REJECT" => Cell::text(action).coloured(Colour::Red),
        _ => Cell::text(action),
    };
    vec![
        Cell::text(&subject.source),
        Cell::text(&subject.destination),
        Cell::text(subject.service()),
        action,
        Cell::number(bytes(row.sums.bytes)),
        Cell::number(format!("{} packets", grouped(row.sums.packets))),
        Cell::text(subject.interface_id.clone().unwrap_or_default()),
        Cell::text(match row.seen_by.map(SeenBy::word) {
            None | Some("") => String::new(),
            Some(word) => format!("seen by {word}"),
        }),
    ]
}
