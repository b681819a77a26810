//! Tokens that are bound to accounts: what they may ask for, and what they see of the rest.

use digest_core::{Coverage, Job};
use digest_storage::Store;
use digesterd_api::{QUESTION_PATHS, RECORDS_PATHS};
use digesterd_process::guard::Guard;
use digesterd_process::tokens::{Right, Token};
use reqwest::{Method, Response};

use crate::app::{HOUR, LINES, TestApp, job, manifest};

struct Bound {
    app: TestApp,
    token: String,
    everything: String,
    _directory: tempfile::TempDir,
}

impl Bound {
    /// An API with a token that is bound to the accounts 1 and 2, and one that is not.
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let rights = [Right::Read, Right::Create];
        let (token, line) = Token::issue("bound", &rights, &["1".to_owned(), "2".to_owned()]).unwrap();
        let (everything, all) = Token::issue("all", &rights, &[]).unwrap();
        let file = directory.path().join("tokens");
        std::fs::write(&file, format!("{line}\n{all}\n")).unwrap();
        let guard = Guard::of_tokens(Some(&file)).unwrap();
        Self {
            app: TestApp::guarded(Store::memory(), Store::memory(), &guard),
            token: token.expose().to_owned(),
            everything: everything.expose().to_owned(),
            _directory: directory,
        }
    }

    async fn ask(&self, method: Method, path: &str, token: &str) -> Response {
        let answer = self
            .app
            .call(method, path)
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        assert_ne!(answer.status(), 401, "{path}");
        answer
    }

    async fn status(&self, method: Method, path: &str) -> u16 {
        self.ask(method, path, &self.token).await.status().as_u16()
    }

    async fn stored(&self, account: &str) -> Job {
        let mut query = vec![
            ("start", "2018-10-17T00:00:00Z"),
            ("stop", "2018-10-17T01:00:00Z"),
        ];
        if !account.is_empty() {
            query.push(("account", account));
        }
        let job = job(&query);
        let manifest = manifest(&job, LINES, Coverage::Complete, chrono::Utc::now());
        self.app.store_digest(&job, LINES, Some(&manifest)).await;
        job
    }
}

#[tokio::test]
async fn a_bound_token_may_ask_for_its_accounts_and_sees_no_others() {
    let bound = Bound::start();
    for (scope, posted, got) in [
        ("", 403, 403),
        ("&region=us-east-1", 403, 403),
        ("&account=3", 403, 403),
        ("&account=1,3", 403, 403),
        ("&account=1", 202, 204),
        ("&account=2,1&region=us-east-1", 202, 204),
    ] {
        let target = format!("/?{HOUR}{scope}");
        assert_eq!(bound.status(Method::POST, &target).await, posted, "{scope}");
        assert_eq!(bound.status(Method::GET, &target).await, got, "{scope}");
        assert_eq!(bound.status(Method::HEAD, &target).await, got, "{scope}");
        let listed = if posted == 202 { 200 } else { 403 };
        let list = format!("/v1/digests?{HOUR}{scope}");
        assert_eq!(bound.status(Method::GET, &list).await, listed, "{scope}");
    }
    let mut app = bound.app;
    assert_eq!(app.queued().await.len(), 2, "what is refused is never queued");
}

#[tokio::test]
async fn by_its_id_a_digest_of_other_accounts_is_as_if_it_were_not() {
    let bound = Bound::start();
    let (own, other, all) = (
        bound.stored("1").await,
        bound.stored("3").await,
        bound.stored("").await,
    );
    // Nobody knows what a digest without a manifest is of.
    let unknown = job(&[
        ("start", "2018-10-18T00:00:00Z"),
        ("stop", "2018-10-18T01:00:00Z"),
    ]);
    bound.app.store_digest(&unknown, LINES, None).await;
    for part in ["", "/content", "/manifest"] {
        let path = |id: &str| format!("/v1/digests/{id}{part}");
        assert_eq!(
            bound.status(Method::GET, &path(&own.id().to_string())).await,
            200,
            "{part}"
        );
        let nowhere = bound
            .ask(
                Method::GET,
                &path("15d1343b-a4a1-5343-97b1-3c247145e4df"),
                &bound.token,
            )
            .await;
        let nothing: serde_json::Value = nowhere.json().await.unwrap();
        for hidden in [&other, &all, &unknown] {
            let path = path(&hidden.id().to_string());
            let answer = bound.ask(Method::GET, &path, &bound.token).await;
            assert_eq!(answer.status(), 404, "{path}");
            let told: serde_json::Value = answer.json().await.unwrap();
            assert_eq!(told["message"], nothing["message"], "{path}");
        }
        let open = bound
            .ask(Method::GET, &path(&other.id().to_string()), &bound.everything)
            .await;
        assert_eq!(open.status(), 200);
    }
    let diff = |previous: &Job, next: &Job| format!("/v1/diff?previous={}&next={}", previous.id(), next.id());
    assert_eq!(bound.status(Method::GET, &diff(&own, &own)).await, 200);
    assert_eq!(bound.status(Method::GET, &diff(&own, &other)).await, 404);
    assert_eq!(bound.status(Method::GET, &diff(&other, &own)).await, 404);
}

#[tokio::test]
async fn no_question_tells_a_bound_token_of_other_accounts() {
    let bound = Bound::start();
    let (own, other, all) = (
        bound.stored("1").await,
        bound.stored("3").await,
        bound.stored("").await,
    );
    for path in QUESTION_PATHS.into_iter().chain(RECORDS_PATHS) {
        let about = if path.ends_with("/host") {
            "host=10.0.0.1&"
        } else {
            ""
        };
        if path.contains("{id}") {
            let of = |id: String| format!("{}?{about}", path.replace("{id}", &id));
            let nowhere = of("15d1343b-a4a1-5343-97b1-3c247145e4df".to_owned());
            let nothing = bound.ask(Method::GET, &nowhere, &bound.token).await;
            let nothing: serde_json::Value = nothing.json().await.unwrap();
            for hidden in [&other, &all] {
                let answer = bound
                    .ask(Method::GET, &of(hidden.id().to_string()), &bound.token)
                    .await;
                assert_eq!(answer.status(), 404, "{path}");
                let told: serde_json::Value = answer.json().await.unwrap();
                assert_eq!(told["message"], nothing["message"], "{path}");
            }
            // Its own it is told of: that they have no tables, and that this API is told of no flow logs.
            let answer = bound
                .ask(Method::GET, &of(own.id().to_string()), &bound.token)
                .await;
            let told: serde_json::Value = answer.json().await.unwrap();
            assert_ne!(told["message"], nothing["message"], "{path}");
        } else {
            for (scope, refused) in [("", true), ("&account=3", true), ("&account=1", false)] {
                let target = format!("{path}?{about}{HOUR}{scope}");
                let is_refused = bound.status(Method::GET, &target).await == 403;
                assert_eq!(is_refused, refused, "{target}");
            }
        }
    }
    let beside = async |baseline: &str| {
        let target = format!("/v1/digests/{}/unusual?baseline={baseline}", own.id());
        let answer = bound.ask(Method::GET, &target, &bound.token).await;
        let told: serde_json::Value = answer.json().await.unwrap();
        told["message"].as_str().unwrap().replace(baseline, "…")
    };
    let nothing = beside("15d1343b-a4a1-5343-97b1-3c247145e4df").await;
    for hidden in [&other, &all] {
        assert_eq!(beside(&hidden.id().to_string()).await, nothing);
    }
}
