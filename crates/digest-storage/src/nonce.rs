//! The nonce of an attempt, as it stands in keys.

use uuid::Uuid;

/// Reads a nonce in its one spelling, hyphenated and lower case: what has another is no object of ours.
pub(crate) fn nonce(text: &str) -> Option<Uuid> {
    let nonce = Uuid::try_parse(text).ok()?;
    (nonce.to_string() == text).then_some(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_has_one_spelling() {
        let text = "0b5c3a52-9a1e-4c55-8a0e-6f3f7f6f2a11";
        assert_eq!(nonce(text), Uuid::try_parse(text).ok());
        for other in [
            text.to_uppercase(),
            text.replace('-', ""),
            format!("{{{text}}}"),
            format!("urn:uuid:{text}"),
        ] {
            assert_eq!(nonce(&other), None, "{other}");
        }
    }
}
