//! Where the flow logs of `digest` lie: a text of the command line becomes an opened place and how to read it.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};
use digest_storage::{ErrorKind, FlowLogs, Place, StoreOptions, open};
use digesterd_process::environment::{AwsSettings, Bucket, BucketSettings, Environment};
use digesterd_process::stores::{open_flow_logs, open_store};
use digesterd_worker::build::Source;

/// Folder that AWS's layout begins with.
const LAYOUT: &str = "AWSLogs";

/// Folders that are looked into where a bucket has no flow logs at its top.
pub(crate) const MOST_LOOKED_INTO: usize = 100;

/// Flow logs and how they lie.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) flow_logs: FlowLogs,
    pub(crate) source: Source,
}

/// Finds and opens the flow logs that a path or URL names.
pub(crate) async fn find(text: &str, environment: &Environment) -> anyhow::Result<Found> {
    // A path that is there always means the path, whatever it looks like.
    let path = Path::new(text.strip_prefix("file://").unwrap_or(text));
    if path.exists() {
        return on_disk(path);
    }
    if text.contains("://") && text.contains(',') {
        return in_places(text, environment).await;
    }
    if text.starts_with("file://") || !text.contains("://") {
        return on_disk(path);
    }
    in_bucket(text, environment).await
}

fn on_disk(path: &Path) -> anyhow::Result<Found> {
    let shown = path.display();
    let told = path.metadata().with_context(|| match is_bucket_name(path) {
        true => format!("cannot read {shown} (a bucket is written s3://{shown})"),
        false => format!("cannot read {shown}"),
    })?;
    if told.is_dir() {
        let path = path
            .canonicalize()
            .with_context(|| format!("cannot read {shown}"))?;
        if path.file_name().is_some_and(|name| name == LAYOUT) {
            let parent = path.parent().unwrap_or(&path).to_owned();
            return local(parent, Source::Layout);
        }
        let laid_out = path.join(LAYOUT).is_dir();
        return local(path, if laid_out { Source::Layout } else { Source::Loose });
    }
    if !told.is_file() {
        bail!("{shown} is neither a file nor a directory");
    }
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .with_context(|| format!("the name of {shown} is not UTF-8"))?;
    let folder = path.parent().filter(|parent| *parent != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    let folder = folder
        .canonicalize()
        .with_context(|| format!("cannot read {}", folder.display()))?;
    local(folder, Source::One(name.to_owned()))
}

fn local(directory: PathBuf, source: Source) -> anyhow::Result<Found> {
    let store = open(&Place::Local { directory }, &StoreOptions::default())?;
    Ok(Found {
        flow_logs: FlowLogs::new(store),
        source,
    })
}

/// Whether a path that is not there may have been meant as a bucket.
fn is_bucket_name(path: &Path) -> bool {
    let single = matches!(path.components().collect::<Vec<_>>()[..], [Component::Normal(_)]);
    !path.exists() && single && path.to_str().is_some_and(|text| text.parse::<Place>().is_ok())
}

/// Places are opened with the settings of `VPC_FLOW_LOGS_BUCKET`, which the text takes the place of.
fn settings(text: &str, environment: &Environment) -> anyhow::Result<(Vec<BucketSettings>, AwsSettings)> {
    configured(&environment.clone().with(Bucket::FlowLogs.variable(), text))
}

/// The places of flow logs that the environment names, and how they are reached.
pub(crate) fn configured(environment: &Environment) -> anyhow::Result<(Vec<BucketSettings>, AwsSettings)> {
    let reader = environment.reader();
    let places = BucketSettings::read_flow_logs(&reader);
    let aws = AwsSettings::read(&reader);
    let in_s3 = places.iter().flatten().any(BucketSettings::is_in_s3);
    if let Some(aws) = aws.as_ref().filter(|_| in_s3) {
        aws.demand_credentials(&reader);
    }
    Ok(reader.finish(places.zip(aws))?)
}

/// Several places, all of them in AWS's layout.
async fn in_places(text: &str, environment: &Environment) -> anyhow::Result<Found> {
    let (mut places, aws) = settings(text, environment)?;
    for settings in &mut places {
        match &mut settings.place {
            Place::S3 { prefix, .. } => {
                let above = prefix
                    .strip_suffix(LAYOUT)
                    .map(|above| above.trim_end_matches('/'));
                if let Some(above) = above.map(str::to_owned) {
                    *prefix = above;
                }
            }
            Place::Local { directory } => {
                if !directory.is_dir() {
                    bail!("cannot read {}: there is no such directory", directory.display());
                }
                if directory.file_name().is_some_and(|name| name == LAYOUT) {
                    directory.pop();
                }
            }
            Place::Memory => bail!("memory: names no flow logs: give URLs such as s3://bucket/prefix"),
        }
    }
    let flow_logs = open_flow_logs(&places, &aws).await?;
    if !flow_logs.is_laid_out().await? {
        bail!("none of {text} has a folder AWSLogs; several places must all be in AWS's layout");
    }
    Ok(Found {
        flow_logs,
        source: Source::Layout,
    })
}

/// One bucket.
async fn in_bucket(text: &str, environment: &Environment) -> anyhow::Result<Found> {
    let (places, aws) = settings(text, environment)?;
    let Some(bucket) = places.into_iter().next() else {
        bail!("{text} names no flow logs");
    };
    let Place::S3 { bucket: name, prefix } = bucket.place.clone() else {
        bail!("{text} names no flow logs: give a path or s3://bucket/prefix");
    };
    let opened = async |prefix: &str| -> anyhow::Result<FlowLogs> {
        let place = Place::S3 {
            bucket: name.clone(),
            prefix: prefix.to_owned(),
        };
        let bucket = BucketSettings {
            place,
            ..bucket.clone()
        };
        Ok(FlowLogs::new(open_store(&bucket, &aws).await?))
    };
    let (parent, last) = prefix.rsplit_once('/').unwrap_or(("", &prefix));
    if last == LAYOUT {
        let flow_logs = opened(parent).await?;
        return Ok(Found {
            flow_logs,
            source: Source::Layout,
        });
    }
    let flow_logs = opened(&prefix).await?;
    if flow_logs.is_laid_out().await? {
        return Ok(Found {
            flow_logs,
            source: Source::Layout,
        });
    }
    // Better those of a prefix that was not named than every object of a bucket.
    let below = flow_logs.look_below(MOST_LOOKED_INTO).await?;
    if !below.is_empty() {
        return in_places(&below.join(","), environment).await;
    }
    if flow_logs.is_anything_there().await? {
        return Ok(Found {
            flow_logs,
            source: Source::Loose,
        });
    }
    if last.is_empty() {
        bail!("{text} is empty");
    }
    let flow_logs = opened(parent).await?;
    match flow_logs.one(last).await {
        Ok(_) => Ok(Found {
            flow_logs,
            source: Source::One(last.to_owned()),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("{text} is neither an object nor a folder with objects")
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    async fn source(path: &Path) -> Source {
        let text = path.to_str().unwrap();
        find(text, &Environment::default()).await.unwrap().source
    }

    #[tokio::test]
    async fn paths_are_told_apart_by_what_lies_there() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("bucket/AWSLogs/1")).unwrap();
        fs::create_dir_all(at("loose")).unwrap();
        fs::write(at("loose/a.log"), "").unwrap();
        assert_eq!(source(&at("bucket")).await, Source::Layout);
        assert_eq!(source(&at("bucket/AWSLogs")).await, Source::Layout);
        assert_eq!(source(&at("bucket/AWSLogs/")).await, Source::Layout);
        assert_eq!(source(&at("loose")).await, Source::Loose);
        assert_eq!(source(&at("loose/a.log")).await, Source::One("a.log".to_owned()));
        let url = format!("file://{}", at("loose").display());
        let found = find(&url, &Environment::default()).await.unwrap();
        assert_eq!(found.source, Source::Loose);
    }

    #[tokio::test]
    async fn several_places_are_all_in_awss_layout() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["a/AWSLogs/1", "b/AWSLogs/2", "c", "d,e/AWSLogs/3"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        let list = |names: &[&str]| {
            let urls = names.iter().map(|name| format!("file://{}", at(name).display()));
            urls.collect::<Vec<_>>().join(",")
        };
        let found = async |text: &str| find(text, &Environment::default()).await;
        let both = found(&list(&["a", "b/AWSLogs"])).await.unwrap();
        assert_eq!(both.source, Source::Layout);
        assert_eq!(both.flow_logs.to_string(), list(&["a", "b"]).replace(',', ", "));
        // A path that is there means that path, with all its commas.
        let one = found(&list(&["d,e"])).await.unwrap();
        assert_eq!(one.flow_logs.stores().count(), 1);
        let refused = async |text: &str| format!("{:#}", found(text).await.unwrap_err());
        assert!(refused(&list(&["c", "c/"])).await.contains("twice"));
        assert!(refused(&list(&["a", "x"])).await.contains("no such directory"));
        assert!(refused("s3://aaa,s3://bbb").await.contains("REGION"));
    }

    #[tokio::test]
    async fn what_is_not_there_is_refused_by_its_name() {
        let refusal = async |text: &str| {
            let refused = find(text, &Environment::default()).await.unwrap_err();
            format!("{refused:#}")
        };
        assert!(refusal("/no/such/path").await.contains("/no/such/path"));
        assert!(refusal("no-such-bucket").await.contains("s3://no-such-bucket"));
        assert!(
            refusal("/dev/null")
                .await
                .contains("neither a file nor a directory")
        );
        assert!(refusal("gs://bucket").await.contains("gs:// is not supported"));
        assert!(refusal("s3://bucket").await.contains("REGION"));
    }
}
