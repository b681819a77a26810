//! Failures of the parts below as problems for a client: one exhaustive map for each.

use std::time::Duration;

use digest_core::window::WindowError;
use digest_storage::{ErrorKind, StoreError};
use digesterd_process::problem::{Problem, ProblemKind};

use crate::query::QueryError;

/// When a client may ask again while a store cannot be reached.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// A store's failure. The client learns what kind it is; the log, where and why.
pub(crate) fn store_problem(error: &StoreError) -> Problem {
    let unavailable = |detail: &str| Problem::new(ProblemKind::Unavailable, detail).retry_after(STORE_PAUSE);
    let problem = match error.kind() {
        ErrorKind::Throttled => unavailable("the store asks for fewer requests; ask again"),
        ErrorKind::Timeout | ErrorKind::Unavailable => {
            unavailable("the store cannot be reached now; ask again")
        }
        ErrorKind::ExpiredCredentials => {
            unavailable("this service's credentials have just expired; ask again")
        }
        ErrorKind::Changed | ErrorKind::Precondition | ErrorKind::AlreadyExists => {
            unavailable("the stored digest changes right now; ask again")
        }
        ErrorKind::NotFound => unavailable("the stored digest was removed right now; ask again"),
        ErrorKind::AccessDenied => Problem::new(
            ProblemKind::Internal,
            "the store denies this service access; its operator must act",
        ),
        ErrorKind::NoSuchBucket => Problem::new(
            ProblemKind::Internal,
            "a bucket of this service does not exist; its operator must act",
        ),
        ErrorKind::Corrupt => Problem::new(
            ProblemKind::Internal,
            "what is stored cannot be read; the log says which object",
        ),
        // The kinds are open to additions; of one that is not known here the log says more.
        ErrorKind::Unsupported | ErrorKind::Settings | ErrorKind::Other | _ => {
            Problem::new(ProblemKind::Internal, "the store refused; the log says why")
        }
    };
    problem.caused_by(error)
}

/// A query that cannot be answered.
pub(crate) fn query_problem(error: &QueryError) -> Problem {
    Problem::new(ProblemKind::BadRequest, error.to_string())
}

/// A window that may not be built.
pub(crate) fn window_problem(error: &WindowError) -> Problem {
    Problem::new(ProblemKind::BadRequest, error.to_string())
}
