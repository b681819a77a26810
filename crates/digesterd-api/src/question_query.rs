//! What a question's query asks: the options of the command of the same name.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use digest_core::{Job, Scope, Window};
use digest_insight::{Filter, Grouping, LinksOptions, Measure, Network, Policy};
use digest_questions::{Asking, Question, RecordsAsking, duration};
use url::form_urlencoded;

use crate::baseline::{BaselineQuery, PARAMETERS, unusual};
use crate::query::{QueryError, job};

/// Items of a list that are told unasked, and at most.
const TOLD: usize = 100;
const MOST_TOLD: usize = 10_000;
/// Links, services or flows that a thread holds at most.
const MOST_HELD: usize = 250_000;
/// Longest policy, in bytes.
const LONGEST_POLICY: usize = 16 * 1024;

/// The questions, by the last part of their paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The edges with most.
    Edges,
    /// Which ends move most.
    Top,
    /// What was rejected.
    Rejected,
    /// Who serves.
    Services,
    /// What nobody would expect.
    Unexpected,
    /// What is unusual against a baseline.
    Unusual,
    /// What one host does.
    Host,
}

/// The parameters that one question or another has.
const OF_EDGES: [&str; 5] = ["filter", "ignore", "group_by", "internal", "limit"];
const OF_RECORDS: [&str; 3] = ["filter", "ignore", "limit"];
const OF_A_TIME: [&str; 5] = ["start", "stop", "since", "account", "region"];

impl Kind {
    /// The question of a path.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        Some(match path.rsplit('/').next()? {
            "edges" => Self::Edges,
            "top" => Self::Top,
            "rejected" => Self::Rejected,
            "services" => Self::Services,
            "unexpected" => Self::Unexpected,
            "unusual" => Self::Unusual,
            "host" => Self::Host,
            _ => return None,
        })
    }

    fn parameters(self) -> Vec<&'static str> {
        let own: &[&str] = match self {
            Self::Edges | Self::Top | Self::Rejected | Self::Services => &["sort"],
            Self::Unexpected => &["sort", "policy"],
            Self::Unusual => &PARAMETERS,
            Self::Host => &["host", "new"],
        };
        [own, &OF_EDGES].concat()
    }
}

/// A question of stored digests.
#[derive(Debug)]
pub(crate) struct QuestionQuery {
    pub(crate) question: Question,
    pub(crate) asking: Asking,
    /// What it is held against, where it is.
    pub(crate) baseline: Option<BaselineQuery>,
}

/// Reads the query of a question about one digest.
///
/// # Errors
/// [`QueryError`].
pub(crate) fn of_digest(kind: Kind, query: &str, inside: &[Network]) -> Result<QuestionQuery, QueryError> {
    Given::of(query, &kind.parameters())?.question(kind, inside)
}

/// Reads the query of a question about a stretch of time, and which time and scope.
///
/// # Errors
/// [`QueryError`].
pub(crate) fn of_time(
    kind: Kind,
    query: &str,
    inside: &[Network],
    now: DateTime<Utc>,
) -> Result<(QuestionQuery, Job), QueryError> {
    let mut given = Given::of(query, &[kind.parameters().as_slice(), &OF_A_TIME].concat())?;
    let time = given.time(now)?;
    Ok((given.question(kind, inside)?, time))
}

/// Reads the query for the records of one digest.
///
/// # Errors
/// [`QueryError`].
pub(crate) fn records_of_digest(query: &str) -> Result<RecordsAsking, QueryError> {
    Given::of(query, &OF_RECORDS)?.records()
}

/// Reads the query for the records of a stretch of time, and which time and scope.
///
/// # Errors
/// [`QueryError`].
pub(crate) fn records_of_time(query: &str, now: DateTime<Utc>) -> Result<(RecordsAsking, Job), QueryError> {
    let mut given = Given::of(query, &[OF_RECORDS.as_slice(), &OF_A_TIME].concat())?;
    let time = given.time(now)?;
    Ok((given.records()?, time))
}

