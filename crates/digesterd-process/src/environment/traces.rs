//! Where traces go: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS`,
//! `OTEL_SERVICE_NAME`, as OpenTelemetry names them.

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
    /// What the process is called there; by default its program's name.
    pub service_name: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct Raw {
    otel_exporter_otlp_endpoint: Option<String>,
    otel_exporter_otlp_traces_endpoint: Option<String>,
    otel_exporter_otlp_headers: Option<String>,
    otel_service_name: Option<String>,
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
        let headers = reader.optional(
            "OTEL_EXPORTER_OTLP_HEADERS",
            raw.otel_exporter_otlp_headers,
            headers,
        );
        // The endpoint of all signals gets the signal's path; that of traces is used as it is.
        let base = base?.map(|mut base| {
            let path = format!("{}/v1/traces", base.path().trim_end_matches('/'));
            base.set_path(&path);
            base
        });
        let headers = headers?.unwrap_or_default();
        Some(own?.or(base).map(|endpoint| Self {
            endpoint,
            headers,
            service_name: raw.otel_service_name,
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

/// A comma list of `name=value`.
fn headers(text: &str) -> Result<Vec<(String, Secret)>, String> {
    let expected = || "is not a comma list of NAME=VALUE".to_owned();
    text.split(',')
        .filter(|item| !item.trim().is_empty())
        .map(|item| {
            let (name, value) = item.split_once('=').ok_or_else(expected)?;
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            let name = name.trim();
            if name.is_empty() || !name.bytes().all(plain) {
                return Err(expected());
            }
            Ok((name.to_owned(), Secret::new(value.trim())))
        })
        .collect()
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
}
