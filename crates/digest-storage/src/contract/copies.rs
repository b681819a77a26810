//! Copies inside the store, and uploads in parts.

use bytes::Bytes;
use futures::StreamExt;
use object_store::{
    Attribute, Attributes, CopyMode, MultipartUpload, PutMode, PutMultipartOptions, PutPayload,
};

use super::{Subject, path};
use crate::error::ErrorKind;

/// S3 wants parts of 5 MiB at least, the last one excepted.
const PART: usize = 5 * 1024 * 1024;

/// Over nothing and over something.
pub async fn a_copy_has_the_bytes_and_the_attributes(subject: Subject) {
    let mut attributes = Attributes::new();
    let name = Attribute::Metadata("digest-sha256".into());
    attributes.insert(name.clone(), "0f".into());
    let (store, from, to) = (&subject.store, path("from"), path("folder/to"));
    store
        .put(&from, "first", PutMode::Overwrite, attributes.clone())
        .await
        .unwrap();
    store.copy(&from, &to, CopyMode::Overwrite).await.unwrap();
    assert_eq!(subject.get("folder/to").await.unwrap(), "first");
    let kept = store.head(&to).await.unwrap().unwrap().1;
    let expected = store.capabilities().attributes.then_some("0f");
    assert_eq!(kept.get(&name).map(|value| value.as_ref()), expected);
    subject.put("from", "second").await;
    store.copy(&from, &to, CopyMode::Overwrite).await.unwrap();
    assert_eq!(subject.get("folder/to").await.unwrap(), "second");
    assert_eq!(subject.get("from").await.unwrap(), "second", "the source stays");
}

/// And leaves nothing at its target.
pub async fn a_copy_of_an_absent_object_is_not_found(subject: Subject) {
    let copied = subject
        .store
        .copy(&path("from"), &path("to"), CopyMode::Overwrite)
        .await;
    let error = copied.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert_eq!(subject.get("to").await, None);
}

/// The copy that makes a digest of a temporary object.
pub async fn a_conditional_copy_refuses_what_exists(subject: Subject) {
    if !subject.store.capabilities().conditional_copy {
        return super::attempts::a_large_digest_comes_from_its_temporary_object(subject).await;
    }
    let (store, from, to) = (&subject.store, path("from"), path("to"));
    subject.put("from", "body").await;
    store.copy(&from, &to, CopyMode::Create).await.unwrap();
    assert_eq!(subject.get("to").await.unwrap(), "body");
    subject.put("from", "other").await;
    let refused = store.copy(&from, &to, CopyMode::Create).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists, "{refused}");
    assert_eq!(subject.get("to").await.unwrap(), "body");
}

async fn begin(subject: &Subject) -> Box<dyn MultipartUpload> {
    let mut attributes = Attributes::new();
    if subject.store.capabilities().attributes {
        attributes.insert(Attribute::ContentType, "application/octet-stream".into());
    }
    let options = PutMultipartOptions {
        attributes,
        ..PutMultipartOptions::default()
    };
    let store = subject.store.object_store();
    store
        .put_multipart_opts(&path("folder/large"), options)
        .await
        .unwrap()
}

/// Whatever order its parts arrive in.
pub async fn an_upload_in_parts_is_one_object(subject: Subject) {
    let mut upload = begin(&subject).await;
    let parts = [vec![b'a'; PART], vec![b'b'; PART], vec![b'c'; 7]];
    let sent: Vec<_> = parts
        .iter()
        .map(|part| upload.put_part(PutPayload::from(Bytes::from(part.clone()))))
        .collect();
    assert_eq!(
        subject.get("folder/large").await,
        None,
        "there is no object before the end"
    );
    for part in sent.into_iter().rev() {
        part.await.unwrap();
    }
    upload.complete().await.unwrap();
    let found = subject.get("folder/large").await.unwrap();
    assert!(found == parts.concat(), "{} bytes", found.len());
    if subject.store.capabilities().attributes {
        let (_, attributes) = subject.store.head(&path("folder/large")).await.unwrap().unwrap();
        let content_type = attributes.get(&Attribute::ContentType).unwrap();
        assert_eq!(content_type.as_ref(), "application/octet-stream");
    }
}

/// Neither an object nor a listing entry.
pub async fn an_upload_that_is_given_up_leaves_nothing(subject: Subject) {
    let mut upload = begin(&subject).await;
    upload.put_part(PutPayload::from(vec![b'a'; PART])).await.unwrap();
    upload.abort().await.unwrap();
    assert_eq!(subject.get("folder/large").await, None);
    assert_eq!(subject.store.list(None, None).count().await, 0);
}