/// The parameters that were given.
pub(crate) struct Given(Vec<(&'static str, String)>);

impl Given {
    fn of(query: &str, known: &[&'static str]) -> Result<Self, QueryError> {
        let mut given: Vec<(&'static str, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let Some(&known) = known.iter().find(|known| **known == name) else {
                return Err(QueryError::Unknown {
                    name: name.chars().take(64).collect(),
                    known: known.join(", "),
                });
            };
            if given.iter().any(|(other, _)| *other == known) {
                return Err(QueryError::Repeated(known));
            }
            given.push((known, value.into_owned()));
        }
        Ok(Self(given))
    }

    pub(crate) fn take(&mut self, name: &'static str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// A parameter's value, read.
    fn read<T: FromStr<Err: ToString>>(&mut self, name: &'static str) -> Result<Option<T>, QueryError> {
        self.take(name).map(|text| told(name, &text)).transpose()
    }

    fn seconds(&mut self, name: &'static str) -> Result<Option<i64>, QueryError> {
        let text = self.take(name);
        let read = text.map(|text| duration(&text).map_err(|why| QueryError::Value { name, why }));
        read.transpose()
    }

    fn time(&mut self, now: DateTime<Utc>) -> Result<Job, QueryError> {
        let (start, stop) = (self.take("start"), self.take("stop"));
        let (account, region) = (self.take("account"), self.take("region"));
        let Some(since) = self.seconds("since")? else {
            return job(start, stop, account, region);
        };
        if start.is_some() || stop.is_some() {
            return Err(QueryError::Value {
                name: "since",
                why: "it stands in place of start and stop".to_owned(),
            });
        }
        let until = now.timestamp().div_euclid(60) * 60;
        let window = Window::from_unix(until.saturating_sub(since), until)?;
        Ok(Job::new(
            window,
            Scope::parse(account.as_deref(), region.as_deref())?,
        ))
    }

    fn question(mut self, kind: Kind, inside: &[Network]) -> Result<QuestionQuery, QueryError> {
        let mut baseline = None;
        let question = match kind {
            Kind::Edges => Question::Edges,
            Kind::Top => Question::Top,
            Kind::Rejected => Question::Rejected,
            Kind::Services => Question::Services,
            Kind::Unexpected => Question::Unexpected(self.policy()?),
            Kind::Unusual => {
                let (asking, against) = unusual(&mut self)?;
                baseline = Some(against);
                Question::Unusual(asking)
            }
            Kind::Host => Question::Host {
                host: self.take("host").ok_or(QueryError::Value {
                    name: "host",
                    why: "say which: an address, or an interface (eni-…)".to_owned(),
                })?,
                new: self.seconds("new")?,
            },
        };
        let sort = match self.take("sort").as_deref() {
            None => None,
            Some("bytes") => Some(Measure::Bytes),
            Some("packets") => Some(Measure::Packets),
            Some("edges") => Some(Measure::Edges),
            Some(_) => {
                return Err(QueryError::Value {
                    name: "sort",
                    why: "it is bytes, packets or edges".to_owned(),
                });
            }
        };
        let limit = self.limit()?;
        let internal = self.take("internal");
        let internal = internal.map(|text| {
            Network::list(&text).map_err(|error| QueryError::Value {
                name: "internal",
                why: error.to_string(),
            })
        });
        let links = LinksOptions {
            inside: internal.transpose()?.unwrap_or_else(|| inside.to_vec()),
            filter: self.read("filter")?.unwrap_or_default(),
            ignore: self.ignore()?,
            most: MOST_HELD,
            ..LinksOptions::default()
        };
        let asking = Asking {
            group_by: self.read::<Grouping>("group_by")?,
            links,
            sort,
            limit,
        };
        Ok(QuestionQuery {
            question,
            asking,
            baseline,
        })
    }

    fn records(mut self) -> Result<RecordsAsking, QueryError> {
        Ok(RecordsAsking {
            filter: self.read("filter")?.unwrap_or_default(),
            ignore: self.ignore()?,
            limit: self.limit()?,
        })
    }

    fn limit(&mut self) -> Result<usize, QueryError> {
        let Some(text) = self.take("limit") else {
            return Ok(TOLD);
        };
        let limit = text.parse().ok().filter(|most| *most <= MOST_TOLD);
        limit.ok_or_else(|| QueryError::Value {
            name: "limit",
            why: format!("it is no number of items up to {MOST_TOLD}"),
        })
    }

    /// Rules of their own stand between semicolons.
    fn ignore(&mut self) -> Result<Vec<Filter>, QueryError> {
        let rules = self.take("ignore").unwrap_or_default();
        let rules = rules.split(';').map(|rule| told::<Filter>("ignore", rule));
        let rules = rules.filter(|rule| !rule.as_ref().is_ok_and(Filter::is_all));
        rules.collect()
    }

    fn policy(&mut self) -> Result<Option<Policy>, QueryError> {
        let Some(text) = self.take("policy") else {
            return Ok(None);
        };
        if text.len() > LONGEST_POLICY {
            return Err(QueryError::Value {
                name: "policy",
                why: format!("it is longer than {LONGEST_POLICY} bytes"),
            });
        }
        told("policy", &text).map(Some)
    }
}

fn told<T: FromStr<Err: ToString>>(name: &'static str, text: &str) -> Result<T, QueryError> {
    text.parse().map_err(|error: T::Err| QueryError::Value {
        name,
        why: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_by_its_ends_or_by_its_length() {
        let now = "2018-10-17T03:04:05Z".parse().unwrap();
        let read = |query: &str| of_time(Kind::Top, query, &[], now).map(|(_, job)| job.window().to_string());
        let ends = read("start=2018-10-17T00:04:00Z&stop=2018-10-17T03:04:00Z").unwrap();
        assert_eq!(read("since=3h"), Ok(ends));
        for query in [
            "",
            "since=3",
            "since=0h",
            "since=3h&start=2018-10-17T00:00:00Z",
            "start=2018-10-17T00:00:00Z",
        ] {
            assert!(read(query).is_err(), "{query}");
        }
    }

    #[test]
    fn records_are_asked_by_filters_and_a_limit_alone() {
        let now = Utc::now();
        assert_eq!(
            records_of_digest("filter=port=22&ignore=port=53&limit=7")
                .unwrap()
                .limit,
            7
        );
        assert_eq!(records_of_time("since=3h", now).unwrap().0.limit, TOLD);
        for query in [
            "limit=10001",
            "sort=bytes",
            "group_by=/24",
            "since=3h",
            "filter=port",
        ] {
            assert!(records_of_digest(query).is_err(), "{query}");
        }
        assert!(records_of_time("", now).is_err());
    }

    #[test]
    fn each_question_has_its_own_parameters() {
        for (kind, query, good) in [
            (
                Kind::Top,
                "sort=edges&limit=0&group_by=/24&internal=10.0.0.0/8,fd00::/8",
                true,
            ),
            (Kind::Top, "sort=age", false),
            (Kind::Top, "limit=10001", false),
            (Kind::Top, "host=10.0.0.1", false),
            (Kind::Top, "since=3h", false),
            (Kind::Top, "internal=10", false),
            (
                Kind::Unusual,
                "baseline_last=24&times=10&bytes=1MB&score=50&sort=bytes",
                true,
            ),
            (Kind::Unusual, "baseline_last=0", false),
            (Kind::Unusual, "baseline_last=3&baseline=x", false),
            (Kind::Unusual, "baseline=x", false),
            (Kind::Unusual, "sort=packets", false),
            (Kind::Unusual, "times=0", false),
            (Kind::Unusual, "bytes=much", false),
            (Kind::Unusual, "score=-1", false),
            (Kind::Top, "score=1", false),
            (Kind::Host, "", false),
            (Kind::Host, "host=eni-1&new=3h&ignore=port=53;port=123", true),
            (Kind::Host, "host=eni-1&sort=bytes", false),
            (
                Kind::Unexpected,
                "policy=%5B%5Ballow%5D%5D%0Aport%20%3D%20443",
                true,
            ),
            (Kind::Unexpected, "policy=x", false),
        ] {
            assert_eq!(of_digest(kind, query, &[]).is_ok(), good, "{query}");
        }
    }
}
