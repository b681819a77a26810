//! The days that a span of time touches, as folders name them.

use chrono::{DateTime, Days, NaiveDate, Utc};

/// Every day from that of `first` to that of `last`, both included.
pub(super) fn between(first: DateTime<Utc>, last: DateTime<Utc>) -> impl Iterator<Item = NaiveDate> {
    let last = last.date_naive();
    std::iter::successors(Some(first.date_naive()), |day| day.checked_add_days(Days::new(1)))
        .take_while(move |day| *day <= last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_over_midnight_touches_both_days() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let days: Vec<_> = between(at("2024-02-28T23:55:00Z"), at("2024-03-01T00:00:00Z")).collect();
        assert_eq!(
            days.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["2024-02-28", "2024-02-29", "2024-03-01"]
        );
    }
}
