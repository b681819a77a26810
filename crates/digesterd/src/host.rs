//! `digesterd host`: what one host did, window by window, with whom, and what of it is new.

use std::net::IpAddr;

use anyhow::{Context, bail};
use digest_insight::{Filter, Host, HostOptions, Observers, Source};
use digesterd_process::environment::Environment;

use crate::arguments::HostArguments;
use crate::asked::Asked;
use crate::progress_bar::tell;
use crate::questions::options;
use crate::stdout;

mod interface;
mod json;
mod page;

use interface::{Standing, standing};

/// A host's answer, and what is shown with it.
struct Answer {
    name: String,
    addresses: Vec<IpAddr>,
    windows: Vec<(i64, i64)>,
    new_since: Option<i64>,
    standing: Standing,
    host: Host,
}

/// Asks, and shows the answer.
pub(crate) async fn run(arguments: &HostArguments, environment: &Environment) -> anyhow::Result<()> {
    let mut links = options("host", &arguments.edges, environment)?;
    let asked = Asked::of("host", &arguments.asked, environment).await?;
    let about = match arguments.host.parse() {
        Ok(address) => Filter::of_addresses(&[address]),
        Err(_) => Filter::default(),
    };
    links.observers = asked.observers(&links.grouping, about).await?;
    let addresses = addresses(&arguments.host, &links.observers)?;
    let mut sources = asked.sources().await?;
    let windows: Vec<(i64, i64)> = asked
        .digests
        .iter()
        .zip(&sources)
        .map(|(digest, source)| digest.window.or_else(|| times(source)).unwrap_or_default())
        .collect();
    let new_since = new_since(&windows, arguments.new.map(|new| new.0));
    let options = HostOptions {
        addresses: addresses.clone(),
        links,
        windows: windows.clone(),
        new_since,
        most: arguments.limit,
    };
    let host = tokio::task::spawn_blocking(move || Host::ask(&mut sources, &options)).await?;
    let host = host.with_context(|| format!("{} cannot be asked", asked.names()))?;
    let interfaces = asked.interfaces().await?;
    let of = (addresses.clone(), arguments.host.clone());
    let standing = tokio::task::spawn_blocking(move || standing(&interfaces, &of.0, &of.1)).await?;
    let answer = Answer {
        name: arguments.host.clone(),
        addresses,
        windows,
        new_since,
        standing: standing.context("a table of interfaces cannot be read")?,
        host,
    };
    let content = if arguments.json {
        json::document(&answer, &asked)
    } else {
        page::page(&answer, &asked)?
    };
    let written = stdout::write(|out| std::io::Write::write_all(out, &content));
    written.context("cannot write to stdout")?;
    asked.caveats().iter().for_each(tell);
    Ok(())
}

/// The addresses that are meant.
fn addresses(host: &str, observers: &Observers) -> anyhow::Result<Vec<IpAddr>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let mut known = observers.addresses(host.as_bytes()).to_vec();
    known.sort_unstable();
    known.dedup();
    if known.is_empty() {
        bail!(
            "{host} is no address, and as an interface it has none that is known: no digest that is asked has records of it, \
             or they have no address in common (a NAT gateway's have not); ask by the address"
        );
    }
    Ok(known)
}

/// First and last time of a text's lines.
fn times(source: &Source) -> Option<(i64, i64)> {
    match source {
        Source::Text(edges) => edges.line().map(|line| (line.start, line.end)),
        Source::Table(_) => None,
    }
}

/// From when on what is first seen is new: the last so many seconds or the last quarter of the time, begun with a window;
/// `None` where there is nothing earlier.
fn new_since(windows: &[(i64, i64)], last: Option<i64>) -> Option<i64> {
    let known = || windows.iter().filter(|(start, stop)| start < stop);
    let start = known().map(|(start, _)| *start).min()?;
    let stop = known().map(|(_, stop)| *stop).max()?;
    let wanted = match last {
        Some(last) => stop - last,
        None => stop - (stop - start) / 4,
    };
    let since = match last {
        Some(_) => Some(wanted),
        // A window as a whole: the first that begins in the last quarter, or the last one.
        None => known()
            .map(|(start, _)| *start)
            .filter(|begin| *begin >= wanted)
            .min()
            .or_else(|| known().map(|(start, _)| *start).max()),
    };
    since.filter(|since| *since > start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_new_against_something() {
        let hours = |count: i64| {
            (0..count)
                .map(|hour| (hour * 3600, hour * 3600 + 3600))
                .collect::<Vec<_>>()
        };
        assert_eq!(new_since(&hours(1), None), None);
        assert_eq!(new_since(&hours(2), None), Some(3600));
        assert_eq!(new_since(&hours(24), None), Some(18 * 3600));
        assert_eq!(new_since(&hours(27), None), Some(21 * 3600));
        assert_eq!(new_since(&hours(24), Some(7200)), Some(22 * 3600));
        assert_eq!(new_since(&hours(2), Some(7200)), None);
        assert_eq!(new_since(&[], None), None);
    }

    #[test]
    fn an_interface_without_an_address_is_told_so() {
        let error = addresses("eni-1", &Observers::default()).unwrap_err();
        assert!(error.to_string().contains("eni-1 is no address"), "{error}");
        assert_eq!(addresses("fd00::1", &Observers::default()).unwrap().len(), 1);
    }
}
