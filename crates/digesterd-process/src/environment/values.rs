//! Texts of variables into values. Every function says what it expects, never what it was given:
//! the caller knows whether that may be shown.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

/// Longest duration that is taken: ten years, so that no later arithmetic on times can overflow.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

/// A duration with its unit: `250ms`, `45s`, `15m`, `6h`, `31d`.
///
/// # Errors
/// What is expected instead.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let expected = || "is not a duration such as 250ms, 45s, 15m, 6h or 31d (at most ten years)".to_owned();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| expected())?;
    let milliseconds = match unit.trim_start() {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(expected()),
    };
    number
        .checked_mul(milliseconds)
        .map(Duration::from_millis)
        .filter(|duration| *duration <= LONGEST)
        .ok_or_else(expected)
}

/// A duration that is longer than nothing.
///
/// # Errors
/// What is expected instead.
pub(crate) fn positive_duration(text: &str) -> Result<Duration, String> {
    duration(text).and_then(|duration| {
        if duration.is_zero() {
            Err("must be longer than 0".to_owned())
        } else {
            Ok(duration)
        }
    })
}

/// A positive duration whose bare number counts milliseconds, as the Go service had it.
///
/// # Errors
/// What is expected instead.
pub(crate) fn milliseconds(text: &str) -> Result<Duration, String> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return positive_duration(&format!("{text}ms"))
            .map_err(|_| "is not a positive number of milliseconds".to_owned());
    }
    positive_duration(text)
}

/// A positive size with its unit: `64KiB`, `256MiB`, `2GiB`, or bare bytes.
///
/// # Errors
/// What is expected instead.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let expected = || "is not a positive size such as 64KiB, 256MiB, 2GiB or a number of bytes".to_owned();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| expected())?;
    let unit: u64 = match unit.trim_start() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(expected()),
    };
    number
        .checked_mul(unit)
        .filter(|bytes| (1..=1 << 60).contains(bytes))
        .ok_or_else(expected)
}

/// A positive count.
///
/// # Errors
/// What is expected instead.
pub(crate) fn count(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| format!("is not a number from 1 to {}", u32::MAX))
}

/// A TCP port; 0 lets the system choose.
///
/// # Errors
/// What is expected instead.
pub(crate) fn port(text: &str) -> Result<u16, String> {
    text.parse()
        .map_err(|_| "is not a port (a number from 0 to 65535)".to_owned())
}

/// A boolean as Go reads it.
///
/// # Errors
/// What is expected instead.
pub(crate) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Ok(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Ok(false),
        _ => Err("is not a boolean (1, t, T, true, True, TRUE, 0, f, F, false, False or FALSE)".to_owned()),
    }
}

/// `on` or `off`, or a boolean as Go reads it.
///
/// # Errors
/// What is expected instead.
pub(crate) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => boolean(text).map_err(|_| "is neither on nor off".to_owned()),
    }
}

/// A comma list; blanks around its items do not count, empty items are left out.
pub(crate) fn list(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

/// An http or https URL with a host.
///
/// # Errors
/// What is expected instead.
pub(crate) fn http_url(text: &str) -> Result<Url, String> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| "is not an http or https URL such as https://queue.example.com/path".to_owned())
}

/// What is in the file of this path.
pub(crate) fn file(path: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))
}

/// A path whose leading `~` stands for the home directory.
///
/// # Errors
/// What is missing: a home directory to put in place of `~`.
pub(crate) fn path(text: &str, home: Option<&str>) -> Result<PathBuf, String> {
    let rest = match text.strip_prefix('~') {
        Some("") => "",
        Some(rest) if rest.starts_with('/') => rest.trim_start_matches('/'),
        _ => return Ok(PathBuf::from(text)),
    };
    let home = home.ok_or_else(|| "begins with ~, but HOME is not set".to_owned())?;
    Ok(PathBuf::from(home).join(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(duration("31d"), Ok(Duration::from_secs(31 * 86400)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        for text in [
            "",
            "15",
            "m",
            "-1s",
            "1.5h",
            "1w",
            "1 s s",
            "99999999999999999999s",
            "11000d",
        ] {
            assert!(duration(text).is_err(), "{text:?}");
        }
        assert!(positive_duration("0s").is_err());
    }

    #[test]
    fn the_progress_timeout_may_be_bare_milliseconds() {
        assert_eq!(milliseconds("300000"), Ok(Duration::from_secs(300)));
        assert_eq!(milliseconds("5m"), Ok(Duration::from_secs(300)));
        assert!(milliseconds("0").is_err());
        assert!(milliseconds("").is_err());
    }

    #[test]
    fn sizes_are_binary_or_bare() {
        assert_eq!(size("150000000"), Ok(150_000_000));
        assert_eq!(size("64KiB"), Ok(65536));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        for text in ["", "0", "64KB", "64kib", "-1", "1.5MiB", "99999999999GiB"] {
            assert!(size(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn booleans_are_those_of_go() {
        for text in ["1", "t", "T", "true", "True", "TRUE"] {
            assert_eq!(boolean(text), Ok(true));
        }
        for text in ["0", "f", "F", "false", "False", "FALSE"] {
            assert_eq!(boolean(text), Ok(false));
        }
        for text in ["yes", "on", "tRUE", ""] {
            assert!(boolean(text).is_err(), "{text:?}");
        }
        assert_eq!(switch("off"), Ok(false));
    }

    #[test]
    fn a_tilde_is_the_home_directory() {
        assert_eq!(
            path("~/.aws/credentials", Some("/home/a")),
            Ok("/home/a/.aws/credentials".into())
        );
        assert_eq!(path("~", Some("/home/a")), Ok("/home/a".into()));
        assert_eq!(path("/x/~y", None), Ok("/x/~y".into()));
        assert_eq!(path("~other/x", None), Ok("~other/x".into()));
        assert!(path("~/x", None).is_err());
    }

    #[test]
    fn lists_leave_out_what_is_empty() {
        assert_eq!(list(" a, b,,c ,"), ["a", "b", "c"]);
        assert!(list(" , ").is_empty());
    }

    #[test]
    fn urls_are_http_with_a_host() {
        assert!(http_url("http://q:81/a").is_ok());
        for text in ["q:81", "/a", "ftp://q", "http://", "file:///x"] {
            assert!(http_url(text).is_err(), "{text:?}");
        }
    }
}
