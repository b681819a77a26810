//! What must hold of any query and of any headers of conditions, whoever wrote them: for fuzzing, and for the test that tries
//! again what fuzzing was started from and what it found.

use std::time::{Duration, SystemTime};

use actix_web::http::Method;
use actix_web::http::header::{EntityTag, HeaderName, HeaderValue};
use actix_web::test::TestRequest;

use crate::QUESTION_PATHS;
use crate::conditions::{Answer, Validators, decide, wants_all};
use crate::query::{self, CreateQuery, QueryError};
use crate::question_query::{Kind, of_digest, of_time, records_of_digest, records_of_time};

/// 2018-10-17T00:00:00.9Z
const STORED: Duration = Duration::from_millis(1_539_734_400_900);

/// Reads the bytes as a query in each way that there is. Nothing panics; what can be read has one spelling, which is read as the
/// same again; a POST, a GET and a list agree on the digest; a refusal is told in plain text of bounded length.
pub fn query(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (read, create, list) = (query::read(text), query::create(text), query::list(text));
    for refused in [read.as_ref().err(), create.as_ref().err(), list.as_ref().err()] {
        refused.into_iter().for_each(plain);
    }
    if let Ok(job) = &read {
        let spelt = query::job_query(job).finish();
        assert_eq!(query::read(&spelt).as_ref(), Ok(job), "{spelt}");
        let asked = CreateQuery {
            job: job.clone(),
            refresh: false,
        };
        assert_eq!(create.as_ref(), Ok(&asked));
        assert_eq!(list.as_ref().map(|list| &list.job), Ok(job));
    }
    if let Ok(list) = &list
        && let Some(after) = &list.after
    {
        let location = query::list_location(&list.job, list.limit, after);
        let next = location.split_once('?').map_or("", |(_, next)| next);
        assert_eq!(query::list(next).as_ref(), Ok(list), "{location}");
    }
}

/// Reads the bytes as the query of every question, about a digest and about a time. Nothing panics; a refusal is told in plain text
/// of bounded length.
pub fn questions(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let now = chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000);
    let kinds = QUESTION_PATHS.into_iter().filter_map(Kind::of_path);
    for kind in kinds {
        let about_digest = of_digest(kind, text, &[]);
        let about_time = of_time(kind, text, &[], now);
        about_digest.err().iter().for_each(plain);
        about_time.err().iter().for_each(plain);
    }
    records_of_digest(text).err().iter().for_each(plain);
    records_of_time(text, now).err().iter().for_each(plain);
}

/// Reads the bytes as the headers of a request, one a line, by which it is decided what is answered; what the first byte says is
/// the method, how long the representation is and when it was stored. Nothing panics; a part lies inside the representation;
/// what no header asks for is not answered.
pub fn conditions(bytes: &[u8]) {
    let (&way, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let method = if way & 1 > 0 { Method::HEAD } else { Method::GET };
    let mut request = TestRequest::default().method(method.clone());
    for line in rest.split(|byte| *byte == b'\n') {
        let at = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(at);
        let value = value.strip_prefix(b":").unwrap_or(value);
        // As a server reads them: blanks around a value are not its own.
        let header = (
            HeaderName::from_bytes(name),
            HeaderValue::from_bytes(value.trim_ascii()),
        );
        if let (Ok(name), Ok(value)) = header {
            request = request.append_header((name, value));
        }
    }
    let request = request.to_http_request();
    let has = |names: [&str; 2]| names.iter().any(|name| request.headers().contains_key(*name));
    let length = match way >> 2 & 3 {
        0 => None,
        1 => Some(100),
        2 => Some(0),
        _ => Some(u64::MAX),
    };
    let epoch = SystemTime::UNIX_EPOCH;
    let stored = match way >> 4 & 3 {
        0 => epoch,
        1 => epoch + STORED,
        2 => epoch - STORED,
        _ => epoch + 100 * STORED,
    };
    let validators = Validators {
        etag: EntityTag::new_strong("abc".to_owned()),
        last_modified: stored,
    };
    let answer = decide(&request, &validators, length);
    let ranged = has(["range", "range"]) && method == Method::GET && length.is_some();
    match answer {
        Answer::Whole => {}
        Answer::Part { first, last } => {
            assert!(
                ranged && first <= last && last < length.unwrap_or_default(),
                "{answer:?}"
            );
        }
        Answer::Unsatisfiable => assert!(ranged),
        Answer::NotModified => assert!(has(["if-none-match", "if-modified-since"])),
        Answer::PreconditionFailed => assert!(has(["if-match", "if-unmodified-since"])),
    }
    if wants_all(&request) {
        assert_eq!(answer, Answer::Whole);
    }
    // Without ranges the same is decided of the rest.
    let whole = decide(&request, &validators, None);
    let decided = matches!(answer, Answer::NotModified | Answer::PreconditionFailed);
    assert_eq!(whole, if decided { answer } else { Answer::Whole });
}

/// A refusal goes into an answer and into the log.
fn plain(refused: &QueryError) {
    let told = refused.to_string();
    assert!(!told.is_empty() && told.len() < 2048, "{} bytes", told.len());
    // A policy that cannot be read is shown with its line, and a mark below it.
    let is_shown = |shown: char| !shown.is_control() || shown == '\n';
    assert!(told.chars().all(is_shown), "{told:?}");
}
