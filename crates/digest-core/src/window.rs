//! The window of time that a digest covers: half open, whole minutes, UTC.

use std::fmt;

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use thiserror::Error;

/// Seconds in a minute: windows are cut to this.
const MINUTE: i64 = 60;

/// A half-open window `[start, stop)` of whole minutes in UTC.
///
/// Never empty and never reversed. Adjacent windows share no record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// Unix seconds, a multiple of 60.
    start: i64,
    /// Unix seconds, a multiple of 60, greater than `start`.
    stop: i64,
}

/// Why two texts do not make a window, or not one that may be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WindowError {
    /// A bound is not an RFC 3339 time.
    #[error("{bound} is not an RFC 3339 time such as 2018-10-17T00:00:00Z: {text:?}")]
    Unparsable {
        /// `start` or `stop`.
        bound: &'static str,
        /// What was given (cut to 64 characters).
        text: String,
    },
    /// Both bounds fall into the same minute.
    #[error("the window is empty: start and stop are both {0} after the cut to the minute")]
    Empty(String),
    /// The stop lies before the start.
    #[error("the window is reversed: start {start} lies after stop {stop}")]
    Reversed {
        /// The start as understood.
        start: String,
        /// The stop as understood.
        stop: String,
    },
    /// The window is longer than the service allows.
    #[error("the window is too long: {minutes} minutes, at most {most} are allowed (DIGEST_MAX_WINDOW)")]
    TooLong {
        /// Length in minutes.
        minutes: i64,
        /// The greatest length allowed, in minutes.
        most: i64,
    },
    /// The window starts in the future.
    #[error("the window starts in the future: {0}")]
    Future(String),
}

/// One bound of a window as it was written: the instant, cut to the minute, and its literal offset.
///
/// The offset matters only for the ids that the Go service derived from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Unix seconds, a multiple of 60.
    pub unix: i64,
    /// The offset that the text carried, in seconds east of UTC.
    pub offset: i32,
}

impl Bound {
    /// Reads an RFC 3339 time (any offset, up to nanoseconds) and cuts it down to its minute.
    ///
    /// A `+` of the offset that arrived as a space, as in an unescaped query, is understood.
    ///
    /// # Errors
    /// [`WindowError::Unparsable`] naming `bound`.
    pub fn parse(bound: &'static str, text: &str) -> Result<Self, WindowError> {
        let unparsable = || WindowError::Unparsable {
            bound,
            text: text.chars().take(64).collect(),
        };
        let bytes = text.as_bytes();
        // chrono tolerates a blank between date and time, which RFC 3339 does not name.
        if !matches!(bytes.get(10), Some(b'T' | b't')) {
            return Err(unparsable());
        }
        let plus = bytes
            .len()
            .checked_sub(6)
            .filter(|&at| bytes.get(at) == Some(&b' '));
        let mended = plus.map(|at| {
            let (before, after) = text.split_at(at);
            format!("{before}+{}", after.trim_start_matches(' '))
        });
        let time: DateTime<FixedOffset> =
            DateTime::parse_from_rfc3339(mended.as_deref().unwrap_or(text)).map_err(|_| unparsable())?;
        let unix = time.timestamp();
        Ok(Self {
            unix: unix - unix.rem_euclid(MINUTE),
            offset: time.offset().local_minus_utc(),
        })
    }
}

impl Window {
    /// A window from two bounds.
    ///
    /// # Errors
    /// [`WindowError::Empty`] or [`WindowError::Reversed`].
    pub fn from_bounds(start: Bound, stop: Bound) -> Result<Self, WindowError> {
        Self::from_unix(start.unix, stop.unix)
    }

    /// A window from two RFC 3339 times, as requests and jobs carry them.
    ///
    /// # Errors
    /// [`WindowError::Unparsable`], [`WindowError::Empty`] or [`WindowError::Reversed`].
    pub fn parse(start: &str, stop: &str) -> Result<Self, WindowError> {
        Self::from_bounds(Bound::parse("start", start)?, Bound::parse("stop", stop)?)
    }

    /// A window from two Unix times in seconds, each cut to the minute.
    ///
    /// # Errors
    /// [`WindowError::Empty`] or [`WindowError::Reversed`].
    pub fn from_unix(start: i64, stop: i64) -> Result<Self, WindowError> {
        let (start, stop) = (start - start.rem_euclid(MINUTE), stop - stop.rem_euclid(MINUTE));
        match start.cmp(&stop) {
            std::cmp::Ordering::Less => Ok(Self { start, stop }),
            std::cmp::Ordering::Equal => Err(WindowError::Empty(rfc3339(start))),
            std::cmp::Ordering::Greater => Err(WindowError::Reversed {
                start: rfc3339(start),
                stop: rfc3339(stop),
            }),
        }
    }

    /// The hour that begins in the minute of this Unix time.
    #[must_use]
    pub const fn hour_from(unix: i64) -> Self {
        let start = unix - unix.rem_euclid(MINUTE);
        Self {
            start,
            stop: start + 60 * MINUTE,
        }
    }

