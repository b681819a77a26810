//! Rows and whole objects: the kernel says what the oracle says.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::agreement::all_ways;
use crate::oracle::Question;
use crate::window::Window;

/// Longest input: the oracle takes its time.
const MOST: usize = 64 * 1024;

/// Formats whose rows [`row`] tries.
const HEADERS: [&str; 5] = [
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status",
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status \
     vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region",
    "end bytes packets protocol dstaddr srcaddr",
    "version resource-type account-id tgw-id tgw-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes \
     start end log-status type tcp-flags",
    "srcaddr tcp-flags dstaddr action srcport x-new dstport protocol start packets bytes",
];

/// Any bytes as a row: alone, and again between regular rows of its format. The first byte says which format, whether
/// there is a window, and what becomes of bad rows.
pub fn row(bytes: &[u8]) {
    let Some((&way, line)) = bytes.split_first() else {
        return;
    };
    // A row has one line; the rest would be rows of their own, which `kernel` tries.
    let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let header = HEADERS[usize::from(way >> 4) % HEADERS.len()];
    let sound = header
        .split_ascii_whitespace()
        .map(sound)
        .collect::<Vec<_>>()
        .join(" ");
    let (header, sound) = (header.as_bytes(), sound.as_bytes());
    let alone = [header, line].join(&b'\n');
    let among = [header, sound, line, sound, line, line, sound, b""].join(&b'\n');
    for text in [alone, among] {
        agree(way, text);
    }
}

/// Any bytes as an object. The first byte says whether there is a window, what becomes of bad rows, how long a row may
/// be, what sources give at a time, and whether the object is compressed.
pub fn kernel(bytes: &[u8]) {
    let Some((&way, object)) = bytes.split_first() else {
        return;
    };
    // The oracle knows no Parquet, and takes no padding behind gzip, which `inflate` tries.
    if [b"PAR1".as_slice(), &[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd]]
        .iter()
        .any(|magic| object.starts_with(magic))
    {
        return;
    }
    let object = object.get(..MOST).unwrap_or(object);
    if way & 16 == 0 {
        return agree(way, object.to_vec());
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(object).expect("writing to memory cannot fail");
    agree(way, encoder.finish().expect("writing to memory cannot fail"));
}

/// The kernel says of an object, in every way it has, what the oracle says. `way` is the first byte of [`kernel`]'s input.
pub(super) fn agree(way: u8, object: Vec<u8>) {
    let hour = Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").expect("an hour");
    let question = Question {
        window: (way & 1 > 0).then_some(hour),
        skip: way & 2 > 0,
        max_row: if way & 4 > 0 { 120 } else { 4096 },
    };
    let piece = if way & 8 > 0 { 13 } else { usize::MAX };
    // Where there is none, the kernel has agreed why.
    let _ = all_ways(&question, &vec![("object".to_owned(), object)], piece, 2000);
}

/// A value that a column may have.
pub(super) fn sound(column: &str) -> &'static str {
    match column {
        "version" => "2",
        "srcaddr" => "10.0.0.1",
        "dstaddr" => "10.0.0.2",
        "srcport" => "49152",
        "dstport" => "443",
        "protocol" => "6",
        "packets" => "10",
        "bytes" => "840",
        "start" => "1539734400",
        "end" => "1539734460",
        "action" => "ACCEPT",
        "log-status" => "OK",
        "tcp-flags" => "19",
        _ => "x-1",
    }
}
