//! The API's addresses and their methods.

use std::sync::Arc;

use actix_web::http::{Method, header};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, web};
use chrono::Utc;
use digesterd_process::problem::{Problem, ProblemKind};
use digesterd_process::request_log::context_of;
use digesterd_process::traces;
use tracing::Instrument;

use crate::admission::admit;
use crate::api::Api;
use crate::description::description;
use crate::difference::difference;
use crate::fetch::{PROGRESS_PAUSE, content, fetch, manifest};
use crate::listing::list;
use crate::query;
use crate::questions;
use crate::raw_records;
use crate::refusals::{query_problem, window_problem};
use crate::status::status;
use crate::submit::submit;

/// The paths that [`configure`] answers beside [`QUESTION_PATHS`](crate::QUESTION_PATHS) and [`RECORDS_PATHS`](crate::RECORDS_PATHS).
pub const PATHS: [&str; 7] = [
    "/",
    "/v1/diff",
    "/v1/digests",
    "/v1/digests/{id}",
    "/v1/digests/{id}/content",
    "/v1/digests/{id}/manifest",
    "/openapi.yaml",
];

/// The API's routes over an [`Api`].
pub fn configure(api: Arc<Api>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        let [
            root,
            diff_path,
            list_path,
            status_path,
            content_path,
            manifest_path,
            description_path,
        ] = PATHS;
        configure_at(root, api)(config);
        config
            .service(read_only(diff_path, difference))
            .service(read_only(list_path, list))
            .service(read_only(status_path, status))
            .service(read_only(content_path, content))
            .service(read_only(manifest_path, manifest))
            .service(read_only(description_path, description));
        questions::configure(config);
        raw_records::configure(config);
    }
}

/// The one address that clients of the Go service know, over an [`Api`]: no other is routed.
pub fn configure_root(api: Arc<Api>) -> impl FnOnce(&mut web::ServiceConfig) {
    let [root, ..] = PATHS;
    configure_at(root, api)
}

fn configure_at(root: &'static str, api: Arc<Api>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config.app_data(web::Data::from(api)).service(
            web::resource(root)
                .route(web::get().to(fetch))
                .route(web::head().to(fetch))
                .route(web::post().to(create))
                .default_service(web::to(other_method)),
        );
    }
}

/// A path that is read by GET and HEAD.
pub(crate) fn read_only<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args> + Clone,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(not_read))
}

/// `POST /`.
///
/// # Errors
/// 400 for a window that cannot be built, 403 for one outside the caller's accounts, 409 where the digest exists, is in progress or failed for
/// good, 503 where the queue or a store cannot be reached.
async fn create(request: HttpRequest, api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    let asked = query::create(request.query_string()).map_err(|error| query_problem(&error))?;
    admit(&request, &asked.job)?;
    let window = asked.job.window();
    window
        .check_buildable(Utc::now(), api.most_minutes)
        .map_err(|error| window_problem(&error))?;
    let location = query::status_location(asked.job.id());
    let context = context_of(&request).send_context();
    // A task of its own: a caller that hangs up between claim and queue leaves nothing half done.
    let submitting = async move { submit(&api, &asked, &context).await };
    let submitted = tokio::spawn(traces::handed_on(submitting).instrument(tracing::Span::current()));
    submitted.await.unwrap_or_else(|error| {
        Err(Problem::new(ProblemKind::Internal, "the request was not finished").caused_by(&error))
    })?;
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, location))
        .insert_header((header::RETRY_AFTER, PROGRESS_PAUSE.as_secs().to_string()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}

async fn other_method() -> Result<HttpResponse, Problem> {
    let refused = Problem::new(
        ProblemKind::MethodNotAllowed,
        "a digest is asked for by POST and fetched by GET or HEAD",
    );
    Err(refused.allow(&[Method::GET, Method::HEAD, Method::POST]))
}

async fn not_read() -> Result<HttpResponse, Problem> {
    let refused = Problem::new(ProblemKind::MethodNotAllowed, "this is read by GET or HEAD");
    Err(refused.allow(&[Method::GET, Method::HEAD]))
}
