//! Lines read many at once against lines read one by one.

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;
use crate::digest_line::DigestLine;

fn token(choices: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(choices).prop_map(str::to_owned)
}

/// A line as a digest has it, or nearly so.
fn line() -> impl Strategy<Value = String> {
    let address = || {
        prop_oneof![
            4 => token(&["10.0.0.1", "10.0.0.2", "255.255.255.255", "8.8.8.8"]),
            1 => token(&["2001:db8::1", "::", "fe80::2"]),
            1 => any::<u32>().prop_map(|bits| Ipv4Addr::from(bits).to_string()),
        ]
    };
    let number = || {
        prop_oneof![
            3 => (0_u64..100_000).prop_map(|number| number.to_string()),
            1 => any::<i64>().prop_map(|number| number.unsigned_abs().to_string()),
        ]
    };
    let ports = prop_oneof![
        4 => (0_u16..3, 0_u16..3).prop_map(|(src, dst)| format!("{src} {dst}")),
        1 => token(&["- -", "0 65535", "443 0", "0 00443"]),
    ];
    let names = token(&[
        "1 eni-1",
        "1 eni-2",
        "123456789012 eni-0123456789abcdef0",
        "- -",
        "- eni-1",
    ]);
    let times = token(&["5 9", "5 9", "1539734400 1539738000", "9223372036854775807 0"]);
    let actions = token(&["ACCEPT", "ACCEPT", "REJECT", "-", "accept"]);
    let protocol = token(&["6", "17", "1", "255"]);
    let all = (
        names,
        (address(), address()),
        ports,
        protocol,
        (number(), number()),
        times,
        actions,
    );
    all.prop_map(
        |(names, (src, dst), ports, protocol, (packets, bytes), times, action)| {
            format!("2 {names} {src} {dst} {ports} {protocol} {packets} {bytes} {times} {action} OK")
        },
    )
}

/// The same with a byte changed, taken out or doubled, as a rule.
fn maimed() -> impl Strategy<Value = String> {
    (
        line(),
        any::<prop::sample::Index>(),
        token(&["", " ", "-", "9", "\t", "é"]),
    )
        .prop_map(|(line, at, by)| {
            let at = at.index(line.len());
            format!("{}{by}{}", &line[..at], &line[at + usize::from(by != "9")..])
        })
}

fn read(lines: &[String], level: Level) -> Result<DigestLines, (u64, LineFault)> {
    let mut read = DigestLines::at(level);
    // What was read before leaves nothing behind.
    read.read(b"2 7 eni-7 ::1 10.0.0.1 0 1 6 1 1 1 1 ALLOW OK\n")
        .unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    read.read(text.as_bytes()).map(|()| read)
}

proptest! {
    #[test]
    fn many_lines_are_what_each_is(lines in prop::collection::vec(line(), 0..40)) {
        for level in Level::all() {
            let read = read(&lines, level).unwrap();
            prop_assert_eq!(read.len(), lines.len());
            let each: Vec<DigestLine<'_>> =
                lines.iter().map(|line| DigestLine::parse(line.as_bytes()).unwrap()).collect();
            let rows: Vec<DigestRow<'_>> = (0..lines.len()).map(|at| read.row(at).unwrap()).collect();
            for (row, line) in rows.iter().zip(&each) {
                prop_assert_eq!(&row.line(), line);
            }
            for (one, expected) in rows.iter().zip(&each) {
                for (other, another) in rows.iter().zip(&each) {
                    prop_assert_eq!(one.order(other), expected.edge.order(&another.edge));
                }
            }
            let unsorted = each.windows(2).position(|pair| pair[0].edge.order(&pair[1].edge).is_ge());
            prop_assert_eq!(read.first_unsorted(), unsorted.map(|at| at + 1));
        }
    }

    #[test]
    fn what_is_no_line_is_found_at_its_place(
        lines in prop::collection::vec(line(), 0..5),
        maimed in maimed(),
    ) {
        let expected = DigestLine::parse(maimed.as_bytes());
        let lines = [lines.clone(), vec![maimed.clone()], lines].concat();
        for level in Level::all() {
            match (read(&lines, level), &expected) {
                (Ok(read), Ok(line)) => {
                    prop_assert_eq!(read.len(), lines.len());
                    prop_assert_eq!(&read.row(lines.len() / 2).unwrap().line(), line);
                }
                (Err((at, fault)), Err(expected)) => {
                    prop_assert_eq!(at as usize, lines.len() / 2);
                    prop_assert_eq!(&fault, expected);
                }
                (found, _) => prop_assert!(false, "{maimed:?}: {found:?}, not {expected:?}"),
            }
        }
    }
}

#[test]
fn a_line_that_is_very_long_is_read_by_itself() {
    let name = "x".repeat(5000);
    let lines = [
        format!("2 1 {name} 10.0.0.1 10.0.0.2 0 1 6 1 1 1 1 ACCEPT OK"),
        "2 1 y 10.0.0.1 10.0.0.2 0 1 6 1 1 1 1 ACCEPT OK".to_owned(),
    ];
    for level in Level::all() {
        let read = read(&lines, level).unwrap();
        assert_eq!(read.row(0).unwrap().edge().interface_id, name.as_bytes());
        assert_eq!(read.row(1).unwrap().edge().interface_id, b"y");
    }
}
