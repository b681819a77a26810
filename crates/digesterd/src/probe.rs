//! Whether a store honours conditional writes: tried with a job record that nobody else knows.

use chrono::{TimeDelta, Utc};
use digest_core::{Job, JobRecord, Scope, Window};
use digest_storage::{Created, Records, Store, StoreError, Swap};
use uuid::Uuid;

/// What a store does with conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Honoured {
    /// A create fails where the object is there.
    pub(crate) create: bool,
    /// An update fails where the object is another one by now.
    pub(crate) swap: bool,
}

/// Creates a record, tries to create and to swap it wrongly, and removes it.
pub(crate) async fn probe(store: &Store) -> anyhow::Result<Honoured> {
    let records = Records::new(store.clone());
    // A minute that nobody asks for, in an account that nobody has: a worker that saw it would build nothing.
    let scope = Scope::new([format!("check-{}", Uuid::new_v4().simple())], [] as [&str; 0])?;
    let job = Job::new(Window::from_unix(0, 60)?, scope);
    let tried = attempt(&records, &job).await;
    let removed = records.remove(job.id()).await;
    let honoured = tried?;
    removed?;
    Ok(honoured)
}

async fn attempt(records: &Records, job: &Job) -> Result<Honoured, StoreError> {
    let claim = || {
        JobRecord::claim(
            job.clone(),
            "digesterd-check",
            Uuid::new_v4(),
            Utc::now(),
            TimeDelta::minutes(1),
        )
    };
    let mine = claim();
    let Created::Created(first) = records.create(&mine).await? else {
        // A fresh id that is taken: the store says so to everything.
        return Ok(Honoured {
            create: false,
            swap: false,
        });
    };
    let create = records.create(&claim()).await? == Created::Exists;
    // Where the second create went through, the first version is stale already.
    if create {
        records.swap(&first, &claim()).await?;
    }
    let swap = records.swap(&first, &claim()).await? == Swap::Lost;
    Ok(Honoured { create, swap })
}

#[cfg(test)]
mod tests {
    use digest_storage::{Place, StoreOptions, open};

    use super::*;

    #[tokio::test]
    async fn a_directory_honours_both_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().to_owned();
        let store = open(&Place::Local { directory }, &StoreOptions::default()).unwrap();
        let honoured = probe(&store).await.unwrap();
        assert_eq!(
            honoured,
            Honoured {
                create: true,
                swap: true
            }
        );
        assert!(!store.peek().await.unwrap());
    }
}
