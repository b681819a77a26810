//! Who is let in, over the real router and sockets: tokens, secrets, a door without tokens, TLS.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests may fail loudly"
)]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use digesterd_process::environment::{Secret, Service, TlsFiles};
use digesterd_process::guard::{Guard, SharedSecret, caller_of};
use digesterd_process::health::Readiness;
use digesterd_process::metrics::Metrics;
use digesterd_process::problem::Problem;
use digesterd_process::server::{self, Listening};
use digesterd_process::shutdown::Shutdown;
use digesterd_process::tokens::{Right, Token};
use reqwest::{Certificate, Client, Method, Response};

fn service() -> Service {
    Service {
        port: 0,
        listen_address: [127, 0, 0, 1].into(),
        ..Service::default()
    }
}

async fn whoami(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let caller = caller_of(&request);
    assert!(caller.name().is_none() || !request.headers().contains_key("authorization"));
    Ok(HttpResponse::Ok().body(caller.name().unwrap_or("anyone").to_owned()))
}

fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/")
            .route(web::get().to(whoami))
            .route(web::post().to(whoami)),
    );
}

fn listen(service: &Service, guard: &Guard) -> Listening {
    server::listen(service, guard, &Readiness::new(), &Metrics::new("tested"), routes).unwrap()
}

fn run(listening: Listening) -> SocketAddr {
    let address = listening.address();
    tokio::spawn(async move { listening.run(&Shutdown::new()).await });
    address
}

async fn call(method: Method, address: SocketAddr, path: &str, authorization: &str) -> Response {
    let request = Client::new().request(method, format!("http://{address}{path}"));
    let request = match authorization {
        "" => request,
        given => request.header("authorization", given),
    };
    request.send().await.unwrap()
}

/// A file with a token that reads, one that creates, and one that is bound; and the tokens.
fn file(directory: &Path) -> (PathBuf, [String; 3]) {
    let path = directory.join("tokens");
    let account = ["1".to_owned()];
    let issued = [
        Token::issue("reader", &[Right::Read], &[]),
        Token::issue("creator", &[Right::Create], &[]),
        Token::issue("bound", &[Right::Read], &account),
    ]
    .map(Result::unwrap);
    let lines: Vec<String> = issued.iter().map(|(_, line)| line.to_string()).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    (path, issued.map(|(secret, _)| secret.expose().to_owned()))
}

#[tokio::test]
async fn without_a_token_only_the_health_routes_answer() {
    let directory = tempfile::tempdir().unwrap();
    let (path, [reader, ..]) = file(directory.path());
    let address = run(listen(&service(), &Guard::of_tokens(Some(&path)).unwrap()));
    for open in ["/livez", "/readyz", "/healthz"] {
        assert_eq!(call(Method::GET, address, open, "").await.status(), 200, "{open}");
    }
    // Another last digit than its own, whatever was drawn.
    let last = if reader.ends_with('0') { '1' } else { '0' };
    let wrong = format!("Bearer {}{last}", &reader[..reader.len() - 1]);
    let basic = format!("Basic {reader}");
    for closed in ["/", "/metrics", "/nowhere", "/livez/", "/%6civez", "//livez"] {
        for method in [
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::DELETE,
            Method::OPTIONS,
        ] {
            for presented in ["", &wrong, &basic, "Bearer", "Bearer ", &reader] {
                let answer = call(method.clone(), address, closed, presented).await;
                assert_eq!(answer.status(), 401, "{method} {closed} {presented}");
                let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
                assert!(challenge.starts_with("Bearer realm="), "{challenge}");
                assert_eq!(answer.headers()["content-type"], "application/problem+json");
                let text = answer.text().await.unwrap();
                assert!(!text.contains(&reader[5..60]), "{text}");
            }
        }
    }
    let twice = Client::new().get(format!("http://{address}/"));
    let twice = twice
        .bearer_auth(&reader)
        .bearer_auth(&reader)
        .send()
        .await
        .unwrap();
    assert_eq!(twice.status(), 401);
}

