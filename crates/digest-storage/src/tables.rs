//! Tables beside the digests, under keys that engines read as columns: `edges/v1/span=PT1H/day=2026-11-22/hour=03/…`.
//!
//! A table bears the nonce of the attempt that wrote it, and the digest's manifest names it. Until the digest is
//! published the table is the attempt's alone; afterwards every other one of the same digest is an old revision, which
//! would count everything twice for whoever reads the folder.

use std::io;
use std::ops::Range;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use digest_core::{DigestId, Job, Window};
use futures::{Stream, TryStreamExt};
use object_store::path::Path;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::error::StoreError;
use crate::nonce::nonce;
use crate::store::Store;
use crate::upload::upload;

const SUFFIX: &str = ".parquet";
/// Length of a nonce as text.
const NONCE: usize = 36;
/// What engines and browsers are told.
const CONTENT_TYPE: &str = "application/vnd.apache.parquet";
/// Bytes of a hash that tells scopes apart in a key.
const SCOPE_BYTES: usize = 8;

/// What a table's rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// Edges.
    Edges,
    /// Interfaces.
    Interfaces,
}

impl TableKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Edges, Self::Interfaces];

    /// The folder of its tables. The number is raised where a column changes its meaning.
    fn folder(self) -> &'static str {
        match self {
            Self::Edges => "edges/v1",
            Self::Interfaces => "interfaces/v1",
        }
    }
}

/// A table that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableObject {
    key: Path,
    /// Its length in bytes.
    pub size: u64,
    etag: Option<String>,
}

/// The tables of a storage place.
#[derive(Debug, Clone)]
pub struct Tables {
    store: Store,
}

impl Tables {
    /// Tables in this place.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Key of the table of this kind that an attempt at a job writes, inside the place.
    #[must_use]
    pub fn key(kind: TableKind, job: &Job, nonce: Uuid) -> String {
        format!("{}/{}-{nonce}{SUFFIX}", folder(kind, job), job.id())
    }

    /// Whether a key is that of a table.
    #[must_use]
    pub fn is_table(key: &str) -> bool {
        attempt_of_table(&Path::from(key)).is_some()
    }

    /// Uploads an attempt's table, of any length. It appears once all of it is there, and not at all where a piece could
    /// not be made.
    ///
    /// # Errors
    /// [`StoreError`]; what was uploaded by then is given up.
    pub async fn write(
        &self,
        kind: TableKind,
        job: &Job,
        nonce: Uuid,
        pieces: impl Stream<Item = io::Result<Bytes>> + Send + Unpin,
    ) -> Result<(), StoreError> {
        let key = Path::from(Self::key(kind, job, nonce));
        upload(&self.store, &key, CONTENT_TYPE, pieces).await
    }

