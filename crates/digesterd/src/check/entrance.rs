//! Who may come in: the file of tokens, and the certificate and its key.

use digesterd_process::environment::{AccessSettings, Service};
use digesterd_process::problem::chain;
use digesterd_process::tls::Certificate;
use digesterd_process::tokens::Tokens;

use crate::findings::Finding;

/// What is set of them, tried.
pub(super) fn entrance(service: &Service, access: &AccessSettings) -> Vec<Finding> {
    const TOKENS: &str = "tokens";
    const TLS: &str = "TLS";
    let tokens = access
        .tokens_file
        .as_deref()
        .map(|file| match Tokens::open(file) {
            Ok(tokens) if tokens.is_empty() => Finding::warning(
                TOKENS,
                format!(
                    "{} has no tokens: nobody may come in; digesterd token makes one",
                    file.display()
                ),
            ),
            Ok(tokens) => Finding::ok(TOKENS, format!("{} has {}", file.display(), tokens.len())),
            Err(error) => Finding::failed(TOKENS, chain(&error)),
        });
    let tls = service.tls.as_ref().map(|files| match Certificate::open(files) {
        Ok(certificate) => Finding::ok(
            TLS,
            format!(
                "{} goes with its key; {} certificates are presented",
                files.certificate.display(),
                certificate.chain_length()
            ),
        ),
        Err(error) => Finding::failed(TLS, chain(&error)),
    });
    tokens.into_iter().chain(tls).collect()
}
