//! TLS by rustls: a certificate and its key from two PEM files, which are read again whenever they change.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};
use thiserror::Error;

use crate::environment::TlsFiles;
use crate::watch::watch;

/// Why a certificate and a key cannot be used. Nothing of the key is shown.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read: {source} (set by {variable})", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The variable that names it.
        variable: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// A file has not in it what it should.
    #[error("{} {problem} (set by {variable})", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The variable that names it.
        variable: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The key is another certificate's.
    #[error("the key in {} is not that of the certificate in {}: set TLS_KEY_FILE and TLS_CERTIFICATE_FILE to files of one pair", .key.display(), .certificate.display())]
    Mismatch {
        /// The key's file.
        key: PathBuf,
        /// The certificate's.
        certificate: PathBuf,
    },
    /// rustls refuses its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// A certificate with its key, the one that is presented now.
#[derive(Clone)]
pub struct Certificate {
    files: TlsFiles,
    current: Arc<Current>,
}

struct Current(RwLock<Arc<CertifiedKey>>);

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn open(files: &TlsFiles) -> Result<Self, TlsError> {
        let certificate = contents(&files.certificate, CERTIFICATE)?;
        let key = contents(&files.key, KEY)?;
        Ok(Self {
            files: files.clone(),
            current: Arc::new(Current(RwLock::new(pair(files, &certificate, &key)?))),
        })
    }

    /// How many certificates are presented: the server's own and its issuers'.
    #[must_use]
    pub fn chain_length(&self) -> usize {
        self.current.get().cert.len()
    }

    /// Presents what the files hold for as long as the runtime lives. What cannot be used changes nothing but the log.
    pub(crate) fn keep_up(&self) {
        let (files, current) = (self.files.clone(), Arc::clone(&self.current));
        let paths = [files.certificate.clone(), files.key.clone()];
        watch(paths, "certificate and key", move |[certificate, key]| {
            let renewed = pair(&files, &certificate, &key).map_err(|error| error.to_string())?;
            *current.0.write().unwrap_or_else(PoisonError::into_inner) = renewed;
            Ok(())
        });
    }

    /// A server's settings: TLS 1.2 and 1.3, no client certificates.
    pub(crate) fn server_config(&self) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        Ok(ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&self.current) as Arc<dyn ResolvesServerCert>))
    }
}

const CERTIFICATE: &str = "TLS_CERTIFICATE_FILE";
const KEY: &str = "TLS_KEY_FILE";

impl Current {
    fn get(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get())
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a certificate and its key")
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

fn contents(path: &Path, variable: &'static str) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable {
        path: path.to_owned(),
        variable,
        source,
    })
}

fn pair(files: &TlsFiles, certificate: &[u8], key: &[u8]) -> Result<Arc<CertifiedKey>, TlsError> {
    let bad = |path: &Path, variable, problem: &str| TlsError::Content {
        path: path.to_owned(),
        variable,
        problem: problem.to_owned(),
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .map_err(|_| bad(&files.certificate, CERTIFICATE, "is no PEM file of certificates"))?;
    if chain.is_empty() {
        return Err(bad(
            &files.certificate,
            CERTIFICATE,
            "holds no certificate in PEM",
        ));
    }
    // The parser's own error is left out: it may quote what it could not read.
    let private = PrivateKeyDer::from_pem_slice(key).map_err(|_| {
        bad(
            &files.key,
            KEY,
            "holds no private key in PEM (PKCS#8, PKCS#1 or SEC1, without a password)",
        )
    })?;
    let signing = aws_lc_rs::sign::any_supported_type(&private).map_err(|_| {
        bad(
            &files.key,
            KEY,
            "holds a private key of a kind that is not supported",
        )
    })?;
    let pair = CertifiedKey::new(chain, signing);
    match pair.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(Arc::new(pair)),
        Err(rustls::Error::InconsistentKeys(_)) => Err(TlsError::Mismatch {
            key: files.key.clone(),
            certificate: files.certificate.clone(),
        }),
        Err(_) => Err(bad(
            &files.certificate,
            CERTIFICATE,
            "holds a certificate that cannot be read",
        )),
    }
}
