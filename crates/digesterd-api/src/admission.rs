//! Which digests a caller may ask for: all of them, unless its token is bound to accounts.
//!
//! A window is refused by its scope alone. An id does not tell its scope, so what is stored of it is asked; what lies outside
//! the token's accounts, or does not tell, is answered like an id that there is not.

use actix_web::HttpRequest;
use chrono::Utc;
use digest_core::{DigestId, Job, Scope};
use digesterd_process::guard::caller_of;
use digesterd_process::problem::{Problem, ProblemKind};

use crate::api::Api;
use crate::refusals::store_problem;
use crate::status::know;

/// Lets the caller ask for this window and scope.
///
/// # Errors
/// 403.
pub(crate) fn admit(request: &HttpRequest, job: &Job) -> Result<(), Problem> {
    caller_of(request).may_ask_for(job.scope())
}

/// The id in a path, if the caller may ask for its digest.
///
/// # Errors
/// 404 for what is no id, or one of a digest that the caller may know nothing of; 503 or 500 where a store fails.
pub(crate) async fn admit_id(request: &HttpRequest, api: &Api, path: &str) -> Result<DigestId, Problem> {
    let unknown = || Problem::new(ProblemKind::NotFound, "no digest has such an id");
    let id = path.parse().map_err(|_| unknown())?;
    if !may_see(request, api, id).await? {
        return Err(unknown());
    }
    Ok(id)
}

/// Whether the caller may know of a digest.
///
/// # Errors
/// 503 or 500 where a store fails.
pub(crate) async fn may_see(request: &HttpRequest, api: &Api, id: DigestId) -> Result<bool, Problem> {
    let caller = caller_of(request);
    if !caller.is_bound() {
        return Ok(true);
    }
    let known = know(api, id, None, Utc::now()).await;
    let known = known.map_err(|error| store_problem(&error))?;
    let scope = Scope::new(&known.account, &known.region).unwrap_or_default();
    Ok(caller.may_ask_for(&scope).is_ok())
}
