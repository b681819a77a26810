//! A window of time and what lies in it: `GET /v1/digests?start=&stop=`, page by page.
//!
//! The answer is the status of the window's own digest, with the stored digests whose windows lie inside it. They
//! come from the index, which the worker writes once a digest has its manifest; each is looked for before it is told.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Utc;
use digest_core::IndexEntry;
use digest_storage::{ErrorKind, IndexKey, StoreError};
use digesterd_process::problem::{Problem, chain};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use crate::admission::admit;
use crate::api::Api;
use crate::query::{self, ListQuery};
use crate::refusals::{query_problem, store_problem};
use crate::status::{Status, answer, know};

/// Entries read at once.
const AT_ONCE: usize = 16;

/// A stored digest in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedDigest {
    /// What the index says of it.
    #[serde(flatten)]
    pub entry: IndexEntry,
    /// Its status.
    pub link: String,
}

/// A window of time and what lies in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The window's own digest.
    #[serde(flatten)]
    pub status: Status,
    /// Stored digests whose windows lie inside, by time.
    pub digests: Vec<ListedDigest>,
    /// Where the list goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `GET /v1/digests` and HEAD.
///
/// # Errors
/// 400 for a query that asks for nothing there can be, 403 outside the caller's accounts, 503 or 500 where a store fails.
pub(crate) async fn list(request: HttpRequest, api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    let asked = query::list(request.query_string()).map_err(|error| query_problem(&error))?;
    admit(&request, &asked.job)?;
    let listing = listing(&api, &asked).await;
    let listing = listing.map_err(|error| store_problem(&error))?;
    Ok(answer(&listing, &listing.status))
}

async fn listing(api: &Api, asked: &ListQuery) -> Result<Listing, StoreError> {
    let job = &asked.job;
    let status = know(api, job.id(), Some(job), Utc::now()).await?;
    let wanted = |key: &IndexKey| job.scope().is_all() || key.is_of_scope(job.scope());
    let page = api
        .index
        .page(job.window(), asked.after.as_ref(), asked.limit, wanted)
        .await?;
    let next = page.keys.last().filter(|_| page.more);
    let next = next.map(|last| query::list_location(job, asked.limit, last));
    let digests = stream::iter(page.keys)
        .map(|key| present(api, key))
        .buffered(AT_ONCE)
        .try_filter_map(|found| std::future::ready(Ok(found)))
        .try_collect()
        .await?;
    Ok(Listing {
        status,
        digests,
        next,
    })
}

/// What the index says of a digest that is there, as it says it.
async fn present(api: &Api, key: IndexKey) -> Result<Option<ListedDigest>, StoreError> {
    let entry = match api.index.load(&key).await {
        Ok(entry) => entry,
        Err(error) if error.kind() == ErrorKind::Corrupt => {
            tracing::warn!(job_id = %key.id(), error = %chain(&error), "an entry of the index cannot be read");
            None
        }
        Err(error) => return Err(error),
    };
    let Some(entry) = entry else { return Ok(None) };
    let object = api.digests.head(key.id()).await?;
    // Replaced or removed by somebody who keeps no index: then nothing of the entry is true any more.
    Ok(object
        .filter(|object| object.size == entry.bytes)
        .map(|_| ListedDigest {
            entry,
            link: query::status_location(key.id()),
        }))
}
