//! `digesterd diff`: what has changed from one digest to another.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use digest_insight::{Change, Difference, DifferenceOptions, Listed, Observers, Sums, protocol_name};
use digesterd_process::environment::Environment;

use crate::arguments::{DiffArguments, DiffFormat};
use crate::output::Output;
use crate::questions::{observers, options};
use crate::stdout;
use crate::stored::{Named, Shelf, sorted};
use crate::table::{Cell, Colour, Table, colours};
use crate::units::{bytes, grouped};

/// Exit codes with --exit-code: something differs; the digests could not be compared.
const DIFFERENT: u8 = 1;
pub(crate) const FAILED: u8 = 3;

/// Compares, and shows what has changed.
pub(crate) async fn run(arguments: &DiffArguments, environment: &Environment) -> anyhow::Result<ExitCode> {
    let mut links = options("diff", &arguments.edges, environment)?;
    let (previous, next) = (
        Named::of(&arguments.previous, "diff")?,
        Named::of(&arguments.next, "diff")?,
    );
    let shelf = Shelf::open(&[&previous, &next], &arguments.from, environment).await?;
    let output = match &arguments.output {
        Some(path) => Some(Output::open(Some(path))?),
        None => None,
    };
    if links.grouping.needs_observers() {
        links.observers = both(&previous, &next, shelf.as_ref()).await?;
    }
    let options = DifferenceOptions {
        ratio: arguments.ratio,
        bytes: arguments.bytes.0,
        most: arguments.limit,
        links,
    };
    let mut before = sorted(&previous, shelf.as_ref()).await?;
    let mut after = sorted(&next, shelf.as_ref()).await?;
    let compared = tokio::task::spawn_blocking(move || Difference::of(&mut before, &mut after, &options));
    let difference = compared.await?.context("the digests cannot be compared")?;
    let is_file = output.is_some();
    let mut content = Vec::new();
    match arguments.format {
        DiffFormat::Text => text(&mut content, &difference, !is_file && colours())?,
        DiffFormat::Dot => content = difference.to_dot(),
        DiffFormat::Json => {
            serde_json::to_writer(&mut content, &difference)?;
            content.push(b'\n');
        }
    }
    match output {
        Some(output) => output.write_bytes(&content)?,
        None => {
            stdout::write(|out| out.write_all(&content)).context("cannot write to stdout")?;
        }
    }
    let code = if arguments.exit_code && !difference.equal {
        DIFFERENT
    } else {
        0
    };
    Ok(ExitCode::from(code))
}

/// Whose addresses are known in either digest; the next one's word is the newer.
async fn both(previous: &Named, next: &Named, shelf: Option<&Shelf>) -> anyhow::Result<Observers> {
    let before = observers(previous, shelf).await?;
    Ok(observers(next, shelf).await?.or(before))
}

/// The difference for people.
fn text(out: &mut impl Write, difference: &Difference, colours: bool) -> io::Result<()> {
    let mut sides = Table::default();
    for (name, side) in [("previous", difference.previous), ("next", difference.next)] {
        sides.push(vec![
            Cell::text(name),
            Cell::number(format!("{} edges", grouped(side.edges))),
            Cell::number(format!("{} packets", grouped(side.sums.packets))),
            Cell::number(bytes(side.sums.bytes)),
        ]);
    }
    sides.write(out, colours)?;
    if difference.equal {
        return writeln!(out, "nothing differs");
    }
    for (title, list, colour) in [
        ("new", &difference.new, Colour::Green),
        ("gone", &difference.gone, Colour::Red),
        ("changed", &difference.changed, Colour::Yellow),
        ("newly rejected", &difference.newly_rejected, Colour::Red),
    ] {
        section(out, title, list, colours, |change| changed(change, colour))?;
    }
    let host = |host: &std::net::IpAddr| vec![Cell::text(host.to_string())];
    section(out, "new hosts", &difference.new_hosts, colours, host)?;
    section(out, "gone hosts", &difference.gone_hosts, colours, host)?;
    section(
        out,
        "new services",
        &difference.new_services,
        colours,
        |(address, port, protocol)| {
            vec![
                Cell::text(address.to_string()),
                Cell::text(format!("{}/{port}", protocol_name(*protocol))),
            ]
        },
    )
}

fn section<T>(
    out: &mut impl Write,
    title: &str,
    list: &Listed<T>,
    colours: bool,
    row: impl Fn(&T) -> Vec<Cell>,
) -> io::Result<()> {
    if list.count == 0 {
        return Ok(());
    }
    writeln!(out, "\n{title}: {}", grouped(list.count))?;
    let mut table = Table::default();
    for item in &list.items {
        table.push(row(item));
    }
    table.write(out, colours)?;
    if list.more() > 0 {
        writeln!(out, "  and {} more", grouped(list.more()))?;
    }
    Ok(())
}

fn changed(change: &Change, colour: Colour) -> Vec<Cell> {
    let subject = &change.subject;
    let sum = |sums: Option<Sums>| match sums {
        Some(sums) => Cell::number(bytes(sums.bytes)),
        None => Cell::number("-"),
    };
    let mut action = subject.action.clone().unwrap_or_default();
    if change.accepted_before {
        action.push_str(" (was accepted)");
    }
    vec![
        Cell::text(&subject.source).coloured(colour),
        Cell::text(&subject.destination).coloured(colour),
        Cell::text(subject.service()),
        Cell::text(action),
        sum(change.before),
        Cell::text("->"),
        sum(change.after),
        Cell::text(subject.interface_id.clone().unwrap_or_default()),
    ]
}
