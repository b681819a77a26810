//! The digest's id: UUIDv5 of window and scope, the same that the Go service gave an unscoped window.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset, Utc};
use thiserror::Error;
use uuid::Uuid;

use crate::scope::Scope;
use crate::window::{Bound, Window};

/// Namespace of all ids: UUIDv5(nil, "digest").
pub const NAMESPACE: Uuid = Uuid::from_u128(0xe2ac_b2e7_694f_5d8a_a957_efcf_50fc_0e8e);

/// Names a digest and everything stored for it. Always computed from window and scope, never
/// taken from outside as a path.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DigestId(Uuid);

/// A text that is no digest id in its one spelling, hyphenated and lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a digest id (a lower-case UUID with hyphens)")]
pub struct IdError;

impl DigestId {
    /// The id of a window and scope.
    #[must_use]
    pub fn of(window: &Window, scope: &Scope) -> Self {
        let mut name = String::with_capacity(96);
        push_go_time(&mut name, window.start_unix(), 0);
        push_go_time(&mut name, window.stop_unix(), 0);
        for (label, names) in [(" account=", scope.accounts()), (" region=", scope.regions())] {
            if !names.is_empty() {
                name.push_str(label);
                name.push_str(&names.join(","));
            }
        }
        Self(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
    }

    /// The id that the Go service derived from bounds as written, offsets included.
    ///
    /// Go prints a time with its offset twice where the zone has no name. Equal to [`DigestId::of`]
    /// for bounds in UTC.
    #[must_use]
    pub fn of_go_bounds(start: Bound, stop: Bound) -> Self {
        let mut name = String::with_capacity(72);
        push_go_time(&mut name, start.unix, start.offset);
        push_go_time(&mut name, stop.unix, stop.offset);
        Self(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
    }

    /// The underlying UUID.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        self.0
    }
}

/// Appends a time as Go's `Time.String` prints it: `2018-10-17 00:00:00 +0000 UTC`.
fn push_go_time(name: &mut String, unix: i64, offset: i32) {
    use fmt::Write as _;
    let utc: DateTime<Utc> = DateTime::from_timestamp(unix, 0).unwrap_or_default();
    // Writing into a String cannot fail.
    let _ = match FixedOffset::east_opt(offset).filter(|_| offset != 0) {
        None => write!(name, "{}", utc.format("%Y-%m-%d %H:%M:%S +0000 UTC")),
        Some(zone) => write!(
            name,
            "{}",
            utc.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %z %z")
        ),
    };
}

impl fmt::Display for DigestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for DigestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for DigestId {
    type Err = IdError;

    /// Reads the hyphenated lower-case form alone, so that one id has one spelling.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text)
            .map(Self)
            .ok()
            .filter(|id| id.to_string() == text)
            .ok_or(IdError)
    }
}

impl serde::Serialize for DigestId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for DigestId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(start: &str, stop: &str) -> String {
        DigestId::of(&Window::parse(start, stop).unwrap(), &Scope::default()).to_string()
    }

    #[test]
    fn namespace_is_the_go_services() {
        assert_eq!(NAMESPACE, Uuid::new_v5(&Uuid::nil(), b"digest"));
    }

    #[test]
    fn ids_are_the_go_services() {
        assert_eq!(
            id("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z"),
            "7869fe53-0b48-5a77-9358-32a82efe8858"
        );
        assert_eq!(
            id("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
            "f541d344-5034-5b26-9d30-972df627cc10"
        );
        assert_eq!(
            id("2024-02-29T23:59:00Z", "2024-03-01T00:00:00Z"),
            "d43f41f0-fe7f-575e-b0d2-7bc807d7e4d8"
        );
    }

    #[test]
    fn a_scope_has_ids_of_its_own() {
        let window = Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap();
        let scope = Scope::parse(Some("222222222222,111111111111"), Some("us-east-1")).unwrap();
        assert_eq!(
            DigestId::of(&window, &scope).to_string(),
            "15d1343b-a4a1-5343-97b1-3c247145e4df"
        );
    }

    #[test]
    fn offsets_made_other_ids_in_the_go_service() {
        let start = Bound::parse("start", "2018-10-17T10:00:00+10:00").unwrap();
        let stop = Bound::parse("stop", "2018-10-17T11:00:00+10:00").unwrap();
        assert_eq!(
            DigestId::of_go_bounds(start, stop).to_string(),
            "5180f218-4eaa-5447-8c4c-ce7daf6c4b5d"
        );
    }

    #[test]
    fn reads_one_spelling_only() {
        assert!("7869fe53-0b48-5a77-9358-32a82efe8858".parse::<DigestId>().is_ok());
        assert!(
            "7869FE53-0b48-5a77-9358-32a82efe8858"
                .parse::<DigestId>()
                .is_err()
        );
        assert!("7869fe530b485a77935832a82efe8858".parse::<DigestId>().is_err());
        assert!("../../etc/passwd".parse::<DigestId>().is_err());
    }
}
