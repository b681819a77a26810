//! `digesterd serve`: the whole service in one process, over buckets or a directory.

use std::path::Path;

use anyhow::Context;
use digesterd_api::inside;
use digesterd_process::environment::{Environment, InsideSettings};
use digesterd_process::life::observe;
use digesterd_process::shutdown::Shutdown;
use digesterd_worker::Settings;

use crate::arguments::ServeArguments;
use crate::standalone::Standalone;

/// Folders below a data directory, each in the place of a bucket.
const FOLDERS: [(&str, &str); 3] = [
    ("VPC_FLOW_LOGS_BUCKET", FLOW_LOGS),
    ("DIGEST_STORAGE_BUCKET", "digests"),
    ("DIGEST_PROGRESS_BUCKET", "progress"),
];

/// Folder of the flow logs below a data directory.
pub(crate) const FLOW_LOGS: &str = "flow-logs";

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn run(arguments: &ServeArguments, environment: Environment) -> anyhow::Result<()> {
    let _traces = observe("digesterd", &environment)?;
    let environment = flagged(arguments, environment)?;
    let settings = Settings::read_standalone(&environment)?;
    let inside = inside(&InsideSettings::read(&environment.reader()))?;
    tracing::info!(
        ?settings,
        version = env!("CARGO_PKG_VERSION"),
        "digesterd serve starts"
    );
    let shutdown = Shutdown::on_signals()?;
    Standalone::open(&settings, inside).await?.run(shutdown).await?;
    tracing::info!("digesterd serve ends");
    Ok(())
}

/// The environment with the flags in place of their variables.
fn flagged(arguments: &ServeArguments, environment: Environment) -> anyhow::Result<Environment> {
    let mut flagged = environment;
    if let Some(data) = &arguments.data {
        flagged = below(data, flagged)?;
    }
    if let Some(address) = arguments.listen_address {
        flagged = flagged.with("LISTEN_ADDRESS", address.to_string());
    }
    if let Some(port) = arguments.port {
        flagged = flagged.with("PORT", port.to_string());
    }
    Ok(flagged)
}

/// The environment with all three places below one directory, which is made where it is not there.
pub(crate) fn below(directory: &Path, environment: Environment) -> anyhow::Result<Environment> {
    let unusable = || format!("the directory {} cannot be used", directory.display());
    std::fs::create_dir_all(directory).with_context(unusable)?;
    let directory = directory.canonicalize().with_context(unusable)?;
    let directory = directory
        .to_str()
        .context("a data directory's path must be UTF-8")?;
    Ok(FOLDERS
        .iter()
        .fold(environment, |environment, (variable, folder)| {
            environment.with(variable, format!("file://{directory}/{folder}"))
        }))
}

#[cfg(test)]
mod tests {
    use digest_storage::Place;

    use super::*;

    #[test]
    fn a_data_directory_takes_the_place_of_all_buckets() {
        let directory = tempfile::tempdir().unwrap();
        let environment = Environment::from_pairs([("VPC_FLOW_LOGS_BUCKET", "in-s3"), ("PORT", "1")]);
        let arguments = ServeArguments {
            data: Some(directory.path().join("new")),
            listen_address: Some("127.0.0.1".parse().unwrap()),
            port: Some(9090),
        };
        let settings = Settings::read_standalone(&flagged(&arguments, environment).unwrap()).unwrap();
        assert_eq!(settings.service.socket_address().to_string(), "127.0.0.1:9090");
        for (bucket, folder) in [
            (settings.flow_logs.into_iter().next().unwrap(), "flow-logs"),
            (settings.storage, "digests"),
            (settings.progress, "progress"),
        ] {
            let directory = directory.path().canonicalize().unwrap().join("new").join(folder);
            assert_eq!(bucket.place, Place::Local { directory });
        }
    }
}
