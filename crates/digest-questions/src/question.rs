//! The questions, and how they are answered.

use digest_insight::{
    AskError, Filter, Graph, GraphLimits, Grouping, Links, LinksOptions, Measure, Policy, Source, Unusual,
    UnusualOptions, UnusualOrder, UnusualSources, heaviest_of, services, unexpected, unusual,
};

use crate::answer::{Answer, EdgesAnswer, UnexpectedAnswer};
use crate::asked::{Asked, sources_of};
use crate::error::QuestionError;
use crate::host;

/// What can be asked.
#[derive(Debug, Clone)]
pub enum Question {
    /// The edges with most, by themselves or grouped.
    Edges,
    /// Which ends move most, over all services.
    Top,
    /// What was rejected.
    Rejected,
    /// Who serves what.
    Services,
    /// What nobody would expect; by a policy, where there is one.
    Unexpected(Option<Policy>),
    /// What is unusual against a baseline.
    Unusual(UnusualAsking),
    /// Who talks to whom, as a graph.
    Graph {
        /// Whether ports and protocols are told apart.
        services: bool,
        /// Most nodes; the asking's limit is that of links.
        nodes: usize,
    },
    /// What one host does.
    Host {
        /// An address, or an interface whose own addresses are meant.
        host: String,
        /// What was first seen in the last so many seconds is new; in a quarter of the time unless told otherwise.
        new: Option<i64>,
    },
}

/// What counts as unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnusualAsking {
    /// So many times the most of any window of the baseline.
    pub times: u32,
    /// And more by so many bytes.
    pub bytes: u64,
    /// Least score that is listed.
    pub score: u32,
    /// What comes first.
    pub order: UnusualOrder,
}

impl Default for UnusualAsking {
    fn default() -> Self {
        Self {
            times: 5,
            bytes: 10_000_000,
            score: 40,
            order: UnusualOrder::default(),
        }
    }
}

/// How it is asked.
#[derive(Debug, Clone, Default)]
pub struct Asking {
    /// What the ends stand for, where something is said of it.
    pub group_by: Option<Grouping>,
    /// Which edges count; its grouping, services and observers are the question's to say.
    pub links: LinksOptions,
    /// What comes first is most of; each question has its own unless told otherwise.
    pub sort: Option<Measure>,
    /// Most items of a list; all are counted.
    pub limit: usize,
}

/// Answers a question.
///
/// # Errors
/// [`QuestionError`].
pub async fn ask(asked: &Asked, question: Question, asking: Asking) -> Result<Answer, QuestionError> {
    let Asking {
        group_by,
        mut links,
        sort,
        limit,
    } = asking;
    let is_grouped = group_by.is_some();
    links.grouping = group_by.unwrap_or_default();
    let measure = sort.unwrap_or(match question {
        Question::Rejected => Measure::Packets,
        _ => Measure::Bytes,
    });
    match question {
        Question::Host { host, new } => {
            let answer = host::ask(asked, host, new, links, limit).await?;
            return Ok(Answer::Host(Box::new(answer)));
        }
        Question::Edges if !is_grouped => {
            let mut sources = asked.sources().await?;
            let listed = computed(move || heaviest_of(&mut sources, &links, limit, measure)).await?;
            return Ok(Answer::Edges(EdgesAnswer::of_edges(answered(asked, listed)?)));
        }
        Question::Top => links.services = false,
        Question::Rejected => {
            let filter = std::mem::take(&mut links.filter);
            links.filter = filter.and(Filter::of_action("REJECT"));
        }
        Question::Unusual(_) if asked.baseline.is_empty() => return Err(QuestionError::NoBaseline),
        Question::Graph { services, .. } => links.services = services,
        Question::Edges | Question::Services | Question::Unexpected(_) | Question::Unusual(_) => {}
    }
    links.observers = asked.observers(&links.grouping, Filter::default()).await?;
    let mut sources = asked.sources().await?;
    match question {
        Question::Services => {
            let listed = computed(move || services(&mut sources, &links, limit, measure)).await?;
            Ok(Answer::Services(answered(asked, listed)?))
        }
        Question::Unusual(how) => {
            let answer = answered(asked, unusual_of(asked, sources, links, how, limit).await?)?;
            Ok(Answer::Unusual(answer))
        }
        Question::Unexpected(policy) => {
            let rules = policy.as_ref().map(|policy| policy.rules() as u64);
            let listed =
                computed(move || unexpected(&mut sources, &links, policy.as_ref(), limit, measure)).await?;
            Ok(Answer::Unexpected(UnexpectedAnswer::of(
                answered(asked, listed)?,
                rules,
            )))
        }
        Question::Graph { nodes, .. } => {
            let limits = GraphLimits { nodes, links: limit };
            let drawn = computed(move || Graph::ask(&mut sources, &links, limits)).await?;
            let mut graph = answered(asked, drawn)?;
            graph.notes = asked.caveats();
            Ok(Answer::Graph(Box::new(graph)))
        }
        _ => {
            let summed = computed(move || Links::heaviest_of(&mut sources, &links, limit, measure)).await?;
            let (listed, totals) = answered(asked, summed)?;
            Ok(Answer::Edges(EdgesAnswer::of_links(listed, &totals)))
        }
    }
}

async fn unusual_of(
    asked: &Asked,
    sources: Vec<Source>,
    links: LinksOptions,
    how: UnusualAsking,
    most: usize,
) -> Result<Result<Unusual, AskError>, QuestionError> {
    let mut baseline = Vec::new();
    for window in &asked.baseline {
        baseline.push(sources_of(&window.digests).await?);
    }
    let last = asked.baseline.last().map_or(&[][..], |window| &window.digests);
    let again = [asked.sources().await?, sources_of(last).await?];
    let sources = UnusualSources {
        asked: sources,
        baseline,
        again,
    };
    let options = UnusualOptions {
        links,
        times: how.times,
        bytes: how.bytes,
        score: how.score,
        comparable: asked.comparable(),
        is_whole: asked.is_whole(),
        most,
        order: how.order,
    };
    computed(move || unusual(sources, &options)).await
}

/// What a thread computes that may wait for bytes.
pub(crate) async fn computed<T: Send + 'static>(
    compute: impl FnOnce() -> T + Send + 'static,
) -> Result<T, QuestionError> {
    let done = tokio::task::spawn_blocking(compute).await;
    done.map_err(|_| QuestionError::GivenUp)
}

pub(crate) fn answered<T>(asked: &Asked, answer: Result<T, AskError>) -> Result<T, QuestionError> {
    answer.map_err(|source| QuestionError::Ask {
        name: asked.names(),
        source,
    })
}
