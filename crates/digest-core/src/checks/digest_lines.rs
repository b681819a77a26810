//! Lines of a stored digest, read many at once against one by one.

use crate::digest_line::{DigestLine, LineFault};
use crate::digest_lines::DigestLines;
use crate::vector::Level;

/// Reads the bytes as lines of a digest in both ways, with vectors and without: they find the same lines, or the same fault in
/// the same line.
pub fn lines(bytes: &[u8]) {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let each = (0..).zip(&lines);
    let expected: Result<Vec<DigestLine<'_>>, (u64, LineFault)> = each
        .map(|(at, line)| DigestLine::parse(line).map_err(|fault| (at, fault)))
        .collect();
    let mut text = lines.join(&b'\n');
    text.push(b'\n');
    for level in Level::all() {
        let mut read = DigestLines::at(level);
        match (read.read(&text), &expected) {
            (Ok(()), Ok(expected)) => {
                let found: Vec<_> = (0..read.len()).map(|at| read.row(at).unwrap().line()).collect();
                assert_eq!(&found, expected);
            }
            (Err(found), Err(expected)) => assert_eq!(&found, expected),
            (found, expected) => panic!("{level:?}: {found:?}, not {expected:?}"),
        }
    }
}
