//! The version of an object, by which a write names the very object that it replaces.

use object_store::{ObjectMeta, PutResult, UpdateVersion};

/// An object's version: its ETag, and the store's own version where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    etag: Option<String>,
    version: Option<String>,
}

impl Version {
    /// The version that has this ETag.
    #[must_use]
    pub fn of_etag(etag: &str) -> Self {
        Self {
            etag: Some(etag.to_owned()),
            version: None,
        }
    }

    /// The ETag, where the store gives one.
    #[must_use]
    pub fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    pub(crate) fn for_update(&self) -> UpdateVersion {
        UpdateVersion {
            e_tag: self.etag.clone(),
            version: self.version.clone(),
        }
    }
}

impl From<&ObjectMeta> for Version {
    fn from(meta: &ObjectMeta) -> Self {
        Self {
            etag: meta.e_tag.clone(),
            version: meta.version.clone(),
        }
    }
}

impl From<&PutResult> for Version {
    fn from(put: &PutResult) -> Self {
        Self {
            etag: put.e_tag.clone(),
            version: put.version.clone(),
        }
    }
}
