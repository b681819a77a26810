//! Text inside other formats: what would end it there is written in the format's own way.

/// A DOT string in its quotes. Addresses in quotes never collide as names: nothing of them is taken away.
pub(crate) fn dot(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for character in text.chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            // Graphviz reads escapes of its own in labels.
            '\\' => out.extend_from_slice(b"\\\\"),
            character if character.is_control() => out.extend_from_slice("\u{fffd}".as_bytes()),
            character => push(out, character),
        }
    }
    out.push(b'"');
}

/// Text or an attribute's value in XML.
pub(crate) fn xml(out: &mut Vec<u8>, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.extend_from_slice(b"&amp;"),
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '"' => out.extend_from_slice(b"&quot;"),
            // XML has no way to write these at all.
            character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                out.extend_from_slice("\u{fffd}".as_bytes());
            }
            character => push(out, character),
        }
    }
}

/// A CSV field, in quotes where it needs them (RFC 4180).
pub(crate) fn csv(out: &mut Vec<u8>, text: &[u8]) {
    if !text
        .iter()
        .any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'))
    {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for &byte in text {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// A JSON string in its quotes.
pub(crate) fn json(out: &mut Vec<u8>, text: &str) {
    // Writing a string into memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}

fn push(out: &mut Vec<u8>, character: char) {
    let mut bytes = [0; 4];
    out.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
}
