//! `digesterd host`: what one host did, window by window, with whom, and what of it is new.

use anyhow::Context;
use digest_questions::{Answer, Asking, Question};
use digesterd_process::environment::Environment;

use crate::arguments::HostArguments;
use crate::progress_bar::tell;
use crate::questions::{asked_of, options};
use crate::stdout;

mod page;

const COMMAND: &str = "host";

/// Asks, and shows the answer.
pub(crate) async fn run(arguments: &HostArguments, environment: &Environment) -> anyhow::Result<()> {
    let asking = Asking {
        group_by: arguments.edges.group_by.clone(),
        links: options(COMMAND, &arguments.edges, environment)?,
        sort: None,
        limit: arguments.limit,
    };
    let question = Question::Host {
        host: arguments.host.clone(),
        new: arguments.new.map(|new| new.0),
    };
    let (asked, answer) = asked_of(COMMAND, question, asking, &arguments.asked, environment).await?;
    if let Answer::Host(answer) = &answer {
        let content = if arguments.json {
            let mut json = serde_json::to_vec(answer)?;
            json.push(b'\n');
            json
        } else {
            page::page(answer)?
        };
        let written = stdout::write(|out| std::io::Write::write_all(out, &content));
        written.context("cannot write to stdout")?;
    }
    asked.caveats().iter().for_each(tell);
    Ok(())
}