#[tokio::test]
async fn a_token_is_taken_for_its_scope_and_403_for_the_other() {
    let directory = tempfile::tempdir().unwrap();
    let (path, [reader, creator, bound]) = file(directory.path());
    let address = run(listen(&service(), &Guard::of_tokens(Some(&path)).unwrap()));
    let ask = async |method: Method, path: &str, token: &str| {
        let answer = call(method, address, path, &format!("bEaReR {token}")).await;
        (
            answer.status().as_u16(),
            answer.headers().clone(),
            answer.text().await.unwrap(),
        )
    };
    assert_eq!(ask(Method::GET, "/", &reader).await.2, "reader");
    assert_eq!(ask(Method::POST, "/", &creator).await.2, "creator");
    for (method, token, scope) in [(Method::POST, &reader, "create"), (Method::GET, &creator, "read")] {
        let (status, headers, text) = ask(method, "/", token).await;
        assert_eq!(status, 403);
        assert!(
            headers["www-authenticate"]
                .to_str()
                .unwrap()
                .contains(&format!("scope=\"{scope}\""))
        );
        assert!(text.contains(scope) && !text.contains(token.as_str()), "{text}");
    }
    assert_eq!(ask(Method::GET, "/metrics", &reader).await.0, 200);
    assert_eq!(
        ask(Method::GET, "/metrics", &bound).await.0,
        403,
        "numbers of all accounts"
    );
}

#[tokio::test]
async fn a_changed_file_of_tokens_is_read_and_a_broken_one_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (path, [reader, creator, _]) = file(directory.path());
    let address = run(listen(&service(), &Guard::of_tokens(Some(&path)).unwrap()));
    let status = async |token: &str| {
        let answer = call(Method::GET, address, "/", &format!("Bearer {token}")).await;
        answer.status().as_u16()
    };
    let becomes = async |token: &str, expected: u16| {
        for _ in 0..100 {
            if status(token).await == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("never {expected}");
    };
    std::fs::write(&path, "no line of a token").unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!((status(&reader).await, status(&creator).await), (200, 403));
    let (new, line) = Token::issue("new", &[Right::Read], &[]).unwrap();
    std::fs::write(&path, line.to_string()).unwrap();
    becomes(new.expose(), 200).await;
    assert_eq!((status(&reader).await, status(&creator).await), (401, 401));
    std::fs::write(&path, "").unwrap();
    becomes(new.expose(), 401).await;
}

#[tokio::test]
async fn metrics_on_a_port_of_their_own_ask_for_no_token() {
    let directory = tempfile::tempdir().unwrap();
    let (path, _) = file(directory.path());
    let service = Service {
        metrics_port: Some(0),
        ..service()
    };
    let listening = listen(&service, &Guard::of_tokens(Some(&path)).unwrap());
    let own = listening.metrics_address().unwrap();
    let address = run(listening);
    assert_eq!(call(Method::GET, address, "/metrics", "").await.status(), 401);
    assert_eq!(call(Method::GET, own, "/metrics", "").await.status(), 200);
}

#[tokio::test]
async fn the_door_without_tokens_has_one_address_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let (path, _) = file(directory.path());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let beside = free.local_addr().unwrap();
    drop(free);
    let listening = listen(&service(), &Guard::of_tokens(Some(&path)).unwrap());
    let metrics = Metrics::new("tested");
    let address = run(listening.beside(&service(), beside, &metrics, routes).unwrap());
    assert_eq!(call(Method::GET, address, "/", "").await.status(), 401);
    for method in [Method::GET, Method::POST] {
        let answer = call(method, beside, "/", "").await;
        assert_eq!(
            (answer.status().as_u16(), answer.text().await.unwrap()),
            (200, "anyone".to_owned())
        );
    }
    for other in ["/metrics", "/livez", "/readyz", "/v1/digests", "/topic/event"] {
        assert_eq!(
            call(Method::GET, beside, other, "").await.status(),
            404,
            "{other}"
        );
        assert_eq!(
            call(Method::POST, beside, other, "").await.status(),
            404,
            "{other}"
        );
    }
}

