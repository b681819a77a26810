//! What is unusual of a window, against a baseline of other windows: pairs that never talked, services that were never
//! offered, far more bytes than ever, many services addressed at once, what is newly rejected, what has gone.
//!
//! No model: each finding is made of facts with figures, each fact adds fixed points, and their sum is the score. Windows are
//! read one after the other. Of the baseline numbers are kept and no names; the names of what was found are read once more.

use digest_tables::Wanted;
use foldhash::fast::RandomState;
use hashbrown::HashSet;
use serde::Serialize;

use crate::links::LinksOptions;
use crate::listed::Listed;
use crate::seen_by::SeenBy;
use crate::service::{Port, Rule};
use crate::sources::{AskError, Source, ask};
use crate::subject::service_of;

mod baseline;
mod fact;
mod judging;
mod naming;
mod window;

use baseline::Baseline;
use fact::Names;
pub use fact::UnusualFact;
use judging::{About, Found, judge};
use naming::{Named, Naming};
use window::Window;

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnusualOrder {
    /// What has the highest score.
    #[default]
    Score,
    /// What has most bytes.
    Bytes,
}

/// What is looked at, and what is told.
#[derive(Debug, Clone)]
pub struct UnusualOptions {
    /// Which edges count, and what their ends stand for.
    pub links: LinksOptions,
    /// Volumes and numbers of contacts are unusual from so many times the most of any window of the baseline.
    pub times: u32,
    /// And volumes only where they are more by so many bytes.
    pub bytes: u64,
    /// Least score that is listed; what has less is counted.
    pub score: u32,
    /// For each window of the baseline, whether it is as long as the one that is asked: else no volume is judged by it.
    pub comparable: Vec<bool>,
    /// Whether the window that is asked is complete: else nothing is said to have gone.
    pub is_whole: bool,
    /// Most findings that are listed.
    pub most: usize,
    /// What comes first.
    pub order: UnusualOrder,
}

/// What is unusual.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Unusual {
    /// Windows of the baseline.
    pub windows: u32,
    /// Those that are as long as the one that is asked, by which alone volumes are judged.
    pub comparable: u32,
    /// Findings of a lower score than is listed.
    pub lower: u64,
    /// New pairs that are no findings: of services that take new clients, or clients that call new servers, in at least every
    /// second window.
    pub usual_new_pairs: u64,
    /// The findings.
    #[serde(flatten)]
    pub listed: Listed<UnusualFinding>,
}

/// Something unusual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnusualFinding {
    /// The sum of the facts' points.
    pub score: u32,
    /// Who uses the service, an address or its group: the one with most bytes, where there are several.
    pub client: String,
    /// How many there are.
    pub clients: u64,
    /// Who serves, likewise; `None` where the finding is of all that a client addressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The port, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<Port>,
    /// The protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<u8>,
    /// By which rule it is known who serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// Bytes from clients.
    pub received_bytes: u64,
    /// Bytes to them.
    pub sent_bytes: u64,
    /// Least start of a record of the window, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<i64>,
    /// Whose interfaces told of it: the client's is called the source's, the server's the destination's.
    pub seen_by: SeenBy,
    /// What is unusual about it.
    pub facts: Vec<UnusualFact>,
    /// The same in a sentence.
    pub why: String,
}

/// What is read, and read once more for names.
#[derive(Debug)]
pub struct UnusualSources {
    /// The window that is asked.
    pub asked: Vec<Source>,
    /// The windows of the baseline.
    pub baseline: Vec<Vec<Source>>,
    /// The window that is asked, and the last one of the baseline: opened anew.
    pub again: [Vec<Source>; 2],
}

const WANTED: Wanted = Wanted {
    connections: true,
    seen: true,
    further: false,
};

/// Asks what is unusual.
///
/// # Errors
/// [`AskError`].
pub fn unusual(mut sources: UnusualSources, options: &UnusualOptions) -> Result<Unusual, AskError> {
    let links = &options.links;
    let read = |window: &mut [Source]| ask(window, WANTED, &links.filter, || Window::new(links));
    let mut baseline = Baseline::default();
    let comparable = options.comparable.iter().copied().chain(std::iter::repeat(true));
    for (window, is_comparable) in sources.baseline.iter_mut().zip(comparable) {
        baseline.learn(&read(window)?, is_comparable, links.most)?;
    }
    let asked = read(&mut sources.asked)?;
    let judged = judge(&asked, &baseline, options);
    drop(asked);
    let all = judged.found.len();
    let found: Vec<(About, Found)> = judged
        .found
        .into_iter()
        .filter(|(_, found)| found.score() >= options.score)
        .collect();
    let lower = (all - found.len()) as u64;
    let wanted: HashSet<u64, RandomState> = found.iter().map(|(_, found)| found.link).collect();
    let mut named = Vec::new();
    for window in &mut sources.again {
        let new = || Naming {
            named: hashbrown::HashMap::default(),
            wanted: &wanted,
            options: links,
        };
        named.push(ask(window, WANTED, &links.filter, new)?.named);
    }
    let mut findings: Vec<UnusualFinding> = found
        .into_iter()
        .filter_map(|(about, found)| {
            // What has gone is in the baseline alone.
            let named = named.iter().find_map(|named| named.get(&found.link))?;
            Some(finding(about, found, named, &baseline))
        })
        .collect();
    let weight = |one: &UnusualFinding| {
        let bytes = u128::from(one.received_bytes) + u128::from(one.sent_bytes);
        match options.order {
            UnusualOrder::Score => (u128::from(one.score), bytes),
            UnusualOrder::Bytes => (bytes, u128::from(one.score)),
        }
    };
    let names = |one: &UnusualFinding| (one.client.clone(), one.server.clone(), one.port, one.protocol);
    findings.sort_by(|one, other| {
        weight(other)
            .cmp(&weight(one))
            .then_with(|| names(one).cmp(&names(other)))
    });
    Ok(Unusual {
        windows: baseline.windows,
        comparable: baseline.comparable,
        lower,
        usual_new_pairs: judged.usual,
        listed: Listed::of(findings, options.most),
    })
}

fn finding(about: About, found: Found, named: &Named, baseline: &Baseline) -> UnusualFinding {
    let (server, client) = named.server_and_client();
    let Named { link, .. } = named;
    let service = service_of(link.protocol, link.port);
    let names = Names {
        client: &client,
        server: &server,
        service: &service,
        windows: baseline.windows,
        comparable: baseline.comparable,
    };
    let score = found.score();
    let mut facts = found.facts;
    facts.sort_by_key(|fact| (std::cmp::Reverse(fact.points()), *fact));
    let main: Vec<String> = facts
        .iter()
        .filter(|fact| fact.is_main())
        .map(|fact| fact.told(&names).why)
        .collect();
    let facts = facts.iter().map(|fact| fact.told(&names)).collect();
    let [received, sent] = found.bytes;
    let is_gone = found.links == 0;
    let is_of_client = matches!(about, About::Client(_));
    UnusualFinding {
        score,
        clients: if matches!(about, About::Service(_)) {
            found.links
        } else {
            1
        },
        port: link.port.filter(|_| !is_of_client).map(Port::One),
        protocol: Some(link.protocol).filter(|_| !is_of_client),
        rule: link.rule.filter(|_| !is_of_client),
        received_bytes: received,
        sent_bytes: sent,
        first_seen: named.first_seen.filter(|_| !is_gone),
        seen_by: named.seen(),
        why: main.join("; "),
        facts,
        server: Some(server).filter(|_| !is_of_client),
        client,
    }
}
