//! Where traces go: `OTEL_EXPORTER_OTLP_ENDPOINT`, `_PROTOCOL`, `_HEADERS`, `_TIMEOUT`, `_CERTIFICATE` and their like for traces alone,
//! `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, as OpenTelemetry names them.

use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::{Environment, EnvironmentError, Reader, Secret, values};

/// A collector that takes spans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSettings {
    /// Where spans are posted to.
    pub endpoint: Url,
    /// Headers that go with them, such as a key of the collector's.
    pub headers: Vec<(String, Secret)>,
    /// A batch of spans is sent within this or given up.
    pub timeout: Duration,
    /// Certificates, as PEM, of which one has to vouch for a collector that speaks TLS; the system's where none are named.
    pub certificates: Option<Vec<u8>>,
    /// What the process is called there; by default its program's name.
    pub service_name: Option<String>,
    /// What else the process is said to be.
    pub attributes: Vec<(String, String)>,
}

/// As long as a batch may take unless said.
const TIMEOUT: Duration = Duration::from_secs(5);
/// What is wrong with a list, whose values are not shown.
const NO_PAIRS: &str = "is not a comma list of NAME=VALUE";
/// The attribute that names the process.
const SERVICE_NAME: &str = "service.name";

#[derive(Default, Deserialize)]
pub(super) struct Raw {
    otel_exporter_otlp_endpoint: Option<String>,
    otel_exporter_otlp_traces_endpoint: Option<String>,
    otel_exporter_otlp_protocol: Option<String>,
    otel_exporter_otlp_traces_protocol: Option<String>,
    otel_exporter_otlp_headers: Option<String>,
    otel_exporter_otlp_traces_headers: Option<String>,
    otel_exporter_otlp_timeout: Option<String>,
    otel_exporter_otlp_traces_timeout: Option<String>,
    otel_exporter_otlp_certificate: Option<String>,
    otel_exporter_otlp_traces_certificate: Option<String>,
    otel_service_name: Option<String>,
    otel_resource_attributes: Option<String>,
}

impl TraceSettings {
    /// Reads the variables; `Some(None)` where no collector is named, `None` and a note for each one at fault.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Option<Self>> {
        let raw: Raw = reader.raw();
        let base = reader.optional(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            raw.otel_exporter_otlp_endpoint,
            values::http_url,
        );
        let own = reader.optional(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            raw.otel_exporter_otlp_traces_endpoint,
            values::http_url,
        );
        let both = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", raw.otel_exporter_otlp_protocol),
            (
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
                raw.otel_exporter_otlp_traces_protocol,
            ),
        ];
        let protocol = of_traces_first(reader, both, protocol);
        let both = [
            ("OTEL_EXPORTER_OTLP_HEADERS", raw.otel_exporter_otlp_headers),
            (
                "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
                raw.otel_exporter_otlp_traces_headers,
            ),
        ];
        let headers = of_traces_first(reader, both, headers);
        let both = [
            ("OTEL_EXPORTER_OTLP_TIMEOUT", raw.otel_exporter_otlp_timeout),
            (
                "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
                raw.otel_exporter_otlp_traces_timeout,
            ),
        ];
        let timeout = of_traces_first(reader, both, milliseconds);
        let both = [
            (
                "OTEL_EXPORTER_OTLP_CERTIFICATE",
                raw.otel_exporter_otlp_certificate,
            ),
            (
                "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
                raw.otel_exporter_otlp_traces_certificate,
            ),
        ];
        let certificates = of_traces_first(reader, both, values::file);
        let attributes = reader.optional(
            "OTEL_RESOURCE_ATTRIBUTES",
            raw.otel_resource_attributes,
            attributes,
        );
        protocol?;
        // The endpoint of all signals gets the signal's path; that of traces is used as it is.
        let base = base?.map(|mut base| {
            let path = format!("{}/v1/traces", base.path().trim_end_matches('/'));
            base.set_path(&path);
            base
        });
        let headers = headers?.unwrap_or_default();
        let timeout = timeout?.unwrap_or(TIMEOUT);
        let certificates = certificates?;
        let mut attributes = attributes?.unwrap_or_default();
        let named = attributes.iter().find(|(name, _)| name == SERVICE_NAME);
        let service_name = raw.otel_service_name.or(named.map(|(_, value)| value.clone()));
        attributes.retain(|(name, _)| name != SERVICE_NAME);
        Some(own?.or(base).map(|endpoint| Self {
            endpoint,
            headers,
            timeout,
            certificates,
            service_name,
            attributes,
        }))
    }

    /// Reads nothing else.
    ///
    /// # Errors
    /// [`EnvironmentError`] for variables at fault.
    pub fn read_all(environment: &Environment) -> Result<Option<Self>, EnvironmentError> {
        let reader = environment.reader();
        let settings = Self::read(&reader);
        reader.finish(settings)
    }
}

