//! The demonstration's side of HTTP: what any client of the API does.

use std::io::Read;
use std::time::Duration;

use anyhow::{Context, bail};
use digest_core::Job;
use digest_core::manifest::Sealed;
use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};

/// Asks for one digest.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    path: String,
}

/// A digest that was fetched.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) gzip: Vec<u8>,
    pub(super) text: String,
    /// The header of that name.
    pub(super) coverage: String,
}

impl Client {
    /// A client of the API at this address.
    pub(super) fn new(base: String, job: &Job) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            // A proxy of the environment knows nothing of this machine's loopback.
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()?;
        Ok(Self {
            http,
            base,
            path: path(job),
        })
    }

    /// Path and query of the digest.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    fn url(&self) -> String {
        format!("{}{}", self.base, self.path)
    }

    /// Asks for the digest by POST; the answer's status.
    pub(super) async fn ask(&self) -> anyhow::Result<u16> {
        let answer = self.http.post(self.url()).send().await.context("POST failed")?;
        Ok(answer.status().as_u16())
    }

    /// The digest, once it is there.
    pub(super) async fn fetch(&self) -> anyhow::Result<Option<Fetched>> {
        let answer = self.http.get(self.url()).send().await.context("GET failed")?;
        match answer.status().as_u16() {
            200 => {}
            204 => return Ok(None),
            status => bail!("GET was answered {status}: {}", answer.text().await?),
        }
        let coverage = answer.headers().get("digest-coverage");
        let coverage = coverage.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let coverage = coverage.to_owned();
        let gzip = answer.bytes().await.context("the digest broke off")?.to_vec();
        let mut text = String::new();
        // One member, as many clients read it.
        GzDecoder::new(gzip.as_slice())
            .read_to_string(&mut text)
            .context("the digest is not gzip of text")?;
        Ok(Some(Fetched { gzip, text, coverage }))
    }
}

impl Fetched {
    /// Size and hash of the gzip.
    pub(super) fn gzip_seal(&self) -> Sealed {
        seal(&self.gzip)
    }

    /// Size and hash of the text.
    pub(super) fn text_seal(&self) -> Sealed {
        seal(self.text.as_bytes())
    }
}

/// Path and query of a job's digest.
pub(super) fn path(job: &Job) -> String {
    let window = job.window();
    format!(
        "/?start={}&stop={}",
        window.start_rfc3339(),
        window.stop_rfc3339()
    )
}

fn seal(content: &[u8]) -> Sealed {
    Sealed {
        bytes: content.len() as u64,
        sha256: Sha256::digest(content)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    }
}
