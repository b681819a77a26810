//! Values of tags, which flow logs have in percent-encoding so that no blank and no `-` stands in them.

use std::borrow::Cow;

/// A value as it was before it was encoded. What is no code stays as it stands.
pub(crate) fn decoded(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.contains(&b'%') {
        return value.into();
    }
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&first, behind)) = rest.split_first() {
        let code = behind.split_first_chunk::<2>().filter(|_| first == b'%');
        let code = code.and_then(|(digits, behind)| {
            let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
            Some(((high? << 4 | low?) as u8, behind))
        });
        let (byte, behind) = code.unwrap_or((first, behind));
        out.push(byte);
        rest = behind;
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_their_bytes_and_all_else_stays() {
        for (value, expected) in [
            ("web", "web"),
            ("%2D", "-"),
            ("a%20b%2fc", "a b/c"),
            ("%C3%A9t%C3%A9", "été"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%zz%41", "%zzA"),
            ("%%41", "%A"),
            ("", ""),
        ] {
            assert_eq!(decoded(value.as_bytes()).as_ref(), expected.as_bytes(), "{value}");
        }
        assert_eq!(decoded(b"%ff").as_ref(), [0xff]);
    }
}
