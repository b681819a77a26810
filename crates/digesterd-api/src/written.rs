//! Answers to questions as they are sent: JSON that says of what it is, and graphs in each of their formats.

use actix_web::HttpRequest;
use chrono::Utc;
use digest_insight::{Graph, GraphFormat};
use digest_questions::{Answer, Asked, AskedDigest, QuestionError};
use digesterd_process::problem::{Problem, ProblemKind};
use serde::Serialize;
use serde_json::Value;

use crate::baseline::{self, BaselineOf};
use crate::negotiation::{preferred_graph, takes_json};
use crate::query::status_location;
use crate::question_query::Kind;

/// An answer's bytes.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// An answer, and of what it is.
#[derive(Debug, Serialize)]
struct Document {
    #[serde(flatten)]
    about: About,
    /// What it was held against, and what has to be known of that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    baseline: Vec<BaselineOf>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    caveats: Vec<String>,
    answer: Answer,
}

/// What was asked.
#[derive(Debug, Serialize)]
struct About {
    digests: Vec<AskedOf>,
    gaps: Vec<Part>,
    without_table: Vec<Part>,
}

/// A digest that was asked.
#[derive(Debug, Serialize)]
pub(crate) struct AskedOf {
    #[serde(flatten)]
    window: Option<Part>,
    coverage: digest_core::Coverage,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

/// A part of time.
#[derive(Debug, Serialize)]
pub(crate) struct Part {
    start: String,
    stop: String,
}

/// What the answer to a caller is written as: a graph as the query names it, else as `Accept` prefers it; all else as JSON.
///
/// # Errors
/// 406 where nothing that there is is wanted.
pub(crate) fn answer_format(
    request: &HttpRequest,
    kind: Kind,
    named: Option<GraphFormat>,
) -> Result<GraphFormat, Problem> {
    let refused = |detail: &str| Problem::new(ProblemKind::NotAcceptable, detail);
    match (kind, named) {
        (Kind::Graph, Some(named)) => Ok(named),
        (Kind::Graph, None) => preferred_graph(request).ok_or_else(|| {
            let names = GraphFormat::names();
            refused(&format!(
                "a graph comes in none of the accepted formats: say format={names}"
            ))
        }),
        _ => demand_json(request).map(|()| GraphFormat::Json),
    }
}

/// Refuses a caller that does not take JSON.
pub(crate) fn demand_json(request: &HttpRequest) -> Result<(), Problem> {
    if takes_json(request) {
        return Ok(());
    }
    let detail = "questions are answered in application/json and in nothing else";
    Err(Problem::new(ProblemKind::NotAcceptable, detail))
}

impl Written {
    /// Writes an answer; a graph is drawn on a thread of its own.
    ///
    /// # Errors
    /// [`QuestionError::GivenUp`].
    pub(crate) async fn of(
        asked: &Asked,
        answer: Answer,
        format: GraphFormat,
    ) -> Result<Self, QuestionError> {
        let bytes = match answer {
            Answer::Graph(graph) if format == GraphFormat::Json => node_link(asked, &graph),
            Answer::Graph(graph) => tokio::task::spawn_blocking(move || graph.write(format))
                .await
                .map_err(|_| QuestionError::GivenUp)?,
            answer => {
                let document = Document {
                    about: About::of(asked),
                    baseline: baseline::told(asked),
                    caveats: match asked.baseline.is_empty() {
                        true => Vec::new(),
                        false => asked.baseline_caveats(),
                    },
                    answer,
                };
                // Its keys are strings, and memory takes whatever is written.
                serde_json::to_vec(&document).unwrap_or_default()
            }
        };
        let content_type = match format {
            GraphFormat::Dot => "text/vnd.graphviz; charset=utf-8",
            other => other.media_type(),
        };
        Ok(Self { content_type, bytes })
    }
}

/// Nodes and links, with what was asked among what is said of the graph.
fn node_link(asked: &Asked, graph: &Graph) -> Vec<u8> {
    let mut value = graph.to_value();
    if let (Some(Value::Object(of_graph)), Ok(Value::Object(about))) =
        (value.get_mut("graph"), serde_json::to_value(About::of(asked)))
    {
        of_graph.extend(about);
    }
    value.to_string().into_bytes()
}

impl About {
    fn of(asked: &Asked) -> Self {
        Self {
            digests: asked.digests.iter().map(AskedOf::of).collect(),
            gaps: asked.gaps.iter().copied().map(part).collect(),
            without_table: asked.without_table.iter().copied().map(part).collect(),
        }
    }
}

impl AskedOf {
    pub(crate) fn of(digest: &AskedDigest) -> Self {
        Self {
            window: digest.window.map(part),
            coverage: digest.coverage,
            reasons: digest.reasons.clone(),
            link: digest.id.map(status_location),
        }
    }
}

pub(crate) fn part((start, stop): (i64, i64)) -> Part {
    let shown = |unix| {
        let time = chrono::DateTime::<Utc>::from_timestamp(unix, 0).unwrap_or_default();
        time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    };
    Part {
        start: shown(start),
        stop: shown(stop),
    }
}
