//! `digesterd top`, `edges` and `rejected`: what digests tell, in columns or as JSON lines.

use std::io::Write;

use anyhow::Context;
use digest_insight::{
    Filter, Grouping, Links, LinksOptions, Listed, Measure, Network, Observers, SeenBy, Subject, Sums,
    heaviest_of,
};
use digesterd_process::environment::{Environment, InsideSettings};
use serde::Serialize;

use crate::arguments::{EdgesArguments, QuestionArguments, ShownArguments, Sort, refused};
use crate::asked::Asked;
use crate::progress_bar::tell;
use crate::stdout;
use crate::stored::{Named, Shelf, unsorted};
use crate::table::{Cell, Colour, Table, colours};
use crate::units::{bytes, grouped};

/// A line of the answer.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    subject: Subject,
    #[serde(flatten)]
    sums: Sums,
    edges: u64,
    /// Whose interfaces told of it, where sums are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_by: Option<SeenBy>,
}

/// Which ends talk most, over all services.
pub(crate) async fn top(arguments: &QuestionArguments, environment: &Environment) -> anyhow::Result<()> {
    let question = Question::new("top", arguments, environment).await?;
    question.by_link(Measure::Bytes, false).await
}

/// Edges as they are, or grouped.
pub(crate) async fn edges(arguments: &QuestionArguments, environment: &Environment) -> anyhow::Result<()> {
    let question = Question::new("edges", arguments, environment).await?;
    if arguments.edges.group_by.is_some() {
        return question.by_link(Measure::Bytes, true).await;
    }
    question.by_edge().await
}

/// What was rejected, by ends and service.
pub(crate) async fn rejected(arguments: &QuestionArguments, environment: &Environment) -> anyhow::Result<()> {
    let mut question = Question::new("rejected", arguments, environment).await?;
    let rejected = "action=REJECT".parse().context("no filter")?;
    question.options.filter = question.options.filter.and(rejected);
    question.by_link(Measure::Packets, true).await
}

/// A question that is asked of digests, and how its answer is shown.
struct Question<'a> {
    arguments: &'a QuestionArguments,
    asked: Asked,
    options: LinksOptions,
}

impl<'a> Question<'a> {
    async fn new(
        command: &str,
        arguments: &'a QuestionArguments,
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        let options = options(command, &arguments.edges, environment)?;
        let asked = Asked::of(command, &arguments.asked, environment).await?;
        Ok(Self {
            arguments,
            asked,
            options,
        })
    }

    async fn by_edge(self) -> anyhow::Result<()> {
        let shown = self.arguments.shown;
        let (mut sources, options) = (self.asked.sources().await?, self.options.clone());
        let (limit, measure) = (shown.limit, measure(&shown, Measure::Bytes));
        let listed =
            tokio::task::spawn_blocking(move || heaviest_of(&mut sources, &options, limit, measure)).await?;
        let listed = listed.with_context(|| format!("{} cannot be asked", self.asked.names()))?;
        let row = |(subject, sums): (Subject, Sums)| Row {
            subject,
            sums,
            edges: 1,
            seen_by: None,
        };
        let count = listed.count;
        show(&shown, listed.items.into_iter().map(row).collect(), count, None)?;
        self.asked.caveats().iter().for_each(tell);
        Ok(())
    }

    async fn by_link(mut self, usual: Measure, services: bool) -> anyhow::Result<()> {
        self.options.services = services;
        self.options.observers = self
            .asked
            .observers(&self.options.grouping, Filter::default())
            .await?;
        let (mut sources, options) = (self.asked.sources().await?, self.options.clone());
        let shown = self.arguments.shown;
        let (limit, most) = (shown.limit, measure(&shown, usual));
        let asking = move || Links::heaviest_of(&mut sources, &options, limit, most);
        let answer = tokio::task::spawn_blocking(asking).await?;
        let (listed, totals) = answer.with_context(|| format!("{} cannot be summed", self.asked.names()))?;
        let total = (totals.total, totals.second_sights);
        let rows = listed.items.into_iter().map(|link| Row {
            subject: link.subject,
            sums: link.sums,
            edges: link.edges,
            seen_by: Some(link.seen),
        });
        show(&shown, rows.collect(), listed.count, Some(total))?;
        self.asked.caveats().iter().for_each(tell);
        Ok(())
    }
}

/// What comes first.
pub(crate) fn measure(shown: &ShownArguments, usual: Measure) -> Measure {
    match shown.sort {
        None => usual,
        Some(Sort::Bytes) => Measure::Bytes,
        Some(Sort::Packets) => Measure::Packets,
        Some(Sort::Edges) => Measure::Edges,
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
                let networks: Result<Vec<Network>, _> =
                    text.split(',').map(|one| one.trim().parse()).collect();
                networks.map_err(|error| refused(command, format!("INTERNAL_CIDRS: {error}")))?
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

fn show(
    shown: &ShownArguments,
    rows: Vec<Row>,
    count: u64,
    total: Option<(Sums, u64)>,
) -> anyhow::Result<()> {
    let more = count - rows.len() as u64;
    write_items(shown, &rows, None, line)?;
    tell_more(more);
    if let Some((total, second_sights)) = total {
        let sums = format!("{} in {} packets", bytes(total.bytes), grouped(total.packets));
        tell(match second_sights {
            0 => format!("in all {sums}"),
            seen => format!(
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
