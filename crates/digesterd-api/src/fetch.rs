//! Handing a digest out, by its window or its id: GET and HEAD.

use std::time::Duration;

use actix_web::body::{BodyStream, SizedStream};
use actix_web::http::header::{self, EntityTag, HttpDate};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use chrono::Utc;
use digest_core::{Coverage, DigestId};
use digest_insight::Format;
use digest_storage::{DigestObject, DigestRead, ErrorKind, StoreError};
use digesterd_process::guard::caller_of;
use digesterd_process::problem::{Problem, ProblemKind};
use futures::{StreamExt, stream};

use crate::admission::{admit, admit_id, id_of, unknown};
use crate::api::Api;
use crate::conditions::{self, Answer, Validators, decide};
use crate::negotiation;
use crate::progress::{Standing, standing};
use crate::query;
use crate::refusals::{query_problem, store_problem};
use crate::seals::{coverage, fitting};
use crate::text;

/// When to ask again for a digest in progress.
pub(crate) const PROGRESS_PAUSE: Duration = Duration::from_secs(5);
/// How often a digest that changes under our hands is looked up again.
const LOOKS: usize = 2;
/// A digest of up to so many bytes is read before its answer begins, where the store keeps no hash of it: then the same
/// request to the store brings the bytes and their hash.
const SMALL: u64 = 1 << 20;

/// `GET /` and `HEAD /`.
///
/// # Errors
/// 400 for a query that asks for nothing there can be, 403 outside the caller's accounts, 404 where there is no digest, 412 and 416 by
/// the request's conditions, 503 or 500 where a store fails.
pub(crate) async fn fetch(request: HttpRequest, api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    let job = query::read(request.query_string()).map_err(|error| query_problem(&error))?;
    admit(&request, &job)?;
    let format = negotiation::preferred(&request);
    by_id(&request, &api, job.id(), format).await
}

/// `GET /v1/digests/{id}/content` and HEAD: the same by the digest's id, in the format that the query names.
///
/// # Errors
/// As [`fetch`]; 404 also for what is no id, 406 for a format that there is not.
pub(crate) async fn content(
    request: HttpRequest,
    path: web::Path<String>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let id = admit_id(&request, &api, &path).await?;
    let format = negotiation::asked(&request);
    let format = format.map_err(|error| Problem::new(ProblemKind::NotAcceptable, error.to_string()))?;
    by_id(&request, &api, id, format).await
}

/// `GET /v1/digests/{id}/manifest` and HEAD: what the stored digest was made of.
///
/// # Errors
/// 404 where there is no digest, or no manifest of its bytes; 503 or 500 where a store fails.
pub(crate) async fn manifest(
    request: HttpRequest,
    path: web::Path<String>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let id = id_of(&path)?;
    let failed = |error| store_problem(&error);
    let object = api.digests.head(id).await.map_err(failed)?;
    let manifest = match &object {
        Some(object) => fitting(&api, id, object).await.map_err(failed)?,
        None => None,
    };
    let caller = caller_of(&request);
    if caller.is_bound() {
        let scope = manifest.as_ref().map(|manifest| manifest.job.scope().clone());
        let admitted = caller.may_ask_for(&scope.unwrap_or_default());
        admitted.map_err(|_| unknown())?;
    }
    let manifest = manifest.ok_or_else(|| {
        let detail = "there is no such digest, or none that says what it was made of";
        Problem::new(ProblemKind::NotFound, detail)
    })?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .json(manifest))
}

async fn by_id(
    request: &HttpRequest,
    api: &Api,
    id: DigestId,
    format: Format,
) -> Result<HttpResponse, Problem> {
    if conditions::wants_all(request) {
        return match find_open(api, id).await? {
            Some(read) => whole(api, id, read, format).await,
            None => Ok(in_progress()),
        };
    }
    for _ in 0..LOOKS {
        let Some(object) = find(api, id).await? else {
            return Ok(in_progress());
        };
        if let Some(answer) = represent(request, api, id, &object, format).await? {
            return Ok(answer);
        }
    }
    let detail = "the stored digest changes right now; ask again";
    Err(Problem::new(ProblemKind::Unavailable, detail).retry_after(PROGRESS_PAUSE))
}

fn in_progress() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::RETRY_AFTER, PROGRESS_PAUSE.as_secs().to_string()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// The stored digest; `None` while it is in progress.
pub(crate) async fn find(api: &Api, id: DigestId) -> Result<Option<DigestObject>, Problem> {
    looked_for(api, id, async || api.digests.head(id).await).await
}

/// The stored digest, open; `None` while it is in progress.
pub(crate) async fn find_open(api: &Api, id: DigestId) -> Result<Option<DigestRead>, Problem> {
    looked_for(api, id, async || api.digests.open(id).await).await
}

/// What a look at the stored digest finds; `None` while it is in progress.
async fn looked_for<T>(
    api: &Api,
    id: DigestId,
    look: impl AsyncFn() -> Result<Option<T>, StoreError>,
) -> Result<Option<T>, Problem> {
    let failed = |error| store_problem(&error);
    if let Some(found) = look().await.map_err(failed)? {
        return Ok(Some(found));
    }
    let standing = standing(api, id, Utc::now()).await.map_err(failed)?;
    if standing == Standing::InProgress {
        return Ok(None);
    }
    // The job may have ended between the two looks.
    if let Some(found) = look().await.map_err(failed)? {
        return Ok(Some(found));
    }
    Err(match standing {
        Standing::Failed(reason) => {
            let detail = format!("the digest could not be made: {reason}");
            Problem::new(ProblemKind::NotFound, detail)
        }
        Standing::InProgress | Standing::Nothing => absent(),
    })
}

