//! Which format of a digest a caller gets: the gzip bytes, or what is made of the text inside them.
//!
//! The gzip is what every caller has always got, whatever it said. Only one that says it would rather have another
//! format gets that.

use actix_web::http::header::{Accept, Header, Quality, QualityItem};
use actix_web::{HttpRequest, mime};
use digest_insight::{Format, GraphFormat, UnknownFormat};
use url::form_urlencoded;

/// What stands for a format besides its own media type.
fn aliases(format: Format) -> &'static [&'static str] {
    match format {
        Format::Gzip => &["application/gzip", "application/x-gzip"],
        Format::JsonLines => &["application/jsonl", "application/jsonlines"],
        Format::Text | Format::Csv | Format::Dot | Format::GraphMl => &[],
    }
}

/// The format that a request's `Accept` prefers. A header that cannot be read counts as absent.
pub(crate) fn preferred(request: &HttpRequest) -> Format {
    match Accept::parse(request) {
        Ok(accept) => of(&accept.0),
        Err(_) => Format::Gzip,
    }
}

/// The format that a request's query names, else the one that it prefers.
///
/// # Errors
/// [`UnknownFormat`].
pub(crate) fn asked(request: &HttpRequest) -> Result<Format, UnknownFormat> {
    let mut parameters = form_urlencoded::parse(request.query_string().as_bytes());
    match parameters.find(|(name, _)| name == "format") {
        Some((_, name)) => name.parse(),
        None => Ok(preferred(request)),
    }
}

/// Whether a request's `Accept` takes JSON. A header that cannot be read counts as absent.
pub(crate) fn takes_json(request: &HttpRequest) -> bool {
    match Accept::parse(request) {
        Ok(accept) => accept.0.is_empty() || quality(&accept.0, "application", "json") > Quality::ZERO,
        Err(_) => true,
    }
}

/// The format of a graph that a request's `Accept` prefers, JSON where it does not care; `None` where it takes none.
pub(crate) fn preferred_graph(request: &HttpRequest) -> Option<GraphFormat> {
    let accept = Accept::parse(request).map(|accept| accept.0).unwrap_or_default();
    if accept.is_empty() {
        return Some(GraphFormat::Json);
    }
    let wanted = |format: GraphFormat| {
        let parts = format.media_type().split_once('/');
        parts.map_or(Quality::ZERO, |(kind, subtype)| quality(&accept, kind, subtype))
    };
    let mut best = GraphFormat::Json;
    for format in GraphFormat::ALL {
        if wanted(format) > wanted(best) {
            best = format;
        }
    }
    (wanted(best) > Quality::ZERO).then_some(best)
}

/// The value of `Content-Type`.
pub(crate) fn content_type(format: Format) -> &'static str {
    match format {
        Format::Gzip => "application/octet-stream",
        Format::Text => "text/plain; charset=utf-8",
        Format::Csv => "text/csv; charset=utf-8; header=present",
        Format::JsonLines => "application/x-ndjson",
        Format::Dot => "text/vnd.graphviz; charset=utf-8",
        Format::GraphMl => "application/graphml+xml",
    }
}

/// What the format adds to the stored object's tag: two representations never share one.
pub(crate) fn tag_suffix(format: Format) -> &'static str {
    match format {
        Format::Gzip => "",
        Format::Text => "-text",
        Format::Csv => "-csv",
        Format::JsonLines => "-jsonl",
        Format::Dot => "-dot",
        Format::GraphMl => "-graphml",
    }
}

fn of(accepted: &[QualityItem<mime::Mime>]) -> Format {
    let wanted = |format: Format| {
        let own = std::iter::once(format.media_type());
        let names = own.chain(aliases(format).iter().copied());
        let parts = names.filter_map(|name| name.split_once('/'));
        parts
            .map(|(kind, subtype)| quality(accepted, kind, subtype))
            .max()
    };
    let mut best = Format::Gzip;
    for format in Format::ALL {
        // Of formats that are wanted alike the first, and the gzip before all.
        if wanted(format) > wanted(best) {
            best = format;
        }
    }
    best
}

