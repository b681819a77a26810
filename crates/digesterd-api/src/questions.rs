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
use digest_insight::{AskError, GraphFormat};
use digest_questions::{Asked, QuestionError, ask, of_id, of_stretch};
use digest_storage::StoreError;
use digesterd_process::problem::{Problem, ProblemKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::admission::{admit, admit_id};
use crate::api::Api;
use crate::fetch::find;
use crate::query::{QueryError, status_location};
use crate::question_query::{Kind, QuestionQuery, of_digest, of_time};
use crate::refusals::{query_problem, store_problem};
use crate::routes::read_only;
use crate::written::{Written, answer_format};

/// Paths of the questions about one digest, and of those about any time.
pub const QUESTION_PATHS: [&str; 14] = [
    "/v1/digests/{id}/edges",
    "/v1/digests/{id}/top",
    "/v1/digests/{id}/rejected",
    "/v1/digests/{id}/services",
    "/v1/digests/{id}/unexpected",
    "/v1/digests/{id}/host",
    "/v1/digests/{id}/graph",
    "/v1/edges",
    "/v1/top",
    "/v1/rejected",
    "/v1/services",
    "/v1/unexpected",
    "/v1/host",
    "/v1/graph",
];
/// How long a request waits until others have computed.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer may take.
const LONGEST: Duration = Duration::from_secs(60);
/// Most digests that are asked at once.
const MOST_DIGESTS: usize = 1000;

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
    let read = of_digest(kind, request.query_string(), &api.inside);
    let mut query = read.map_err(|error| unreadable(&error))?;
    let format = answer_format(&request, kind, query.format)?;
    query.to_be(format);
    let id = admit_id(&request, &api, &path).await?;
    if find(&api, id).await?.is_none() {
        let detail = format!(
            "the digest is not made yet: {} says how far it is",
            status_location(id)
        );
        return Err(Problem::new(ProblemKind::NotFound, detail));
    }
    let permit = permit(&api.computing, PATIENCE).await?;
    answered(permit, query, format, async move |given_up| {
        let known = of_id(&api.storage, id, &given_up).await?;
        let remake = known.manifest.as_ref().map(|known| remake(known.job.window()));
        let digests = known.asked(id, None).into_iter().collect::<Vec<_>>();
        if digests.is_empty() {
            return Err(no_table(remake.as_deref()));
        }
        Ok(Asked {
            digests,
            ..Asked::default()
        })
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
    let (mut query, time) = read.map_err(|error| unreadable(&error))?;
    let format = answer_format(&request, kind, query.format)?;
    query.to_be(format);
    admit(&request, &time)?;
    let permit = permit(&api.computing, PATIENCE).await?;
    answered(permit, query, format, async move |given_up| {
        let (window, scope) = (time.window(), time.scope());
        let asked = of_stretch(&api.storage, window, scope, MOST_DIGESTS, None, &given_up).await?;
        match (asked.digests.is_empty(), asked.without_table.is_empty()) {
            (false, _) => Ok(asked),
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

fn kind(request: &HttpRequest) -> Result<Kind, Problem> {
    let unknown = || Problem::new(ProblemKind::NotFound, "there is no such question");
    Kind::of_path(request.path()).ok_or_else(unknown)
}

/// A query that cannot be answered.
fn unreadable(error: &QueryError) -> Problem {
    match error {
        QueryError::Value { name: "format", why } => Problem::new(ProblemKind::NotAcceptable, why),
        error => query_problem(error),
    }
}

/// A place among those that compute.
async fn permit(computing: &Arc<Semaphore>, patience: Duration) -> Result<OwnedSemaphorePermit, Problem> {
    match tokio::time::timeout(patience, Arc::clone(computing).acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => {
            let detail = "too much is being asked right now; ask again";
            Err(Problem::new(ProblemKind::Unavailable, detail).retry_after(PATIENCE))
        }
    }
}

/// Why there is no answer: what the parts below say, or what is said here.
enum Refused {
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

/// Finds what is asked and answers, in a task of its own that keeps its place until its threads have ended.
async fn answered<F>(
    permit: OwnedSemaphorePermit,
    query: QuestionQuery,
    format: GraphFormat,
    found: impl FnOnce(CancellationToken) -> F,
) -> Result<HttpResponse, Problem>
where
    F: Future<Output = Result<Asked, Refused>> + Send + 'static,
{
    let given_up = CancellationToken::new();
    let _hung_up = given_up.clone().drop_guard();
    let found = found(given_up);
    let answering = async move {
        let _permit = permit;
        let asked = found.await?;
        let answer = ask(&asked, query.question, query.asking).await?;
        Ok::<_, Refused>(Written::of(&asked, answer, format).await?)
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
    let written = done.map_err(|refused| match refused {
        Refused::Problem(problem) => problem,
        Refused::Question(error) => unanswered(&error),
    })?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type(written.content_type)
        .body(written.bytes))
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
        QuestionError::NoAddress(_) | QuestionError::NoObjects(_) => refused(ProblemKind::NotFound),
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