/// There is no digest, or none that the caller may know of.
pub(crate) fn absent() -> Problem {
    let detail = "there is no such digest; ask for it by POST with the same query";
    Problem::new(ProblemKind::NotFound, detail)
}

/// All of a digest that is open: what most requests are for, by one request to the store.
async fn whole(api: &Api, id: DigestId, read: DigestRead, format: Format) -> Result<HttpResponse, Problem> {
    let (object, bytes) = if read.object.coverage.is_none() && read.object.size <= SMALL {
        let (object, held) = read.hashed().await.map_err(|error| store_problem(&error))?;
        (object, stream::once(async { Ok(held) }).boxed())
    } else {
        (read.object, read.bytes)
    };
    let coverage = coverage(api, id, &object).await;
    let mut builder = HttpResponse::Ok();
    describe(&mut builder, format, &Validators::of(&object, format), coverage);
    builder.content_type(negotiation::content_type(format));
    Ok(match format {
        Format::Gzip => builder.body(SizedStream::new(object.size, bytes)),
        other => builder.body(BodyStream::new(text::converted(bytes, other))),
    })
}

/// The answer from a stored digest; `None` where it has changed since it was found.
async fn represent(
    request: &HttpRequest,
    api: &Api,
    id: DigestId,
    object: &DigestObject,
    format: Format,
) -> Result<Option<HttpResponse>, Problem> {
    let validators = Validators::of(object, format);
    let length = (format == Format::Gzip).then_some(object.size);
    let answer = decide(request, &validators, length);
    let refusal = match answer {
        Answer::PreconditionFailed => Some(Problem::new(
            ProblemKind::PreconditionFailed,
            "the stored digest is not the one that the request is about",
        )),
        Answer::Unsatisfiable => Some(
            Problem::new(ProblemKind::RangeNotSatisfiable, "nothing of the range exists")
                .of_length(object.size),
        ),
        Answer::Whole | Answer::Part { .. } | Answer::NotModified => None,
    };
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    let coverage = coverage(api, id, object).await;
    let mut builder = HttpResponse::build(match answer {
        Answer::Part { .. } => StatusCode::PARTIAL_CONTENT,
        Answer::NotModified => StatusCode::NOT_MODIFIED,
        _ => StatusCode::OK,
    });
    describe(&mut builder, format, &validators, coverage);
    if answer == Answer::NotModified {
        return Ok(Some(builder.finish()));
    }
    builder.content_type(negotiation::content_type(format));
    if request.method() == Method::HEAD {
        return Ok(Some(match length {
            Some(length) => builder
                .no_chunking(length)
                .body(SizedStream::new(length, nothing())),
            None => builder.finish(),
        }));
    }
    let range = match answer {
        Answer::Part { first, last } => {
            builder.insert_header((
                header::CONTENT_RANGE,
                format!("bytes {first}-{last}/{}", object.size),
            ));
            Some(first..last + 1)
        }
        _ => None,
    };
    let sent = range
        .as_ref()
        .map_or(object.size, |range| range.end - range.start);
    let stream = match api.digests.read(id, range, Some(&object.etag)).await {
        Ok(read) => read.bytes,
        Err(error) if matches!(error.kind(), ErrorKind::Changed | ErrorKind::NotFound) => {
            return Ok(None);
        }
        Err(error) => return Err(store_problem(&error)),
    };
    Ok(Some(match format {
        Format::Gzip => builder.body(SizedStream::new(sent, stream)),
        other => builder.body(BodyStream::new(text::converted(stream, other))),
    }))
}

/// Headers that every answer about a stored digest has, with a body or without.
fn describe(builder: &mut HttpResponseBuilder, format: Format, validators: &Validators, coverage: Coverage) {
    let caching = match coverage {
        Coverage::Complete => "private, max-age=300",
        Coverage::Partial | Coverage::NoData | Coverage::Unknown => "no-cache",
    };
    let ranges = match format {
        Format::Gzip => "bytes",
        _ => "none",
    };
    builder
        .insert_header(header::ETag(validators.etag.clone()))
        .insert_header(header::LastModified(HttpDate::from(validators.last_modified)))
        .insert_header(("digest-coverage", coverage.as_str()))
        .insert_header((header::CACHE_CONTROL, caching))
        .insert_header((header::ACCEPT_RANGES, ranges))
        .insert_header((header::VARY, "accept"));
}

impl Validators {
    fn of(object: &DigestObject, format: Format) -> Self {
        Self {
            etag: tag(object, format),
            last_modified: object.last_modified.into(),
        }
    }
}

/// A strong tag: the store's own, or one of time and size where it has none.
fn tag(object: &DigestObject, format: Format) -> EntityTag {
    let plain = |character: &char| character.is_ascii_graphic() && *character != '"';
    let mut stored: String = object.etag.chars().filter(plain).collect();
    if stored.is_empty() {
        stored = format!("{:x}-{:x}", object.last_modified.timestamp_micros(), object.size);
    }
    EntityTag::new_strong(format!("{stored}{}", negotiation::tag_suffix(format)))
}

/// The body that HEAD does not send.
fn nothing() -> stream::Empty<Result<web::Bytes, std::io::Error>> {
    stream::empty()
}
