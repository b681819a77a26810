//! Which digests a caller may ask for: all of them, unless its token is bound to accounts.
//!
//! A window is refused by its scope alone. An id does not tell its scope, so what is stored of it is asked; what lies outside
//! the token's accounts, or does not tell, is answered like an id that there is not.

use actix_web::HttpRequest;
use digest_core::{DigestId, Job};
use digest_storage::{ErrorKind, StoreError};
use digesterd_process::guard::caller_of;
use digesterd_process::problem::{Problem, ProblemKind};

use crate::api::Api;
use crate::refusals::store_problem;

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
    let id = id_of(path)?;
    if !may_see(request, api, id).await? {
        return Err(unknown());
    }
    Ok(id)
}

/// The id in a path, whoever asks.
///
/// # Errors
/// 404 for what is no id.
pub(crate) fn id_of(path: &str) -> Result<DigestId, Problem> {
    path.parse().map_err(|_| unknown())
}

/// There is no such id, or none that the caller may know of.
pub(crate) fn unknown() -> Problem {
    Problem::new(ProblemKind::NotFound, "no digest has such an id")
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
    let job = job_of(api, id).await.map_err(|error| store_problem(&error))?;
    let scope = job.map(|job| job.scope().clone()).unwrap_or_default();
    Ok(caller.may_ask_for(&scope).is_ok())
}

/// The job of an id, by its record or its digest's manifest. That the id is the job's proves its scope.
async fn job_of(api: &Api, id: DigestId) -> Result<Option<Job>, StoreError> {
    if let Some((record, _)) = api.records.load(id).await? {
        return Ok(Some(record.job().clone()));
    }
    let manifest = match api.manifests.load(id).await {
        Err(error) if error.kind() == ErrorKind::Corrupt => None,
        loaded => loaded?,
    };
    let job = manifest.map(|manifest| manifest.job);
    Ok(job.filter(|job| job.id() == id))
}
