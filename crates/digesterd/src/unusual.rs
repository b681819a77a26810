//! `digesterd unusual`: what of a window is unusual against a baseline of other windows, with its score and the reason.

use std::path::Path;

use anyhow::{Context, bail};
use digest_insight::{Rule, UnusualFinding, UnusualOrder, service_of};
use digest_questions::{Answer, Asked, Asking, BaselineWindow, Question, UnusualAsking, ask, last_windows};
use digesterd_process::environment::Environment;
use tokio_util::sync::CancellationToken;

use crate::arguments::{ShownArguments, UnusualArguments, UnusualSort, refused};
use crate::asked::{MOST, digests_named, find, texts_of};
use crate::progress_bar::tell;
use crate::questions::{advised, options, show_listed};
use crate::stored::storage;
use crate::table::{Cell, Colour};
use crate::times::{length, minute, second};
use crate::units::{bytes, counted, grouped};

const COMMAND: &str = "unusual";
/// Windows of a baseline that nothing else is said of.
const LAST: u16 = 7;

/// Asks, and shows what has the highest score.
pub(crate) async fn run(arguments: &UnusualArguments, environment: &Environment) -> anyhow::Result<()> {
    let asking = Asking {
        group_by: arguments.edges.group_by.clone(),
        links: options(COMMAND, &arguments.edges, environment)?,
        sort: None,
        limit: arguments.limit,
    };
    let question = Question::Unusual(UnusualAsking {
        times: arguments.times,
        bytes: arguments.bytes.0,
        score: arguments.score,
        order: match arguments.sort {
            UnusualSort::Score => UnusualOrder::Score,
            UnusualSort::Bytes => UnusualOrder::Bytes,
        },
    });
    let mut asked = find(COMMAND, &arguments.asked, environment).await?;
    add_baseline(&mut asked, arguments, environment).await?;
    let answer = ask(&asked, question, asking).await.map_err(advised)?;
    if let Answer::Unusual(unusual) = &answer {
        let shown = ShownArguments {
            sort: None,
            limit: arguments.limit,
            json: arguments.json,
        };
        show_listed(&shown, &unusual.listed, head, line)?;
        tell(format!("held against {}", shown_baseline(&asked)));
        if unusual.lower > 0 {
            let lower = grouped(unusual.lower);
            tell(format!(
                "and {lower} of a score below {} (--score)",
                arguments.score
            ));
        }
        if unusual.usual_new_pairs > 0 {
            tell(format!(
                "{} where new ones come all the time are not told",
                counted(unusual.usual_new_pairs, "new pair")
            ));
        }
    }
    asked.baseline_caveats().iter().for_each(tell);
    asked.caveats().iter().for_each(tell);
    Ok(())
}

/// Finds the windows of the baseline.
async fn add_baseline(
    asked: &mut Asked,
    arguments: &UnusualArguments,
    environment: &Environment,
) -> anyhow::Result<()> {
    let baseline = &arguments.baseline;
    if !baseline.baseline.is_empty() {
        let from = &arguments.asked.from;
        let (digests, tables) = digests_named(COMMAND, &baseline.baseline, from, environment).await?;
        asked.interfaces.extend(tables);
        asked.baseline = digests.into_iter().map(BaselineWindow::of).collect();
        refuse_overlap(asked)?;
        return Ok(());
    }
    let names = &arguments.asked.digests;
    let are_files = !names.is_empty() && names.iter().all(|name| Path::new(name).exists());
    if are_files && baseline.baseline_last.is_none() {
        let why = "say what it is held against: --baseline DIGEST…, or --baseline-last N of what is stored";
        return Err(refused(COMMAND, why).into());
    }
    let Some(span) = asked.span() else {
        bail!(
            "the window of {} is not known, and so not what lies before it: name a --baseline",
            asked.names()
        );
    };
    let store = storage(environment).await?;
    let text = texts_of(&store);
    let scope = scope(asked)?;
    let count = baseline.baseline_last.unwrap_or(LAST);
    let given_up = CancellationToken::new();
    let found = last_windows(&store, span, &scope, count, MOST, Some(&text), &given_up).await;
    asked.baseline = found.with_context(|| format!("the baseline cannot be found in {store}"))?;
    if asked.baseline.is_empty() {
        bail!(
            "{store} has no digest of the {} before {}: name a --baseline",
            counted(count.into(), "window"),
            minute(span.0)
        );
    }
    Ok(())
}

/// What is asked would not be unusual against itself.
fn refuse_overlap(asked: &Asked) -> anyhow::Result<()> {
    for digest in &asked.digests {
        let both = asked.baseline.iter().find(|other| {
            let windows = digest.window.zip(other.window);
            windows.is_some_and(|(one, other)| one.0 < other.1 && other.0 < one.1)
        });
        if let Some(other) = both.and_then(|window| window.digests.first()) {
            let why = format!(
                "{} of the baseline overlaps {}, which is asked",
                other.name, digest.name
            );
            return Err(refused(COMMAND, why).into());
        }
    }
    Ok(())
}

/// The scope of what is asked, where it is told; else that of everything.
fn scope(asked: &Asked) -> anyhow::Result<digest_core::Scope> {
    let mut scopes = asked.digests.iter().filter_map(|digest| digest.scope.clone());
    let first = scopes.next().unwrap_or_default();
    if scopes.any(|other| other != first) {
        bail!("the digests that are asked are of different scopes: name a --baseline");
    }
    Ok(first)
}

fn shown_baseline(asked: &Asked) -> String {
    let windows = &asked.baseline;
    let count = counted(windows.len() as u64, "window");
    let known: Vec<(i64, i64)> = windows.iter().filter_map(|window| window.window).collect();
    let start = known.iter().map(|(start, _)| *start).min();
    let stop = known.iter().map(|(_, stop)| *stop).max();
    match start.zip(stop) {
        Some((start, stop)) if known.len() == windows.len() => {
            let lengths: std::collections::BTreeSet<i64> =
                known.iter().map(|(start, stop)| stop - start).collect();
            let each = match lengths.len() {
                1 => lengths.first().map(|each| format!(" of {}", length(*each))),
                _ => None,
            };
            let each = each.unwrap_or_default();
            format!("{count}{each} from {} to {}", minute(start), minute(stop))
        }
        _ => count,
    }
}

fn head() -> Vec<Cell> {
    vec![
        Cell::number("score"),
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

fn line(one: &UnusualFinding) -> Vec<Cell> {
    let client = match one.clients {
        1 => one.client.clone(),
        several => format!("{} and {} more", one.client, grouped(several - 1)),
    };
    vec![
        Cell::number(one.score.to_string()),
        Cell::text(client),
        Cell::text(one.server.clone().unwrap_or_default()),
        Cell::text(
            one.protocol
                .map_or(String::new(), |protocol| service_of(protocol, one.port)),
        ),
        Cell::number(bytes(one.received_bytes.into())),
        Cell::number(bytes(one.sent_bytes.into())),
        Cell::text(one.first_seen.map(second).unwrap_or_default()),
        Cell::text(one.rule.map_or("", Rule::name)),
        Cell::text(one.seen_by.word()),
        Cell::text(&one.why).coloured(Colour::Yellow),
    ]
}
