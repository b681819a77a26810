//! The stream appliance: a queue that is spoken to by HTTP.
//!
//! A job is posted to `{endpoint}/{topic}/event`, or to the bare endpoint where no topic is set. Any
//! 2xx means that it was taken. A worker may stand in the appliance's place: `Prefer: respond-async`
//! asks it to answer as soon as the job cannot be lost any more, not when the digest is stored.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use digest_core::Job;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use reqwest::redirect;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use crate::error::{QueueError, QueueErrorKind};
use crate::queue::{JobQueue, SendContext};

/// All attempts together end before this, so that a caller can answer within 5 seconds.
const BUDGET: Duration = Duration::from_millis(4200);
/// One attempt's share: a hanging appliance gets a second chance.
const ATTEMPT: Duration = Duration::from_millis(2000);
/// A connection is made within this or not at all.
const CONNECT: Duration = Duration::from_millis(1500);
/// First pause between attempts; doubled each time, then jittered.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Where and how to reach an appliance.
#[derive(Clone)]
pub struct ApplianceOptions {
    /// Base address; a path in it is kept.
    pub endpoint: Url,
    /// Name of the queue, one path segment; without it jobs go to the bare endpoint.
    pub topic: Option<String>,
    /// Certificates (PEM) to trust beside the system's.
    pub ca_bundle: Option<Vec<u8>>,
    /// Proxy for https endpoints.
    pub proxy: Option<Url>,
    /// What a worker in the appliance's place wants to be told, as a bearer token.
    pub secret: Option<String>,
}

/// A [`JobQueue`] over HTTP.
pub struct HttpAppliance {
    client: reqwest::Client,
    target: Url,
    authorization: Option<HeaderValue>,
    /// Host and port that [`JobQueue::check`] connects to.
    peer: (String, u16),
}

impl HttpAppliance {
    /// An appliance that is not yet spoken to.
    ///
    /// # Errors
    /// [`QueueErrorKind::Settings`] for an endpoint that is no http(s) URL with a host, and for
    /// certificates or a proxy that cannot be used.
    pub fn new(options: &ApplianceOptions) -> Result<Self, QueueError> {
        let target = target(&options.endpoint, options.topic.as_deref())?;
        let proxy = options.proxy.as_ref().filter(|_| target.scheme() == "https");
        let peer = peer(proxy.unwrap_or(&target))?;
        let client = client(&target, proxy, options.ca_bundle.as_deref())?;
        let authorization = options.secret.as_deref().map(authorization).transpose()?;
        Ok(Self {
            client,
            target,
            authorization,
            peer,
        })
    }

    /// One attempt: `Ok` for any 2xx.
    async fn attempt(&self, headers: &HeaderMap, body: &str, limit: Duration) -> Result<(), QueueError> {
        let answer = self
            .client
            .post(self.target.clone())
            .headers(headers.clone())
            .body(body.to_owned())
            .timeout(limit)
            .send()
            .await
            .map_err(|error| {
                QueueError::new(
                    QueueErrorKind::Unreachable,
                    format!("the queue at {} did not answer", self.address()),
                )
                // The error's own URL may hold a password.
                .because(error.without_url())
            })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let busy = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        let (kind, advice) = if busy {
            (QueueErrorKind::Busy, "")
        } else {
            (
                QueueErrorKind::Refused,
                "; check STREAM_APPLIANCE_ENDPOINT and STREAM_APPLIANCE_TOPIC",
            )
        };
        Err(QueueError::new(
            kind,
            format!("the queue at {} answered {status}{advice}", self.address()),
        ))
    }

    /// The target without user, password and query: fit for messages.
    fn address(&self) -> String {
        let port = self.target.port().map(|port| format!(":{port}"));
        format!(
            "{}://{}{}{}",
            self.target.scheme(),
            self.target.host_str().unwrap_or_default(),
            port.unwrap_or_default(),
            self.target.path()
        )
    }
}

impl fmt::Debug for ApplianceOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApplianceOptions")
            .field("host", &self.endpoint.host_str())
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for HttpAppliance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpAppliance")
            .field("target", &self.address())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl JobQueue for HttpAppliance {
    async fn send(&self, job: &Job, context: &SendContext) -> Result<(), QueueError> {
        let deadline = Instant::now() + BUDGET;
        let mut headers = headers(context);
        if let Some(authorization) = &self.authorization {
            headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        let body = body(job, context);
        let mut pause = FIRST_PAUSE;
        let mut tries = 0_u32;
        loop {
            tries += 1;
            let left = deadline.saturating_duration_since(Instant::now());
            let failure = match self.attempt(&headers, &body, left.min(ATTEMPT)).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            let jittered = pause.mul_f64(0.5 + fastrand::f64());
            let left = deadline.saturating_duration_since(Instant::now());
            // An attempt of less than a pause's length is not worth its noise.
            if !failure.is_retryable() || left < jittered + pause {
                tracing::warn!(error = %failure, tries, "job not queued");
                return Err(failure);
            }
            sleep(jittered).await;
            pause = pause.saturating_mul(2);
        }
    }

    async fn check(&self) -> Result<(), QueueError> {
        let unreachable = || {
            QueueError::new(
                QueueErrorKind::Unreachable,
                format!("no connection to the queue at {}", self.address()),
            )
        };
        match timeout(ATTEMPT, TcpStream::connect((self.peer.0.as_str(), self.peer.1))).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(unreachable().because(error)),
            Err(_) => Err(unreachable()),
        }
    }
}

