//! What has changed from one stored digest to another: `GET /v1/diff`.
//!
//! Both are read side by side and neither is held; the answer holds a bounded number of changes and the count of all.

use std::io::Read;
use std::str::FromStr;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use digest_core::DigestId;
use digest_insight::{
    Difference, DifferenceError, DifferenceOptions, Edges, Filter, LinksOptions, ReadError, TooManyLinks,
};
use digesterd_process::problem::{Problem, ProblemKind};
use digesterd_process::waiting::Waiting;
use futures::{StreamExt, TryStreamExt};

use crate::admission::may_see;
use crate::api::Api;
use crate::fetch::{absent, find_open};
use crate::query::{QueryError, job, parameters};
use crate::refusals::query_problem;

/// Changes of each kind that are told unasked, and at most.
const TOLD: usize = 100;
const MOST_TOLD: usize = 10_000;
/// Groups that are held at most.
const MOST_GROUPS: usize = 250_000;
/// How long a request waits until others have computed.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked for.
#[derive(Debug)]
struct DiffQuery {
    previous: DigestId,
    next: DigestId,
    options: DifferenceOptions,
    is_dot: bool,
}

/// `GET /v1/diff` and HEAD.
///
/// # Errors
/// 400 for a query that asks for nothing there can be, 404 where there is no such digest, 406 for a format that there is not,
/// 409 where one cannot be compared, 429 where too many are being compared, 503 or 500 where a store fails.
pub(crate) async fn difference(request: HttpRequest, api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    let asked = read(request.query_string()).map_err(|error| match error {
        QueryError::Value { name: "format", why } => Problem::new(ProblemKind::NotAcceptable, why),
        error => query_problem(&error),
    })?;
    for id in [asked.previous, asked.next] {
        if !may_see(&request, &api, id).await? {
            return Err(absent());
        }
    }
    let permit = tokio::time::timeout(PATIENCE, api.computing.clone().acquire_owned()).await;
    let Ok(Ok(permit)) = permit else {
        let detail = "too many digests are being compared right now; ask again";
        return Err(Problem::new(ProblemKind::TooManyRequests, detail).retry_after(PATIENCE));
    };
    let previous = open(&api, asked.previous, "previous").await?;
    let next = open(&api, asked.next, "next").await?;
    let compared = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let opened = |error: ReadError| TooManyLinks::Read(error);
        let mut previous = Edges::sorted(previous)
            .map_err(opened)
            .map_err(DifferenceError::Previous)?;
        let mut next = Edges::sorted(next)
            .map_err(opened)
            .map_err(DifferenceError::Next)?;
        let difference = Difference::of(&mut previous, &mut next, &asked.options)?;
        Ok::<_, DifferenceError>((difference, asked.is_dot))
    });
    let compared = compared.await.map_err(|error| {
        Problem::new(ProblemKind::Internal, "the digests were not compared").caused_by(&error)
    })?;
    let (difference, is_dot) = compared.map_err(|error| incomparable(&error))?;
    let mut builder = HttpResponse::Ok();
    builder.insert_header((header::CACHE_CONTROL, "no-cache"));
    Ok(if is_dot {
        builder
            .content_type("text/vnd.graphviz; charset=utf-8")
            .body(difference.to_dot())
    } else {
        builder.json(difference)
    })
}

/// A digest's bytes, for a thread that may wait for them.
async fn open(api: &Api, id: DigestId, which: &str) -> Result<impl Read + Send + 'static, Problem> {
    let absent = |detail: String| Problem::new(ProblemKind::NotFound, detail);
    let read = find_open(api, id).await?;
    let bytes = read.map(|read| read.bytes).ok_or_else(|| {
        absent(format!(
            "the {which} digest is not made yet: /v1/digests/{id} says how far it is"
        ))
    })?;
    Ok(Waiting::new(bytes.map_err(std::io::Error::other).boxed()))
}

/// Two digests that cannot be compared.
fn incomparable(error: &DifferenceError) -> Problem {
    let (DifferenceError::Previous(why) | DifferenceError::Next(why)) = error;
    match why {
        TooManyLinks::TooMany(_) => Problem::new(ProblemKind::BadRequest, error.to_string()),
        TooManyLinks::Read(ReadError::Text(digest_core::TextError::Source(_))) => {
            let detail = "the store broke off in the middle of a digest; ask again";
            Problem::new(ProblemKind::Unavailable, detail)
                .retry_after(PATIENCE)
                .caused_by(error)
        }
        TooManyLinks::Read(ReadError::Thread(_)) => {
            Problem::new(ProblemKind::Internal, "the digests were not compared").caused_by(error)
        }
        TooManyLinks::Read(_) => Problem::new(ProblemKind::Conflict, error.to_string()),
    }
}

