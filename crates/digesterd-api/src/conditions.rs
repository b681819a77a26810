//! A request's conditions and range, against what is stored.
//!
//! Order and meaning are those of HTTP semantics: `If-Match`, else `If-Unmodified-Since`; then
//! `If-None-Match`, else `If-Modified-Since`; then `Range`, where `If-Range` allows it. A header that
//! cannot be read counts as absent, and so does a request for several ranges.

use std::time::{Duration, SystemTime};

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{
    ByteRangeSpec, EntityTag, Header, IfMatch, IfModifiedSince, IfNoneMatch, IfRange, IfUnmodifiedSince,
    Range,
};

/// The representation that the conditions are about.
#[derive(Debug, Clone)]
pub(crate) struct Validators {
    /// Its strong tag.
    pub(crate) etag: EntityTag,
    /// When it was stored.
    pub(crate) last_modified: SystemTime,
}

/// What to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 200 with all of it.
    Whole,
    /// 206 with these bytes, both inclusive.
    Part {
        /// First byte.
        first: u64,
        /// Last byte.
        last: u64,
    },
    /// 304: the caller has it.
    NotModified,
    /// 412: the caller's condition does not hold.
    PreconditionFailed,
    /// 416: nothing of the range exists.
    Unsatisfiable,
}

/// Whether the request is for all of the representation, whatever it is: nothing has to be decided then.
pub(crate) fn wants_all(request: &HttpRequest) -> bool {
    const DECIDING: [&str; 6] = [
        "if-match",
        "if-none-match",
        "if-modified-since",
        "if-unmodified-since",
        "if-range",
        "range",
    ];
    let headers = request.headers();
    request.method() == Method::GET && !DECIDING.iter().any(|name| headers.contains_key(*name))
}

/// Decides by the request's headers. `length` is that of a representation which has ranges.
pub(crate) fn decide(request: &HttpRequest, validators: &Validators, length: Option<u64>) -> Answer {
    if !meets_preconditions(request, validators) {
        return Answer::PreconditionFailed;
    }
    if has_it(request, validators) {
        return Answer::NotModified;
    }
    let ranged = request.method() == Method::GET && range_is_current(request, validators);
    match length.filter(|_| ranged) {
        Some(length) => part(request, length),
        None => Answer::Whole,
    }
}

fn meets_preconditions(request: &HttpRequest, validators: &Validators) -> bool {
    if request.headers().contains_key("if-match") {
        return match IfMatch::parse(request) {
            Ok(IfMatch::Items(tags)) if !tags.is_empty() => {
                tags.iter().any(|tag| tag.strong_eq(&validators.etag))
            }
            Ok(IfMatch::Any | IfMatch::Items(_)) | Err(_) => true,
        };
    }
    match IfUnmodifiedSince::parse(request) {
        Ok(IfUnmodifiedSince(date)) => seconds(validators.last_modified) <= seconds(date.into()),
        Err(_) => true,
    }
}

fn has_it(request: &HttpRequest, validators: &Validators) -> bool {
    if request.headers().contains_key("if-none-match") {
        return match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&validators.etag)),
            Err(_) => false,
        };
    }
    match IfModifiedSince::parse(request) {
        Ok(IfModifiedSince(date)) => seconds(validators.last_modified) <= seconds(date.into()),
        Err(_) => false,
    }
}

/// Whether `If-Range` allows a part. A date says too little: two versions may share a second.
fn range_is_current(request: &HttpRequest, validators: &Validators) -> bool {
    if !request.headers().contains_key("if-range") {
        return true;
    }
    match IfRange::parse(request) {
        Ok(IfRange::EntityTag(tag)) => tag.strong_eq(&validators.etag),
        Ok(IfRange::Date(_)) | Err(_) => false,
    }
}

fn part(request: &HttpRequest, length: u64) -> Answer {
    let Ok(Range::Bytes(ranges)) = Range::parse(request) else {
        return Answer::Whole;
    };
    let [range] = ranges.as_slice() else {
        return Answer::Whole;
    };
    // A range that ends before it begins is none at all.
    if let ByteRangeSpec::FromTo(from, to) = range
        && to < from
    {
        return Answer::Whole;
    }
    match range.to_satisfiable_range(length) {
        Some((first, last)) => Answer::Part { first, last },
        None => Answer::Unsatisfiable,
    }
}

