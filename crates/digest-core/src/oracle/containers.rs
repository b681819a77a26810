//! What rows come in, for the oracle: the text of an object, out of its compression and its delivery.

use std::io::Read;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The text; `None` where the bytes are not what they begin as.
pub(crate) fn unwrapped(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let is_skippable = matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
    if bytes.starts_with(&GZIP) {
        flate2::read::MultiGzDecoder::new(bytes)
            .read_to_end(&mut text)
            .ok()?;
    } else if bytes.starts_with(&ZSTD) || is_skippable {
        let mut frames = zstd::Decoder::new(bytes).ok()?;
        frames.window_log_max(23).ok()?;
        frames.read_to_end(&mut text).ok()?;
    } else {
        text = bytes.to_vec();
    }
    if text.starts_with(b"\xef\xbb\xbf") {
        text.drain(..3);
    }
    // Blanks may stand before what they are known by, but not more than 32.
    let blanks = text.iter().take(32).take_while(|byte| b" \t\r\n".contains(byte));
    let begin = text.get(blanks.count()..)?;
    if text.starts_with(&GZIP) {
        None
    } else if begin.starts_with(b"{") {
        messages(str::from_utf8(&text).ok()?)
    } else if time_of_export(begin).is_some() {
        let lines = text.split(|byte| *byte == b'\n');
        let lines = lines.map(|line| {
            let rest = line.get(time_of_export(line).unwrap_or(0)..).unwrap_or_default();
            let is_apart = rest.len() < line.len() && matches!(rest, [b' ' | b'\t', ..]);
            rest.get(usize::from(is_apart)..).unwrap_or_default()
        });
        Some(lines.collect::<Vec<_>>().join(&b'\n'))
    } else {
        Some(text)
    }
}

/// The messages of JSON documents, a line each.
fn messages(json: &str) -> Option<Vec<u8>> {
    let mut text = String::new();
    for document in serde_json::Deserializer::from_str(json).into_iter::<serde_json::Value>() {
        let document = document.ok()?;
        let events = match document.get("logEvents") {
            Some(_)
                if document.get("messageType").and_then(|kind| kind.as_str()) == Some("CONTROL_MESSAGE") =>
            {
                continue;
            }
            Some(events) => events.as_array()?.clone(),
            None => vec![document],
        };
        for event in events {
            text.push_str(event.get("message")?.as_str()?);
            text.push('\n');
        }
    }
    Some(text.into_bytes())
}

/// The length of the time that a line of an export begins with: `2024-02-29T23:59:59.999Z`, with or without a fraction.
fn time_of_export(line: &[u8]) -> Option<usize> {
    let blank = |byte: &u8| b" \t\r\n".contains(byte);
    let token = str::from_utf8(line.split(blank).next()?).ok()?;
    let shape: String = token
        .chars()
        .map(|char| if char.is_ascii_digit() { '0' } else { char })
        .collect();
    let fraction = shape.strip_prefix("0000-00-00T00:00:00")?.strip_suffix('Z')?;
    let digits = match fraction {
        "" => "0",
        fraction => fraction.strip_prefix('.')?,
    };
    let is_time = (1..=9).contains(&digits.len()) && digits.chars().all(|digit| digit == '0');
    is_time.then_some(token.len())
}
