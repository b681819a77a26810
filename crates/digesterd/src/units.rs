//! Numbers as people read them.

pub(crate) use digest_insight::{counted, grouped, shown_bytes as bytes};

/// A share in percent: `3.1 %`.
pub(crate) fn share(part: u128, whole: u128) -> String {
    if whole == 0 {
        return "0.0 %".to_owned();
    }
    format!("{:.1} %", part as f64 * 100.0 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_sane_at_their_ends() {
        assert_eq!(share(1, 0), "0.0 %");
        assert_eq!(share(1, 3), "33.3 %");
    }
}
