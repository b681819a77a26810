//! Questions of stored digests: `GET /v1/digests/{id}/top` and its like, and the same of any time, `GET /v1/top?since=27h`.
//!
//! They are what the commands of these names ask, read from the stored tables. A bounded number computes at once, each in
//! bounded memory and for a bounded time; whoever hangs up is computed for no longer than until the next read.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Utc;
use digest_core::{DigestId, Window};
use digest_insight::GraphFormat;
use digest_questions::{Asked, ask, of_id, of_stretch};
use digesterd_process::problem::{Problem, ProblemKind};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use crate::admission::{admit, admit_id};
use crate::api::Api;
use crate::baseline::{admit_baseline, find_baseline};
use crate::computing::{PATIENCE, Refused, bounded, permit};
use crate::fetch::find;
use crate::query::{QueryError, status_location};
use crate::question_query::{Kind, QuestionQuery, of_digest, of_time};
use crate::refusals::query_problem;
use crate::routes::read_only;
use crate::written::{Written, answer_format};

/// Paths of the questions about one digest, and of those about any time.
pub const QUESTION_PATHS: [&str; 16] = [
    "/v1/digests/{id}/edges",
    "/v1/digests/{id}/top",
    "/v1/digests/{id}/rejected",
    "/v1/digests/{id}/services",
    "/v1/digests/{id}/unexpected",
    "/v1/digests/{id}/unusual",
    "/v1/digests/{id}/host",
    "/v1/digests/{id}/graph",
    "/v1/edges",
    "/v1/top",
    "/v1/rejected",
    "/v1/services",
    "/v1/unexpected",
    "/v1/unusual",
    "/v1/host",
    "/v1/graph",
];
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
    query.write_as(format);
    let id = admit_id(&request, &api, &path).await?;
    demand_digest(&api, id).await?;
    admit_baseline(&request, &api, query.baseline.as_ref()).await?;
    let permit = permit(&api.computing, PATIENCE).await?;
    let baseline = query.baseline.clone();
    answered(permit, query, format, async move |given_up| {
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
    let (mut query, time) = read.map_err(|error| unreadable(&error))?;
    let format = answer_format(&request, kind, query.format)?;
    query.write_as(format);
    admit(&request, &time)?;
    admit_baseline(&request, &api, query.baseline.as_ref()).await?;
    let permit = permit(&api.computing, PATIENCE).await?;
    let baseline = query.baseline.clone();
    answered(permit, query, format, async move |given_up| {
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
            (true, true) => Err(nothing_stored(window)),
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

/// Finds what is asked and answers.
async fn answered<F>(
    permit: OwnedSemaphorePermit,
    query: QuestionQuery,
    format: GraphFormat,
    found: impl FnOnce(CancellationToken) -> F,
) -> Result<HttpResponse, Problem>
where
    F: Future<Output = Result<Asked, Refused>> + Send + 'static,
{
    let written = bounded(permit, |given_up| {
        let found = found(given_up);
        async move {
            let asked = found.await?;
            let answer = ask(&asked, query.question, query.asking).await?;
            Ok(Written::of(&asked, answer, format).await?)
        }
    });
    let written = written.await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type(written.content_type)
        .body(written.bytes))
}

/// Refuses a digest that is not there.
pub(crate) async fn demand_digest(api: &Api, id: DigestId) -> Result<(), Problem> {
    if find(api, id).await?.is_some() {
        return Ok(());
    }
    let detail = format!(
        "the digest is not made yet: {} says how far it is",
        status_location(id)
    );
    Err(Problem::new(ProblemKind::NotFound, detail))
}

/// A time without a digest.
pub(crate) fn nothing_stored(window: &Window) -> Refused {
    let detail =
        format!("no digest of this scope is stored of {window}: /v1/digests lists those that there are");
    Refused::Problem(Problem::new(ProblemKind::NotFound, detail))
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
