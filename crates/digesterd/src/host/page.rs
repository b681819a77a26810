//! A host's answer for people: sections of aligned columns.

use std::io::Write;

use digest_core::Coverage;
use digest_insight::{HostWindow, Listed, Offered, Peer, Rejected, Sums, protocol_name};
use digest_questions::HostAnswer;

use crate::table::{Cell, Colour, Table, colours};
use crate::times::{length, minute, second};
use crate::units::{bytes, grouped};

/// The page.
pub(super) fn page(answer: &HostAnswer) -> anyhow::Result<Vec<u8>> {
    let out = &mut Vec::new();
    title(out, answer)?;
    let mut windows = Table::default();
    windows.push(cells(
        &["window", ""],
        &["received", "packets", "sent", "packets", "rejected"],
        &["coverage"],
    ));
    let mut all = HostWindow::default();
    for span in &answer.windows {
        let length_of = span.stop - span.start;
        let mut row = vec![Cell::text(minute(span.start)), Cell::text(length(length_of))];
        row.extend(sums(&span.sums));
        let minutes = span.minutes_reported;
        let minutes = minutes.map(|minutes| format!(", {minutes} of {} min reported", length_of / 60));
        let lost = span.skipdata_records.filter(|lost| *lost > 0);
        let lost = lost.map(|_| ", records lost by AWS".to_owned());
        let coverage = format!(
            "{}{}{}",
            span.coverage,
            minutes.unwrap_or_default(),
            lost.unwrap_or_default()
        );
        row.push(match span.coverage {
            Coverage::Complete => Cell::text(coverage),
            _ => Cell::text(coverage).coloured(Colour::Yellow),
        });
        windows.push(row);
        all.received.add(span.sums.received);
        all.sent.add(span.sums.sent);
        all.rejected.add(span.sums.rejected);
    }
    let mut row = vec![Cell::text("in all"), Cell::text("")];
    row.extend(sums(&all));
    windows.push(row);
    windows.write(out, colours())?;
    let new = match (answer.new_since, answer.new_peers) {
        (None, _) => String::new(),
        (Some(_), new) => format!(", {} of them new", grouped(new)),
    };
    section(
        out,
        &format!("peers: {}{new}", grouped(answer.peers.count)),
        cells(
            &["peer"],
            &["received", "sent"],
            &["first seen", "last seen", "seen by", ""],
        ),
        &answer.peers,
        peer,
    )?;
    section(
        out,
        &format!("services offered: {}", grouped(answer.services.count)),
        cells(
            &["service"],
            &["clients", "received", "sent"],
            &["rule", "first seen", ""],
        ),
        &answer.services,
        offered,
    )?;
    section(
        out,
        &format!("rejected: {}", grouped(answer.rejected.count)),
        cells(
            &["source", "destination", "service"],
            &["packets", "bytes"],
            &["first seen", "last seen", "seen by"],
        ),
        &answer.rejected,
        rejected,
    )?;
    explanation(out, answer)?;
    Ok(std::mem::take(out))
}

fn title(out: &mut Vec<u8>, answer: &HostAnswer) -> std::io::Result<()> {
    let addresses: Vec<String> = answer.addresses.iter().map(ToString::to_string).collect();
    let addresses = addresses.join(", ");
    if addresses == answer.host {
        write!(out, "host {addresses}")?;
    } else {
        write!(out, "host {} ({addresses})", answer.host)?;
    }
    for interface in &answer.standing.interfaces {
        write!(out, ", {interface}")?;
    }
    writeln!(out)?;
    let facts = answer.standing.facts.iter();
    let facts: Vec<String> = facts.map(|(name, value)| format!("{name} {value}")).collect();
    if !facts.is_empty() {
        writeln!(out, "{}", facts.join(", "))?;
    }
    writeln!(out)
}

fn explanation(out: &mut Vec<u8>, answer: &HostAnswer) -> std::io::Result<()> {
    let stop = answer
        .windows
        .iter()
        .map(|span| span.stop)
        .max()
        .unwrap_or_default();
    writeln!(out)?;
    match answer.new_since {
        Some(since) => writeln!(
            out,
            "NEW: first seen at {} or later, in the last {} of the time asked for, and not before in it",
            minute(since),
            length(stop - since)
        ),
        None => writeln!(
            out,
            "nothing is called NEW: there is no earlier time to compare with"
        ),
    }
}

/// Cells of a heading: to the left, to the right, and to the left again.
fn cells(before: &[&str], numbers: &[&str], behind: &[&str]) -> Vec<Cell> {
    let left = |name: &&str| Cell::text(*name);
    let mut cells: Vec<Cell> = before.iter().map(left).collect();
    cells.extend(numbers.iter().map(|name| Cell::number(*name)));
    cells.extend(behind.iter().map(left));
    cells
}

fn sums(window: &HostWindow) -> Vec<Cell> {
    let number = |sums: &Sums| {
        [
            Cell::number(bytes(sums.bytes)),
            Cell::number(grouped(sums.packets)),
        ]
    };
    let mut cells = Vec::from(number(&window.received));
    cells.extend(number(&window.sent));
    cells.push(match window.rejected.packets {
        0 => Cell::number("0"),
        packets => Cell::number(grouped(packets)).coloured(Colour::Red),
    });
    cells
}

fn section<T>(
    out: &mut Vec<u8>,
    title: &str,
    head: Vec<Cell>,
    list: &Listed<T>,
    row: impl Fn(&T) -> Vec<Cell>,
) -> std::io::Result<()> {
    writeln!(out, "\n{title}")?;
    if list.items.is_empty() {
        return Ok(());
    }
    let mut table = Table::default();
    table.push(head);
    list.items.iter().for_each(|item| table.push(row(item)));
    table.write(out, colours())?;
    if list.more() > 0 {
        writeln!(out, "  and {} more (--limit)", grouped(list.more()))?;
    }
    Ok(())
}

fn new(is_new: bool) -> Cell {
    match is_new {
        true => Cell::text("NEW").coloured(Colour::Yellow),
        false => Cell::text(""),
    }
}

fn peer(peer: &Peer) -> Vec<Cell> {
    vec![
        Cell::text(&peer.peer),
        Cell::number(bytes(peer.received.bytes)),
        Cell::number(bytes(peer.sent.bytes)),
        Cell::text(second(peer.first_seen)),
        Cell::text(second(peer.last_seen)),
        Cell::text(peer.seen_by.word()),
        new(peer.is_new),
    ]
}

fn offered(service: &Offered) -> Vec<Cell> {
    vec![
        Cell::text(format!("{}/{}", protocol_name(service.protocol), service.port)),
        Cell::number(grouped(service.clients)),
        Cell::number(bytes(service.received.bytes)),
        Cell::number(bytes(service.sent.bytes)),
        Cell::text(service.rule.name()),
        Cell::text(second(service.first_seen)),
        new(service.is_new),
    ]
}

fn rejected(one: &Rejected) -> Vec<Cell> {
    vec![
        Cell::text(&one.subject.source),
        Cell::text(&one.subject.destination),
        Cell::text(one.subject.service()),
        Cell::number(grouped(one.sums.packets)),
        Cell::number(bytes(one.sums.bytes)),
        Cell::text(second(one.first_seen)),
        Cell::text(second(one.last_seen)),
        Cell::text(one.seen_by.word()),
    ]
}
