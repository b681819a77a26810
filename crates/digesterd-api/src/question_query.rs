//! What a question's query asks: the options of the command of the same name.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use digest_core::{Job, Scope, Window};
use digest_insight::{Filter, GraphFormat, Grouping, LinksOptions, Measure, Network, Policy};
use digest_questions::{Asking, Question, RecordsAsking, duration};
use url::form_urlencoded;

use crate::baseline::{BaselineQuery, PARAMETERS, unusual};
use crate::query::{QueryError, job};

/// Items of a list that are told unasked, and at most.
const TOLD: usize = 100;
const MOST_TOLD: usize = 10_000;
/// Links of a graph that are drawn unasked.
const LINKED: usize = 500;
/// Flows, findings or nodes that a thread holds at most.
const MOST_HELD: usize = 250_000;
/// Links, or clients of services, that a request holds at most, of 40 bytes each.
const MOST_LINKS: usize = 1_000_000;
/// Longest policy, in bytes.
const LONGEST_POLICY: usize = 16 * 1024;

/// Most characters of a refusal.
const LONGEST_REFUSAL: usize = 500;

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
    /// Who talks to whom.
    Graph,
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
            "graph" => Self::Graph,
            _ => return None,
        })
    }

    fn parameters(self) -> Vec<&'static str> {
        let own: &[&str] = match self {
            Self::Edges | Self::Top | Self::Rejected | Self::Services => &["sort"],
            Self::Unexpected => &["sort", "policy"],
            Self::Unusual => &PARAMETERS,
            Self::Host => &["host", "new"],
            Self::Graph => &["format", "nodes", "services"],
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
    /// What a graph is written as, where the query says so.
    pub(crate) format: Option<GraphFormat>,
}

impl QuestionQuery {
    /// A graph that is written so has no more nodes than are shown so.
    pub(crate) fn write_as(&mut self, format: GraphFormat) {
        if let Question::Graph { nodes, .. } = &mut self.question {
            *nodes = format.most_nodes().min(*nodes);
        }
    }
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
            Kind::Graph => Question::Graph {
                services: self.is_set("services")?,
                nodes: self.count("nodes")?.unwrap_or(usize::MAX),
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
        let told = if kind == Kind::Graph { LINKED } else { TOLD };
        let limit = self.count("limit")?.unwrap_or(told);
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
            most_links: MOST_LINKS,
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
            format: self.read("format")?,
        })
    }

    fn records(mut self) -> Result<RecordsAsking, QueryError> {
        Ok(RecordsAsking {
            filter: self.read("filter")?.unwrap_or_default(),
            ignore: self.ignore()?,
            limit: self.count("limit")?.unwrap_or(TOLD),
        })
    }

    /// A number of items.
    fn count(&mut self, name: &'static str) -> Result<Option<usize>, QueryError> {
        let read = self.take(name).map(|text| {
            let count = text.parse().ok().filter(|most| *most <= MOST_TOLD);
            count.ok_or_else(|| QueryError::Value {
                name,
                why: format!("it is no number of items up to {MOST_TOLD}"),
            })
        });
        read.transpose()
    }

    fn is_set(&mut self, name: &'static str) -> Result<bool, QueryError> {
        match self.take(name).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(QueryError::Value {
                name,
                why: "it is true or false".to_owned(),
            }),
        }
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
        // Some refusals show what was sent.
        why: error.to_string().chars().take(LONGEST_REFUSAL).collect(),
    })
}

#[cfg(test)]
mod tests;
