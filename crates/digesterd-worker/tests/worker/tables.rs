//! The table of edges beside a digest: one of the published revision, of no other.

use std::path::{Path, PathBuf};

use actix_web::http::StatusCode;
use digest_storage::Prefetch;
use digest_storage::Tables;
use digesterd_worker::Worker;
use digesterd_worker::build::BuildOptions;
use sha2::Digest as _;
use uuid::Uuid;

use crate::bench::{Bench, deliver, job, terms};

/// Every table of the bucket, as keys inside it.
pub(crate) fn tables(bench: &Bench) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let (root, mut found) = (bench.path("storage", ""), Vec::new());
    walk(&root.join("edges"), &mut found);
    let keys = found.iter().map(|path| path.strip_prefix(&root).unwrap());
    keys.map(|key| key.to_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_digest_has_one_table_that_its_manifest_names() {
    let bench = Bench::with_an_hour();
    let worker = bench.worker(terms());
    // What an old revision and another digest of the same hour left.
    let old = Tables::key(&job(), Uuid::new_v4());
    let other = old.replace(&job().id().to_string(), &Uuid::new_v4().to_string());
    for key in [&old, &other] {
        std::fs::create_dir_all(bench.path("storage", key).parent().unwrap()).unwrap();
        std::fs::write(bench.path("storage", key), b"a table").unwrap();
    }
    assert_eq!(deliver(&worker, &job()).await, StatusCode::OK);
    let table = bench.manifest(job().id()).await.unwrap().edges_table.unwrap();
    let mut expected = vec![table.key.clone(), other];
    expected.sort();
    let mut found = tables(&bench);
    found.sort();
    assert_eq!(found, expected);
    let bytes = std::fs::read(bench.path("storage", &table.key)).unwrap();
    let hash = sha2::Sha256::digest(&bytes);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((bytes.len() as u64, hash), (table.bytes, table.sha256));
    assert!(table.rows > 0 && bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
}

#[actix_web::test]
async fn without_edges_there_is_no_table() {
    let bench = Bench::with_an_hour();
    let options = BuildOptions {
        edges: false,
        ..BuildOptions::default()
    };
    let worker = Worker::new(bench.places(), Prefetch::new(4, 1 << 20), options, terms());
    assert_eq!(deliver(&worker, &job()).await, StatusCode::OK);
    assert_eq!(bench.manifest(job().id()).await.unwrap().edges_table, None);
    assert_eq!(tables(&bench), Vec::<String>::new());
}
