//! A place that a bucket variable names: an S3 bucket, a local directory or the process's memory.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use object_store::path::Path;

use crate::error::{ErrorKind, StoreError};

/// Where a kind of object lives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// A bucket of S3 or of a store that speaks its language, and a prefix inside it (empty: the whole bucket).
    S3 {
        /// The bucket's name.
        bucket: String,
        /// The prefix, without slashes at its ends.
        prefix: String,
    },
    /// A directory of this machine.
    Local {
        /// The directory.
        directory: PathBuf,
    },
    /// The process's memory: gone with it.
    Memory,
}

impl FromStr for Place {
    type Err = StoreError;

    /// Reads `name`, `s3://bucket/prefix`, `file:///directory` or `memory:`.
    fn from_str(text: &str) -> Result<Self, StoreError> {
        let refuse = |why: &str| StoreError::new(ErrorKind::Settings, text, "", why.to_owned());
        if text == "memory:" {
            return Ok(Self::Memory);
        }
        if let Some(path) = text.strip_prefix("file://") {
            if !path.starts_with('/') {
                return Err(refuse(
                    "a file URL names an absolute directory: file:///directory",
                ));
            }
            return Ok(Self::Local {
                directory: PathBuf::from(path),
            });
        }
        let rest = match text.split_once("://") {
            Some(("s3", rest)) => rest,
            Some((scheme, _)) => {
                return Err(refuse(&format!(
                    "{scheme}:// is not supported; use s3:// or file://"
                )));
            }
            None if text.contains('/') => {
                return Err(refuse(
                    "a bucket name has no slash; use s3://bucket/prefix or file:///directory",
                ));
            }
            None => text,
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if bucket.len() < 3 || bucket.len() > 63 || !bucket.bytes().all(fits) {
            return Err(refuse(
                "a bucket name has 3 to 63 letters, digits, dots and hyphens",
            ));
        }
        let prefix = prefix.trim_matches('/');
        Path::parse(prefix).map_err(|error| refuse(&format!("the prefix cannot be used: {error}")))?;
        Ok(Self::S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
            Self::Local { directory } => write!(f, "file://{}", directory.display()),
            Self::Memory => f.write_str("memory:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_urls() {
        for (text, shown) in [
            ("vpc-flow-logs", "s3://vpc-flow-logs"),
            ("s3://vpc-flow-logs", "s3://vpc-flow-logs"),
            ("s3://vpc-flow-logs/a/b/", "s3://vpc-flow-logs/a/b"),
            ("file:///var/lib/digests", "file:///var/lib/digests"),
            ("memory:", "memory:"),
        ] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn refuses_what_names_no_place() {
        for text in [
            "",
            "ab",
            "a/b",
            "gs://bucket",
            "file://relative",
            "s3://",
            "s3://bucket/a//b",
            "sp ace",
        ] {
            assert_eq!(
                text.parse::<Place>().unwrap_err().kind(),
                ErrorKind::Settings,
                "{text:?}"
            );
        }
    }
}
