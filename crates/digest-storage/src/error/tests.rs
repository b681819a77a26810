//! What is made of the answers of stores, systems and transports, and how a failure reads.

use std::collections::BTreeSet;

use super::*;

fn refused(status: u16, body: &str) -> ErrorKind {
    let text = format!("Server returned non-2xx status code: {status}: {body}");
    let (path, source) = ("key".to_owned(), text.into());
    kind_of(&match status {
        403 => SourceError::PermissionDenied { path, source },
        401 => SourceError::Unauthenticated { path, source },
        _ => SourceError::Generic { store: "S3", source },
    })
}

#[test]
fn a_session_that_is_over_is_worth_another_try_and_a_denial_is_not() {
    for (status, code) in [
        (400, "ExpiredToken"),
        (403, "ExpiredTokenException"),
        (403, "RequestExpired"),
        (401, "ExpiredToken"),
        (400, "TokenRefreshRequired"),
    ] {
        let kind = refused(status, &format!("<Error><Code>{code}</Code></Error>"));
        assert_eq!(kind, ErrorKind::ExpiredCredentials, "{status} {code}");
        assert!(kind.is_retryable());
    }
    for (status, code) in [
        (403, "AccessDenied"),
        (403, "SignatureDoesNotMatch"),
        (400, "InvalidAccessKeyId"),
    ] {
        let kind = refused(status, &format!("<Error><Code>{code}</Code></Error>"));
        assert_eq!(kind, ErrorKind::AccessDenied, "{status} {code}");
        assert!(!kind.is_retryable());
    }
}

#[test]
fn a_head_that_is_refused_without_a_word_may_be_of_a_session_that_is_over() {
    let source = "Server returned non-2xx status code: 400 Bad Request: ".into();
    let head = SourceError::Generic { store: "S3", source };
    assert_eq!(kind_of(&head), ErrorKind::ExpiredCredentials);
    assert_eq!(refused(400, "<Code>InvalidArgument</Code>"), ErrorKind::Other);
}

#[test]
fn a_body_that_came_too_slowly_is_sent_again() {
    assert!(refused(400, "<Code>RequestTimeout</Code>").is_retryable());
    assert!(refused(400, "<Code>IncompleteBody</Code>").is_retryable());
}

#[test]
fn a_provider_of_credentials_that_does_not_answer_is_asked_again() {
    let slow = CredentialsError::provider_timed_out(std::time::Duration::from_secs(1));
    let (path, source) = (String::new(), Box::new(slow));
    assert_eq!(
        kind_of(&SourceError::Unauthenticated { path, source }),
        ErrorKind::Timeout
    );
    let (path, source) = (String::new(), Box::new(CredentialsError::not_loaded("none")));
    assert_eq!(
        kind_of(&SourceError::Unauthenticated { path, source }),
        ErrorKind::AccessDenied
    );
}

#[test]
fn an_answer_s_status_tells_its_kind() {
    for (status, code, expected) in [
        (404, "NoSuchBucket", ErrorKind::NoSuchBucket),
        (408, "", ErrorKind::Timeout),
        (429, "", ErrorKind::Throttled),
        (500, "InternalError", ErrorKind::Unavailable),
        (501, "NotImplemented", ErrorKind::Unsupported),
        (503, "SlowDown", ErrorKind::Throttled),
        (503, "ServiceUnavailable", ErrorKind::Unavailable),
        (418, "", ErrorKind::Other),
    ] {
        assert_eq!(refused(status, code), expected, "{status} {code}");
    }
    let path = || "key".to_owned();
    let absent = |source: &str| SourceError::NotFound {
        path: path(),
        source: source.into(),
    };
    assert_eq!(
        kind_of(&absent("<Code>NoSuchBucket</Code>")),
        ErrorKind::NoSuchBucket
    );
    assert_eq!(kind_of(&absent("<Code>NoSuchKey</Code>")), ErrorKind::NotFound);
    let changed = SourceError::NotModified {
        path: path(),
        source: "304".into(),
    };
    assert_eq!(kind_of(&changed), ErrorKind::Precondition);
    let operation = "copy".to_owned();
    let implementer = "a store".to_owned();
    let missing = SourceError::NotImplemented {
        operation,
        implementer,
    };
    assert_eq!(kind_of(&missing), ErrorKind::Unsupported);
}

#[test]
fn what_the_system_or_the_transport_says_tells_its_kind() {
    let behind = |source| SourceError::Generic { store: "S3", source };
    for (system, expected) in [
        (std::io::ErrorKind::PermissionDenied, ErrorKind::AccessDenied),
        (std::io::ErrorKind::NotFound, ErrorKind::NotFound),
        (std::io::ErrorKind::TimedOut, ErrorKind::Timeout),
        (std::io::ErrorKind::ConnectionReset, ErrorKind::Unavailable),
        (std::io::ErrorKind::StorageFull, ErrorKind::Other),
    ] {
        let error = behind(Box::new(std::io::Error::from(system)));
        assert_eq!(kind_of(&error), expected, "{system}");
    }
    for (transport, expected) in [
        (HttpErrorKind::Timeout, ErrorKind::Timeout),
        (HttpErrorKind::Connect, ErrorKind::Unavailable),
    ] {
        let error = HttpError::new(transport, std::io::Error::other("no answer"));
        assert_eq!(kind_of(&behind(Box::new(error))), expected);
    }
    let ours = StoreError::new(ErrorKind::Changed, "s3://logs", "key", "x");
    assert_eq!(kind_of(&behind(Box::new(ours))), ErrorKind::Changed);
}

#[test]
fn a_failure_says_what_happened_where_and_what_the_store_said_in_one_line() {
    let told =
        |kind, place: &str, key: &str| StoreError::new(kind, place, key, "a\n  long answer").to_string();
    assert_eq!(
        told(ErrorKind::NotFound, "s3://logs", "a/b"),
        "s3://logs/a/b: does not exist"
    );
    assert_eq!(
        told(ErrorKind::NoSuchBucket, "s3://logs", ""),
        "s3://logs: the bucket or directory does not exist (a long answer)"
    );
    assert_eq!(
        told(ErrorKind::Throttled, "s3://logs/", "a"),
        "s3://logs/a: the store asks for fewer requests (a long answer)"
    );
    let long = StoreError::new(ErrorKind::Other, "memory", "", "ä".repeat(400));
    assert_eq!(
        long.to_string(),
        format!("memory: the request failed ({}…)", "ä".repeat(300))
    );
}

#[test]
fn every_kind_has_a_name_and_a_sentence_of_its_own() {
    let all = [
        ErrorKind::NotFound,
        ErrorKind::AlreadyExists,
        ErrorKind::Precondition,
        ErrorKind::Changed,
        ErrorKind::AccessDenied,
        ErrorKind::ExpiredCredentials,
        ErrorKind::NoSuchBucket,
        ErrorKind::Throttled,
        ErrorKind::Timeout,
        ErrorKind::Unavailable,
        ErrorKind::Unsupported,
        ErrorKind::Corrupt,
        ErrorKind::Settings,
        ErrorKind::Other,
    ];
    let names: BTreeSet<_> = all.iter().map(|kind| kind.as_str()).collect();
    let sentences = all
        .iter()
        .map(|kind| StoreError::new(*kind, "p", "k", "x").to_string());
    assert_eq!(names.len(), all.len());
    assert_eq!(sentences.collect::<BTreeSet<_>>().len(), all.len());
}