#[tokio::test]
async fn a_secret_is_asked_for_in_either_form_and_never_told() {
    let secret = "hush-hush-hush-hush";
    let guard = Guard::Secret(SharedSecret::new(Secret::new(secret)));
    assert!(!format!("{guard:?}").contains("hush"));
    let address = run(listen(&service(), &guard));
    assert_eq!(call(Method::GET, address, "/livez", "").await.status(), 200);
    let url = format!("http://{address}/");
    for presented in ["", "Bearer hush", "Bearer hush-hush-hush-hush2", "Basic aHVzaA=="] {
        let answer = call(Method::POST, address, "/", presented).await;
        assert_eq!(answer.status(), 401, "{presented}");
        assert!(!answer.text().await.unwrap().contains("hush"));
    }
    assert_eq!(call(Method::GET, address, "/metrics", "").await.status(), 401);
    let bearer = Client::new().post(&url).bearer_auth(secret).send().await.unwrap();
    assert_eq!(bearer.status(), 200);
    let basic = Client::new()
        .post(&url)
        .basic_auth("any", Some(secret))
        .send()
        .await
        .unwrap();
    assert_eq!(basic.status(), 200);
    let wrong = Client::new()
        .post(&url)
        .basic_auth(secret, Some("x"))
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status(), 401);
}

#[tokio::test]
async fn every_answer_tells_browsers_to_make_nothing_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let (path, [reader, ..]) = file(directory.path());
    let address = run(listen(&service(), &Guard::of_tokens(Some(&path)).unwrap()));
    for (path, authorization) in [
        ("/", format!("Bearer {reader}")),
        ("/", String::new()),
        ("/nowhere", format!("Bearer {reader}")),
        ("/livez", String::new()),
        ("/metrics", format!("Bearer {reader}")),
    ] {
        let answer = call(Method::GET, address, path, &authorization).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            ),
        ] {
            assert_eq!(answer.headers()[name], value, "{path}");
        }
        assert!(
            !answer.headers().contains_key("strict-transport-security"),
            "spoken in the clear"
        );
        assert!(!answer.headers().contains_key("server"));
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn encrypted(certificate: &Path, key: &Path) -> Service {
    Service {
        tls: Some(TlsFiles {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        }),
        ..service()
    }
}

#[tokio::test]
async fn tls_is_spoken_and_a_renewed_certificate_presented() {
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = (directory.path().join("tls.crt"), directory.path().join("tls.key"));
    let put = |name: &str| {
        std::fs::copy(fixture(&format!("{name}.key.pem")), &key).unwrap();
        std::fs::copy(fixture(&format!("{name}.pem")), &certificate).unwrap();
    };
    put("one");
    let address = run(listen(&encrypted(&certificate, &key), &Guard::Open));
    let trusting = async |name: &str| {
        let trusted =
            Certificate::from_pem(&std::fs::read(fixture(&format!("{name}.pem"))).unwrap()).unwrap();
        let client = Client::builder().tls_certs_only([trusted]).build().unwrap();
        client
            .get(format!("https://localhost:{}/", address.port()))
            .send()
            .await
    };
    let answer = trusting("one").await.unwrap();
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    assert_eq!(answer.text().await.unwrap(), "anyone");
    assert!(trusting("two").await.is_err());
    let plain = Client::new().get(format!("http://{address}/")).send().await;
    assert!(plain.is_err(), "plain HTTP is not answered");
    // Half a pair changes nothing.
    std::fs::copy(fixture("two.pem"), &certificate).unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(trusting("one").await.is_ok());
    put("two");
    for _ in 0..100 {
        if trusting("two").await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the new certificate is never presented");
}

#[tokio::test]
async fn files_that_make_no_tls_are_named_with_their_variable() {
    let directory = tempfile::tempdir().unwrap();
    let refused = |certificate: &Path, key: &Path| {
        let listened = server::listen(
            &encrypted(certificate, key),
            &Guard::Open,
            &Readiness::new(),
            &Metrics::new("tested"),
            routes,
        );
        listened.unwrap_err().to_string()
    };
    let (one, key) = (fixture("one.pem"), fixture("one.key.pem"));
    let empty = directory.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    let broken = directory.path().join("broken");
    let hush = "-----BEGIN PRIVATE KEY-----\nhushhushhush\n-----END PRIVATE KEY-----\n";
    std::fs::write(&broken, hush).unwrap();
    for (certificate, key, told) in [
        (&directory.path().join("none"), &key, "TLS_CERTIFICATE_FILE"),
        (&one, &directory.path().join("none"), "TLS_KEY_FILE"),
        (&empty, &key, "no certificate"),
        (&one, &empty, "no private key"),
        (&one, &broken, "TLS_KEY_FILE"),
        (&one, &fixture("two.key.pem"), "not that of the certificate"),
        (&one, &one, "no private key"),
    ] {
        let message = refused(certificate, key);
        assert!(message.contains(told) && !message.contains("hush"), "{message}");
    }
}