fn read(query: &str) -> Result<DiffQuery, QueryError> {
    let [
        previous,
        next,
        previous_start,
        previous_stop,
        next_start,
        next_stop,
        account,
        region,
        ratio,
        bytes,
        filter,
        ignore,
        group_by,
        limit,
        format,
    ] = parameters(
        query,
        [
            "previous",
            "next",
            "previous_start",
            "previous_stop",
            "next_start",
            "next_stop",
            "account",
            "region",
            "ratio",
            "bytes",
            "filter",
            "ignore",
            "group_by",
            "limit",
            "format",
        ],
    )?;
    let scope = || (account.clone(), region.clone());
    let previous = which("previous", previous, previous_start, previous_stop, scope())?;
    let next = which("next", next, next_start, next_stop, scope())?;
    let ratio = match ratio {
        None => 1.0,
        Some(text) => value(
            "ratio",
            &text,
            |ratio: &f64| (1.0..=1e9).contains(ratio),
            "no number from 1 on",
        )?,
    };
    let bytes = match bytes {
        None => 0,
        Some(text) => value("bytes", &text, |_: &u64| true, "no number of bytes")?,
    };
    let most = match limit {
        None => TOLD,
        Some(text) => value(
            "limit",
            &text,
            |most: &usize| *most <= MOST_TOLD,
            "no number of changes up to 10000",
        )?,
    };
    let filter = filter.map_or(Ok(Filter::default()), |text| told("filter", &text))?;
    // Rules of their own stand between semicolons.
    let ignore: Result<Vec<Filter>, QueryError> = ignore
        .iter()
        .flat_map(|rules| rules.split(';'))
        .map(|rule| told("ignore", rule))
        .filter(|rule| !rule.as_ref().is_ok_and(Filter::is_all))
        .collect();
    let grouping = group_by.map_or(Ok(digest_insight::Grouping::default()), |text| {
        told::<digest_insight::Grouping>("group_by", &text)
    })?;
    if grouping.needs_observers() {
        return Err(QueryError::Value {
            name: "group_by",
            why: "a difference is grouped by address, /N or internet".to_owned(),
        });
    }
    let is_dot = match format.as_deref() {
        None | Some("json") => false,
        Some("dot") => true,
        Some(other) => {
            let other: String = other.chars().take(64).collect();
            return Err(QueryError::Value {
                name: "format",
                why: format!("there is no format {other:?} of a difference; there are json and dot"),
            });
        }
    };
    let links = LinksOptions {
        grouping,
        filter,
        ignore: ignore?,
        most: MOST_GROUPS,
        ..LinksOptions::default()
    };
    let options = DifferenceOptions {
        ratio,
        bytes,
        most,
        links,
    };
    Ok(DiffQuery {
        previous,
        next,
        options,
        is_dot,
    })
}

/// A digest by its id, or by window and scope.
fn which(
    name: &'static str,
    id: Option<String>,
    start: Option<String>,
    stop: Option<String>,
    (account, region): (Option<String>, Option<String>),
) -> Result<DigestId, QueryError> {
    match (id, start, stop) {
        (Some(id), None, None) => told(name, &id),
        (None, start @ Some(_), stop @ Some(_)) => Ok(job(start, stop, account, region)?.id()),
        _ => Err(QueryError::Value {
            name,
            why: format!("name the digest by {name}=ID, or by {name}_start and {name}_stop"),
        }),
    }
}

fn told<T: FromStr<Err: ToString>>(name: &'static str, text: &str) -> Result<T, QueryError> {
    text.parse().map_err(|error: T::Err| QueryError::Value {
        name,
        why: error.to_string(),
    })
}

fn value<T: FromStr>(
    name: &'static str,
    text: &str,
    fits: impl Fn(&T) -> bool,
    why: &str,
) -> Result<T, QueryError> {
    text.parse().ok().filter(fits).ok_or_else(|| QueryError::Value {
        name,
        why: format!("it is {why}"),
    })
}
