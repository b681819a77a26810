//! The three buckets, each with its region and the role to assume for it: `VPC_FLOW_LOGS_BUCKET`,
//! `DIGEST_STORAGE_BUCKET`, `DIGEST_PROGRESS_BUCKET` with `…_REGION`, `…_ROLE`,
//! `…_ROLE_EXTERNAL_ID`, and the `REGION` of all.

use std::error::Error;

use digest_storage::{Place, StoreError};
use serde::Deserialize;

use super::{Reader, Secret};

/// Which of the buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// Holds the flow logs; only read.
    FlowLogs,
    /// Holds digests and manifests.
    Storage,
    /// Holds job records and markers.
    Progress,
}

/// Where one bucket is and who may open it.
#[derive(Debug, Clone, PartialEq)]
pub struct BucketSettings {
    /// Which of the buckets.
    pub bucket: Bucket,
    /// S3 bucket, local directory or memory.
    pub place: Place,
    /// Region; always there for S3.
    pub region: Option<String>,
    /// Role to assume.
    pub role: Option<RoleSettings>,
}

/// A role to assume before a bucket is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSettings {
    /// ARN of the role.
    pub arn: String,
    /// The external id that the role's trust policy asks for.
    pub external_id: Option<Secret>,
}

/// Names of one bucket's variables; the first is the others' prefix.
struct Names {
    place: &'static str,
    role: &'static str,
    external_id: &'static str,
}

/// A bucket's variables without their common prefix.
#[derive(Default, Deserialize)]
pub(super) struct Raw {
    #[serde(rename = "")]
    place: Option<String>,
    #[serde(rename = "_region")]
    region: Option<String>,
    #[serde(rename = "_role")]
    role: Option<String>,
    #[serde(rename = "_role_external_id")]
    role_external_id: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct RawRegion {
    region: Option<String>,
}

impl Bucket {
    /// Name of the variable that says where the bucket is.
    #[must_use]
    pub fn variable(self) -> &'static str {
        self.names().place
    }

    fn names(self) -> Names {
        match self {
            Self::FlowLogs => Names {
                place: "VPC_FLOW_LOGS_BUCKET",
                role: "VPC_FLOW_LOGS_BUCKET_ROLE",
                external_id: "VPC_FLOW_LOGS_BUCKET_ROLE_EXTERNAL_ID",
            },
            Self::Storage => Names {
                place: "DIGEST_STORAGE_BUCKET",
                role: "DIGEST_STORAGE_BUCKET_ROLE",
                external_id: "DIGEST_STORAGE_BUCKET_ROLE_EXTERNAL_ID",
            },
            Self::Progress => Names {
                place: "DIGEST_PROGRESS_BUCKET",
                role: "DIGEST_PROGRESS_BUCKET_ROLE",
                external_id: "DIGEST_PROGRESS_BUCKET_ROLE_EXTERNAL_ID",
            },
        }
    }
}

impl BucketSettings {
    /// Whether the bucket is in S3 or a store that speaks its language.
    #[must_use]
    pub fn is_in_s3(&self) -> bool {
        matches!(self.place, Place::S3 { .. })
    }

    /// Reads one bucket's variables; `None` and a note for each one at fault.
    #[must_use]
    pub fn read(reader: &Reader<'_>, bucket: Bucket) -> Option<Self> {
        let names = bucket.names();
        let raw: Raw = reader.raw_with_prefix(names.place);
        let place = reader.required(names.place, raw.place, |text| {
            text.parse::<Place>()
                .map_err(|error| format!("names no bucket: {}", reason(&error)))
        });
        let RawRegion { region } = reader.raw();
        let region = raw.region.or(region);
        let in_s3 = matches!(place, Some(Place::S3 { .. }));
        if in_s3 && region.is_none() {
            reader.note(
                "REGION",
                "is not set, and not every bucket in S3 has a region of its own",
            );
        }
        if raw.role_external_id.is_some() && raw.role.is_none() {
            reader.note(names.external_id, format!("is set without {}", names.role));
        }
        Some(Self {
            bucket,
            place: place?,
            region,
            role: raw.role.map(|arn| RoleSettings {
                arn,
                external_id: raw.role_external_id.map(Secret::new),
            }),
        })
    }
}

/// Why a text names no place, without the text itself, which the reader shows.
fn reason(error: &StoreError) -> String {
    error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string)
}
