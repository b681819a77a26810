//! What a request asks for: `start`, `stop`, `account`, `region`; for POST also `refresh`, for a list `limit` and `after`.
//!
//! Each may be given once, nothing else may be given: a mistyped scope would otherwise ask for the
//! digest of everything.

use digest_core::scope::ScopeError;
use digest_core::window::WindowError;
use digest_core::{DigestId, Job, Scope, Window};
use digest_storage::IndexKey;
use thiserror::Error;
use url::form_urlencoded;

/// A query that asks for nothing that there can be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum QueryError {
    /// A needed parameter is absent.
    #[error("the parameter {0} is missing: ask with ?start=2018-10-17T00:00:00Z&stop=2018-10-17T01:00:00Z")]
    Missing(&'static str),
    /// A parameter is given more than once.
    #[error("the parameter {0} is given more than once")]
    Repeated(&'static str),
    /// A parameter that there is not.
    #[error("there is no parameter {name:?} here; there are {known}")]
    Unknown {
        /// What was given, cut to 64 characters.
        name: String,
        /// What there is.
        known: String,
    },
    /// `refresh` is no boolean.
    #[error("refresh is neither true nor false")]
    Refresh,
    /// `limit` is no number of digests.
    #[error("limit is no number from 1 to {MOST_LISTED}")]
    Limit,
    /// `after` is no place in a list.
    #[error("after is no place in a list: take the whole next link")]
    After,
    /// The window cannot be.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// A parameter's value is none.
    #[error("{name}: {why}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The scope cannot be.
    #[error(transparent)]
    Scope(#[from] ScopeError),
}

/// What POST asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CreateQuery {
    /// The digest.
    pub(crate) job: Job,
    /// Whether a stored digest or a permanent failure is to be replaced.
    pub(crate) refresh: bool,
}

/// Reads the query of a GET or HEAD.
///
/// # Errors
/// [`QueryError`].
pub(crate) fn read(query: &str) -> Result<Job, QueryError> {
    let [start, stop, account, region] = parameters(query, ["start", "stop", "account", "region"])?;
    job(start, stop, account, region)
}

/// Reads the query of a POST. Whether the window may be built is asked later.
///
/// # Errors
/// [`QueryError`].
pub(crate) fn create(query: &str) -> Result<CreateQuery, QueryError> {
    let [start, stop, account, region, refresh] =
        parameters(query, ["start", "stop", "account", "region", "refresh"])?;
    let refresh = match refresh.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(QueryError::Refresh),
    };
    Ok(CreateQuery {
        job: job(start, stop, account, region)?,
        refresh,
    })
}

/// Most digests that one page lists, and how many it does unasked.
pub(crate) const MOST_LISTED: usize = 500;
const LISTED: usize = 100;

/// What a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListQuery {
    /// The window, and the scope if only one is wanted.
    pub(crate) job: Job,
    /// Most digests of a page.
    pub(crate) limit: usize,
    /// Where the page begins.
    pub(crate) after: Option<IndexKey>,
}

/// Reads the query of a list.
///
/// # Errors
/// [`QueryError`].
pub(crate) fn list(query: &str) -> Result<ListQuery, QueryError> {
    let [start, stop, account, region, limit, after] =
        parameters(query, ["start", "stop", "account", "region", "limit", "after"])?;
    let limit = match limit {
        None => LISTED,
        Some(limit) => limit
            .parse()
            .ok()
            .filter(|limit| (1..=MOST_LISTED).contains(limit))
            .ok_or(QueryError::Limit)?,
    };
    let after = after.map(|after| after.parse().map_err(|_| QueryError::After));
    Ok(ListQuery {
        job: job(start, stop, account, region)?,
        limit,
        after: after.transpose()?,
    })
}

/// Path of a digest's status.
pub(crate) fn status_location(id: DigestId) -> String {
    format!("/v1/digests/{id}")
}

/// Path and query of a list's next page.
pub(crate) fn list_location(job: &Job, limit: usize, after: &IndexKey) -> String {
    let mut query = job_query(job);
    query.append_pair("limit", &limit.to_string());
    query.append_pair("after", &after.to_string());
    format!("/v1/digests?{}", query.finish())
}

/// The parameters that name a job, in one spelling.
pub(crate) fn job_query(job: &Job) -> form_urlencoded::Serializer<'static, String> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("start", &job.window().start_rfc3339());
    query.append_pair("stop", &job.window().stop_rfc3339());
    for (name, names) in [
        ("account", job.scope().accounts()),
        ("region", job.scope().regions()),
    ] {
        if !names.is_empty() {
            query.append_pair(name, &names.join(","));
        }
    }
    query
}