/// What is said of all signals and of traces alone: the latter, where both are.
fn of_traces_first<T>(
    reader: &Reader<'_>,
    [all, traces]: [(&'static str, Option<String>); 2],
    parse: fn(&str) -> Result<T, String>,
) -> Option<Option<T>> {
    let all = reader.optional(all.0, all.1, parse);
    let traces = reader.optional(traces.0, traces.1, parse);
    Some(traces?.or(all?))
}

/// The one protocol that is spoken.
fn protocol(text: &str) -> Result<(), String> {
    match text {
        "http/protobuf" => Ok(()),
        _ => Err(
            "is not http/protobuf, the one protocol that is spoken (port 4318 of most collectors)".to_owned(),
        ),
    }
}

/// Whole milliseconds, at least one.
fn milliseconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("is not a number of milliseconds".to_owned()),
        Ok(number) => Ok(Duration::from_millis(number)),
    }
}

/// The pairs of a comma list of `name=value`, trimmed; none has an empty name.
fn pairs(text: &str) -> Result<Vec<(&str, &str)>, String> {
    let items = text.split(',').filter(|item| !item.trim().is_empty());
    items
        .map(|item| match item.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => Ok((name.trim(), value.trim())),
            _ => Err(NO_PAIRS.to_owned()),
        })
        .collect()
}

/// Attributes: `%2C` and their like stand for the list's own characters.
fn attributes(text: &str) -> Result<Vec<(String, String)>, String> {
    let decoded = |(name, value): (&str, &str)| {
        let value = percent_decoded(value).ok_or(NO_PAIRS)?;
        Ok((name.to_owned(), value))
    };
    pairs(text)?.into_iter().map(decoded).collect()
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let digits = part
            .get(..2)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// Headers, whose values may be secrets.
fn headers(text: &str) -> Result<Vec<(String, Secret)>, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let header = |(name, value): (&str, &str)| {
        if !name.bytes().all(plain) {
            return Err(NO_PAIRS.to_owned());
        }
        Ok((name.to_owned(), Secret::new(value)))
    };
    pairs(text)?.into_iter().map(header).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<TraceSettings>, EnvironmentError> {
        TraceSettings::read_all(&Environment::from_pairs(pairs.iter().copied()))
    }

    #[test]
    fn the_endpoint_of_all_signals_gets_the_path_and_that_of_traces_is_used_as_it_is() {
        assert_eq!(read(&[]), Ok(None));
        let endpoint = |pairs: &[(&str, &str)]| read(pairs).unwrap().unwrap().endpoint.to_string();
        let (all, own) = (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        );
        assert_eq!(endpoint(&[(all, "http://c:4318")]), "http://c:4318/v1/traces");
        assert_eq!(endpoint(&[(all, "http://c/otlp/")]), "http://c/otlp/v1/traces");
        assert_eq!(endpoint(&[(all, "http://c"), (own, "http://d/t")]), "http://d/t");
    }

    #[test]
    fn headers_are_names_and_secret_values() {
        let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318");
        let told = read(&[all, ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=hush, x=y=z")])
            .unwrap()
            .unwrap();
        assert_eq!(told.headers[0], ("api-key".to_owned(), Secret::new("hush")));
        assert_eq!(told.headers[1], ("x".to_owned(), Secret::new("y=z")));
        assert!(!format!("{told:?}").contains("hush"));
        for wrong in ["hush", "=hush", "a b=hush"] {
            let error = read(&[all, ("OTEL_EXPORTER_OTLP_HEADERS", wrong)]).unwrap_err();
            assert!(!error.to_string().contains("hush"), "{error}");
        }
        assert!(read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "c:4317")]).is_err());
    }

    #[test]
    fn what_is_said_of_traces_alone_comes_first() {
        let told = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10000"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "250"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ]);
        let told = told.unwrap().unwrap();
        assert_eq!(told.headers, [("b".to_owned(), Secret::new("2"))]);
        assert_eq!(told.timeout, Duration::from_millis(250));
        for (name, wrong) in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/collector.pem"),
            ("OTEL_RESOURCE_ATTRIBUTES", "team"),
            ("OTEL_RESOURCE_ATTRIBUTES", "team=%zz"),
            ("OTEL_RESOURCE_ATTRIBUTES", "team=%+1"),
        ] {
            let error = read(&[(name, wrong)]).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn attributes_may_name_the_service_unless_it_has_a_name() {
        let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318");
        let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "team=net%2Csec, service.name=digests");
        let told = read(&[all, attributes]).unwrap().unwrap();
        assert_eq!(told.attributes, [("team".to_owned(), "net,sec".to_owned())]);
        assert_eq!(told.service_name.as_deref(), Some("digests"));
        let named = read(&[all, attributes, ("OTEL_SERVICE_NAME", "own")]).unwrap();
        assert_eq!(named.unwrap().service_name.as_deref(), Some("own"));
    }
}
