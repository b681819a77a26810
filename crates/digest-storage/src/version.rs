//! The version of an object, by which a write names the very object that it replaces.

use object_store::{ObjectMeta, PutResult, UpdateVersion};

/// An object's version: its ETag. A store may have ids of its own besides, which answers to writes tell and others do
/// not (Garage, versioned buckets of S3): no condition can name them, and two sights of one object would differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    etag: Option<String>,
}

impl Version {
    /// The version that has this ETag.
    #[must_use]
    pub fn of_etag(etag: &str) -> Self {
        Self {
            etag: Some(etag.to_owned()),
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
            version: None,
        }
    }
}

impl From<&ObjectMeta> for Version {
    fn from(meta: &ObjectMeta) -> Self {
        Self {
            etag: meta.e_tag.clone(),
        }
    }
}

impl From<&PutResult> for Version {
    fn from(put: &PutResult) -> Self {
        Self {
            etag: put.e_tag.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use object_store::path::Path;

    use super::*;

    #[test]
    fn what_was_written_is_the_version_that_is_read_though_only_one_answer_has_an_id() {
        let etag = Some("\"05baed71\"".to_owned());
        let put = PutResult {
            e_tag: etag.clone(),
            version: Some("424c0339".to_owned()),
            extensions: object_store::Extensions::default(),
        };
        let meta = ObjectMeta {
            location: Path::from("key"),
            last_modified: chrono::DateTime::UNIX_EPOCH,
            size: 1,
            e_tag: etag,
            version: None,
        };
        assert_eq!(Version::from(&put), Version::from(&meta));
        let update = Version::from(&put).for_update();
        assert_eq!((update.e_tag, update.version), (meta.e_tag, None));
    }
}
