//! `digesterd check`: tries what the settings name, each thing by itself, and says what to do about what fails.

use std::io::Write;
use std::process::ExitCode;

use digesterd_process::environment::{
    AwsSettings, BucketSettings, Environment, EnvironmentError, QueueSettings,
};
use digesterd_process::life::FAILED;
use digesterd_process::problem::chain;
use digesterd_process::queues::open_queue;

use crate::arguments::{CheckArguments, Role};
use crate::findings::{Finding, Outcome};
use crate::stdout;

mod buckets;
mod entrance;
mod machine;

/// What is to be tried.
#[derive(Debug, Default)]
struct Subjects {
    api: Option<digesterd_api::Settings>,
    worker: Option<digesterd_worker::Settings>,
}

/// Checks and prints a line for each check; the exit code says whether something failed.
pub(crate) async fn run(arguments: &CheckArguments, environment: Environment) -> anyhow::Result<ExitCode> {
    let subjects = read(arguments.role, &environment)?;
    let mut worst = Outcome::Ok;
    for finding in findings(&subjects).await {
        worst = worst.max(finding.outcome);
        stdout::write(|out| writeln!(out, "{finding}"))?;
    }
    Ok(match worst {
        Outcome::Ok | Outcome::Warning => ExitCode::SUCCESS,
        Outcome::Failed => ExitCode::from(FAILED),
    })
}

/// Reads the settings of the role; without one, of every role that the environment names something of.
fn read(role: Option<Role>, environment: &Environment) -> Result<Subjects, EnvironmentError> {
    let named = (
        environment.has("STREAM_APPLIANCE_ENDPOINT") || environment.has("SQS_QUEUE_URL"),
        environment.has("VPC_FLOW_LOGS_BUCKET"),
    );
    let (api, worker) = match (role, named) {
        (Some(Role::Api), _) | (None, (true, false)) => (true, false),
        (Some(Role::Worker), _) | (None, (false, true)) => (false, true),
        (None, (true, true) | (false, false)) => (true, true),
    };
    let api = api.then(|| digesterd_api::Settings::read(environment));
    let worker = worker.then(|| match role {
        // `serve` needs no prefetch of its own.
        None if named.1 => digesterd_worker::Settings::read_standalone(environment),
        _ => digesterd_worker::Settings::read(environment),
    });
    match (api.transpose(), worker.transpose()) {
        (Ok(api), Ok(worker)) => Ok(Subjects { api, worker }),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
        (Err(mut error), Err(other)) => {
            error.problems.extend(other.problems);
            error.problems.sort();
            error.problems.dedup();
            Err(error)
        }
    }
}

async fn findings(subjects: &Subjects) -> Vec<Finding> {
    let mut findings = vec![Finding::ok("settings", settings(subjects))];
    let of_worker = subjects.worker.as_ref();
    let shared = of_worker
        .map(|worker| (&worker.storage, &worker.progress, &worker.aws))
        .or_else(|| {
            subjects
                .api
                .as_ref()
                .map(|api| (&api.storage, &api.progress, &api.aws))
        });
    if let Some((storage, progress, aws)) = shared {
        let flow_logs = of_worker.iter().flat_map(|worker| &worker.flow_logs);
        let in_s3: Vec<_> = [storage, progress]
            .into_iter()
            .chain(flow_logs)
            .filter(|bucket| bucket.is_in_s3())
            .collect();
        let credentials = buckets::credentials(aws, &in_s3).await;
        // Without credentials every bucket in S3 would fail in the same words.
        let usable = credentials.iter().all(|finding| finding.outcome == Outcome::Ok);
        let tried = |bucket: &BucketSettings| usable || !bucket.is_in_s3();
        findings.extend(credentials);
        if let Some(worker) = of_worker {
            for place in worker.flow_logs.iter().filter(|place| tried(place)) {
                findings.push(buckets::flow_logs(place, worker).await);
            }
        }
        if tried(storage) {
            // The API only reads digests.
            findings.push(buckets::of_digests("storage", storage, aws, of_worker.is_some()).await);
        }
        if tried(progress) {
            findings.push(buckets::of_digests("progress", progress, aws, true).await);
        }
    }
    let of_worker_alone = of_worker.filter(|_| subjects.api.is_none());
    if let Some(api) = &subjects.api {
        findings.push(queue(&api.queue, &api.aws).await);
    } else if let Some((sqs, worker)) =
        of_worker_alone.and_then(|worker| Some((worker.queue.clone()?, worker)))
    {
        findings.push(queue(&QueueSettings::Sqs(sqs), &worker.aws).await);
    }
    if let Some(api) = &subjects.api {
        findings.extend(entrance::entrance(&api.service, &api.access));
    } else if let Some(worker) = of_worker {
        // `serve` asks for tokens too.
        findings.extend(entrance::entrance(&worker.service, &worker.access));
    }
    if let Some(worker) = of_worker {
        findings.push(machine::prefetch(
            &worker.prefetch,
            worker.build_options().threads,
        ));
        findings.push(machine::temporary(worker.worker.temp_dir.as_deref()));
        // Of the standalone service, whose intake is no address, tokens are asked for.
        if subjects.api.is_none() {
            findings.extend(worker.open_intake().map(|told| Finding::warning("intake", told)));
        }
    }
    findings
}

fn settings(subjects: &Subjects) -> &'static str {
    match (&subjects.api, &subjects.worker) {
        (Some(_), Some(_)) => "all that API and worker need is set",
        (Some(_), None) => "all that the API needs is set",
        _ => "all that the worker needs is set",
    }
}

async fn queue(queue: &QueueSettings, aws: &AwsSettings) -> Finding {
    const QUEUE: &str = "queue";
    let (mut shown, advice) = match queue {
        QueueSettings::Appliance(appliance) => (
            appliance.endpoint.clone(),
            "check STREAM_APPLIANCE_ENDPOINT and that it listens",
        ),
        QueueSettings::Sqs(sqs) => (
            sqs.url.clone(),
            "check SQS_QUEUE_URL and the permission sqs:GetQueueAttributes",
        ),
    };
    // An address may carry a password.
    let _ = shown.set_password(None).and_then(|()| shown.set_username(""));
    shown.set_query(None);
    let asked = match open_queue(queue, aws, None).await {
        Ok(opened) => opened.check().await,
        Err(error) => return Finding::failed(QUEUE, chain(&error)),
    };
    match asked {
        Ok(()) => Finding::ok(QUEUE, format!("{shown} can be reached; nothing was sent")),
        Err(error) => Finding::failed(QUEUE, format!("{}; {advice}", chain(&error))),
    }
}
