//! The buckets as they are, without any faults: flow logs, what stands of a digest, and the watch over it.

use std::io::Read as _;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use digest_core::oracle::{self, Question};
use digest_core::{Job, JobRecord, Manifest, Scope, Window};
use digest_storage::{Digests, Manifests, Markers, Records, Store};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use futures::{FutureExt as _, TryStreamExt as _};
use object_store::ObjectStoreExt as _;
use sha2::Digest as _;

const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n";

/// The hour that is digested.
pub(crate) fn job() -> Job {
    let window = Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap();
    Job::new(window, Scope::default())
}

/// The query of a request for it.
pub(crate) const HOUR: &str = "start=2018-10-17T00:00:00Z&stop=2018-10-17T01:00:00Z";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// The three buckets. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Buckets {
    pub(crate) logs: Store,
    pub(crate) storage: Store,
    pub(crate) progress: Store,
    objects: Vec<(String, Vec<u8>)>,
    /// Texts that may be seen under the digest's name.
    texts: Arc<Mutex<Vec<Vec<u8>>>>,
    /// Hash of the last digest that was looked at.
    seen: Arc<Mutex<String>>,
    /// What should never have been seen.
    wrong: Arc<Mutex<Vec<String>>>,
}

impl Buckets {
    /// Buckets with two objects that hold records of the hour.
    pub(crate) async fn with_an_hour() -> Self {
        let mut buckets = Self {
            logs: Store::memory(),
            storage: Store::memory(),
            progress: Store::memory(),
            objects: Vec::new(),
            texts: Arc::default(),
            seen: Arc::default(),
            wrong: Arc::default(),
        };
        buckets.put_log(0, "10.1.0.1").await;
        buckets.put_log(20, "10.1.0.2").await;
        buckets
    }

    /// Another object, of records from this minute on; from now on the digest has them too.
    pub(crate) async fn put_log(&mut self, minute: i64, source: &str) {
        let from = job().window().start() + TimeDelta::minutes(minute);
        let named = (from + TimeDelta::minutes(5)).format("%Y%m%dT%H%MZ");
        let key = format!(
            "AWSLogs/123456789010/vpcflowlogs/us-east-1/2018/10/17/123456789010_vpcflowlogs_us-east-1_fl-1_{named}_0.log.gz"
        );
        let mut text = HEADER.to_owned();
        for second in 0..40 {
            let start = from.timestamp() + second;
            text += &format!(
                "2 123456789010 eni-1 {source} 10.0.1.9 40000 443 6 {} 400 {start} {} ACCEPT OK\n",
                second + 1,
                start + 30
            );
        }
        let bytes = gzip(&text);
        let path = object_store::path::Path::from(key.as_str());
        self.logs
            .object_store()
            .put(&path, bytes.clone().into())
            .await
            .unwrap();
        self.objects.push((key, bytes));
        let question = Question {
            window: Some(*job().window()),
            skip: false,
            max_row: 64 * 1024,
        };
        let text = oracle::digest(&question, &self.objects).unwrap().text;
        self.texts.lock().unwrap().push(text);
    }

    /// Everything that lies in a bucket.
    pub(crate) fn keys(store: &Store) -> Vec<String> {
        let listed = store.object_store().list(None);
        let keys = listed.map_ok(|meta| meta.location.to_string()).try_collect();
        let mut keys: Vec<String> = at_once(keys).unwrap();
        keys.sort();
        keys
    }

    pub(crate) fn record(&self) -> Option<JobRecord> {
        let loaded = at_once(Records::new(self.progress.clone()).load(job().id())).unwrap();
        loaded.map(|(record, _)| record)
    }

    pub(crate) fn has_marker(&self) -> bool {
        at_once(Markers::new(self.progress.clone()).load(job().id()))
            .unwrap()
            .is_some()
    }

    /// The stored gzip's hash.
    fn digest(&self) -> Option<(String, Vec<u8>)> {
        let key = Digests::key(job().id());
        let found = at_once(self.storage.object_store().get(&key)).ok()?;
        let bytes = at_once(found.bytes()).unwrap();
        let hash = sha2::Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Some((hash, bytes.to_vec()))
    }

    /// The manifest under the digest's name, where it is of the digest that stands there.
    pub(crate) fn manifest(&self) -> Option<Manifest> {
        let (hash, _) = self.digest()?;
        let manifest = at_once(Manifests::new(self.storage.clone()).load(job().id())).unwrap();
        manifest.filter(|manifest| manifest.gzip.sha256 == hash)
    }

    /// Whether the digest has its manifest, and the tables that it names are there.
    pub(crate) fn is_whole(&self) -> bool {
        let keys = Self::keys(&self.storage);
        self.manifest()
            .is_some_and(|manifest| manifest.tables().all(|table| keys.contains(&table.key)))
    }

    /// Whether the digest is there, with the text that all the flow logs make.
    pub(crate) fn is_right(&self) -> bool {
        let Some((_, gzip)) = self.digest() else {
            return false;
        };
        let texts = self.texts.lock().unwrap();
        texts.last() == Some(&text_of(&gzip))
    }

    /// Looks at what a reader could see at this moment: no digest, or a whole one with a text that it may have,
    /// which a manifest describes, be it an attempt's that has not got its name yet.
    pub(crate) fn watch(&self, call: &str) {
        let Some((hash, gzip)) = self.digest() else { return };
        let mut seen = self.seen.lock().unwrap();
        if *seen == hash {
            return;
        }
        let text = text_of(&gzip);
        let texts = self.texts.lock().unwrap();
        // The first text is of one object alone, before the second was laid out.
        if !texts[1..].contains(&text) {
            self.wrong
                .lock()
                .unwrap()
                .push(format!("a wrong digest before {call}"));
        }
        let manifests = Self::keys(&self.storage)
            .into_iter()
            .filter(|key| key.ends_with(".manifest.json"));
        let of_it = manifests.filter(|key| {
            let path = object_store::path::Path::from(key.as_str());
            let found = at_once(self.storage.object_store().get(&path)).unwrap();
            let bytes = at_once(found.bytes()).unwrap();
            serde_json::from_slice::<Manifest>(&bytes).unwrap().gzip.sha256 == hash
        });
        if of_it.count() == 0 {
            let wrong = format!("a digest without a manifest before {call}");
            self.wrong.lock().unwrap().push(wrong);
        }
        *seen = hash;
    }

    /// What was seen so far and should not have been. (A watch that fails its test would do so in a task of the
    /// service's, which gets over it.)
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap().clone()
    }
}

/// Stores in memory answer at once.
fn at_once<T>(answer: impl Future<Output = T>) -> T {
    answer.now_or_never().unwrap()
}

fn text_of(gzip: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    GzDecoder::new(gzip).read_to_end(&mut text).unwrap();
    text
}
