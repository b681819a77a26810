//! Raw records behind edges: `GET /v1/digests/{id}/records`, and of any time, `GET /v1/records?since=27h`.
//!
//! They are read again from the objects that the digests were made of, by an API that is told where the flow logs are.
//! Others answer that they are not.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Utc;
use digest_core::{DigestId, Manifest};
use digest_questions::{RecordsAnswer, RecordsAsking, stored_windows};
use digesterd_process::problem::{Problem, ProblemKind};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::admission::{admit, admit_id};
use crate::api::Api;
use crate::computing::{PATIENCE, Refused, bounded, permit};
use crate::query::status_location;
use crate::question_query::{records_of_digest, records_of_time};
use crate::questions::{MOST_DIGESTS, demand_digest, nothing_stored};
use crate::refusals::query_problem;
use crate::routes::read_only;
use crate::written::{Part, demand_json, part};

/// Paths of the records of one digest, and of those of any time.
pub const RECORDS_PATHS: [&str; 2] = ["/v1/digests/{id}/records", "/v1/records"];

/// Puts the records on a router.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    let [of_digest, of_time] = RECORDS_PATHS;
    config
        .service(read_only(of_digest, about_digest))
        .service(read_only(of_time, about_time));
}

/// An answer, and of what it is.
#[derive(Debug, Default, Serialize)]
struct Document {
    digests: Vec<DigestRead>,
    gaps: Vec<Part>,
    without_manifest: Vec<Part>,
    answer: RecordsAnswer,
}

/// A digest whose objects were read again.
#[derive(Debug, Serialize)]
struct DigestRead {
    #[serde(flatten)]
    window: Part,
    coverage: digest_core::Coverage,
    link: String,
}

/// `GET /v1/digests/{id}/records` and HEAD.
///
/// # Errors
/// 400 for a query that asks for nothing there can be, 404 for a digest that is not there or has no manifest and where
/// no flow logs are read, 406 where JSON is not wanted, 503 where too much is asked at once or a store fails.
async fn about_digest(
    request: HttpRequest,
    api: web::Data<Api>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    demand_json(&request)?;
    let asking = records_of_digest(request.query_string()).map_err(|error| query_problem(&error))?;
    let id = admit_id(&request, &api, &path).await?;
    demand_digest(&api, id).await?;
    demand_flow_logs(&api)?;
    let permit = permit(&api.computing, PATIENCE).await?;
    let answer = bounded(permit, |given_up| async move {
        let Some(known) = api.manifests.load(id).await? else {
            let detail = "the digest has no manifest, which alone says what it was made of";
            return Err(Refused::Problem(Problem::new(ProblemKind::NotFound, detail)));
        };
        let mut document = Document::default();
        read(&api, id, &known, &asking, &given_up, &mut document).await?;
        Ok(document)
    });
    Ok(told(&answer.await?))
}

/// `GET /v1/records` and HEAD.
///
/// # Errors
/// As of one digest, and 403 outside the caller's accounts.
async fn about_time(request: HttpRequest, api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    demand_json(&request)?;
    let read_query = records_of_time(request.query_string(), Utc::now());
    let (asking, time) = read_query.map_err(|error| query_problem(&error))?;
    admit(&request, &time)?;
    demand_flow_logs(&api)?;
    let permit = permit(&api.computing, PATIENCE).await?;
    let answer = bounded(permit, |given_up| async move {
        let (window, scope) = (time.window(), time.scope());
        let (keys, gaps) = stored_windows(&api.storage, window, scope, MOST_DIGESTS).await?;
        if keys.is_empty() {
            return Err(nothing_stored(window));
        }
        let mut document = Document {
            gaps: gaps.into_iter().map(part).collect(),
            ..Document::default()
        };
        for key in keys {
            match api.manifests.load(key.id()).await? {
                Some(known) => read(&api, key.id(), &known, &asking, &given_up, &mut document).await?,
                None => document.without_manifest.push(part(key.span())),
            }
        }
        Ok(document)
    });
    Ok(told(&answer.await?))
}

/// Refuses where no flow logs are read.
fn demand_flow_logs(api: &Api) -> Result<(), Problem> {
    if api.record_source.is_some() {
        return Ok(());
    }
    let detail = "this service does not read flow logs (VPC_FLOW_LOGS_BUCKET of the API says where they are); \
                  `digesterd records` does, with rights of your own";
    Err(Problem::new(ProblemKind::NotFound, detail))
}

fn told(answer: &Document) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .json(answer)
}

/// Adds the records of a digest.
async fn read(
    api: &Api,
    id: DigestId,
    known: &Manifest,
    asking: &RecordsAsking,
    given_up: &CancellationToken,
    document: &mut Document,
) -> Result<(), Refused> {
    let Some(source) = &api.record_source else {
        return Ok(());
    };
    let (manifests, answer) = (Some(&api.manifests), &mut document.answer);
    source.read(known, manifests, asking, given_up, answer).await?;
    let window = known.job.window();
    document.digests.push(DigestRead {
        window: part((window.start_unix(), window.stop_unix())),
        coverage: known.coverage,
        link: status_location(id),
    });
    Ok(())
}
