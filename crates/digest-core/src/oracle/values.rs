//! Tokens and their values, for the oracle: by the standard library's parsing.

use std::net::IpAddr;

use super::{MOST, No};

pub(super) fn words(line: &[u8]) -> Vec<Vec<u8>> {
    let blank = |byte: &u8| [b' ', b'\t', b'\r'].contains(byte);
    line.split(blank)
        .filter(|word| !word.is_empty())
        .map(<[u8]>::to_vec)
        .collect()
}

pub(super) fn number(word: Option<&[u8]>, most: u64) -> Result<u64, No> {
    let word = word.unwrap_or(b"-");
    if word == b"-" {
        return Err(No::Dash);
    }
    let text = str::from_utf8(word).map_err(|_| No::Bad)?;
    match text.parse::<u64>() {
        Ok(value) if value <= most && !text.starts_with('+') => Ok(value),
        _ => Err(No::Bad),
    }
}

pub(super) fn maybe(word: Option<&[u8]>, most: u64) -> Result<Option<u64>, No> {
    match number(word, most) {
        Ok(value) => Ok(Some(value)),
        Err(No::Dash) => Ok(None),
        Err(No::Bad) => Err(No::Bad),
    }
}

pub(super) fn time(word: Option<&[u8]>) -> Result<i64, No> {
    let time = number(word, MOST)?;
    Ok(if time >= 100_000_000_000 {
        time / 1000
    } else {
        time
    } as i64)
}

pub(super) fn address(word: Option<&[u8]>) -> Result<IpAddr, No> {
    let word = word.unwrap_or(b"-");
    if word == b"-" {
        return Err(No::Dash);
    }
    let text = str::from_utf8(word).map_err(|_| No::Bad)?;
    text.parse().map_err(|_| No::Bad)
}