    /// Checks what a *new* digest must hold: not longer than `most_minutes`, not starting after `now`.
    ///
    /// Reading a stored digest does not ask this.
    ///
    /// # Errors
    /// [`WindowError::TooLong`] or [`WindowError::Future`].
    pub fn check_buildable(&self, now: DateTime<Utc>, most_minutes: i64) -> Result<(), WindowError> {
        self.check_length(most_minutes)?;
        if self.start > now.timestamp() {
            return Err(WindowError::Future(rfc3339(self.start)));
        }
        Ok(())
    }

    /// Checks the window's length alone.
    ///
    /// # Errors
    /// [`WindowError::TooLong`].
    pub fn check_length(&self, most_minutes: i64) -> Result<(), WindowError> {
        let minutes = self.minutes();
        if minutes > most_minutes {
            return Err(WindowError::TooLong {
                minutes,
                most: most_minutes,
            });
        }
        Ok(())
    }

    /// First second inside the window, as Unix time.
    #[must_use]
    pub fn start_unix(&self) -> i64 {
        self.start
    }

    /// First second after the window, as Unix time.
    #[must_use]
    pub fn stop_unix(&self) -> i64 {
        self.stop
    }

    /// Start as a time.
    #[must_use]
    pub fn start(&self) -> DateTime<Utc> {
        utc(self.start)
    }

    /// Stop as a time.
    #[must_use]
    pub fn stop(&self) -> DateTime<Utc> {
        utc(self.stop)
    }

    /// Start as RFC 3339 in UTC, `2018-10-17T00:00:00Z`.
    #[must_use]
    pub fn start_rfc3339(&self) -> String {
        rfc3339(self.start)
    }

    /// Stop as RFC 3339 in UTC.
    #[must_use]
    pub fn stop_rfc3339(&self) -> String {
        rfc3339(self.stop)
    }

    /// Whether a record that starts at this Unix second belongs to the window.
    #[must_use]
    pub fn contains(&self, unix: i64) -> bool {
        self.start <= unix && unix < self.stop
    }

    /// Length in minutes, at least 1.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        (self.stop - self.start) / MINUTE
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", rfc3339(self.start), rfc3339(self.stop))
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", rfc3339(self.start), rfc3339(self.stop))
    }
}

/// Unix seconds as a UTC time; beyond chrono's range (262,000 years) the epoch.
fn utc(unix: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(unix, 0).unwrap_or_default()
}

fn rfc3339(unix: i64) -> String {
    utc(unix).to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(start: &str, stop: &str) -> Window {
        Window::parse(start, stop).unwrap()
    }

    #[test]
    fn cuts_to_the_minute_in_utc() {
        let cut = window("2018-10-17T00:00:59.999999999Z", "2018-10-17T11:00:01+10:00");
        assert_eq!(cut.to_string(), "2018-10-17T00:00:00Z to 2018-10-17T01:00:00Z");
        assert_eq!(cut.minutes(), 60);
        let before_the_epoch = window("1969-12-31T23:58:30Z", "1970-01-01T00:00:00Z");
        assert_eq!(before_the_epoch.start_unix(), -120);
    }

    #[test]
    fn an_hour_is_a_window_of_sixty_minutes() {
        let hour = Window::hour_from(1_539_734_459);
        assert_eq!(hour, window("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z"));
    }

    #[test]
    fn understands_a_plus_that_arrived_as_a_space() {
        let spaced = window("2018-10-17T10:00:00 10:00", "2018-10-17T11:00:00 10:00");
        assert_eq!(spaced, window("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z"));
    }

    #[test]
    fn refuses_what_is_no_rfc3339_time() {
        for text in [
            "",
            "now",
            "2018-10-17",
            "2018-10-17 00:00:00Z",
            "2018-10-17T00:00:00",
            "2018-13-17T00:00:00Z",
        ] {
            let refused = Window::parse(text, "2018-10-17T01:00:00Z").unwrap_err();
            assert!(
                matches!(refused, WindowError::Unparsable { bound: "start", .. }),
                "{text:?}: {refused}"
            );
        }
    }

    #[test]
    fn refuses_empty_and_reversed() {
        let empty = Window::parse("2018-10-17T00:00:01Z", "2018-10-17T00:00:59Z");
        assert!(matches!(empty, Err(WindowError::Empty(_))));
        let reversed = Window::parse("2018-10-17T01:00:00Z", "2018-10-17T00:00:00Z");
        assert!(matches!(reversed, Err(WindowError::Reversed { .. })));
    }

    #[test]
    fn is_half_open() {
        let hour = window("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z");
        assert!(hour.contains(hour.start_unix()));
        assert!(!hour.contains(hour.stop_unix()));
    }

    #[test]
    fn a_new_digest_is_neither_too_long_nor_in_the_future() {
        let day = window("2018-10-17T00:00:00Z", "2018-10-18T00:00:00Z");
        assert_eq!(day.check_buildable(day.start(), 1440), Ok(()));
        assert!(matches!(
            day.check_buildable(day.start(), 1439),
            Err(WindowError::TooLong { .. })
        ));
        let earlier = day.start() - chrono::TimeDelta::seconds(1);
        assert!(matches!(
            day.check_buildable(earlier, 1440),
            Err(WindowError::Future(_))
        ));
    }
}
