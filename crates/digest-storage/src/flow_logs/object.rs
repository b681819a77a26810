//! A flow log object as it was listed, and its name among those of several places.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use digest_core::manifest::ObjectEntry;
use object_store::ObjectMeta;

use super::name::ObjectName;

/// One flow log object as it was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowLogObject {
    /// The place that it lies in, as a URL, where there are several; none where there is one.
    pub place: Option<Arc<str>>,
    /// Key inside the place.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// ETag; the object is read only as long as it has this one.
    pub etag: Option<String>,
    /// Account of the key; `-` for loose objects of other names.
    pub account: String,
    /// Region of the key; `-` likewise.
    pub region: String,
    /// Id of the flow log; empty likewise.
    pub flow_log_id: String,
    /// Time in the name; for loose objects of other names when they were stored.
    pub named: DateTime<Utc>,
}

impl FlowLogObject {
    /// A loose object, whatever its name.
    pub(super) fn loose(place: Option<&Arc<str>>, meta: &ObjectMeta) -> Self {
        let name = ObjectName::parse(meta.location.filename().unwrap_or_default());
        let (account, region) = name.map_or(("-", "-"), |name| (name.account, name.region));
        Self {
            place: place.cloned(),
            key: meta.location.to_string(),
            size: meta.size,
            etag: meta.e_tag.clone(),
            account: account.to_owned(),
            region: region.to_owned(),
            flow_log_id: name.map_or_else(String::new, |name| name.flow_log_id.to_owned()),
            named: name.map_or(meta.last_modified, |name| name.time),
        }
    }

    /// An object that a manifest tells of.
    #[must_use]
    pub fn told(entry: &ObjectEntry) -> Self {
        let name = entry.key.rsplit('/').next().and_then(ObjectName::parse);
        let (account, region) = name.map_or(("-", "-"), |name| (name.account, name.region));
        Self {
            place: entry.place.as_deref().map(Arc::from),
            key: entry.key.clone(),
            size: entry.size,
            etag: entry.etag.clone(),
            account: account.to_owned(),
            region: region.to_owned(),
            flow_log_id: name.map_or_else(String::new, |name| name.flow_log_id.to_owned()),
            named: name.map_or_else(DateTime::default, |name| name.time),
        }
    }

    /// What tells this object from every other one of the plan: its key, behind its place's URL where there are
    /// several places.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        match &self.place {
            Some(place) => Cow::Owned(format!("{place}/{}", self.key)),
            None => Cow::Borrowed(&self.key),
        }
    }

    /// The time in its name, where the name is a flow log object's.
    #[must_use]
    pub fn time_in_name(&self) -> Option<DateTime<Utc>> {
        (!self.flow_log_id.is_empty()).then_some(self.named)
    }

    /// Order by name.
    #[must_use]
    pub fn cmp_by_name(&self, other: &Self) -> Ordering {
        if self.place == other.place {
            self.key.cmp(&other.key)
        } else {
            self.name_bytes().cmp(other.name_bytes())
        }
    }

    /// Where this object stands beside one of that name.
    #[must_use]
    pub fn cmp_to_name(&self, name: &str) -> Ordering {
        match &self.place {
            None => self.key.as_str().cmp(name),
            Some(_) => self.name_bytes().cmp(name.bytes()),
        }
    }

    fn name_bytes(&self) -> impl Iterator<Item = u8> {
        let place = self.place.as_deref();
        let begin = place.map_or("", |place| place).bytes();
        begin.chain(place.map(|_| b'/')).chain(self.key.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(place: Option<&str>, key: &str) -> FlowLogObject {
        FlowLogObject {
            place: place.map(Arc::from),
            key: key.to_owned(),
            size: 1,
            etag: None,
            account: "-".to_owned(),
            region: "-".to_owned(),
            flow_log_id: String::new(),
            named: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn objects_of_several_places_are_told_apart_by_name_and_sorted_by_it() {
        let mut objects = [
            object(Some("s3://a/p"), "x"),
            object(Some("s3://a"), "z"),
            object(Some("s3://a-b"), "x"),
            object(Some("s3://a"), "b"),
        ];
        objects.sort_by(FlowLogObject::cmp_by_name);
        let names: Vec<_> = objects.iter().map(|object| object.name().into_owned()).collect();
        assert_eq!(names, ["s3://a-b/x", "s3://a/b", "s3://a/p/x", "s3://a/z"]);
        for (at, name) in names.iter().enumerate() {
            let found = objects.binary_search_by(|object| object.cmp_to_name(name));
            assert_eq!(found, Ok(at), "{name}");
        }
        assert_eq!(object(None, "k").name(), "k");
    }
}
