//! Digests that commands read: files, or what an API or the storage bucket has under an id or a window.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use digest_core::{DigestId, Job, Manifest, Scope, Window};
use digest_insight::{Edges, Format};
use digest_storage::{Digests, Manifests, Store};
use digesterd_process::environment::{AwsSettings, Bucket, BucketSettings, Environment};
use digesterd_process::stores::open_store;
use digesterd_process::waiting::Waiting;
use futures::{StreamExt, TryStreamExt};
use reqwest::StatusCode;

use crate::arguments::refused;
use crate::client::{Client, refusal};
use crate::table_bytes::is_table;

/// Suffixes of a digest's file, in place of which its manifest's file has its own.
const SUFFIXES: [&str; 6] = [
    ".edges.parquet",
    ".interfaces.parquet",
    ".parquet",
    ".log.gz",
    ".gz",
    ".log",
];

/// A digest that a person named.
#[derive(Debug, Clone)]
pub(crate) enum Named {
    File(PathBuf),
    Id(DigestId),
}

/// Where digests with an id come from.
#[derive(Debug)]
pub(crate) struct Shelf {
    place: Place,
}

#[derive(Debug)]
enum Place {
    Api(Client),
    Storage(Store),
}

impl Named {
    /// A path that is there always means the path; else an id, or a window `START..STOP`.
    pub(crate) fn of(text: &str, command: &str) -> Result<Self, clap::Error> {
        let path = Path::new(text);
        if path.exists() {
            return Ok(Self::File(path.to_owned()));
        }
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        match text.split_once("..") {
            Some((start, stop)) if !start.is_empty() && !stop.contains('/') => {
                let window = Window::parse(start, stop).map_err(|error| refused(command, error))?;
                Ok(Self::Id(Job::new(window, Scope::default()).id()))
            }
            _ => Ok(Self::File(path.to_owned())),
        }
    }

    pub(crate) fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

impl Shelf {
    /// The shelf of digests that are no files; `None` where all are.
    pub(crate) async fn open(
        named: &[&Named],
        from: &crate::arguments::FromArguments,
        environment: &Environment,
    ) -> anyhow::Result<Option<Self>> {
        if named.iter().all(|named| named.is_file()) {
            return Ok(None);
        }
        let place = if from.stored {
            Place::Storage(storage(environment).await?)
        } else {
            Place::Api(Client::new(&from.api, environment)?)
        };
        Ok(Some(Self { place }))
    }
}

impl Shelf {
    /// The shelf that the storage bucket is.
    pub(crate) fn of_store(store: Store) -> Self {
        Self {
            place: Place::Storage(store),
        }
    }

