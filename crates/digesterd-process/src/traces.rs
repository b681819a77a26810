//! Traces by OTLP (protobuf over HTTP), where a collector is named: each request a span, each job's attempt one below it, under one
//! trace from whoever asks to the digest.
//!
//! The way between processes is W3C's `traceparent`. Where no collector is named nothing is recorded, and a caller's
//! `traceparent` is passed on as it came.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use thiserror::Error;
use tokio::runtime::Handle;
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::environment::TraceSettings;
use crate::tokens::redacted;

/// The last spans of a process get this long.
const LAST: Duration = Duration::from_secs(3);
/// The header that carries a trace from process to process.
const TRACEPARENT: &str = "traceparent";

/// Why no traces can be sent.
#[derive(Debug, Error)]
pub enum TracesError {
    /// The exporter refuses its settings.
    #[error("traces cannot be sent to OTEL_EXPORTER_OTLP_ENDPOINT: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// What is to vouch for the collector cannot be read.
    #[error("OTEL_EXPORTER_OTLP_CERTIFICATE is not usable: {0}")]
    Certificates(#[source] reqwest::Error),
    /// Nothing is to vouch for the collector.
    #[error("OTEL_EXPORTER_OTLP_CERTIFICATE holds no certificate: it is a file of PEM")]
    NoCertificate,
    /// There is no HTTP client to send them with.
    #[error("no HTTP client can be made for traces: {0}")]
    Client(#[from] reqwest::Error),
}

/// Where a process's spans go. Dropping it sends the last ones.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Spans go to the collector of these settings from now on. Must be called inside the runtime, which sends them.
    ///
    /// # Errors
    /// [`TracesError`].
    pub fn open(settings: &TraceSettings, program: &'static str) -> Result<Self, TracesError> {
        let mut client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(settings.timeout);
        if settings.endpoint.scheme() == "http" {
            // No certificate will be looked at: an image without any must do.
            client = client.tls_certs_only([]);
        } else if let Some(pem) = &settings.certificates {
            let certificates =
                reqwest::Certificate::from_pem_bundle(pem).map_err(TracesError::Certificates)?;
            if certificates.is_empty() {
                return Err(TracesError::NoCertificate);
            }
            client = client.tls_certs_only(certificates);
        }
        let headers: HashMap<String, String> = settings
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.expose().to_owned()))
            .collect();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Sender {
                client: client.build()?,
                runtime: Handle::current(),
            })
            .with_endpoint(settings.endpoint.as_str())
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(settings.timeout)
            .with_headers(headers)
            .build()?;
        let name = settings
            .service_name
            .clone()
            .unwrap_or_else(|| program.to_owned());
        let resource = Resource::builder_empty()
            .with_service_name(name)
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_attributes(
                settings
                    .attributes
                    .iter()
                    .map(|(name, value)| KeyValue::new(name.clone(), value.clone())),
            )
            .build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_batch_exporter(exporter)
            .build();
        Ok(Self { provider })
    }

    pub(crate) fn tracer(&self) -> SdkTracer {
        self.provider.tracer("digesterd")
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown_with_timeout(LAST) {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}

/// Sends batches on the process's own runtime: those who hand them over have none.
#[derive(Debug)]
struct Sender {
    client: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = reqwest::Request::try_from(request.map(reqwest::Body::from))?;
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let answer = client.execute(request).await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        });
        // An address may hold a password.
        let (status, body) = sent.await?.map_err(reqwest::Error::without_url)?;
        Ok(Response::builder().status(status).body(body)?)
    }
}

/// Puts a span under the trace that a caller named, if it named one.
fn follow(span: &Span, traceparent: Option<&str>) {
    let Some(traceparent) = traceparent else { return };
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
    if context.span().span_context().is_valid() {
        // A span that nobody records has no parent either.
        let _ = span.set_parent(context);
    }
}

/// What carries the present span's trace on; `None` where nothing is recorded.
#[must_use]
pub fn traceparent() -> Option<String> {
    let context = Span::current().context();
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut carrier);
    carrier.remove(TRACEPARENT)
}

tokio::task_local! {
    /// The `traceparent` of whoever asked for what runs here.
    static GIVEN: Option<String>;
}

/// Runs, in its span, what a caller asked for that named this trace: the span is put under it, and lines tell it also where no
/// span is recorded.
pub fn under<F: Future>(
    span: Span,
    traceparent: Option<String>,
    asked: F,
) -> impl Future<Output = F::Output> {
    follow(&span, traceparent.as_deref());
    GIVEN.scope(traceparent, asked).instrument(span)
}

/// Lines of this tell the present caller's trace, also where it runs as a task of its own.
pub fn handed_on<F: Future>(asked: F) -> impl Future<Output = F::Output> {
    GIVEN.scope(given(), asked)
}

fn given() -> Option<String> {
    GIVEN.try_with(Clone::clone).ok().flatten()
}

/// The present span's trace: that of the caller where nothing is recorded here.
#[must_use]
pub fn trace_id() -> Option<String> {
    let trace = traceparent().or_else(given)?;
    trace.split('-').nth(1).map(redacted)
}
