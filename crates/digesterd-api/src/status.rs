//! What is known of a digest and of the job that makes it: the status resource, `GET /v1/digests/{id}`.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use digest_core::record::{Failure, Progress, State};
use digest_core::{Coverage, DigestId, Job, JobRecord, Manifest, Scope};
use digest_storage::{DigestObject, StoreError};
use digesterd_process::guard::caller_of;
use digesterd_process::problem::{Problem, ProblemKind};
use serde::{Deserialize, Serialize};

use crate::admission::{id_of, unknown};
use crate::api::Api;
use crate::fetch::PROGRESS_PAUSE;
use crate::query;
use crate::refusals::store_problem;
use crate::seals::fitting_beside;

/// Where a digest is on its way. A digest that is made again, or could not be, is handed out meanwhile: `digest` says
/// whether there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusState {
    /// Nothing is known of it.
    Absent,
    /// A request holds the window and is about to queue the job.
    Claimed,
    /// The job waits for a worker, or for another try.
    Queued,
    /// A worker builds it.
    Building,
    /// It is stored.
    Stored,
    /// Its last job failed.
    Failed,
}

/// The stored digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDigest {
    /// Size of the gzip.
    pub bytes: u64,
    /// When it was stored.
    pub stored_at: DateTime<Utc>,
    /// How complete it is.
    pub coverage: Coverage,
    /// Why it is partial.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Lines of its text, where its manifest tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edges: Option<u64>,
}

/// Where to go from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// This status.
    #[serde(rename = "self")]
    pub itself: String,
    /// The digest, once it is stored.
    pub content: String,
    /// What it was made of.
    pub manifest: String,
}

/// What is known of a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The digest's id.
    pub id: String,
    /// First instant of the window, where it is known: a digest of the Go service does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// First instant after the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<String>,
    /// Accounts of the scope.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub account: Vec<String>,
    /// Regions of the scope.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub region: Vec<String>,
    /// Where it is.
    pub state: StatusState,
    /// How far the build is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// Seconds that the build will still take at its present pace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_seconds: Option<u64>,
    /// Attempts at the job that failed.
    #[serde(default)]
    pub failed_attempts: u32,
    /// Attempts that ended without a word.
    #[serde(default)]
    pub lost_leases: u32,
    /// When the digest was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<DateTime<Utc>>,
    /// When the present or last attempt began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When the job last showed a sign of life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<DateTime<Utc>>,
    /// Process of the present or last attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// Why the job failed, or why its last attempt did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The stored digest, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<StoredDigest>,
    /// Where to go from here.
    pub links: Links,
}

impl Status {
    /// Whether a job is on its way.
    #[must_use]
    pub fn is_on_its_way(&self) -> bool {
        matches!(
            self.state,
            StatusState::Claimed | StatusState::Queued | StatusState::Building
        )
    }
}

/// `GET /v1/digests/{id}` and HEAD.
///
/// # Errors
/// 404 where nothing is known of such a digest, 503 or 500 where a store fails.
pub(crate) async fn status(
    request: HttpRequest,
    path: web::Path<String>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let id = id_of(&path)?;
    let known = know(&api, id, None, Utc::now()).await;
    let known = known.map_err(|error| store_problem(&error))?;
    let caller = caller_of(&request);
    if caller.is_bound() {
        // What does not tell its scope, as one of the Go service, is of all accounts.
        let scope = Scope::new(&known.account, &known.region).unwrap_or_default();
        caller.may_ask_for(&scope).map_err(|_| unknown())?;
    }
    if known.state == StatusState::Absent {
        return Err(Problem::new(
            ProblemKind::NotFound,
            "nothing is known of such a digest",
        ));
    }
    Ok(answer(&known, &known))
}

/// A document about a status, with the headers of one.
pub(crate) fn answer(document: &impl Serialize, known: &Status) -> HttpResponse {
    let mut builder = HttpResponse::Ok();
    builder.insert_header((header::CACHE_CONTROL, "no-store"));
    if known.is_on_its_way() {
        builder.insert_header((header::RETRY_AFTER, PROGRESS_PAUSE.as_secs().to_string()));
    }
    builder.json(document)
}

