//! What one caller may take of a service: `DIGEST_MAX_BODY`, `DIGEST_MAX_HEADERS`, `DIGEST_MAX_QUERY`,
//! `DIGEST_MAX_CONNECTIONS`, `DIGEST_REQUEST_TIMEOUT`, `DIGEST_STALL_TIMEOUT`.

use std::time::Duration;

use serde::Deserialize;

use super::{Reader, values};

/// Most bytes of headers that can be asked for: actix reads no more of a head, with the address.
const MOST_HEADERS: u64 = 64 << 10;
/// Most bytes of an address that can be asked for.
const MOST_QUERY: u64 = 60 << 10;

/// Limits of an HTTP service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of a request body.
    pub body: usize,
    /// Most bytes of a request's headers, names and values together.
    pub headers: usize,
    /// Most bytes of a request's address: path and query.
    pub query: usize,
    /// Most open connections of a listener; further ones wait until one is closed.
    pub connections: usize,
    /// How long a request's headers may take to arrive, and its body again.
    pub request_timeout: Duration,
    /// How long a client may leave an answer unread before its connection is cut.
    pub stall_timeout: Duration,
}

#[derive(Default, Deserialize)]
pub(super) struct Raw {
    digest_max_body: Option<String>,
    digest_max_headers: Option<String>,
    digest_max_query: Option<String>,
    digest_max_connections: Option<String>,
    digest_request_timeout: Option<String>,
    digest_stall_timeout: Option<String>,
}

impl Limits {
    /// Reads the variables; `None` and a note for each one at fault.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Self> {
        let raw: Raw = reader.raw();
        let default = Self::default();
        let size = |name, text, most: u64, default| {
            let parse = |text: &str| {
                let size = values::size(text)?;
                let fitting = Some(size).filter(|size| *size <= most);
                let fitting = fitting.and_then(|size| usize::try_from(size).ok());
                fitting.ok_or_else(|| "is too large".to_owned())
            };
            reader.value_or(name, text, parse, default)
        };
        let body = size("DIGEST_MAX_BODY", raw.digest_max_body, u64::MAX, default.body);
        let headers = size(
            "DIGEST_MAX_HEADERS",
            raw.digest_max_headers,
            MOST_HEADERS,
            default.headers,
        );
        let query = size(
            "DIGEST_MAX_QUERY",
            raw.digest_max_query,
            MOST_QUERY,
            default.query,
        );
        let connections = reader.value_or(
            "DIGEST_MAX_CONNECTIONS",
            raw.digest_max_connections,
            |text| values::count(text).map(|count| count as usize),
            default.connections,
        );
        let time = |name, text, default| reader.value_or(name, text, values::positive_duration, default);
        let request_timeout = time(
            "DIGEST_REQUEST_TIMEOUT",
            raw.digest_request_timeout,
            default.request_timeout,
        );
        let stall_timeout = time(
            "DIGEST_STALL_TIMEOUT",
            raw.digest_stall_timeout,
            default.stall_timeout,
        );
        Some(Self {
            body: body?,
            headers: headers?,
            query: query?,
            connections: connections?,
            request_timeout: request_timeout?,
            stall_timeout: stall_timeout?,
        })
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 64 << 10,
            headers: 16 << 10,
            // A scope of 256 accounts and 256 regions fits, percent-encoded.
            query: 48 << 10,
            connections: 10_000,
            request_timeout: Duration::from_secs(15),
            stall_timeout: Duration::from_secs(60),
        }
    }
}