/// The job as it is posted. Queues keep a message's body and lose its headers, so the trace goes along in it; workers of any
/// version pass over what they do not know.
fn body(job: &Job, context: &SendContext) -> String {
    let plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    let traceparent = context.traceparent.as_deref();
    let body = job.to_json();
    match (
        traceparent.filter(|trace| trace.bytes().all(plain)),
        body.strip_suffix('}'),
    ) {
        (Some(trace), Some(members)) => format!(r#"{members},"traceparent":"{trace}"}}"#),
        _ => body,
    }
}

/// The address that jobs are posted to.
fn target(endpoint: &Url, topic: Option<&str>) -> Result<Url, QueueError> {
    let unusable = || {
        QueueError::new(
            QueueErrorKind::Settings,
            "STREAM_APPLIANCE_ENDPOINT is not an http or https URL with a host",
        )
    };
    if !matches!(endpoint.scheme(), "http" | "https") || !endpoint.has_host() {
        return Err(unusable());
    }
    let mut target = endpoint.clone();
    if let Some(topic) = topic {
        target
            .path_segments_mut()
            .map_err(|()| unusable())?
            .pop_if_empty()
            .push(topic)
            .push("event");
    }
    Ok(target)
}

/// The header that presents a secret; never shown, not even by what sends it.
fn authorization(secret: &str) -> Result<HeaderValue, QueueError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {secret}")).map_err(|_| {
        QueueError::new(
            QueueErrorKind::Settings,
            "DIGEST_INTAKE_SECRET cannot be sent in a header",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Host and port of a URL.
fn peer(url: &Url) -> Result<(String, u16), QueueError> {
    let host = url
        .host_str()
        .map(|host| host.trim_matches(['[', ']']).to_owned());
    host.zip(url.port_or_known_default()).ok_or_else(|| {
        QueueError::new(
            QueueErrorKind::Settings,
            "the queue's address has no host or no port",
        )
    })
}

/// A client that follows no redirect and reads no environment.
fn client(
    target: &Url,
    proxy: Option<&Url>,
    ca_bundle: Option<&[u8]>,
) -> Result<reqwest::Client, QueueError> {
    let unusable = |what: &str, error: reqwest::Error| {
        QueueError::new(
            QueueErrorKind::Settings,
            format!("{what} cannot be used for the queue"),
        )
        .because(error.without_url())
    };
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("vpcflow-digesterd/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .no_proxy();
    if let Some(proxy) = proxy {
        let proxy = reqwest::Proxy::https(proxy.clone()).map_err(|error| unusable("HTTPS_PROXY", error))?;
        builder = builder.proxy(proxy);
    }
    if target.scheme() == "http" {
        // No certificate will be looked at: an image without any must do.
        builder = builder.tls_certs_only([]);
    } else if let Some(pem) = ca_bundle {
        let certificates =
            reqwest::Certificate::from_pem_bundle(pem).map_err(|error| unusable("AWS_CA_BUNDLE", error))?;
        builder = builder.tls_certs_merge(certificates);
    }
    builder
        .build()
        .map_err(|error| unusable("the system's TLS setup", error))
}

/// Headers of one job's post.
fn headers(context: &SendContext) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(
        HeaderName::from_static("prefer"),
        HeaderValue::from_static("respond-async"),
    );
    let beside = [
        ("x-request-id", &context.request_id),
        ("traceparent", &context.traceparent),
    ];
    for (name, value) in beside {
        let value = value
            .as_deref()
            .and_then(|value| HeaderValue::from_str(value).ok());
        if let Some(value) = value {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted_to(endpoint: &str, topic: Option<&str>) -> String {
        target(&endpoint.parse().unwrap(), topic).unwrap().to_string()
    }

    #[test]
    fn keeps_the_endpoints_path_and_names_the_topic() {
        assert_eq!(posted_to("http://q", Some("t")), "http://q/t/event");
        assert_eq!(
            posted_to("http://q:81/a/b/", Some("t")),
            "http://q:81/a/b/t/event"
        );
        assert_eq!(posted_to("http://q/a/b", Some("t")), "http://q/a/b/t/event");
        assert_eq!(
            posted_to("http://q/a", Some("../x y")),
            "http://q/a/..%2Fx%20y/event"
        );
    }

    #[test]
    fn without_a_topic_the_endpoint_stands_as_it_is() {
        assert_eq!(posted_to("http://q/a/b/", None), "http://q/a/b/");
        assert_eq!(posted_to("http://q", None), "http://q/");
    }

    #[test]
    fn refuses_what_is_no_http_address() {
        for endpoint in ["ftp://q", "mailto:a@b", "file:///x"] {
            let refused = target(&endpoint.parse().unwrap(), None).unwrap_err();
            assert_eq!(refused.kind(), QueueErrorKind::Settings, "{endpoint}");
        }
    }

    #[test]
    fn a_password_in_the_address_is_never_shown() {
        let options = ApplianceOptions {
            endpoint: "http://user:hush@q/p?key=hush".parse().unwrap(),
            topic: None,
            ca_bundle: None,
            proxy: None,
            secret: Some("hush".to_owned()),
        };
        let appliance = HttpAppliance::new(&options).unwrap();
        assert!(!format!("{options:?} {appliance:?}").contains("hush"));
    }
}
