//! Finding out whether a store keeps to preconditions. Some lookalikes of S3 answer success and ignore them.
//!
//! A race is not probed: a store that looks and then writes is found to do both in one. The probe writes one small
//! object under a key of its own and removes it; that takes no more than reading, writing and deleting there.

use object_store::{Attributes, PutMode};
use uuid::Uuid;

use crate::capabilities::Capabilities;
use crate::error::{ErrorKind, StoreError};
use crate::store::Store;
use crate::version::Version;
use object_store::path::Path;

/// The ETag of no object.
const NO_OBJECT: &str = "\"00000000000000000000000000000000\"";

impl Store {
    /// Asks the store whether it creates only what is absent and swaps only what it is told to. From then on this
    /// place and all its clones are believed to do no more than what was found.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be asked; then nothing has been learnt.
    pub async fn probe(&self) -> Result<Capabilities, StoreError> {
        let probe = Probe {
            store: self,
            // Shaped like what an attempt leaves, so that the sweeper finds it after a crash.
            key: Path::from(format!("{}.{}.probe", Uuid::nil(), Uuid::new_v4())),
        };
        let found = probe.run().await;
        if let Err(error) = self.delete(&probe.key).await {
            tracing::warn!(%error, "an object of the store's probe is left");
        }
        let found = found?;
        self.lower(found);
        Ok(found)
    }
}

struct Probe<'a> {
    store: &'a Store,
    key: Path,
}

impl Probe<'_> {
    async fn run(&self) -> Result<Capabilities, StoreError> {
        // Its own retry may meet its own object: that is an answer to the condition, too.
        let begun = self.write(PutMode::Create).await?;
        if begun == Answer::Unsupported {
            self.write(PutMode::Overwrite).await?;
        }
        let atomic_create =
            begun != Answer::Unsupported && self.write(PutMode::Create).await? == Answer::Refused;
        Ok(Capabilities {
            atomic_create,
            compare_and_swap: self.swaps().await?,
            ..self.store.capabilities()
        })
    }

    async fn swaps(&self) -> Result<bool, StoreError> {
        let stale = PutMode::Update(Version::of_etag(NO_OBJECT).for_update());
        if self.write(stale).await? != Answer::Refused {
            return Ok(false);
        }
        let Some((meta, _)) = self.store.head(&self.key).await? else {
            return Ok(false);
        };
        let present = PutMode::Update(Version::from(&meta).for_update());
        Ok(self.write(present).await? == Answer::Written)
    }

    async fn write(&self, mode: PutMode) -> Result<Answer, StoreError> {
        match self.store.put(&self.key, "probe", mode, Attributes::new()).await {
            Ok(_) => Ok(Answer::Written),
            Err(error) => match error.kind() {
                ErrorKind::AlreadyExists | ErrorKind::Precondition | ErrorKind::NotFound => {
                    Ok(Answer::Refused)
                }
                ErrorKind::Unsupported => Ok(Answer::Unsupported),
                _ => Err(error),
            },
        }
    }
}

/// What the store says to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Written,
    Refused,
    Unsupported,
}
