//! The oracle's text: a line for all edges that it does not tell apart.

use std::collections::BTreeMap;

use super::{Answer, EdgeKey, Further, MOST, Refusal};

pub(super) fn render(answer: &mut Answer) -> Result<(), Refusal> {
    let (start, end) = answer.span.unwrap_or_default();
    let mut lines: BTreeMap<EdgeKey, (u128, u128)> = BTreeMap::new();
    for (key, sums) in &answer.edges {
        let mut line = key.clone();
        line.7 = Further::default();
        let (packets, bytes) = lines.entry(line).or_default();
        *packets += sums.packets;
        *bytes += sums.bytes;
    }
    for (key, (packets, bytes)) in &lines {
        let ((_, account), (_, interface), src, dst, ports, protocol, action, _) = key;
        if *packets > u128::from(MOST) || *bytes > u128::from(MOST) {
            return Err(Refusal::Overflow);
        }
        let ports = match ports {
            Some((src, dst)) => format!("{src} {dst}"),
            None => "- -".to_owned(),
        };
        let middle = format!(" {src} {dst} {ports} {protocol} {packets} {bytes} {start} {end} ");
        let parts: [&[u8]; 7] = [
            b"2 ",
            account,
            b" ",
            interface,
            middle.as_bytes(),
            action,
            b" OK\n",
        ];
        answer.text.extend(parts.concat());
    }
    Ok(())
}
