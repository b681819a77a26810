//! `digesterd graph`: who talks to whom, as a graph.

use anyhow::Context;
use digest_questions::{Answer, Asking, Question};
use digesterd_process::environment::Environment;

use crate::arguments::GraphArguments;
use crate::output::Output;
use crate::progress_bar::tell;
use crate::questions::{asked_of, options};

/// Draws what the arguments name.
pub(crate) async fn run(arguments: &GraphArguments, environment: &Environment) -> anyhow::Result<()> {
    let asking = Asking {
        group_by: arguments.edges.group_by.clone(),
        links: options("graph", &arguments.edges, environment)?,
        sort: None,
        limit: arguments.limit,
    };
    let format = arguments.format;
    let most = format.most_nodes();
    let question = Question::Graph {
        services: arguments.services,
        nodes: arguments.nodes.map_or(most, |nodes| nodes.min(most)),
    };
    // What cannot be written is told before the work is done.
    let output = Output::open(arguments.output.as_deref())?;
    let (asked, answer) = asked_of("graph", question, asking, &arguments.asked, environment).await?;
    if let Answer::Graph(graph) = answer {
        let more = graph.more();
        let drawn = tokio::task::spawn_blocking(move || graph.write(format)).await;
        output.write_bytes(&drawn.context("the graph was not drawn")?)?;
        if let Some(more) = more {
            tell(format!("{more} (--limit, --nodes, or a coarser --group-by)"));
        }
    }
    asked.caveats().iter().for_each(tell);
    Ok(())
}
