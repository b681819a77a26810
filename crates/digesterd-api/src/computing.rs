//! Answers that take seconds: a bounded number computes at once, each for a bounded time; whoever hangs up is computed for
//! no longer than until the next read.

use std::sync::Arc;
use std::time::Duration;

use digest_insight::AskError;
use digest_questions::QuestionError;
use digest_storage::StoreError;
use digesterd_process::problem::{Problem, ProblemKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::baseline::NoBaseline;
use crate::refusals::store_problem;

/// How long a request waits until others have computed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer may take.
const LONGEST: Duration = Duration::from_secs(60);

/// A place among those that compute.
pub(crate) async fn permit(
    computing: &Arc<Semaphore>,
    patience: Duration,
) -> Result<OwnedSemaphorePermit, Problem> {
    match tokio::time::timeout(patience, Arc::clone(computing).acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => {
            let detail = "too much is being asked right now; ask again";
            Err(Problem::new(ProblemKind::Unavailable, detail).retry_after(PATIENCE))
        }
    }
}

/// Why there is no answer: what the parts below say, or what is said here.
pub(crate) enum Refused {
    Problem(Problem),
    Question(QuestionError),
}

impl From<QuestionError> for Refused {
    fn from(error: QuestionError) -> Self {
        Self::Question(error)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Question(error.into())
    }
}

impl From<NoBaseline> for Refused {
    fn from(error: NoBaseline) -> Self {
        match error {
            NoBaseline::Problem(problem) => Self::Problem(problem),
            NoBaseline::Question(error) => Self::Question(error),
        }
    }
}

/// Computes an answer in a task of its own, which keeps its place until its threads have ended.
pub(crate) async fn bounded<F, T>(
    permit: OwnedSemaphorePermit,
    answer: impl FnOnce(CancellationToken) -> F,
) -> Result<T, Problem>
where
    F: Future<Output = Result<T, Refused>> + Send + 'static,
    T: Send + 'static,
{
    let given_up = CancellationToken::new();
    let _hung_up = given_up.clone().drop_guard();
    let answering = answer(given_up);
    let answering = async move {
        let _permit = permit;
        answering.await
    };
    let answering = tokio::spawn(answering.instrument(tracing::Span::current()));
    let Ok(done) = tokio::time::timeout(LONGEST, answering).await else {
        let detail = format!(
            "this takes longer than {} s: ask for less time, or for fewer edges by a filter",
            LONGEST.as_secs()
        );
        return Err(Problem::new(ProblemKind::Unavailable, detail).retry_after(LONGEST));
    };
    let done = done.map_err(|error| {
        Problem::new(ProblemKind::Internal, "the question was not answered").caused_by(&error)
    })?;
    done.map_err(|refused| match refused {
        Refused::Problem(problem) => problem,
        Refused::Question(error) => unanswered(&error),
    })
}

fn unanswered(error: &QuestionError) -> Problem {
    let refused = |kind| Problem::new(kind, digesterd_process::problem::chain(error));
    match error {
        QuestionError::Store(error) => store_problem(error),
        QuestionError::Ask {
            source: AskError::TooMany(_),
            ..
        }
        | QuestionError::TooManyDigests(_)
        | QuestionError::NoInterfaces => refused(ProblemKind::BadRequest),
        QuestionError::NoAddress(_) | QuestionError::NoObjects(_) | QuestionError::NoBaseline => {
            refused(ProblemKind::NotFound)
        }
        error if error.is_transient() => {
            let detail = "the store broke off in the middle of a table; ask again";
            Problem::new(ProblemKind::Unavailable, detail)
                .retry_after(PATIENCE)
                .caused_by(error)
        }
        QuestionError::Ask { .. } | QuestionError::Interfaces(_) => {
            let detail = "a stored table cannot be read; make the digest again with refresh=true";
            Problem::new(ProblemKind::Conflict, detail).caused_by(error)
        }
        QuestionError::Text { .. } | QuestionError::GivenUp => {
            Problem::new(ProblemKind::Internal, "the question was not answered").caused_by(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header;

    use super::*;

    #[tokio::test]
    async fn beyond_those_that_compute_a_request_is_told_to_come_again() {
        let computing = Arc::new(Semaphore::new(1));
        let held = permit(&computing, Duration::from_millis(1)).await.unwrap();
        let refused = permit(&computing, Duration::from_millis(1)).await.unwrap_err();
        let answer = refused.answer(None);
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key(header::RETRY_AFTER));
        drop(held);
        assert!(permit(&computing, Duration::from_millis(1)).await.is_ok());
    }
}
