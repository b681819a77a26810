//! What this crate asks of a store, as a suite that every store has to pass: see [`contract_tests!`](crate::contract_tests).
//!
//! Each case is a function of a [`Subject`]: a fresh place, and the place around it. What a store cannot do it
//! declares by its [`Capabilities`](crate::Capabilities); the cases then show that the crate's verbs make do without.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test suite may fail loudly"
)]

use std::any::Any;
use std::fmt;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use digest_core::{Job, JobRecord, Scope, Window};
use object_store::path::Path;
use object_store::{Attributes, PutMode};
use uuid::Uuid;

use crate::store::Store;

pub mod attempts;
pub mod buckets;
pub mod copies;
pub mod digests;
pub mod listings;
pub mod markers;
pub mod races;
pub mod reads;
pub mod records;
pub mod writes;

/// One [`tokio::test`](https://docs.rs/tokio) for every case of the contract, in modules named after their groups.
/// The argument names an `async fn() -> Subject` beside the call.
#[macro_export]
macro_rules! contract_tests {
    ($open:ident) => {
        $crate::contract_tests!($open: reads [
            bytes_come_back_as_they_were_put,
            an_absent_object_is_not_found,
            get_head_and_listing_tell_the_same,
            ranges_are_cut_to_the_object,
            a_read_of_a_changed_object_fails,
        ]);
        $crate::contract_tests!($open: writes [
            a_second_put_replaces_the_first,
            a_delete_of_an_absent_object_is_no_failure,
            a_create_refuses_what_exists,
            a_swap_replaces_only_the_version_that_it_names,
            attributes_are_kept_where_declared,
            odd_keys_are_keys,
        ]);
        $crate::contract_tests!($open: races [
            of_many_creates_exactly_one_succeeds,
            of_many_swaps_exactly_one_succeeds,
            no_swap_is_lost,
            of_many_claims_exactly_one_succeeds,
        ]);
        $crate::contract_tests!($open: listings [
            a_prefix_is_made_of_whole_segments,
            a_listing_begins_after_its_offset,
            folders_are_found_by_delimiter,
            more_than_one_page_comes_whole,
            a_place_is_its_prefix_and_nothing_else,
        ]);
        $crate::contract_tests!($open: copies [
            a_copy_has_the_bytes_and_the_attributes,
            a_copy_of_an_absent_object_is_not_found,
            a_conditional_copy_refuses_what_exists,
            an_upload_in_parts_is_one_object,
            an_upload_that_is_given_up_leaves_nothing,
        ]);
        $crate::contract_tests!($open: records [
            a_record_is_created_swapped_and_removed,
            a_stale_version_swaps_nothing,
            a_create_whose_answer_was_lost_is_settled_by_reading_back,
            a_swap_whose_answer_was_lost_is_settled_by_reading_back,
            a_create_that_never_arrived_is_told_as_a_failure,
            a_refusal_of_ones_own_write_is_no_refusal,
            a_record_that_cannot_be_read_is_corrupt,
        ]);
        $crate::contract_tests!($open: markers [
            markers_of_the_go_service_are_understood,
            a_marker_is_created_where_there_is_none,
            a_marker_is_its_time_and_nothing_else,
        ]);
        $crate::contract_tests!($open: digests [
            a_first_publish_needs_an_absent_digest,
            a_refresh_replaces_only_the_digest_that_it_names,
            what_stands_beside_a_digest_is_kept_where_declared,
            a_digest_is_read_in_ranges_and_only_as_it_was_found,
            a_digest_of_the_go_service_is_found,
            a_small_digest_is_read_as_a_whole_with_its_hash,
        ]);
        $crate::contract_tests!($open: attempts [
            a_large_digest_comes_from_its_temporary_object,
            a_manifest_gets_its_name_from_its_attempt,
            a_list_of_objects_is_read_wherever_it_is,
            a_table_is_read_only_as_it_was_found,
            what_attempts_leave_is_found_and_removed,
            what_attempts_at_one_digest_leave_is_found_by_itself,
            a_probe_finds_what_the_store_does_and_leaves_nothing,
        ]);
    };
    ($open:ident: $group:ident [$($case:ident,)*]) => {
        mod $group {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    $crate::contract::$group::$case(super::$open().await).await;
                }
            )*
        }
    };
}

/// A store to be tried: a fresh place of its own inside a larger one.
pub struct Subject {
    /// The place, empty.
    pub store: Store,
    /// The place around it.
    pub around: Store,
    /// The key of the place inside the one around it, without slashes at its ends.
    pub prefix: String,
    /// Whether listings tell ETags; only a test's server may leave them out.
    pub lists_etags: bool,
    /// Lives as long as the subject, such as the server behind it.
    _behind: Box<dyn Any + Send + Sync>,
}

impl Subject {
    /// A subject; `behind` is dropped with it.
    #[must_use]
    pub fn new(store: Store, around: Store, prefix: &str, behind: impl Any + Send + Sync) -> Self {
        Self {
            store,
            around,
            prefix: prefix.to_owned(),
            lists_etags: true,
            _behind: Box::new(behind),
        }
    }

    /// The same subject with its place wrapped, such as by [`Faults::over`](crate::faults::Faults::over).
    #[must_use]
    pub fn wrapped(mut self, wrap: impl FnOnce(&Store) -> Store) -> Self {
        self.store = wrap(&self.store);
        self
    }

    /// Puts an object, whatever is there.
    async fn put(&self, key: &str, body: impl Into<Bytes>) {
        put(&self.store, key, body).await;
    }

    /// An object's bytes.
    async fn get(&self, key: &str) -> Option<Bytes> {
        let found = self.store.bytes(&path(key)).await.unwrap();
        found.map(|(bytes, _)| bytes)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

async fn put(store: &Store, key: &str, body: impl Into<Bytes>) {
    let body: Bytes = body.into();
    store
        .put(&path(key), body, PutMode::Overwrite, Attributes::new())
        .await
        .unwrap();
}

/// A key exactly as it is written.
fn path(key: &str) -> Path {
    Path::parse(key).unwrap()
}

/// The job of an hour.
fn job() -> Job {
    Job::new(
        Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap(),
        Scope::default(),
    )
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_539_734_400, 0).unwrap()
}

/// A claim of that job under a nonce of its own.
fn claim() -> JobRecord {
    JobRecord::claim(job(), "contract", Uuid::new_v4(), now(), TimeDelta::minutes(1))
}

/// The record's next state.
fn queued(record: &JobRecord) -> JobRecord {
    record.queued(now(), TimeDelta::hours(6)).unwrap()
}
