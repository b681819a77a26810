//! `digesterd get`: fetches a stored digest.

use std::path::Path;

use anyhow::{Context, bail};
use digest_insight::Format;
use digesterd_process::environment::Environment;
use reqwest::StatusCode;

use super::{Client, refusal};
use crate::arguments::GetArguments;
use crate::output::Output;
use crate::progress_bar::tell;

/// Fetches: text to stdout or a file, the stored bytes where the file's name ends in `.gz`; or a format.
pub(crate) async fn run(arguments: &GetArguments, environment: &Environment) -> anyhow::Result<()> {
    let id = arguments.which.id("get")?;
    let client = Client::new(&arguments.api, environment)?;
    let output = arguments.output.as_deref();
    let gzip = output
        .and_then(Path::extension)
        .is_some_and(|extension| extension == "gz");
    let format = match arguments.format {
        Some(format) => format,
        None if gzip => Format::Gzip,
        None => Format::Text,
    };
    let mut answer = client.content(id, format).await?;
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::NO_CONTENT => {
            bail!("the digest is not made yet: `digesterd status {id}` says how far it is")
        }
        _ => return Err(refusal(answer).await),
    }
    let coverage = answer.headers().get("digest-coverage").cloned();
    let mut output = Output::open(output)?;
    output.remove_on_signals()?;
    while let Some(chunk) = answer.chunk().await.context("the digest broke off")? {
        if !output.append(&chunk)? {
            return Ok(());
        }
    }
    output.finish()?;
    if let Some(coverage) = coverage.as_ref().and_then(|coverage| coverage.to_str().ok()) {
        tell(format!("coverage: {coverage}"));
    }
    Ok(())
}
