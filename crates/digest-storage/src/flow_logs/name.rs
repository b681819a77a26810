//! The name of a flow log object: `<account>_vpcflowlogs_<region>_<flow log id>_<YYYYMMDDTHHmmZ>_<hash>.log.gz`.
//!
//! Source: "Flow log files", Amazon VPC user guide. Read from the right: only the time and what precedes it matter.

use chrono::{DateTime, NaiveDateTime, Utc};

/// The parts of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ObjectName<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) flow_log_id: &'a str,
    pub(super) time: DateTime<Utc>,
}

impl<'a> ObjectName<'a> {
    /// Reads a file name without its folders.
    pub(super) fn parse(name: &'a str) -> Option<Self> {
        let (stem, _) = name
            .split_once(".log")
            .filter(|(_, rest)| rest.is_empty() || rest.starts_with('.'))?;
        let mut parts = stem.rsplitn(6, '_');
        let _hash = parts.next().filter(|hash| !hash.is_empty())?;
        // Blanks and signs that the calendar would take stand elsewhere among the names than their time does.
        let time = parts.next().filter(|time| is_time(time))?;
        let time = NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%MZ")
            .ok()?
            .and_utc();
        let flow_log_id = parts.next().filter(|id| id.starts_with("fl-"))?;
        let region = parts.next()?;
        let _service = parts.next().filter(|&service| service == "vpcflowlogs")?;
        let account = parts.next()?;
        Some(Self {
            account,
            region,
            flow_log_id,
            time,
        })
    }
}

/// Whether a text is digits as `YYYYMMDDTHHmmZ` has them.
fn is_time(text: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| match at {
        8 => byte == b'T',
        13 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    text.len() == 14 && text.bytes().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_name_that_aws_gives() {
        for suffix in [".log.gz", ".log.parquet", ".log"] {
            let text =
                format!("123456789012_vpcflowlogs_us-east-1_fl-1234abcd_20180620T1620Z_fe123456{suffix}");
            let name = ObjectName::parse(&text).unwrap();
            assert_eq!(
                (name.account, name.region, name.flow_log_id),
                ("123456789012", "us-east-1", "fl-1234abcd")
            );
            assert_eq!(name.time.to_rfc3339(), "2018-06-20T16:20:00+00:00");
        }
    }

    #[test]
    fn other_names_are_foreign() {
        for text in [
            "",
            "README.md",
            "123_vpcflowlogs_us-east-1_fl-1_20180620T1620Z_h.txt",
            "123_vpcflowlogs_us-east-1_fl-1_20181320T1620Z_h.log.gz",
            "123_cloudtrail_us-east-1_fl-1_20180620T1620Z_h.log.gz",
            "123_vpcflowlogs_us-east-1_20180620T1620Z_h.log.gz",
            "123_vpcflowlogs_us-east-1_fl-1_20180620T1620Z_h.logs",
            "123_vpcflowlogs_us-east-1_fl-1_+20180620T1620Z_h.log.gz",
            "123_vpcflowlogs_us-east-1_fl-1_2018 620T1620Z_h.log.gz",
            "123_vpcflowlogs_us-east-1_fl-1_\u{3000}20180620T1620Z_h.log.gz",
        ] {
            assert_eq!(ObjectName::parse(text), None, "{text:?}");
        }
    }
}