pub(crate) fn job(
    start: Option<String>,
    stop: Option<String>,
    account: Option<String>,
    region: Option<String>,
) -> Result<Job, QueryError> {
    let start = start.ok_or(QueryError::Missing("start"))?;
    let stop = stop.ok_or(QueryError::Missing("stop"))?;
    let window = Window::parse(&start, &stop)?;
    let scope = Scope::parse(account.as_deref(), region.as_deref())?;
    Ok(Job::new(window, scope))
}

/// The values of the known parameters, in their order.
pub(crate) fn parameters<const N: usize>(
    query: &str,
    known: [&'static str; N],
) -> Result<[Option<String>; N], QueryError> {
    let mut values = [const { None }; N];
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let slot = known
            .iter()
            .zip(values.iter_mut())
            .find(|(known, _)| **known == name);
        let Some((known, slot)) = slot else {
            return Err(QueryError::Unknown {
                name: name.chars().take(64).collect(),
                known: known.join(", "),
            });
        };
        if slot.replace(value.into_owned()).is_some() {
            return Err(QueryError::Repeated(known));
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: &str = "start=2018-10-17T00:00:00Z&stop=2018-10-17T01:00:00Z";

    #[test]
    fn every_spelling_of_a_window_is_one_job() {
        let plain = read(HOUR).unwrap();
        for query in [
            "start=2018-10-17T00%3A00%3A00Z&stop=2018-10-17T01%3A00%3A00Z",
            "stop=2018-10-17T11:00:00%2B10:00&start=2018-10-17T10:00:00+10:00",
            "start=2018-10-17T00:00:59.999999999Z&stop=2018-10-17T01:00:01Z",
        ] {
            assert_eq!(read(query), Ok(plain.clone()), "{query}");
        }
    }

    #[test]
    fn a_next_link_leads_on_in_the_same_list() {
        let scoped = list(&format!("{HOUR}&account=2,1&region=us-east-1&limit=7")).unwrap();
        let last = IndexKey::of(&scoped.job);
        let next = list_location(&scoped.job, scoped.limit, &last);
        let expected = ListQuery {
            after: Some(last),
            ..scoped
        };
        assert_eq!(list(next.trim_start_matches("/v1/digests?")), Ok(expected));
        for (query, refused) in [
            ("limit=0", QueryError::Limit),
            ("limit=501", QueryError::Limit),
            ("limit=-1", QueryError::Limit),
            ("after=x", QueryError::After),
        ] {
            assert_eq!(list(&format!("{HOUR}&{query}")), Err(refused), "{query}");
        }
    }

    #[test]
    fn missing_repeated_and_unknown_parameters_are_named() {
        assert_eq!(read(""), Err(QueryError::Missing("start")));
        assert_eq!(
            read("start=2018-10-17T00:00:00Z"),
            Err(QueryError::Missing("stop"))
        );
        assert_eq!(read(&format!("{HOUR}&stop=x")), Err(QueryError::Repeated("stop")));
        for query in ["acount=1", "refresh=true", "START=x", "%00=", "=", "a"] {
            let refused = read(&format!("{HOUR}&{query}"));
            assert!(matches!(refused, Err(QueryError::Unknown { .. })), "{query}");
        }
    }

    #[test]
    fn refresh_is_for_creating_only() {
        assert!(!create(HOUR).unwrap().refresh);
        assert!(create(&format!("{HOUR}&refresh=true")).unwrap().refresh);
        assert!(!create(&format!("{HOUR}&refresh=false")).unwrap().refresh);
        assert_eq!(create(&format!("{HOUR}&refresh=")), Err(QueryError::Refresh));
    }

    #[test]
    fn what_is_no_window_or_scope_is_refused() {
        for query in [
            "start=&stop=",
            "start=now&stop=later",
            "start=2018-10-17T00:00:00Z&stop=2018-10-17T00:00:01Z",
            "start=2018-10-17T01:00:00Z&stop=2018-10-17T00:00:00Z",
            "start=%ff%fe&stop=2018-10-17T00:00:00Z",
        ] {
            assert!(matches!(read(query), Err(QueryError::Window(_))), "{query}");
        }
        for scope in ["account=", "account=1,", "region=../x", "account=1%2F2"] {
            let refused = read(&format!("{HOUR}&{scope}"));
            assert!(matches!(refused, Err(QueryError::Scope(_))), "{scope}");
        }
    }
}