/// Whole seconds since the epoch: HTTP dates know no fractions.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_secs()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// 2018-10-17T00:00:00.9Z
    const STORED: Duration = Duration::from_millis(1_539_734_400_900);

    fn decided(headers: &[(&'static str, &'static str)]) -> Answer {
        let mut request = TestRequest::default();
        for header in headers {
            request = request.insert_header(*header);
        }
        let validators = Validators {
            etag: EntityTag::new_strong("abc".to_owned()),
            last_modified: SystemTime::UNIX_EPOCH + STORED,
        };
        decide(&request.to_http_request(), &validators, Some(100))
    }

    #[test]
    fn a_known_tag_or_date_is_not_modified() {
        for header in [
            ("if-none-match", "\"abc\""),
            ("if-none-match", "W/\"abc\""),
            ("if-none-match", "\"x\", \"abc\""),
            ("if-none-match", "*"),
            ("if-modified-since", "Wed, 17 Oct 2018 00:00:00 GMT"),
        ] {
            assert_eq!(decided(&[header]), Answer::NotModified, "{header:?}");
        }
        assert_eq!(decided(&[("if-none-match", "\"x\"")]), Answer::Whole);
        assert_eq!(
            decided(&[("if-modified-since", "Tue, 16 Oct 2018 23:59:59 GMT")]),
            Answer::Whole
        );
        let tag_decides = [
            ("if-none-match", "\"x\""),
            ("if-modified-since", "Wed, 17 Oct 2018 00:00:00 GMT"),
        ];
        assert_eq!(decided(&tag_decides), Answer::Whole);
    }

    #[test]
    fn a_precondition_must_hold() {
        assert_eq!(decided(&[("if-match", "\"abc\"")]), Answer::Whole);
        assert_eq!(decided(&[("if-match", "*")]), Answer::Whole);
        assert_eq!(decided(&[("if-match", "\"x\"")]), Answer::PreconditionFailed);
        assert_eq!(decided(&[("if-match", "W/\"abc\"")]), Answer::PreconditionFailed);
        let date = ("if-unmodified-since", "Tue, 16 Oct 2018 23:59:59 GMT");
        assert_eq!(decided(&[date]), Answer::PreconditionFailed);
    }

    #[test]
    fn one_range_is_a_part() {
        let part = |first, last| Answer::Part { first, last };
        assert_eq!(decided(&[("range", "bytes=0-9")]), part(0, 9));
        assert_eq!(decided(&[("range", "bytes=90-")]), part(90, 99));
        assert_eq!(decided(&[("range", "bytes=90-1000")]), part(90, 99));
        assert_eq!(decided(&[("range", "bytes=-10")]), part(90, 99));
        assert_eq!(decided(&[("range", "bytes=-1000")]), part(0, 99));
        assert_eq!(decided(&[("range", "bytes=100-")]), Answer::Unsatisfiable);
        assert_eq!(decided(&[("range", "bytes=-0")]), Answer::Unsatisfiable);
    }

    #[test]
    fn several_ranges_and_what_is_no_range_are_the_whole() {
        for range in [
            "bytes=0-1,5-6",
            "bytes=9-0",
            "bytes=x",
            "lines=0-9",
            "bytes=",
            "0-9",
        ] {
            assert_eq!(decided(&[("range", range)]), Answer::Whole, "{range}");
        }
    }

    #[test]
    fn if_range_needs_the_strong_tag() {
        let range = ("range", "bytes=0-9");
        let part = Answer::Part { first: 0, last: 9 };
        assert_eq!(decided(&[range, ("if-range", "\"abc\"")]), part);
        for other in ["\"x\"", "W/\"abc\"", "Wed, 17 Oct 2018 00:00:00 GMT"] {
            assert_eq!(decided(&[range, ("if-range", other)]), Answer::Whole, "{other}");
        }
    }
}
