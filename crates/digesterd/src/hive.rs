//! What the folders of a table's file say of it, where it lies as workers store tables:
//! `edges/v1/span=PT1H/day=2026-11-22/hour=03/scope=all/<id>-<nonce>.parquet`.

use std::path::{Path, PathBuf};

use chrono::{NaiveDate, TimeDelta};
use digest_core::DigestId;

/// Letters of an id.
const ID: usize = 36;

/// A table's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hive {
    /// First and past-the-last second of its window.
    pub(crate) window: (i64, i64),
    /// The table of interfaces of the same digest.
    pub(crate) interfaces: PathBuf,
    /// The digest's manifest.
    pub(crate) manifest: PathBuf,
}

impl Hive {
    /// The place of a table of edges, if it is one.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let path = path.canonicalize().ok()?;
        let text = path.to_str()?;
        let (root, rest) = text.rsplit_once("/edges/v1/")?;
        let part = |name: &str| {
            let mut parts = rest.split('/');
            parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
        };
        let day: NaiveDate = part("day")?.parse().ok()?;
        let hour = part("hour")?.parse().ok()?;
        let start = day.and_hms_opt(hour, 0, 0)?.and_utc().timestamp();
        let minutes = minutes(part("span")?)?;
        let name = path.file_name()?.to_str()?;
        let id: DigestId = name.get(..ID)?.parse().ok()?;
        let root = Path::new(root);
        Some(Self {
            window: (start, start + TimeDelta::minutes(minutes).num_seconds()),
            interfaces: root.join("interfaces/v1").join(rest),
            manifest: root.join(format!("{id}.manifest.json")),
        })
    }
}

/// Minutes of an ISO 8601 duration of days, hours and minutes.
fn minutes(span: &str) -> Option<i64> {
    let span = span.strip_prefix('P')?;
    let (days, time) = span.split_once('T').unwrap_or((span, ""));
    let mut all = 0;
    for (mut text, units) in [(days, &[("D", 1440)][..]), (time, &[("H", 60), ("M", 1)])] {
        for (unit, length) in units {
            if let Some((count, rest)) = text.split_once(unit) {
                all += count.parse::<u32>().ok().map(i64::from)? * length;
                text = rest;
            }
        }
        if !text.is_empty() {
            return None;
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_say_the_window_and_where_the_rest_is() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let rest = "span=PT1H30M/day=2018-10-17/hour=05/scope=all/\
                    7869fe53-0b48-5a77-9358-32a82efe8858-00000000-0000-0000-0000-000000000000.parquet";
        let table = root.join("edges/v1").join(rest);
        std::fs::create_dir_all(table.parent().unwrap()).unwrap();
        std::fs::write(&table, "").unwrap();
        let hive = Hive::of(&table).unwrap();
        assert_eq!(hive.window, (1_539_752_400, 1_539_757_800));
        assert_eq!(hive.interfaces, root.join("interfaces/v1").join(rest));
        assert!(
            hive.manifest
                .ends_with("7869fe53-0b48-5a77-9358-32a82efe8858.manifest.json")
        );
        assert_eq!(Hive::of(&root), None);
    }

    #[test]
    fn lengths_are_read_as_they_are_written() {
        for (span, expected) in [
            ("PT1H", Some(60)),
            ("P1D", Some(1440)),
            ("P1DT2H5M", Some(1565)),
            ("PT15M", Some(15)),
            ("PT", Some(0)),
            ("1H", None),
            ("PT1X", None),
        ] {
            assert_eq!(minutes(span), expected, "{span}");
        }
    }
}
