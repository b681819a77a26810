//! `digesterd create`: asks for a digest and, if told to, waits for it.

use std::time::Duration;

use anyhow::{Context, bail};
use digest_core::Job;
use digesterd_api::status::{Status, StatusState};
use digesterd_process::environment::Environment;
use reqwest::{Method, StatusCode};

use super::{Client, refusal};
use crate::arguments::CreateArguments;
use crate::progress_bar::{ProgressBar, tell};
use crate::stdout;
use crate::units::{bytes, counted};

/// How often a job is looked at: at first, and once it takes long.
const LOOKS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];
/// Looks of the first kind.
const FIRST_LOOKS: usize = 20;
/// Looks that may fail in a row: an API may be started anew meanwhile.
const PATIENT_LOOKS: u32 = 20;

/// Asks; the id goes to stdout, what became of it to stderr.
pub(crate) async fn run(arguments: &CreateArguments, environment: &Environment) -> anyhow::Result<()> {
    let job = arguments.window.job("create")?;
    let client = Client::new(&arguments.api, environment)?;
    let request = client.request(Method::POST, &format!("/?{}", query(&job, arguments.refresh)))?;
    let answer = client.send(request).await?;
    match answer.status() {
        StatusCode::ACCEPTED => tell("the digest will be made"),
        StatusCode::CONFLICT => {
            let refused = refusal(answer).await;
            let known = client.status(job.id()).await?;
            match known.as_ref().map(|known| known.state) {
                Some(StatusState::Stored) => tell("the digest is stored; --refresh makes it again"),
                Some(_) if known.as_ref().is_some_and(Status::is_on_its_way) => {
                    tell("the digest is being made already");
                }
                _ => return Err(refused),
            }
        }
        _ => return Err(refusal(answer).await),
    }
    stdout::write(|out| {
        use std::io::Write;
        writeln!(out, "{}", job.id())
    })?;
    if arguments.wait {
        let stored = wait(&client, &job).await?;
        tell(stored);
    }
    Ok(())
}

/// Waits for the job's end and says what was stored.
async fn wait(client: &Client, job: &Job) -> anyhow::Result<String> {
    let bar = ProgressBar::of_bytes();
    let mut failures = 0;
    let mut looks = 0;
    let ended = loop {
        match client.status(job.id()).await {
            Ok(Some(known)) if known.is_on_its_way() => {
                failures = 0;
                if let Some(progress) = &known.progress {
                    bar.show(progress);
                }
            }
            Ok(ended) => break ended,
            Err(error) if failures >= PATIENT_LOOKS => return Err(error),
            Err(_) => failures += 1,
        }
        let [often, seldom] = LOOKS;
        tokio::time::sleep(if looks < FIRST_LOOKS { often } else { seldom }).await;
        looks += 1;
    };
    bar.clear();
    let ended = ended.context("the job is gone, and there is no digest; ask again")?;
    match (ended.state, ended.failure, ended.digest) {
        (StatusState::Stored, _, Some(digest)) => Ok(format!(
            "stored: {}, {} of gzip{}",
            digest.coverage,
            bytes(u128::from(digest.bytes)),
            digest
                .edges
                .map(|edges| format!(", {}", counted(edges, "line")))
                .unwrap_or_default(),
        )),
        (_, Some(failure), _) => bail!("the digest could not be made: {}", failure.reason),
        _ => bail!("the digest could not be made; the worker's log says more"),
    }
}

/// The query that asks for a job.
fn query(job: &Job, refresh: bool) -> String {
    let mut query = super::list::job_query(job);
    if refresh {
        query.append_pair("refresh", "true");
    }
    query.finish()
}
