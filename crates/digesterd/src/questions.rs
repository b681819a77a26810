//! `digesterd top`, `edges` and `rejected`: what one digest tells, in columns or as JSON lines.

use std::io::Write;

use anyhow::Context;
use digest_insight::{
    Edges, Grouping, Links, LinksOptions, Listed, Measure, Network, Observers, Subject, Sums, heaviest_edges,
};
use digesterd_process::environment::{Environment, InsideSettings};
use serde::Serialize;

use crate::arguments::{EdgesArguments, QuestionArguments, Sort, refused};
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

struct Question<'a> {
    arguments: &'a QuestionArguments,
    named: Named,
    shelf: Option<Shelf>,
    options: LinksOptions,
}

impl<'a> Question<'a> {
    async fn new(
        command: &str,
        arguments: &'a QuestionArguments,
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        let options = options(command, &arguments.edges, environment)?;
        let named = Named::of(&arguments.digest, command)?;
        let shelf = Shelf::open(&[&named], &arguments.from, environment).await?;
        Ok(Self {
            arguments,
            named,
            shelf,
            options,
        })
    }

    fn measure(&self, usual: Measure) -> Measure {
        match self.arguments.sort {
            None => usual,
            Some(Sort::Bytes) => Measure::Bytes,
            Some(Sort::Packets) => Measure::Packets,
            Some(Sort::Edges) => Measure::Edges,
        }
    }

    async fn open(&self) -> anyhow::Result<Edges> {
        unsorted(&self.named, self.shelf.as_ref()).await
    }

    async fn by_edge(self) -> anyhow::Result<()> {
        let (mut edges, options, measure) = (
            self.open().await?,
            self.options.clone(),
            self.measure(Measure::Bytes),
        );
        let limit = self.arguments.limit;
        let listed =
            tokio::task::spawn_blocking(move || heaviest_edges(&mut edges, &options, limit, measure)).await?;
        let listed = listed.with_context(|| format!("the digest {} cannot be read", self.named))?;
        let row = |(subject, sums): (Subject, Sums)| Row {
            subject,
            sums,
            edges: 1,
        };
        let count = listed.count;
        show(
            self.arguments,
            listed.items.into_iter().map(row).collect(),
            count,
            None,
        )
    }

    async fn by_link(mut self, usual: Measure, services: bool) -> anyhow::Result<()> {
        self.options.services = services;
        self.options.observers = observers(&self.named, self.shelf.as_ref()).await?;
        let (mut edges, options) = (self.open().await?, self.options.clone());
        let links = tokio::task::spawn_blocking(move || Links::of(&mut edges, &options)).await?;
        let links = links.with_context(|| format!("the digest {} cannot be summed", self.named))?;
        let total = (links.total, links.second_sights);
        let listed: Listed<_> = links.heaviest(self.arguments.limit, self.measure(usual));
        let rows = listed.items.into_iter().map(|link| Row {
            subject: link.subject,
            sums: link.sums,
            edges: link.edges,
        });
        show(self.arguments, rows.collect(), listed.count, Some(total))
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

fn show(
    arguments: &QuestionArguments,
    rows: Vec<Row>,
    count: u64,
    total: Option<(Sums, u64)>,
) -> anyhow::Result<()> {
    let more = count - rows.len() as u64;
    if arguments.json {
        let written = stdout::write(|out| {
            rows.iter()
                .try_for_each(|row| writeln!(out, "{}", serde_json::to_string(row).unwrap_or_default()))
        });
        written.context("cannot write to stdout")?;
    } else {
        let mut table = Table::default();
        for row in &rows {
            table.push(line(row));
        }
        let written = stdout::write(|out| table.write(out, colours()));
        written.context("cannot write to stdout")?;
    }
    if more > 0 {
        tell(format!("and {} more (--limit)", grouped(more)));
    }
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
    ]
}
