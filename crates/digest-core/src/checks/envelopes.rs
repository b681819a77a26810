//! What stands around rows: headers and formats above them, JSON about them.

use super::kernel::{agree, sound};
use crate::layout::Layout;

/// Longest input: the oracle takes its time.
const MOST: usize = 16 * 1024;

/// Any bytes as a header over rows that fit it, as a second header among them, and as a format that is told. The first
/// byte is that of [`kernel`](super::kernel()).
pub fn header(bytes: &[u8]) {
    let Some((&way, line)) = bytes.split_first() else {
        return;
    };
    let line = line.get(..MOST).unwrap_or(line);
    let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if [b"PAR1".as_slice(), &[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd]]
        .iter()
        .any(|magic| line.starts_with(magic))
    {
        return;
    }
    let text = String::from_utf8_lossy(line).into_owned();
    let names = text.split([' ', '\t', '\r']).filter(|name| !name.is_empty());
    let row = names.map(sound).collect::<Vec<_>>().join(" ");
    let default = "2 1 eni-1 10.0.0.1 10.0.0.2 40000 443 6 1 40 1539734400 1539734460 ACCEPT OK";
    let row = row.as_bytes();
    agree(way, [line, row, row, b"", row].join(&b'\n'));
    agree(
        way,
        [default.as_bytes(), line, row, default.as_bytes(), line, row].join(&b'\n'),
    );

    // A format may have names in braces and form feeds between them, which no header has.
    if text.contains(['{', '}', '\u{c}']) {
        return;
    }
    match (Layout::of_format(&text), Layout::from_header(text.as_bytes())) {
        (Ok(format), Ok(header)) => {
            assert_eq!(format.width(), header.width());
            assert_eq!(format.novelty(), header.novelty());
            assert_eq!(format.sightings(), header.sightings());
            let shown = format.format().expect("it is from one").to_owned();
            let again = Layout::of_format(&shown).expect("it was read before");
            assert_eq!(again.format(), Some(shown.as_str()));
            assert_eq!(again.novelty(), format.novelty());
        }
        (Err(format), Err(header)) => {
            assert!(!format.of_format().is_empty() && !header.to_string().is_empty());
        }
        (format, header) => panic!("{format:?} as a format, {header:?} as a header"),
    }
}

/// Any bytes as JSON documents, and as the text that sound documents carry. The first byte is that of
/// [`kernel`](super::kernel()).
pub fn json(bytes: &[u8]) {
    let Some((&way, rest)) = bytes.split_first() else {
        return;
    };
    let rest = rest.get(..MOST).unwrap_or(rest);
    let raw = if rest.starts_with(b"{") {
        rest.to_vec()
    } else {
        [b"{", rest].concat()
    };
    agree(way, raw);
    let text = String::from_utf8_lossy(rest);
    let events: Vec<_> = text
        .split('\n')
        .map(|line| serde_json::json!({ "message": line }))
        .collect();
    let lines: Vec<String> = events.iter().map(ToString::to_string).collect();
    agree(way, lines.concat().into_bytes());
    let envelope = serde_json::json!({ "messageType": "DATA_MESSAGE", "logEvents": events });
    agree(way, envelope.to_string().into_bytes());
}
