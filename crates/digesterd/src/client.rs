//! The commands that speak to a running API, one module each, and what they share: its address and its answers.

use std::time::Duration;

use anyhow::{Context, bail};
use digest_core::{DigestId, Manifest};
use digest_insight::Format;
use digesterd_api::status::Status;
use digesterd_process::environment::{ClientSettings, Environment, Secret};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header, redirect};
use serde::de::DeserializeOwned;

use serde_json::Value;
use url::Url;

use crate::arguments::ApiArguments;

pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod status;

/// A connection is made within this or not at all.
const CONNECT: Duration = Duration::from_secs(10);
/// Any address that can be read.
const LOCAL: &str = "http://localhost";
/// Silence within an answer.
const SILENCE: Duration = Duration::from_secs(60);

/// A running API.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<Secret>,
}

impl Client {
    /// The API that the arguments or the environment name.
    pub(crate) fn new(arguments: &ApiArguments, environment: &Environment) -> anyhow::Result<Self> {
        // What the argument takes the place of need not be usable.
        let settings = match &arguments.api {
            Some(_) => ClientSettings::read_all(&environment.clone().with("DIGESTERD_API", LOCAL))?,
            None => ClientSettings::read_all(environment)?,
        };
        let (base, token) = (arguments.api.clone().unwrap_or(settings.api), settings.token);
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            bail!("{base} is no http or https address of an API");
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("digesterd/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE);
        if base.scheme() == "http" {
            // No certificate will be looked at: an image without any must do.
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().context("no HTTP client can be made")?;
        Ok(Self { http, base, token })
    }

    /// A request for a path of the API, which may have a query. A path in the API's own address is kept.
    fn request(&self, method: Method, path: &str) -> anyhow::Result<RequestBuilder> {
        let base = self.base.as_str().trim_end_matches('/');
        let url: Url = format!("{base}{path}").parse().context("no address of an API")?;
        let request = self.http.request(method, url);
        Ok(match &self.token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        })
    }

    /// Sends a request.
    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let unreachable = || {
            format!(
                "the API at {} does not answer; name another by --api or DIGESTERD_API",
                self.base
            )
        };
        request.send().await.with_context(unreachable)
    }

    /// A JSON document; `None` where there is none.
    async fn document<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Option<T>> {
        let answer = self.send(self.request(Method::GET, path)?).await?;
        match answer.status() {
            StatusCode::OK => {
                let document = answer.json().await;
                document
                    .map(Some)
                    .context("the API's answer cannot be read; is it of this version?")
            }
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(refusal(answer).await),
        }
    }

    /// A digest in a format.
    pub(crate) async fn content(&self, id: DigestId, format: Format) -> anyhow::Result<Response> {
        // Gzip and text are named by Accept alone, which an API of any version understands.
        let query = match format {
            Format::Gzip | Format::Text => String::new(),
            other => format!("?format={other}"),
        };
        let request = self.request(Method::GET, &format!("/v1/digests/{id}/content{query}"))?;
        self.send(request.header(header::ACCEPT, format.media_type()))
            .await
    }

    /// What a digest was made of, where that is known.
    pub(crate) async fn manifest(&self, id: DigestId) -> anyhow::Result<Option<Manifest>> {
        self.document(&format!("/v1/digests/{id}/manifest")).await
    }

    /// What is known of a digest.
    pub(crate) async fn status(&self, id: DigestId) -> anyhow::Result<Option<Status>> {
        self.document(&format!("/v1/digests/{id}")).await
    }
}

/// An answer that is none that was hoped for, in the API's words.
pub(crate) async fn refusal(answer: Response) -> anyhow::Error {
    let status = answer.status();
    let body = answer.text().await.unwrap_or_default();
    let problem: Option<Value> = serde_json::from_str(&body).ok();
    let told = problem
        .as_ref()
        .and_then(|problem| problem.get("message")?.as_str());
    match told {
        Some(told) if status == StatusCode::UNAUTHORIZED => {
            anyhow::anyhow!("{told}; set DIGESTERD_TOKEN (the API answered {status})")
        }
        Some(told) => anyhow::anyhow!("{told} (the API answered {status})"),
        None => anyhow::anyhow!("the API answered {status}"),
    }
}
