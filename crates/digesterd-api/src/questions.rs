//! Questions of stored digests: `GET /v1/digests/{id}/top` and its like, and the same of any time, `GET /v1/top?since=27h`.
//!
//! They are what the commands of these names ask, read from the stored tables. A bounded number computes at once, each in
//! bounded memory and for a bounded time; whoever hangs up is computed for no longer than until the next read.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Utc;
use digest_core::Window;
use digest_insight::AskError;
use digest_questions::{Answer, Asked, AskedDigest, QuestionError, ask, of_id, of_stretch};
use digest_storage::StoreError;
use digesterd_process::problem::{Problem, ProblemKind};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::admission::{admit, admit_id};
use crate::api::Api;
use crate::baseline::{self, BaselineOf, NoBaseline, admit_baseline, find_baseline};
use crate::fetch::find;
use crate::negotiation::takes_json;
use crate::query::status_location;
use crate::question_query::{Kind, QuestionQuery, of_digest, of_time};
use crate::refusals::{query_problem, store_problem};
use crate::routes::read_only;

/// Paths of the questions about one digest, and of those about any time.
pub const QUESTION_PATHS: [&str; 14] = [
    "/v1/digests/{id}/edges",
    "/v1/digests/{id}/top",
    "/v1/digests/{id}/rejected",
    "/v1/digests/{id}/services",
    "/v1/digests/{id}/unexpected",
    "/v1/digests/{id}/unusual",
    "/v1/digests/{id}/host",
    "/v1/edges",
    "/v1/top",
    "/v1/rejected",
    "/v1/services",
    "/v1/unexpected",
    "/v1/unusual",
    "/v1/host",
];
/// How long a request waits until others have computed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer may take.
const LONGEST: Duration = Duration::from_secs(60);
/// Most digests that are asked at once.
pub(crate) const MOST_DIGESTS: usize = 1000;

/// Puts the questions on a router.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    for path in QUESTION_PATHS {
        if path.contains("{id}") {
            config.service(read_only(path, about_digest));
        } else {
            config.service(read_only(path, about_time));
        }
    }
}

/// An answer, and of what it is.
#[derive(Debug, Serialize)]
struct Document {
    digests: Vec<AskedOf>,
    gaps: Vec<Part>,
    without_table: Vec<Part>,
    /// What it was held against, and what has to be known of that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    baseline: Vec<BaselineOf>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    caveats: Vec<String>,
    answer: Answer,
}

