//! Times as people read them, in UTC.

use chrono::{DateTime, Utc};

/// A time by its minute: `2026-11-22 03:00`.
pub(crate) fn minute(unix: i64) -> String {
    shown(unix, "%Y-%m-%d %H:%M")
}

/// A time by its second: `2026-11-22 03:00:07`.
pub(crate) fn second(unix: i64) -> String {
    shown(unix, "%Y-%m-%d %H:%M:%S")
}

fn shown(unix: i64, format: &str) -> String {
    match DateTime::<Utc>::from_timestamp(unix, 0) {
        Some(time) => time.format(format).to_string(),
        None => unix.to_string(),
    }
}

/// A length in its greatest whole units: `1d`, `1h`, `1h 30m`.
pub(crate) fn length(seconds: i64) -> String {
    let minutes = seconds / 60;
    let parts = [
        (minutes / 1440, "d"),
        (minutes / 60 % 24, "h"),
        (minutes % 60, "m"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let shown: Vec<String> = parts.map(|(count, unit)| format!("{count}{unit}")).collect();
    if shown.is_empty() {
        format!("{seconds}s")
    } else {
        shown.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_lengths_are_short() {
        assert_eq!(minute(1_539_734_400), "2018-10-17 00:00");
        assert_eq!(second(1_539_734_407), "2018-10-17 00:00:07");
        for (seconds, expected) in [(3600, "1h"), (97_200, "1d 3h"), (5400, "1h 30m"), (7, "7s")] {
            assert_eq!(length(seconds), expected);
        }
    }
}
