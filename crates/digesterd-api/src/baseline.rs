//! What a question is held against: `baseline` and `baseline_last` of `GET /v1/unusual`, read, found and told.

use actix_web::HttpRequest;
use digest_core::{DigestId, Scope};
use digest_insight::{UnusualOrder, byte_count};
use digest_questions::{
    Asked, BASELINE_WINDOWS, BaselineWindow, QuestionError, UnusualAsking, last_windows, of_id,
};
use digest_storage::Store;
use digesterd_process::problem::{Problem, ProblemKind};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::admission::may_see;
use crate::api::Api;
use crate::query::QueryError;
use crate::question_query::Given;
use crate::questions::MOST_DIGESTS;
use crate::written::{AskedOf, Part, part};

/// The parameters of `unusual` besides those of every question.
pub(crate) const PARAMETERS: [&str; 6] = ["sort", "baseline", "baseline_last", "times", "bytes", "score"];
/// Windows of a baseline that nothing else is said of.
const LAST: u16 = 7;
/// Most digests that are named as a baseline.
const MOST_NAMED: usize = 100;

/// Which windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BaselineQuery {
    /// These digests, each a window.
    Named(Vec<DigestId>),
    /// The last so many before what is asked.
    Last(u16),
}

/// A window of the baseline, as the answer tells of it.
#[derive(Debug, Serialize)]
pub(crate) struct BaselineOf {
    #[serde(flatten)]
    window: Option<Part>,
    digests: Vec<AskedOf>,
    gaps: Vec<Part>,
}

/// Reads what counts as unusual, and against what.
///
/// # Errors
/// [`QueryError`].
pub(crate) fn unusual(given: &mut Given) -> Result<(UnusualAsking, BaselineQuery), QueryError> {
    let refused = |name, why: &str| QueryError::Value {
        name,
        why: why.to_owned(),
    };
    let usual = UnusualAsking::default();
    let order = match given.take("sort").as_deref() {
        None | Some("score") => UnusualOrder::Score,
        Some("bytes") => UnusualOrder::Bytes,
        Some(_) => return Err(refused("sort", "it is score or bytes")),
    };
    let bytes = given.take("bytes").map(|text| {
        byte_count(&text)
            .ok_or_else(|| refused("bytes", "a number of bytes is written 1000, 64kB, 1MB or 2GiB"))
    });
    let times = given.take("times").map(|text| {
        let times = text.parse().ok().filter(|times| (1..=1_000_000).contains(times));
        times.ok_or_else(|| refused("times", "it is no number from 1 to 1000000"))
    });
    let score = given.take("score").map(|text| {
        text.parse()
            .map_err(|_| refused("score", "it is no number of points"))
    });
    let asking = UnusualAsking {
        times: times.transpose()?.unwrap_or(usual.times),
        bytes: bytes.transpose()?.unwrap_or(usual.bytes),
        score: score.transpose()?.unwrap_or(usual.score),
        order,
    };
    let baseline = match (given.take("baseline"), given.take("baseline_last")) {
        (Some(_), Some(_)) => {
            return Err(refused("baseline_last", "it stands in place of baseline"));
        }
        (Some(ids), None) => {
            let ids: Result<Vec<DigestId>, _> = ids.split(',').map(|id| id.trim().parse()).collect();
            let ids =
                ids.map_err(|_| refused("baseline", "it is no list of ids of digests, with commas between"))?;
            if ids.len() > MOST_NAMED {
                return Err(refused("baseline", "it is more than 100 digests"));
            }
            BaselineQuery::Named(ids)
        }
        (None, last) => BaselineQuery::Last(match last {
            None => LAST,
            Some(text) => {
                let count = text.parse().ok().filter(|count| BASELINE_WINDOWS.contains(count));
                count.ok_or_else(|| refused("baseline_last", "it is no number of windows from 1 to 366"))?
            }
        }),
    };
    Ok((asking, baseline))
}

/// Lets the caller see the digests that it names as a baseline.
///
/// # Errors
/// 404 for one that it may know nothing of; 503 or 500 where a store fails.
pub(crate) async fn admit_baseline(
    request: &HttpRequest,
    api: &Api,
    baseline: Option<&BaselineQuery>,
) -> Result<(), Problem> {
    if let Some(BaselineQuery::Named(ids)) = baseline {
        for id in ids {
            if !may_see(request, api, *id).await? {
                return Err(absent(*id));
            }
        }
    }
    Ok(())
}

fn absent(id: DigestId) -> Problem {
    let detail = format!("no digest with a table of edges has the id {id}, which is named as baseline");
    Problem::new(ProblemKind::NotFound, detail)
}

/// Why there is no baseline.
pub(crate) enum NoBaseline {
    Problem(Problem),
    Question(QuestionError),
}

/// Finds the windows.
///
/// # Errors
/// [`NoBaseline`]: 404 for a digest that is not there or has no table, 400 for one that overlaps what is asked.
pub(crate) async fn find_baseline(
    store: &Store,
    asked: &Asked,
    scope: &Scope,
    baseline: &BaselineQuery,
    given_up: &CancellationToken,
) -> Result<Vec<BaselineWindow>, NoBaseline> {
    let ids = match baseline {
        BaselineQuery::Last(count) => {
            let span = asked.span().unwrap_or_default();
            let found = last_windows(store, span, scope, *count, MOST_DIGESTS, None, given_up).await;
            return found.map_err(NoBaseline::Question);
        }
        BaselineQuery::Named(ids) => ids,
    };
    let mut windows = Vec::new();
    for id in ids {
        let known = of_id(store, *id, given_up).await;
        let known = known.map_err(|error| NoBaseline::Question(error.into()))?;
        let digest = known
            .asked(*id, None)
            .ok_or_else(|| NoBaseline::Problem(absent(*id)))?;
        let overlaps = |other: &(i64, i64)| {
            digest
                .window
                .is_some_and(|own| own.0 < other.1 && other.0 < own.1)
        };
        if asked
            .digests
            .iter()
            .filter_map(|asked| asked.window.as_ref())
            .any(overlaps)
        {
            let detail = format!("baseline: {id} overlaps what is asked");
            return Err(NoBaseline::Problem(Problem::new(ProblemKind::BadRequest, detail)));
        }
        windows.push(BaselineWindow::of(digest));
    }
    windows.sort_by_key(|window| window.window);
    Ok(windows)
}

/// What the answer tells of the baseline.
pub(crate) fn told(asked: &Asked) -> Vec<BaselineOf> {
    let windows = asked.baseline.iter().map(|window| BaselineOf {
        window: window.window.map(part),
        digests: window.digests.iter().map(AskedOf::of).collect(),
        gaps: window.gaps.iter().copied().map(part).collect(),
    });
    windows.collect()
}