/// A digest that was asked.
#[derive(Debug, Serialize)]
pub(crate) struct AskedOf {
    #[serde(flatten)]
    window: Option<Part>,
    coverage: digest_core::Coverage,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

/// A part of time.
#[derive(Debug, Serialize)]
pub(crate) struct Part {
    start: String,
    stop: String,
}

/// `GET /v1/digests/{id}/QUESTION` and HEAD.
///
/// # Errors
/// 400 for a query that asks for nothing there can be, 404 for a digest that is not there or has no table, 406 where JSON is
/// not wanted, 409 where its table cannot be read, 503 where too much is asked at once or a store fails.
async fn about_digest(
    request: HttpRequest,
    api: web::Data<Api>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let kind = kind(&request)?;
    let query =
        of_digest(kind, request.query_string(), &api.inside).map_err(|error| query_problem(&error))?;
    let id = admit_id(&request, &api, &path).await?;
    if find(&api, id).await?.is_none() {
        let detail = format!(
            "the digest is not made yet: {} says how far it is",
            status_location(id)
        );
        return Err(Problem::new(ProblemKind::NotFound, detail));
    }
    admit_baseline(&request, &api, query.baseline.as_ref()).await?;
    let permit = permit(&api.computing, PATIENCE).await?;
    let baseline = query.baseline.clone();
    answered(permit, query, async move |given_up| {
        let known = of_id(&api.storage, id, &given_up).await?;
        let remake = known.manifest.as_ref().map(|known| remake(known.job.window()));
        let scope = known.manifest.as_ref().map(|known| known.job.scope().clone());
        let scope = scope.unwrap_or_default();
        let digests = known.asked(id, None).into_iter().collect::<Vec<_>>();
        if digests.is_empty() {
            return Err(no_table(remake.as_deref()));
        }
        let mut asked = Asked {
            digests,
            ..Asked::default()
        };
        if let Some(baseline) = baseline {
            asked.baseline = find_baseline(&api.storage, &asked, &scope, &baseline, &given_up).await?;
        }
        Ok(asked)
    })
    .await
}

/// `GET /v1/QUESTION` and HEAD.
///
/// # Errors
/// As of one digest, and 403 outside the caller's accounts.
async fn about_time(request: HttpRequest, api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    let kind = kind(&request)?;
    let read = of_time(kind, request.query_string(), &api.inside, Utc::now());
    let (query, time) = read.map_err(|error| query_problem(&error))?;
    admit(&request, &time)?;
    admit_baseline(&request, &api, query.baseline.as_ref()).await?;
    let permit = permit(&api.computing, PATIENCE).await?;
    let baseline = query.baseline.clone();
    answered(permit, query, async move |given_up| {
        let (window, scope) = (time.window(), time.scope());
        let mut asked = of_stretch(&api.storage, window, scope, MOST_DIGESTS, None, &given_up).await?;
        match (asked.digests.is_empty(), asked.without_table.is_empty()) {
            (false, _) => {
                if let Some(baseline) = baseline {
                    asked.baseline = find_baseline(&api.storage, &asked, scope, &baseline, &given_up).await?;
                }
                Ok(asked)
            }
            (true, false) => Err(no_table(None)),
            (true, true) => {
                let detail = format!(
                    "no digest of this scope is stored of {window}: /v1/digests lists those that there are"
                );
                Err(Refused::Problem(Problem::new(ProblemKind::NotFound, detail)))
            }
        }
    })
    .await
}

/// Refuses a caller that does not take an answer.
pub(crate) fn demand_json(request: &HttpRequest) -> Result<(), Problem> {
    if takes_json(request) {
        return Ok(());
    }
    let detail = "questions are answered in application/json and in nothing else";
    Err(Problem::new(ProblemKind::NotAcceptable, detail))
}

/// The question, for a caller that takes its answer.
fn kind(request: &HttpRequest) -> Result<Kind, Problem> {
    demand_json(request)?;
    let unknown = || Problem::new(ProblemKind::NotFound, "there is no such question");
    Kind::of_path(request.path()).ok_or_else(unknown)
}

/// A place among those that compute.
pub(crate) async fn permit(
    computing: &Arc<Semaphore>,
    patience: Duration,
) -> Result<OwnedSemaphorePermit, Problem> {
    match tokio::time::timeout(patience, Arc::clone(computing).acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => {
            let detail = "too much is being asked right now; ask again";
            Err(Problem::new(ProblemKind::Unavailable, detail).retry_after(PATIENCE))
        }
    }
}

/// Why there is no answer: what the parts below say, or what is said here.
pub(crate) enum Refused {
    Problem(Problem),
    Question(QuestionError),
}

impl From<QuestionError> for Refused {
    fn from(error: QuestionError) -> Self {
        Self::Question(error)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Question(error.into())
    }
}

impl From<NoBaseline> for Refused {
    fn from(error: NoBaseline) -> Self {
        match error {
            NoBaseline::Problem(problem) => Self::Problem(problem),
            NoBaseline::Question(error) => Self::Question(error),
        }
    }
}

/// Finds what is asked and answers.
async fn answered<F>(
    permit: OwnedSemaphorePermit,
    query: QuestionQuery,
    found: impl FnOnce(CancellationToken) -> F,
) -> Result<HttpResponse, Problem>
where
    F: Future<Output = Result<Asked, Refused>> + Send + 'static,
{
    let answer = bounded(permit, |given_up| {
        let found = found(given_up);
        async move {
            let asked = found.await?;
            let answer = ask(&asked, query.question, query.asking).await?;
            Ok(document(&asked, answer))
        }
    });
    Ok(told(&answer.await?))
}

/// Computes an answer in a task of its own, which keeps its place until its threads have ended.
pub(crate) async fn bounded<F, T>(
    permit: OwnedSemaphorePermit,
    answer: impl FnOnce(CancellationToken) -> F,
) -> Result<T, Problem>
where
    F: Future<Output = Result<T, Refused>> + Send + 'static,
    T: Send + 'static,
{
    let given_up = CancellationToken::new();
    let _hung_up = given_up.clone().drop_guard();
    let answering = answer(given_up);
    let answering = async move {
        let _permit = permit;
        answering.await
    };
    let answering = tokio::spawn(answering.instrument(tracing::Span::current()));
    let Ok(done) = tokio::time::timeout(LONGEST, answering).await else {
        let detail = format!(
            "this takes longer than {} s: ask for less time, or for fewer edges by a filter",
            LONGEST.as_secs()
        );
        return Err(Problem::new(ProblemKind::Unavailable, detail).retry_after(LONGEST));
    };
    let done = done.map_err(|error| {
        Problem::new(ProblemKind::Internal, "the question was not answered").caused_by(&error)
    })?;
    done.map_err(|refused| match refused {
        Refused::Problem(problem) => problem,
        Refused::Question(error) => unanswered(&error),
    })
}

/// An answer as it is sent.
pub(crate) fn told(answer: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .json(answer)
}

impl AskedOf {
    pub(crate) fn of(digest: &AskedDigest) -> Self {
        Self {
            window: digest.window.map(part),
            coverage: digest.coverage,
            reasons: digest.reasons.clone(),
            link: digest.id.map(status_location),
        }
    }
}

fn document(asked: &Asked, answer: Answer) -> Document {
    let caveats = if asked.baseline.is_empty() {
        Vec::new()
    } else {
        asked.baseline_caveats()
    };
    Document {
        digests: asked.digests.iter().map(AskedOf::of).collect(),
        baseline: baseline::told(asked),
        caveats,
        gaps: asked.gaps.iter().copied().map(part).collect(),
        without_table: asked.without_table.iter().copied().map(part).collect(),
        answer,
    }
}

pub(crate) fn part((start, stop): (i64, i64)) -> Part {
    let shown = |unix| {
        let time = chrono::DateTime::<Utc>::from_timestamp(unix, 0).unwrap_or_default();
        time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    };
    Part {
        start: shown(start),
        stop: shown(stop),
    }
}

/// The request that makes a digest again.
fn remake(window: &Window) -> String {
    format!(
        "POST /?start={}&stop={}&refresh=true",
        window.start_rfc3339(),
        window.stop_rfc3339()
    )
}

/// A digest that only has its text.
fn no_table(remake: Option<&str>) -> Refused {
    let remake = remake.unwrap_or("POST with its query and refresh=true");
    let detail = format!(
        "what is stored has no table of edges: it was made with DIGEST_EDGES=off or by an earlier version. {remake} makes it \
         again; `digesterd` asks its text"
    );
    Refused::Problem(Problem::new(ProblemKind::NotFound, detail))
}

fn unanswered(error: &QuestionError) -> Problem {
    let refused = |kind| Problem::new(kind, digesterd_process::problem::chain(error));
    match error {
        QuestionError::Store(error) => store_problem(error),
        QuestionError::Ask {
            source: AskError::TooMany(_),
            ..
        }
        | QuestionError::TooManyDigests(_)
        | QuestionError::NoInterfaces => refused(ProblemKind::BadRequest),
        QuestionError::NoAddress(_) | QuestionError::NoObjects(_) | QuestionError::NoBaseline => {
            refused(ProblemKind::NotFound)
        }
        error if error.is_transient() => {
            let detail = "the store broke off in the middle of a table; ask again";
            Problem::new(ProblemKind::Unavailable, detail)
                .retry_after(PATIENCE)
                .caused_by(error)
        }
        QuestionError::Ask { .. } | QuestionError::Interfaces(_) => {
            let detail = "a stored table cannot be read; make the digest again with refresh=true";
            Problem::new(ProblemKind::Conflict, detail).caused_by(error)
        }
        QuestionError::Text { .. } | QuestionError::GivenUp => {
            Problem::new(ProblemKind::Internal, "the question was not answered").caused_by(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn beyond_those_that_compute_a_request_is_told_to_come_again() {
        let computing = Arc::new(Semaphore::new(1));
        let held = permit(&computing, Duration::from_millis(1)).await.unwrap();
        let refused = permit(&computing, Duration::from_millis(1)).await.unwrap_err();
        let answer = refused.answer(None);
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key(header::RETRY_AFTER));
        drop(held);
        assert!(permit(&computing, Duration::from_millis(1)).await.is_ok());
    }
}
