//! The API's one address and its methods.

use std::sync::Arc;

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Utc;
use digesterd_process::problem::{Problem, ProblemKind};
use digesterd_process::request_log::context_of;
use tracing::Instrument;

use crate::api::Api;
use crate::fetch::{PROGRESS_PAUSE, fetch};
use crate::query;
use crate::refusals::{query_problem, window_problem};
use crate::submit::submit;

/// The one path that [`configure`] answers.
pub const PATH: &str = "/";

/// The API's routes over an [`Api`].
pub fn configure(api: Arc<Api>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config.app_data(web::Data::from(api)).service(
            web::resource(PATH)
                .route(web::get().to(fetch))
                .route(web::head().to(fetch))
                .route(web::post().to(create))
                .default_service(web::to(other_method)),
        );
    }
}

/// `POST /`.
///
/// # Errors
/// 400 for a window that cannot be built, 409 where the digest exists, is in progress or failed for
/// good, 503 where the queue or a store cannot be reached.
async fn create(request: HttpRequest, api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    let asked = query::create(request.query_string()).map_err(|error| query_problem(&error))?;
    let window = asked.job.window();
    window
        .check_buildable(Utc::now(), api.most_minutes)
        .map_err(|error| window_problem(&error))?;
    let location = query::location(&asked.job);
    let context = context_of(&request).send_context();
    // A task of its own: a caller that hangs up between claim and queue leaves nothing half done.
    let submitted = tokio::spawn(
        async move { submit(&api, &asked, &context).await }.instrument(tracing::Span::current()),
    );
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