    /// The table of this key, or nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, key: &str) -> Result<Option<TableObject>, StoreError> {
        let key = Path::from(key);
        let found = self.store.head(&key).await?;
        Ok(found.map(|(meta, _)| TableObject {
            key,
            size: meta.size,
            etag: meta.e_tag,
        }))
    }

    /// Some bytes of a table, as it was found.
    ///
    /// # Errors
    /// [`StoreError`]; of kind [`ErrorKind::Changed`](crate::ErrorKind::Changed) where it is another one by now.
    pub async fn read(&self, table: &TableObject, bytes: Range<u64>) -> Result<Bytes, StoreError> {
        let etag = table.etag.as_deref();
        let read = self.store.range(&table.key, Some(bytes), etag).await?;
        let read = read.bytes().await;
        read.map_err(|error| self.store.error(&table.key, error))
    }

    /// Removes an attempt's table of this kind.
    ///
    /// # Errors
    /// [`StoreError`]; that it is not there is none.
    pub async fn remove(&self, kind: TableKind, job: &Job, nonce: Uuid) -> Result<(), StoreError> {
        self.store.delete(&Path::from(Self::key(kind, job, nonce))).await
    }

    /// Removes all tables of this kind of the job's digest but the one of this key, where one is given. What was stored after that
    /// one stays: it is an attempt's that has begun since. Returns how many were removed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_only(
        &self,
        kind: TableKind,
        job: &Job,
        kept: Option<&str>,
    ) -> Result<usize, StoreError> {
        let mut found = Vec::new();
        let mut listed = self.store.list(Some(&Path::from(folder(kind, job))), None);
        while let Some(meta) = listed.try_next().await? {
            if attempt_of_table(&meta.location).is_some_and(|(id, _)| id == job.id()) {
                found.push((meta.location, meta.last_modified));
            }
        }
        let of_kept = |(key, _): &&(Path, DateTime<Utc>)| kept == Some(key.as_ref());
        let until = found.iter().find(of_kept).map(|(_, stored)| *stored);
        if kept.is_some() && until.is_none() {
            return Ok(0);
        }
        let mut removed = 0;
        for (key, stored) in &found {
            if kept != Some(key.as_ref()) && until.is_none_or(|until| *stored <= until) {
                self.store.delete(key).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// The folder of a job's tables of a kind: engines take what stands before and behind each `=` for a column and its value.
fn folder(kind: TableKind, job: &Job) -> String {
    let (window, scope) = (job.window(), job.scope());
    let scope = if scope.is_all() {
        "all".to_owned()
    } else {
        let mut hash = Sha256::new();
        // No name has a blank or a comma.
        hash.update(scope.accounts().join(","));
        hash.update(" ");
        hash.update(scope.regions().join(","));
        let hash = hash.finalize();
        hash.iter()
            .take(SCOPE_BYTES)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    let begin = window.start().format("day=%Y-%m-%d/hour=%H");
    let kind = kind.folder();
    format!("{kind}/span={}/{begin}/scope={scope}", span(window))
}

/// A window's length as ISO 8601 has it: days, hours and minutes.
fn span(window: &Window) -> String {
    let minutes = window.minutes();
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let part = |count: i64, unit: &str| {
        if count > 0 {
            format!("{count}{unit}")
        } else {
            String::new()
        }
    };
    let time = format!("{}{}", part(hours, "H"), part(minutes, "M"));
    let mark = if time.is_empty() { "" } else { "T" };
    format!("P{}{mark}{time}", part(days, "D"))
}

/// The id and nonce of a table.
pub(crate) fn attempt_of_table(key: &Path) -> Option<(DigestId, Uuid)> {
    let mut folders = TableKind::ALL.iter().map(|kind| kind.folder());
    let name = folders.find_map(|folder| key.as_ref().strip_prefix(folder))?;
    let name = name.strip_suffix(SUFFIX)?;
    let name = name.rsplit('/').next()?;
    let (id, nonce) = name.split_at_checked(name.len().checked_sub(NONCE)?)?;
    Some((id.strip_suffix('-')?.parse().ok()?, self::nonce(nonce)?))
}

#[cfg(test)]
mod tests {
    use digest_core::Scope;

    use super::*;

    fn job(start: &str, stop: &str, account: Option<&str>) -> Job {
        let window = Window::parse(start, stop).unwrap();
        Job::new(window, Scope::parse(account, None).unwrap())
    }

    #[test]
    fn keys_say_the_windows_length_its_begin_and_the_scope() {
        let (nonce, hour) = (Uuid::nil(), ("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z"));
        let key = Tables::key(TableKind::Edges, &job(hour.0, hour.1, None), nonce);
        assert_eq!(
            key,
            "edges/v1/span=PT1H/day=2018-10-17/hour=00/scope=all/\
             7869fe53-0b48-5a77-9358-32a82efe8858-00000000-0000-0000-0000-000000000000.parquet"
        );
        // What a store makes of the key is the key.
        assert_eq!(Path::from(key.as_str()).as_ref(), key);
        let one = job(hour.0, hour.1, Some("111111111111"));
        let other = job(hour.0, hour.1, Some("111111111111,222222222222"));
        let scopes = [&one, &other].map(|job| {
            folder(TableKind::Interfaces, job)
                .rsplit_once("scope=")
                .unwrap()
                .1
                .to_owned()
        });
        assert_ne!(scopes[0], scopes[1]);
        assert!(scopes.iter().all(|scope| scope.len() == 2 * SCOPE_BYTES));
    }

    #[test]
    fn lengths_are_written_as_iso_8601_has_them() {
        for (stop, expected) in [
            ("2026-01-01T00:15:00Z", "PT15M"),
            ("2026-01-01T01:30:00Z", "PT1H30M"),
            ("2026-01-02T00:00:00Z", "P1D"),
            ("2026-01-03T02:00:00Z", "P2DT2H"),
            ("2026-02-01T00:00:00Z", "P31D"),
        ] {
            let window = Window::parse("2026-01-01T00:00:00Z", stop).unwrap();
            assert_eq!(span(&window), expected);
        }
    }

    #[test]
    fn a_tables_key_gives_back_whose_it_is() {
        let job = job("2026-11-22T03:00:00Z", "2026-11-22T04:00:00Z", None);
        let nonce = Uuid::new_v4();
        for kind in TableKind::ALL {
            let key = Path::from(Tables::key(kind, &job, nonce));
            assert_eq!(attempt_of_table(&key), Some((job.id(), nonce)));
        }
        for other in [
            "edges/v1/a.parquet",
            "edges/v1/é-é.parquet",
            "edges/readme.txt",
            "other/v1/7869fe53-0b48-5a77-9358-32a82efe8858-00000000-0000-0000-0000-000000000000.parquet",
            "x.parquet",
        ] {
            assert_eq!(attempt_of_table(&Path::from(other)), None, "{other}");
        }
    }

    #[tokio::test]
    async fn old_revisions_go_and_what_came_after_stays() {
        let [job, neighbour] = [("03:00", "04:00"), ("03:30", "04:30")].map(|(start, stop)| {
            let time = |time: &str| format!("2026-11-22T{time}:00Z");
            job(&time(start), &time(stop), None)
        });
        let tables = Tables::new(Store::memory());
        let [old, kept, new] = [(); 3].map(|()| Uuid::new_v4());
        let kind = TableKind::Interfaces;
        let pause = || tokio::time::sleep(std::time::Duration::from_millis(5));
        for (job, nonce) in [(&neighbour, old), (&job, old), (&job, kept), (&job, new)] {
            let piece = futures::stream::iter([Ok(Bytes::from_static(b"a table"))]);
            tables.write(kind, job, nonce, piece).await.unwrap();
            pause().await;
        }
        // Nothing is removed on the word of a table that is not there.
        let absent = Tables::key(kind, &job, Uuid::new_v4());
        assert_eq!(tables.keep_only(kind, &job, Some(&absent)).await.unwrap(), 0);
        let key = Tables::key(kind, &job, kept);
        // Nor on that of another kind.
        let other = tables.keep_only(TableKind::Edges, &job, Some(&key));
        assert_eq!(other.await.unwrap(), 0);
        assert_eq!(tables.keep_only(kind, &job, Some(&key)).await.unwrap(), 1);
        let left: Vec<_> = tables.store.list(None, None).try_collect().await.unwrap();
        let mut left: Vec<String> = left.iter().map(|meta| meta.location.to_string()).collect();
        let mut expected = vec![
            Tables::key(kind, &neighbour, old),
            key,
            Tables::key(kind, &job, new),
        ];
        left.sort();
        expected.sort();
        assert_eq!(left, expected);
        tables.remove(kind, &job, new).await.unwrap();
        tables.remove(kind, &job, new).await.unwrap();
        assert_eq!(tables.keep_only(kind, &job, None).await.unwrap(), 1);
    }
}
