//! `GET /openapi.yaml`: the API's own description, as it was when this program was built.

use actix_web::HttpResponse;
use actix_web::http::header;

/// The repository's `api.yaml`.
const DESCRIPTION: &str = include_str!("../../../api.yaml");

/// `GET /openapi.yaml`.
pub(crate) async fn description() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/yaml"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(DESCRIPTION)
}