/// All that is known of a digest: the record, the marker only if there is no record, and then the digest, which is there if its
/// job ended meanwhile.
///
/// # Errors
/// [`StoreError`] of either store.
pub(crate) async fn know(
    api: &Api,
    id: DigestId,
    job: Option<&Job>,
    now: DateTime<Utc>,
) -> Result<Status, StoreError> {
    let record = api.records.load(id).await?.map(|(record, _)| record);
    let held = match &record {
        None => {
            let marker = api.markers.load(id).await?;
            marker.is_some_and(|marker| api.is_live(&marker, now))
        }
        Some(_) => false,
    };
    let object = api.digests.head(id).await?;
    let manifest = match &object {
        Some(object) => fitting_beside(api, id, object, record.as_ref()).await?,
        None => None,
    };
    let coverage = object.as_ref().and_then(|object| object.coverage);
    let coverage = coverage.or(manifest.as_ref().map(|manifest| manifest.coverage));
    let coverage = coverage.unwrap_or(Coverage::Unknown);
    let job = job
        .or(record.as_ref().map(JobRecord::job))
        .or(manifest.as_ref().map(|manifest| &manifest.job));
    let state = match (record.as_ref().map(JobRecord::state), &object) {
        (Some(State::Claimed), _) => StatusState::Claimed,
        (Some(State::Queued), _) => StatusState::Queued,
        (Some(State::Building), _) => StatusState::Building,
        (Some(State::Failed), _) => StatusState::Failed,
        (Some(State::Stored) | None, Some(_)) => StatusState::Stored,
        (None, None) if held => StatusState::Queued,
        (Some(State::Stored) | None, None) => StatusState::Absent,
    };
    let digest = object.map(|object| stored(&object, coverage, manifest.as_ref()));
    Ok(told(id, job, record.as_ref(), state, digest, now))
}

fn stored(object: &DigestObject, coverage: Coverage, manifest: Option<&Manifest>) -> StoredDigest {
    StoredDigest {
        bytes: object.size,
        stored_at: object.last_modified,
        coverage,
        reasons: manifest
            .map(|manifest| manifest.reasons.clone())
            .unwrap_or_default(),
        edges: manifest.map(|manifest| manifest.edges),
    }
}

fn told(
    id: DigestId,
    job: Option<&Job>,
    record: Option<&JobRecord>,
    state: StatusState,
    digest: Option<StoredDigest>,
    now: DateTime<Utc>,
) -> Status {
    // A stored digest's job tells how it went; one whose digest was removed tells nothing any more.
    let record = record.filter(|_| state != StatusState::Absent);
    let begun = record.filter(|record| record.begun_at().is_some());
    Status {
        id: id.to_string(),
        start: job.map(|job| job.window().start_rfc3339()),
        stop: job.map(|job| job.window().stop_rfc3339()),
        account: job.map(|job| job.scope().accounts().to_vec()).unwrap_or_default(),
        region: job.map(|job| job.scope().regions().to_vec()).unwrap_or_default(),
        state,
        progress: record.and_then(JobRecord::progress),
        estimated_seconds: record.and_then(|record| estimate(record, now)),
        failed_attempts: record.map_or(0, JobRecord::attempts),
        lost_leases: record.map_or(0, JobRecord::lost_leases),
        requested_at: record.map(JobRecord::claimed_at),
        started_at: record.and_then(JobRecord::begun_at),
        updated_at: record.map(JobRecord::updated_at),
        worker: begun.map(|record| record.owner().to_owned()),
        failure: record.and_then(JobRecord::failure).cloned(),
        digest,
        links: links(id),
    }
}

/// How long a build still takes, if it goes on as it began: by bytes, whose pace its own clock has measured.
fn estimate(record: &JobRecord, now: DateTime<Utc>) -> Option<u64> {
    let progress = record.progress().filter(|_| record.state() == State::Building)?;
    let taken = record.updated_at().signed_duration_since(record.begun_at()?);
    let left = progress.bytes_total.checked_sub(progress.bytes_done)?;
    let taken = u128::try_from(taken.num_milliseconds()).ok()?;
    let whole = taken.checked_mul(u128::from(left))?;
    let milliseconds = whole.checked_div(u128::from(progress.bytes_done))?;
    let since = now
        .signed_duration_since(record.updated_at())
        .max(TimeDelta::zero());
    let since = u128::try_from(since.num_milliseconds()).ok()?;
    u64::try_from(milliseconds.saturating_sub(since).div_ceil(1000)).ok()
}

fn links(id: DigestId) -> Links {
    let itself = query::status_location(id);
    Links {
        content: format!("{itself}/content"),
        manifest: format!("{itself}/manifest"),
        itself,
    }
}

#[cfg(test)]
mod tests {
    use digest_core::{Scope, Window};
    use uuid::Uuid;

    use super::*;

    const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_800_000_000_000_000_000);

    #[test]
    fn the_estimate_follows_the_bytes_and_the_time_since() {
        let window = Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap();
        let job = Job::new(window, Scope::default());
        let lease = TimeDelta::minutes(5);
        let building = JobRecord::claim(job, "api", Uuid::nil(), NOW, lease)
            .take("w", Uuid::nil(), NOW, lease)
            .unwrap();
        let after = |bytes_done, seconds: i64| {
            let progress = Progress {
                bytes_done,
                bytes_total: 100,
                ..Progress::default()
            };
            let renewed = building.renewed(NOW + TimeDelta::seconds(30), lease, Some(progress));
            estimate(&renewed.unwrap(), NOW + TimeDelta::seconds(30 + seconds))
        };
        assert_eq!(after(25, 0), Some(90));
        assert_eq!(after(25, 10), Some(80));
        assert_eq!(after(25, 1000), Some(0));
        assert_eq!(after(100, 0), Some(0));
        assert_eq!(after(0, 0), None, "nothing to go by");
        assert_eq!(estimate(&building, NOW), None);
    }
}
