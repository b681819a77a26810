//! The three buckets, each with its region and the role to assume for it: `VPC_FLOW_LOGS_BUCKET`,
//! `DIGEST_STORAGE_BUCKET`, `DIGEST_PROGRESS_BUCKET` with `…_REGION`, `…_ROLE`,
//! `…_ROLE_EXTERNAL_ID`, the `REGION` of all, and the storage bucket's `DIGEST_STORAGE_SSE_KMS_KEY_ID`.

use std::error::Error;

use digest_storage::{Place, StoreError};
use serde::Deserialize;

use super::{Reader, Secret};

const KMS_KEY: &str = "DIGEST_STORAGE_SSE_KMS_KEY_ID";

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
    /// KMS key that whatever is written there has to be encrypted with; of the storage bucket alone.
    pub kms_key: Option<String>,
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
pub(super) struct Names {
    pub(super) place: &'static str,
    pub(super) region: &'static str,
    pub(super) role: &'static str,
    pub(super) external_id: &'static str,
}

/// A bucket's variables without their common prefix.
#[derive(Default, Deserialize)]
pub(super) struct Raw {
    #[serde(rename = "")]
    pub(super) place: Option<String>,
    #[serde(rename = "_region")]
    pub(super) region: Option<String>,
    #[serde(rename = "_role")]
    pub(super) role: Option<String>,
    #[serde(rename = "_role_external_id")]
    pub(super) role_external_id: Option<String>,
}

/// What belongs to one place beside its name.
pub(super) struct Companions {
    pub(super) region: Option<String>,
    pub(super) role: Option<String>,
    pub(super) external_id: Option<Secret>,
}

#[derive(Default, Deserialize)]
pub(super) struct RawKey {
    digest_storage_sse_kms_key_id: Option<String>,
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

    pub(super) fn names(self) -> Names {
        match self {
            Self::FlowLogs => Names {
                place: "VPC_FLOW_LOGS_BUCKET",
                region: "VPC_FLOW_LOGS_BUCKET_REGION",
                role: "VPC_FLOW_LOGS_BUCKET_ROLE",
                external_id: "VPC_FLOW_LOGS_BUCKET_ROLE_EXTERNAL_ID",
            },
            Self::Storage => Names {
                place: "DIGEST_STORAGE_BUCKET",
                region: "DIGEST_STORAGE_BUCKET_REGION",
                role: "DIGEST_STORAGE_BUCKET_ROLE",
                external_id: "DIGEST_STORAGE_BUCKET_ROLE_EXTERNAL_ID",
            },
            Self::Progress => Names {
                place: "DIGEST_PROGRESS_BUCKET",
                region: "DIGEST_PROGRESS_BUCKET_REGION",
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
        let raw = Self::raw(reader, bucket);
        let companions = Companions {
            region: raw.region,
            role: raw.role,
            external_id: raw.role_external_id.map(Secret::new),
        };
        Self::read_one(reader, bucket, raw.place, companions)
    }

    /// A bucket's variables as they are.
    pub(super) fn raw(reader: &Reader<'_>, bucket: Bucket) -> Raw {
        reader.raw_with_prefix(bucket.names().place)
    }

    /// One place of a bucket's variables.
    pub(super) fn read_one(
        reader: &Reader<'_>,
        bucket: Bucket,
        place: Option<String>,
        companions: Companions,
    ) -> Option<Self> {
        let names = bucket.names();
        let place = reader.required(names.place, place, |text| {
            text.parse::<Place>()
                .map_err(|error| format!("names no bucket: {}", reason(&error)))
        });
        let RawRegion { region } = reader.raw();
        let region = companions.region.or(region);
        let in_s3 = matches!(place, Some(Place::S3 { .. }));
        if in_s3 && region.is_none() {
            reader.note(
                "REGION",
                "is not set, and not every bucket in S3 has a region of its own",
            );
        }
        if companions.external_id.is_some() && companions.role.is_none() {
            reader.note(names.external_id, format!("is set without {}", names.role));
        }
        let kms_key = match bucket {
            Bucket::Storage => reader.raw::<RawKey>().digest_storage_sse_kms_key_id,
            Bucket::FlowLogs | Bucket::Progress => None,
        };
        if kms_key.is_some() && place.is_some() && !in_s3 {
            reader.note(KMS_KEY, format!("is set, and {} is not in S3", names.place));
        }
        Some(Self {
            bucket,
            place: place?,
            region,
            role: companions.role.map(|arn| RoleSettings {
                arn,
                external_id: companions.external_id,
            }),
            kms_key,
        })
    }
}

/// Why a text names no place, without the text itself, which the reader shows.
fn reason(error: &StoreError) -> String {
    error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string)
}
