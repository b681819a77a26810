//! Which representation of a digest a caller gets: the gzip bytes, or the text inside them.
//!
//! The gzip is what every caller has always got, whatever it said. Only one that says it would
//! rather have text gets text.

use actix_web::http::header::{Accept, Header, Quality, QualityItem};
use actix_web::{HttpRequest, mime};

/// A representation of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Representation {
    /// The stored bytes, `application/octet-stream`.
    Gzip,
    /// The lines, `text/plain`.
    Text,
}

impl Representation {
    /// The one that a request's `Accept` prefers. A header that cannot be read counts as absent.
    pub(crate) fn preferred(request: &HttpRequest) -> Self {
        match Accept::parse(request) {
            Ok(accept) => Self::of(&accept.0),
            Err(_) => Self::Gzip,
        }
    }

    fn of(accepted: &[QualityItem<mime::Mime>]) -> Self {
        let text = quality(accepted, "text", "plain");
        let gzip = [
            ("application", "octet-stream"),
            ("application", "gzip"),
            ("application", "x-gzip"),
        ]
        .into_iter()
        .map(|(kind, subtype)| quality(accepted, kind, subtype))
        .max();
        if Some(text) > gzip { Self::Text } else { Self::Gzip }
    }

    /// The media type.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Gzip => "application/octet-stream",
            Self::Text => "text/plain; charset=utf-8",
        }
    }

    /// What the representation adds to the stored object's tag: two representations never share one.
    pub(crate) fn tag_suffix(self) -> &'static str {
        match self {
            Self::Gzip => "",
            Self::Text => "-text",
        }
    }
}

/// How much a media type is wanted: the most specific range that matches it decides.
fn quality(accepted: &[QualityItem<mime::Mime>], kind: &str, subtype: &str) -> Quality {
    let specificity = |range: &mime::Mime| match (range.type_().as_str(), range.subtype().as_str()) {
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

    fn preferred(accept: &str) -> Representation {
        let request = TestRequest::default().insert_header(("accept", accept));
        Representation::preferred(&request.to_http_request())
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
            assert_eq!(preferred(accept), Representation::Text, "{accept}");
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
            assert_eq!(preferred(accept), Representation::Gzip, "{accept}");
        }
        let without = TestRequest::default().to_http_request();
        assert_eq!(Representation::preferred(&without), Representation::Gzip);
    }
}