    /// The storage bucket, where digests come from there.
    pub(crate) fn store(&self) -> Option<&Store> {
        match &self.place {
            Place::Storage(store) => Some(store),
            Place::Api(_) => None,
        }
    }
}

/// The bucket of the digests.
pub(crate) async fn storage(environment: &Environment) -> anyhow::Result<Store> {
    let reader = environment.reader();
    let bucket = BucketSettings::read(&reader, Bucket::Storage);
    let aws = AwsSettings::read(&reader);
    if let Some(aws) = aws
        .as_ref()
        .filter(|_| bucket.as_ref().is_some_and(BucketSettings::is_in_s3))
    {
        aws.demand_credentials(&reader);
    }
    let (bucket, aws) = reader.finish(bucket.zip(aws))?;
    Ok(open_store(&bucket, &aws).await?)
}

/// Opens a digest for a thread that may wait for its bytes.
async fn open(named: &Named, shelf: Option<&Shelf>) -> anyhow::Result<Box<dyn Read + Send>> {
    let id = match (named, shelf) {
        (Named::File(path), _) => {
            let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            if is_table(path) {
                bail!(
                    "{} is a table, and the text of a digest is asked for",
                    path.display()
                );
            }
            return Ok(Box::new(file));
        }
        (Named::Id(id), _) => *id,
    };
    match shelf.map(|shelf| &shelf.place) {
        Some(Place::Api(client)) => {
            let answer = client.content(id, Format::Gzip).await?;
            match answer.status() {
                StatusCode::OK => {}
                StatusCode::NO_CONTENT => {
                    bail!("the digest {id} is not made yet: `digesterd status {id}` says how far it is")
                }
                _ => return Err(refusal(answer).await.context(format!("the digest {id}"))),
            }
            let bytes = answer.bytes_stream().map_err(std::io::Error::other);
            Ok(Box::new(Waiting::new(bytes.boxed())))
        }
        Some(Place::Storage(store)) => {
            let digests = Digests::new(store.clone());
            let read = digests.read(id, None, None).await;
            let read = read.with_context(|| format!("the digest {id} cannot be read from {store}"))?;
            let bytes = read.bytes.map_err(std::io::Error::other);
            Ok(Box::new(Waiting::new(bytes.boxed())))
        }
        None => bail!("there is no place to read {id} from"),
    }
}

/// The edges of a digest, in its order.
pub(crate) async fn sorted(named: &Named, shelf: Option<&Shelf>) -> anyhow::Result<Edges> {
    let source = open(named, shelf).await?;
    // The first bytes are waited for.
    let edges = tokio::task::spawn_blocking(move || Edges::sorted(source)).await?;
    edges.with_context(|| format!("the digest {named} cannot be read"))
}

/// The edges of a digest, in whatever order it has them.
pub(crate) async fn unsorted(named: &Named, shelf: Option<&Shelf>) -> anyhow::Result<Edges> {
    let source = open(named, shelf).await?;
    let edges = tokio::task::spawn_blocking(move || Edges::unsorted(source)).await?;
    edges.with_context(|| format!("the digest {named} cannot be read"))
}

/// What a digest was made of; `None` where that is not known. Of a file the manifest lies beside it, as
/// `NAME.manifest.json`.
pub(crate) async fn manifest(named: &Named, shelf: Option<&Shelf>) -> anyhow::Result<Option<Manifest>> {
    match (named, shelf.map(|shelf| &shelf.place)) {
        (Named::File(path), _) => manifest_beside(path),
        (Named::Id(id), Some(Place::Api(client))) => client.manifest(*id).await,
        (Named::Id(id), Some(Place::Storage(store))) => {
            let manifests = Manifests::new(store.clone());
            let loaded = manifests.load(*id).await;
            let manifest = loaded.with_context(|| format!("the manifest of {id} cannot be read"))?;
            let object = Digests::new(store.clone()).head(*id).await?;
            Ok(manifest.filter(|manifest| object.is_some_and(|object| object.size == manifest.gzip.bytes)))
        }
        (Named::Id(_), None) => Ok(None),
    }
}

pub(crate) fn manifest_beside(path: &Path) -> anyhow::Result<Option<Manifest>> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Ok(None);
    };
    let stem = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix));
    let beside = path.with_file_name(format!("{}.manifest.json", stem.unwrap_or(name)));
    manifest_at(&beside, path)
}

/// The manifest in this file, where there is one and it is of that digest or of one of its tables.
pub(crate) fn manifest_at(beside: &Path, path: &Path) -> anyhow::Result<Option<Manifest>> {
    if !beside.exists() {
        return Ok(None);
    }
    let shown = beside.display();
    let json = std::fs::read(beside).with_context(|| format!("cannot read {shown}"))?;
    let manifest: Manifest =
        serde_json::from_slice(&json).with_context(|| format!("{shown} is no manifest"))?;
    // One that fits neither the stored bytes nor the text is another digest's.
    let size = path
        .metadata()
        .with_context(|| format!("cannot read {}", path.display()))?
        .len();
    let mut sizes: Vec<u64> = manifest.tables().map(|table| table.bytes).collect();
    sizes.extend([manifest.gzip.bytes, manifest.text.bytes]);
    Ok(sizes.contains(&size).then_some(manifest))
}
