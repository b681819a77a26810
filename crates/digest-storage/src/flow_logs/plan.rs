//! A plan: the objects to read for a window, and what listing them took and left out.

use std::sync::Arc;

use object_store::ObjectMeta;

use super::object::FlowLogObject;

/// Names of foreign keys that are kept for a message.
const NAMES_KEPT: usize = 10;

/// What is to be read for a window.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The objects, by name.
    pub objects: Vec<FlowLogObject>,
    /// Keys that the listings returned.
    pub listed: u64,
    /// Keys that are no flow log's.
    pub foreign: u64,
    /// Empty flow log objects.
    pub empty: u64,
    /// The first few foreign keys.
    pub foreign_names: Vec<String>,
    /// Requests that listed objects: one for each page of up to 1,000 keys.
    pub list_calls: u64,
    /// Requests that found accounts, regions and folders of hours. What is still known from an earlier plan costs none.
    pub discovery_calls: u64,
}

impl Plan {
    /// Compressed bytes to read.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.objects.iter().map(|object| object.size).sum()
    }

    /// Adds another part. The objects are not sorted then.
    pub(super) fn merge(&mut self, other: Self) {
        if self.objects.is_empty() {
            self.objects = other.objects;
        } else {
            self.objects.extend(other.objects);
        }
        self.listed += other.listed;
        self.foreign += other.foreign;
        self.empty += other.empty;
        self.foreign_names.extend(other.foreign_names);
        self.foreign_names.truncate(NAMES_KEPT);
        self.list_calls += other.list_calls;
        self.discovery_calls += other.discovery_calls;
    }

    /// Sorts by name: the plan of the same objects is the same.
    pub(super) fn sorted(mut self) -> Self {
        self.objects.sort_unstable_by(FlowLogObject::cmp_by_name);
        self
    }

    /// Enters a key that is no flow log's.
    pub(super) fn enter_foreign(&mut self, meta: &ObjectMeta) {
        self.foreign += 1;
        if self.foreign_names.len() < NAMES_KEPT {
            self.foreign_names.push(meta.location.to_string());
        }
    }

    /// Enters an object, unless it is empty.
    pub(super) fn enter(&mut self, object: FlowLogObject) {
        if object.size == 0 {
            self.empty += 1;
        } else {
            self.objects.push(object);
        }
    }

    /// Enters a loose object, whatever its name.
    pub(super) fn enter_loose(&mut self, place: Option<&Arc<str>>, meta: &ObjectMeta) {
        self.listed += 1;
        self.enter(FlowLogObject::loose(place, meta));
    }
}
