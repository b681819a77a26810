//! Writes that ask for a KMS key, by each of the ways that a store is written to.

use std::sync::Arc;

use digest_storage::StoreOptions;
use object_store::path::Path;
use object_store::{CopyMode, CopyOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, UpdateVersion};

use crate::server::{bucket, header, options};

const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn open(bucket: &str, kms_key: Option<&str>) -> Arc<dyn ObjectStore> {
    let options = StoreOptions {
        kms_key: kms_key.map(str::to_owned),
        ..options()
    };
    let store = digest_storage::open(&bucket.parse().unwrap(), &options).unwrap();
    Arc::clone(store.object_store())
}

/// What the server says of an object: by what it is encrypted and with which key.
async fn encryption(bucket: &str, key: &Path) -> (Option<String>, Option<String>) {
    let path = format!("{bucket}/{key}");
    let by = header(&path, "x-amz-server-side-encryption").await;
    (
        by,
        header(&path, "x-amz-server-side-encryption-aws-kms-key-id").await,
    )
}

#[tokio::test]
async fn every_way_to_write_asks_for_the_key() {
    let bucket = bucket().await;
    let (with, without) = (open(&bucket, Some(KEY)), open(&bucket, None));
    let [plain, made, swapped, parts, copied] =
        ["plain", "made", "swapped", "parts", "copied"].map(Path::from);

    without
        .put(&plain, "of the bucket's own choice".into())
        .await
        .unwrap();

    let create = PutOptions::from(PutMode::Create);
    with.put_opts(&made, "a record".into(), create).await.unwrap();

    let before = without.put(&swapped, "an older record".into()).await.unwrap();
    let version = UpdateVersion {
        e_tag: before.e_tag,
        version: None,
    };
    let swap = PutOptions::from(PutMode::Update(version));
    with.put_opts(&swapped, "a newer record".into(), swap)
        .await
        .unwrap();

    let mut upload = with.put_multipart(&parts).await.unwrap();
    upload.put_part(vec![b'x'; 5 << 20].into()).await.unwrap();
    upload.put_part("the end".into()).await.unwrap();
    upload.complete().await.unwrap();

    let copy = CopyOptions {
        mode: CopyMode::Overwrite,
        ..CopyOptions::default()
    };
    with.copy_opts(&plain, &copied, copy).await.unwrap();

    let asked = (Some("aws:kms".to_owned()), Some(KEY.to_owned()));
    for key in [&made, &swapped, &parts, &copied] {
        assert_eq!(encryption(&bucket, key).await, asked, "{key}");
    }
    assert_eq!(encryption(&bucket, &plain).await.1, None);
    assert_eq!(with.get(&parts).await.unwrap().meta.size, (5 << 20) + 7);
}