/// How much a media type is wanted: the most specific range that matches it decides.
fn quality(accepted: &[QualityItem<mime::Mime>], kind: &str, subtype: &str) -> Quality {
    // A subtype's suffix (`graphml+xml`) is a part of its name.
    let specificity = |range: &mime::Mime| match range.essence_str().split_once('/')? {
        (one, other) if one == kind && other == subtype => Some(2),
        (one, "*") if one == kind => Some(1),
        ("*", "*") => Some(0),
        _ => None,
    };
    accepted
        .iter()
        .filter_map(|item| specificity(&item.item).map(|specificity| (specificity, item.quality)))
        .max_by_key(|(specificity, _)| *specificity)
        .map_or(Quality::ZERO, |(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn told(accept: &str) -> Format {
        let request = TestRequest::default().insert_header(("accept", accept));
        preferred(&request.to_http_request())
    }

    #[test]
    fn text_is_for_those_who_would_rather_have_it() {
        for accept in [
            "text/plain",
            "text/*",
            "text/plain;q=0.2",
            "text/plain, */*;q=0.5",
            "application/octet-stream;q=0.3, text/plain;q=0.4",
            "text/plain, application/*;q=0.9",
            "application/octet-stream;q=0, */*;q=0.1, application/gzip;q=0, application/x-gzip;q=0",
        ] {
            assert_eq!(told(accept), Format::Text, "{accept}");
        }
    }

    #[test]
    fn gzip_is_for_everyone_else() {
        for accept in [
            "",
            "*/*",
            "text/plain, */*",
            "text/plain;q=0",
            "text/plain, application/gzip",
            "application/json",
            "text/html, application/xhtml+xml, */*;q=0.8",
            "nonsense",
        ] {
            assert_eq!(told(accept), Format::Gzip, "{accept}");
        }
        let without = TestRequest::default().to_http_request();
        assert_eq!(preferred(&without), Format::Gzip);
    }
    #[test]
    fn each_format_is_for_those_who_would_rather_have_it() {
        for (accept, format) in [
            ("text/csv", Format::Csv),
            ("application/x-ndjson", Format::JsonLines),
            ("application/jsonl, */*;q=0.1", Format::JsonLines),
            ("text/vnd.graphviz", Format::Dot),
            ("application/graphml+xml", Format::GraphMl),
            ("text/csv;q=0.5, text/plain;q=0.4", Format::Csv),
            ("text/csv, text/plain", Format::Text),
            ("text/csv, */*", Format::Gzip),
            ("text/csv;q=0.8, application/octet-stream;q=0.8", Format::Gzip),
            ("text/*;q=0.8, text/plain;q=0.1", Format::Csv),
        ] {
            assert_eq!(told(accept), format, "{accept}");
        }
    }

    #[test]
    fn a_graph_is_json_unless_something_else_is_wanted_more() {
        for (accept, format) in [
            ("", Some(GraphFormat::Json)),
            ("*/*", Some(GraphFormat::Json)),
            (
                "text/html, application/xhtml+xml, image/webp, */*;q=0.8",
                Some(GraphFormat::Json),
            ),
            (
                "image/avif, image/svg+xml, image/*;q=0.8, */*;q=0.5",
                Some(GraphFormat::Svg),
            ),
            ("text/vnd.graphviz", Some(GraphFormat::Dot)),
            (
                "application/graphml+xml, application/json;q=0.9",
                Some(GraphFormat::GraphMl),
            ),
            ("text/html", None),
            ("application/json;q=0", None),
        ] {
            let request = TestRequest::default().insert_header(("accept", accept));
            assert_eq!(preferred_graph(&request.to_http_request()), format, "{accept}");
        }
    }

    #[test]
    fn a_query_decides_before_accept() {
        let asked = |uri: &str| {
            let request = TestRequest::with_uri(uri).insert_header(("accept", "text/plain"));
            asked(&request.to_http_request())
        };
        assert_eq!(asked("/?format=csv"), Ok(Format::Csv));
        assert_eq!(asked("/?format=gzip"), Ok(Format::Gzip));
        assert_eq!(asked("/"), Ok(Format::Text));
        assert!(
            asked("/?format=parquet")
                .unwrap_err()
                .to_string()
                .contains("jsonl")
        );
        assert!(asked("/?format=").is_err());
    }
}
