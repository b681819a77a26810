//! What a process left in a directory that was killed in the middle of a write: a file beside the object that was to be,
//! `<key>#<number>`, which no listing shows. What uploads leave in S3 is for a lifecycle rule of the bucket's.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use digest_core::DigestId;
use tokio::task::spawn_blocking;

use crate::error::{ErrorKind, StoreError};
use crate::place::Place;
use crate::store::Store;

/// Length of an id as text.
const ID: usize = 36;

impl Store {
    /// Removes the files of writes that nobody finished, where they are of this service's objects and older than this.
    /// Only directories have any. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`] where the directory cannot be read or written.
    pub async fn clear_unfinished(&self, older_than: Duration) -> Result<usize, StoreError> {
        let Place::Local { directory } = self.place() else {
            return Ok(0);
        };
        let directory = directory.clone();
        let cleared = spawn_blocking(move || clear(&directory, older_than)).await;
        cleared
            .map_err(io::Error::other)
            .flatten()
            .map_err(|error| StoreError::new(ErrorKind::Other, self.place(), "", error))
    }
}

fn clear(directory: &Path, older_than: Duration) -> io::Result<usize> {
    let (mut folders, mut removed) = (vec![directory.to_owned()], 0);
    while let Some(folder) = folders.pop() {
        let Some(entries) = unless_gone(fs::read_dir(folder))? else {
            continue;
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
                continue;
            }
            // Few are: no other file is asked for its age.
            if !is_unfinished(&entry.file_name()) {
                continue;
            }
            let Some(meta) = unless_gone(entry.metadata())? else {
                continue;
            };
            let is_old = meta.modified()?.elapsed().is_ok_and(|age| age > older_than);
            if is_old && unless_gone(fs::remove_file(entry.path()))?.is_some() {
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// Another process clears here as well.
fn unless_gone<T>(answer: io::Result<T>) -> io::Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a file's name is that of an object of ours on its way: all of them have a digest's id in their names.
pub(crate) fn is_unfinished(name: &OsStr) -> bool {
    let Some((object, number)) = name.to_str().and_then(|name| name.rsplit_once('#')) else {
        return false;
    };
    let is_number = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
    let begins = 0..(object.len() + 1).saturating_sub(ID);
    let mut parts = begins.filter_map(|begin| object.get(begin..begin + ID));
    is_number && parts.any(|part| part.parse::<DigestId>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_unfinished_only_where_it_is_one_of_ours_with_a_number() {
        let id = "7869fe53-0b48-5a77-9358-32a82efe8858";
        for (name, expected) in [
            (format!("{id}.log.gz#1"), true),
            (format!("{id}.job.json#12"), true),
            (format!("{id}-{id}.parquet#1"), true),
            (format!("20181017T0000Z_20181017T0100Z_{id}.json#1"), true),
            (format!("{id}.log.gz"), false),
            (format!("{id}.log.gz#"), false),
            (format!("{id}.log.gz#a1"), false),
            ("notes.txt#1".to_owned(), false),
            ("é#1".to_owned(), false),
        ] {
            assert_eq!(is_unfinished(OsStr::new(&name)), expected, "{name}");
        }
    }

    #[tokio::test]
    async fn old_files_of_writes_that_nobody_finished_go_from_every_folder() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::Local {
            directory: directory.path().to_owned(),
        };
        let store = crate::open(&place, &crate::StoreOptions::default()).unwrap();
        let id = "7869fe53-0b48-5a77-9358-32a82efe8858";
        let folder = directory.path().join("edges/v1");
        fs::create_dir_all(&folder).unwrap();
        let kept = [
            directory.path().join(format!("{id}.log.gz")),
            directory.path().join("mine#1"),
        ];
        let left = [
            directory.path().join(format!("{id}.log.gz#1")),
            folder.join(format!("{id}-{id}.parquet#2")),
        ];
        for path in kept.iter().chain(&left) {
            fs::write(path, b"some").unwrap();
        }
        assert_eq!(
            store.clear_unfinished(Duration::from_secs(3600)).await.unwrap(),
            0
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(
            store.clear_unfinished(Duration::from_millis(10)).await.unwrap(),
            2
        );
        assert!(kept.iter().all(|path| path.exists()) && !left.iter().any(|path| path.exists()));
        assert_eq!(Store::memory().clear_unfinished(Duration::ZERO).await.unwrap(), 0);
    }
}
