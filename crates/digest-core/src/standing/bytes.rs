//! A standing as bytes of a run: what is written when memory is full. Numbers are written as in the runs of edges.

use std::io::{self, BufRead, Read};
use std::net::{Ipv4Addr, Ipv6Addr};

use super::told::{Fact, Told};
use super::{Named, SharedAddress, Spans, Standing};
use crate::flow_record::Span;
use crate::run_bytes::{byte, number, push_number, push_signed, push_text, signed, text};

/// Writes a standing.
pub(crate) fn push(out: &mut Vec<u8>, named: &Named) {
    let Named {
        account,
        interface,
        standing,
    } = named;
    push_text(out, account);
    push_text(out, interface);
    for count in [standing.records, standing.no_data, standing.skip_data] {
        push_number(out, count);
    }
    out.push(u8::from(standing.seen.is_some()));
    if let Some(Span { start, end }) = standing.seen {
        push_signed(out, start);
        push_signed(out, end);
    }
    let spans = standing.spans.minutes();
    push_number(out, spans.len() as u64);
    for &(first, last) in spans {
        push_signed(out, first);
        push_signed(out, last);
    }
    push_common(out, standing.v4, |address| address.octets().to_vec());
    push_common(out, standing.v6, |address| address.octets().to_vec());
    let facts = standing.told.facts();
    push_number(out, facts.len() as u64);
    for fact in facts {
        out.extend_from_slice(&[fact.number, u8::from(fact.is_several)]);
        push_signed(out, fact.time);
        push_text(out, &fact.value);
    }
}

fn push_common<A: Copy>(out: &mut Vec<u8>, common: SharedAddress<A>, bytes: impl Fn(A) -> Vec<u8>) {
    match common {
        SharedAddress::Unseen => out.push(0),
        SharedAddress::None => out.push(1),
        SharedAddress::One(one) => {
            out.push(2);
            out.extend(bytes(one));
        }
        SharedAddress::Two(one, other) => {
            out.push(3);
            out.extend(bytes(one));
            out.extend(bytes(other));
        }
    }
}

/// Reads the next standing; `None` at the end of the run.
pub(crate) fn read(input: &mut impl BufRead) -> io::Result<Option<Named>> {
    if input.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let (account, interface) = (text(input)?, text(input)?);
    let mut standing = Standing {
        records: number(input)?,
        no_data: number(input)?,
        skip_data: number(input)?,
        ..Standing::default()
    };
    if byte(input)? != 0 {
        let (start, end) = (signed(input)?, signed(input)?);
        standing.seen = Some(Span { start, end });
    }
    let mut spans = Vec::new();
    for _ in 0..number(input)? {
        spans.push((signed(input)?, signed(input)?));
    }
    standing.spans = Spans::from_iter(spans);
    standing.v4 = common(input, |input| Ok(Ipv4Addr::from(octets::<4>(input)?)))?;
    standing.v6 = common(input, |input| Ok(Ipv6Addr::from(octets::<16>(input)?)))?;
    let mut facts = Vec::new();
    for _ in 0..number(input)? {
        facts.push(Fact {
            number: byte(input)?,
            is_several: byte(input)? != 0,
            time: signed(input)?,
            value: text(input)?.into(),
        });
    }
    standing.told = Told::of(facts);
    Ok(Some(Named {
        account: account.into(),
        interface: interface.into(),
        standing: Box::new(standing),
    }))
}

fn common<A, R: BufRead>(
    input: &mut R,
    address: impl Fn(&mut R) -> io::Result<A>,
) -> io::Result<SharedAddress<A>> {
    Ok(match byte(input)? {
        0 => SharedAddress::Unseen,
        1 => SharedAddress::None,
        2 => SharedAddress::One(address(input)?),
        _ => SharedAddress::Two(address(input)?, address(input)?),
    })
}

fn octets<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut octets = [0; N];
    input.read_exact(&mut octets)?;
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::Arc;

    use super::*;
    use crate::fact;
    use crate::standing::Silence;

    #[test]
    fn what_is_written_is_read_back_and_what_is_cut_is_seen() {
        let mut standing = Standing {
            records: u64::MAX,
            v4: SharedAddress::Two(Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)),
            v6: SharedAddress::One(Ipv6Addr::LOCALHOST),
            ..Standing::default()
        };
        for (start, end) in [(-70, 5), (600, i64::MAX)] {
            standing.count(Silence::NoData, start, Some(Span { start, end }));
        }
        let mut set = Vec::new();
        fact::push(&mut set, 3, b"a b");
        standing.told.tell(&Arc::from(set), 77);
        let whole = Named {
            account: b"-".as_slice().into(),
            interface: b"eni-1".as_slice().into(),
            standing: Box::new(standing),
        };
        let empty = Named {
            account: Arc::default(),
            interface: Arc::default(),
            standing: Box::default(),
        };
        let mut bytes = Vec::new();
        push(&mut bytes, &whole);
        let first = bytes.len();
        push(&mut bytes, &empty);
        let mut input = Cursor::new(bytes.clone());
        for expected in [&whole, &empty] {
            let found = read(&mut input).unwrap().unwrap();
            assert_eq!(
                (&found.account, &found.interface),
                (&expected.account, &expected.interface)
            );
            let (found, expected) = (found.standing, &expected.standing);
            assert_eq!(found.told.facts(), expected.told.facts());
            let plain = |standing: &Standing| Standing {
                told: Told::default(),
                ..standing.clone()
            };
            assert_eq!(format!("{:?}", plain(&found)), format!("{:?}", plain(expected)));
        }
        assert!(read(&mut input).unwrap().is_none());
        for cut in 1..first {
            assert!(read(&mut Cursor::new(&bytes[..cut])).is_err(), "cut at {cut}");
        }
    }
}
