//! Answers, in the words that JSON has for them.

use digest_insight::{
    Graph, Link, Links, Listed, REGISTRY_DATE, SeenBy, Service, Subject, Sums, Unexpected, Unusual,
};
use serde::Serialize;

use crate::host::HostAnswer;

/// An answer.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of edges, or of sums of them.
    Edges(EdgesAnswer),
    /// Of services.
    Services(Listed<Service>),
    /// Of what is unexpected.
    Unexpected(UnexpectedAnswer),
    /// Of what is unusual against a baseline.
    Unusual(Unusual),
    /// Of a host.
    Host(Box<HostAnswer>),
    /// A graph: in JSON its nodes and links.
    Graph(Box<Graph>),
}

/// Edges, or sums of them.
#[derive(Debug, Serialize)]
pub struct EdgesAnswer {
    /// The first of them.
    #[serde(flatten)]
    pub listed: Listed<Row>,
    /// All that counted, where sums are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Sums>,
    /// Edges that told a second time of what the source's interface told, and do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_sights: Option<u64>,
}

/// An edge, or a sum of edges.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Between whom, on which service.
    #[serde(flatten)]
    pub subject: Subject,
    /// How much.
    #[serde(flatten)]
    pub sums: Sums,
    /// How many edges.
    pub edges: u64,
    /// Whose interfaces told of it, where sums are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_by: Option<SeenBy>,
}

/// What is unexpected, and by what.
#[derive(Debug, Serialize)]
pub struct UnexpectedAnswer {
    /// The first of it.
    #[serde(flatten)]
    pub listed: Listed<Unexpected>,
    /// The date of IANA's registry.
    pub registry: &'static str,
    /// Rules of the policy, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<u64>,
}

impl EdgesAnswer {
    pub(crate) fn of_edges(listed: Listed<(Subject, Sums)>) -> Self {
        let row = |(subject, sums)| Row {
            subject,
            sums,
            edges: 1,
            seen_by: None,
        };
        Self {
            listed: Listed {
                count: listed.count,
                items: listed.items.into_iter().map(row).collect(),
            },
            total: None,
            second_sights: None,
        }
    }

    pub(crate) fn of_links(listed: Listed<Link>, totals: &Links) -> Self {
        let row = |link: Link| Row {
            subject: link.subject,
            sums: link.sums,
            edges: link.edges,
            seen_by: Some(link.seen),
        };
        Self {
            listed: Listed {
                count: listed.count,
                items: listed.items.into_iter().map(row).collect(),
            },
            total: Some(totals.total),
            second_sights: Some(totals.second_sights),
        }
    }
}

impl UnexpectedAnswer {
    pub(crate) fn of(listed: Listed<Unexpected>, rules: Option<u64>) -> Self {
        Self {
            listed,
            registry: REGISTRY_DATE,
            rules,
        }
    }
}
