//! Opening a place by its kind.

use crate::error::StoreError;
use crate::place::Place;
use crate::s3::StoreOptions;
use crate::store::Store;

/// Opens a place. Asks nothing of a bucket yet; a directory is made where it is not there.
///
/// # Errors
/// [`StoreError`] of kind [`crate::ErrorKind::Settings`] where something is missing, or where a directory cannot be made.
pub fn open(place: &Place, options: &StoreOptions) -> Result<Store, StoreError> {
    match place {
        Place::S3 { bucket, prefix } => crate::s3::open(bucket, prefix, place, options),
        Place::Local { directory } => crate::local::open(directory, place),
        Place::Memory => Ok(Store::memory()),
    }
}
