//! Temporary objects of attempts that are no more.

use std::time::Duration;

use chrono::Utc;
use digest_storage::StoreError;
use futures::TryStreamExt;

use crate::terms::delta;
use crate::worker::Worker;

/// Younger temporary objects are left alone, whoever owns them.
const SAFE_AGE: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) async fn clear(_worker: &Worker) -> Result<usize, StoreError> { Ok(0) }
