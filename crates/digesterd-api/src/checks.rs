//! What must hold of any query, whoever wrote it: for fuzzing, and for the test that tries again what fuzzing was started from and
//! what it found.

use crate::QUESTION_PATHS;
use crate::query::{self, CreateQuery, QueryError};
use crate::question_query::{Kind, of_digest, of_time, records_of_digest, records_of_time};

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

/// A refusal goes into an answer and into the log.
fn plain(refused: &QueryError) {
    let told = refused.to_string();
    assert!(!told.is_empty() && told.len() < 2048, "{} bytes", told.len());
    // A policy that cannot be read is shown with its line, and a mark below it.
    let is_shown = |shown: char| !shown.is_control() || shown == '\n';
    assert!(told.chars().all(is_shown), "{told:?}");
}
