//! Who may come in, and how: `DIGEST_TOKENS_FILE`, `TOKENLESS_PORT`, `TOKENLESS_LISTEN_ADDRESS`,
//! `DIGEST_INTAKE_SECRET`, `TLS_CERTIFICATE_FILE`, `TLS_KEY_FILE`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use super::{Reader, Secret};
use super::{service, values};

/// Shortest secret that is taken: shorter ones can be guessed.
const SHORTEST_SECRET: usize = 16;

/// How callers show who they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessSettings {
    /// File of the tokens that the API takes; without it nobody is asked for one.
    pub tokens_file: Option<PathBuf>,
    /// Where clients without a token are answered, if anywhere.
    pub tokenless: Option<SocketAddr>,
    /// What whoever delivers jobs has to know.
    pub intake_secret: Option<Secret>,
}

/// A certificate and its key, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, with those of its issuers behind it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

#[derive(Default, Deserialize)]
pub(super) struct Raw {
    digest_tokens_file: Option<String>,
    tokenless_port: Option<String>,
    tokenless_listen_address: Option<String>,
    digest_intake_secret: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct RawTls {
    tls_certificate_file: Option<String>,
    tls_key_file: Option<String>,
}

impl AccessSettings {
    /// Reads the variables; `None` and a note for each one at fault.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Self> {
        let raw: Raw = reader.raw();
        let port = reader.optional("TOKENLESS_PORT", raw.tokenless_port, values::port);
        let address = reader.value_or(
            "TOKENLESS_LISTEN_ADDRESS",
            raw.tokenless_listen_address,
            service::ip_address,
            IpAddr::V4(Ipv4Addr::LOCALHOST),
        );
        let secret = reader.optional("DIGEST_INTAKE_SECRET", raw.digest_intake_secret, secret);
        Some(Self {
            tokens_file: raw.digest_tokens_file.map(PathBuf::from),
            tokenless: port?
                .zip(address)
                .map(|(port, address)| SocketAddr::new(address, port)),
            intake_secret: secret?,
        })
        .filter(|_| address.is_some())
    }
}

impl TlsFiles {
    /// Reads the variables: both files, or neither.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Option<Self>> {
        let raw: RawTls = reader.raw();
        let missing = match (raw.tls_certificate_file, raw.tls_key_file) {
            (None, None) => return Some(None),
            (Some(certificate), Some(key)) => {
                return Some(Some(Self {
                    certificate: certificate.into(),
                    key: key.into(),
                }));
            }
            (Some(_), None) => (
                "TLS_KEY_FILE",
                "is not set, but TLS_CERTIFICATE_FILE is: TLS needs both",
            ),
            (None, Some(_)) => (
                "TLS_CERTIFICATE_FILE",
                "is not set, but TLS_KEY_FILE is: TLS needs both",
            ),
        };
        reader.note(missing.0, missing.1);
        None
    }
}

/// A secret that fits into a header and cannot be guessed.
pub(super) fn secret(text: &str) -> Result<Secret, String> {
    let fits = text.len() >= SHORTEST_SECRET && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| Secret::new(text))
        .ok_or_else(|| format!("is not {SHORTEST_SECRET} or more printable ASCII characters without blanks"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;

    fn names(pairs: &[(&str, &str)]) -> Vec<&'static str> {
        let environment = Environment::from_pairs(pairs.iter().copied());
        let reader = environment.reader();
        let settings = AccessSettings::read(&reader).zip(TlsFiles::read(&reader));
        let Err(error) = reader.finish(settings) else {
            return Vec::new();
        };
        let message = error.to_string();
        assert!(!message.contains("hush"), "{message}");
        error.problems.iter().map(|problem| problem.name).collect()
    }

    #[test]
    fn half_of_tls_and_secrets_that_can_be_guessed_are_refused() {
        assert_eq!(names(&[("TLS_CERTIFICATE_FILE", "c.pem")]), ["TLS_KEY_FILE"]);
        assert_eq!(names(&[("TLS_KEY_FILE", "k.pem")]), ["TLS_CERTIFICATE_FILE"]);
        for short in ["hush", "hush hush hush hush", "hush\u{e4}hushhushhushhush"] {
            assert_eq!(
                names(&[("DIGEST_INTAKE_SECRET", short)]),
                ["DIGEST_INTAKE_SECRET"]
            );
        }
        assert_eq!(
            names(&[("TOKENLESS_LISTEN_ADDRESS", "here")]),
            ["TOKENLESS_LISTEN_ADDRESS"]
        );
        assert_eq!(names(&[("TOKENLESS_PORT", "http")]), ["TOKENLESS_PORT"]);
    }

    #[test]
    fn clients_without_tokens_are_answered_on_loopback_unless_told_otherwise() {
        let read = |pairs: &[(&str, &str)]| {
            let environment = Environment::from_pairs(pairs.iter().copied());
            let settings = AccessSettings::read(&environment.reader()).unwrap();
            settings.tokenless.map(|address| address.to_string())
        };
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[("TOKENLESS_PORT", "81")]).unwrap(), "127.0.0.1:81");
        let wide = [("TOKENLESS_PORT", "81"), ("TOKENLESS_LISTEN_ADDRESS", "0.0.0.0")];
        assert_eq!(read(&wide).unwrap(), "0.0.0.0:81");
    }
}
