//! What a process tells about itself: the route, its names, and the port of its own.
#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use digest_storage::{Prefetch, Store};
use digesterd_process::environment::Service;
use digesterd_process::guard::Guard;
use digesterd_process::health::Readiness;
use digesterd_process::metrics::{
    EndedJob, JobMetrics, JobsOnTheirWay, Metrics, PhaseTimes, StoredDigest, ThreadTime,
};
use digesterd_process::server::{self, Listening};
use digesterd_process::shutdown::Shutdown;

fn service(metrics_port: Option<u16>) -> Service {
    Service {
        port: 0,
        metrics_port,
        listen_address: [127, 0, 0, 1].into(),
        ..Service::default()
    }
}

fn listen(service: &Service, metrics: &Metrics) -> Listening {
    let routes = |config: &mut web::ServiceConfig| {
        config.route("/things/{id}", web::get().to(HttpResponse::Ok));
    };
    server::listen(service, &Guard::Open, &Readiness::new(), metrics, routes).unwrap()
}

fn stored() -> EndedJob {
    EndedJob {
        outcome: "stored",
        took: Duration::from_secs(2),
        objects: 3,
        bytes_read: 400,
        records: 50,
        phases: PhaseTimes::default(),
        stored: Some(StoredDigest {
            coverage: "complete",
            edges: 6,
            bytes: 70,
            bound: Some("cpu"),
            threads: ThreadTime {
                fetch: Duration::from_millis(500),
                cpu: Duration::from_millis(1500),
                disk: Duration::ZERO,
                spilled: 8,
            },
        }),
    }
}

/// The metrics' names as Prometheus keeps them.
fn names(text: &str) -> BTreeSet<String> {
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let name = |line: &str| {
        let (name, kind) = line.split_once(' ').unwrap();
        match kind {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.to_owned(),
        }
    };
    kinds.map(name).collect()
}

#[actix_web::test]
async fn the_documentation_has_every_metric_and_no_other() {
    let metrics = Metrics::new("tested");
    let listening = listen(&service(None), &metrics);
    let url = format!("http://{}/things/1", listening.address());
    tokio::spawn(async move { listening.run(&Shutdown::new()).await });
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(url).send().await.unwrap();
    metrics.register_jobs(&JobMetrics::default(), 1, Some(1));
    metrics.register_prefetch(&Prefetch::new(1, 1));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
    let page = std::fs::read_to_string(file).unwrap();
    let (_, section) = page.split_once("## Metrics").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented = rows.map(|row| row.split('`').next().unwrap().to_owned());
    assert_eq!(documented.collect::<BTreeSet<_>>(), names(&metrics.text()));
}

#[test]
fn jobs_and_stores_are_counted() {
    let (metrics, jobs) = (Metrics::new("tested"), JobMetrics::default());
    metrics.register_jobs(&jobs, 4, None);
    metrics.register_store("storage", &Store::memory());
    jobs.on_their_way(&JobsOnTheirWay {
        claimed: 1,
        queued: 7,
        building: 2,
        oldest_waits: Duration::from_millis(90_500),
    });
    let building = jobs.begin(Duration::from_secs(5));
    assert!(metrics.text().contains("\ndigesterd_jobs_building 1\n"));
    jobs.end(&stored());
    drop(building);
    jobs.end(&EndedJob {
        outcome: "retry",
        stored: None,
        ..stored()
    });
    let text = metrics.text();
    for line in [
        "digesterd_jobs_building 0",
        "digesterd_build_slots 4",
        "digesterd_jobs_ended_total{outcome=\"stored\"} 1",
        "digesterd_jobs_ended_total{outcome=\"retry\"} 1",
        "digesterd_job_wait_seconds_count 1",
        "digesterd_jobs{state=\"claimed\"} 1",
        "digesterd_jobs{state=\"queued\"} 7",
        "digesterd_jobs{state=\"building\"} 2",
        "digesterd_queue_age_seconds 90.5",
        "digesterd_job_duration_seconds_sum{outcome=\"stored\"} 2.0",
        "digesterd_build_phase_seconds_total{phase=\"list\"} 0.0",
        "digesterd_build_phase_seconds_total{phase=\"store\"} 0.0",
        "digesterd_objects_read_total 6",
        "digesterd_bytes_read_total 800",
        "digesterd_records_counted_total 100",
        "digesterd_edges_stored_total 6",
        "digesterd_bytes_stored_total 70",
        "digesterd_bytes_spilled_total 8",
        "digesterd_builds_bound_total{by=\"cpu\"} 1",
        "digesterd_build_thread_seconds_total{by=\"fetch\"} 0.5",
        "digesterd_digests_stored_total{coverage=\"complete\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[actix_web::test]
async fn requests_are_counted_by_their_routes_pattern_and_known_methods_alone() {
    let metrics = Metrics::new("tested");
    let listening = listen(&service(None), &metrics);
    let root = format!("http://{}", listening.address());
    let stop = Shutdown::new();
    let stopping = stop.clone();
    let running = tokio::spawn(async move { listening.run(&stopping).await });
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let call = async |method: &str, path: &str| {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        client
            .request(method, format!("{root}{path}"))
            .send()
            .await
            .unwrap()
    };
    for path in ["/things/1", "/things/2", "/no/such/place"] {
        call("GET", path).await;
    }
    call("BREW", "/no/such/place").await;
    assert_eq!(call("POST", "/metrics").await.status(), 405);
    let answer = call("GET", "/metrics").await;
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(
        kind.starts_with("application/openmetrics-text; version=1.0.0"),
        "{kind}"
    );
    let text = answer.text().await.unwrap();
    for labels in [
        "{route=\"/things/{id}\",method=\"GET\",status=\"200\"} 2",
        "{route=\"none\",method=\"GET\",status=\"404\"} 1",
        "{route=\"none\",method=\"other\",status=\"404\"} 1",
    ] {
        assert!(
            text.contains(&format!("digesterd_http_requests_total{labels}\n")),
            "{labels}\n{text}"
        );
    }
    assert!(text.contains("\ndigesterd_http_requests_in_flight 1\n"), "{text}");
    stop.request();
    running.await.unwrap().unwrap();
}

#[actix_web::test]
async fn with_a_port_of_their_own_metrics_are_there_alone() {
    let metrics = Metrics::new("tested");
    let listening = listen(&service(Some(0)), &metrics);
    let own = listening.metrics_address().unwrap();
    let root = format!("http://{}", listening.address());
    let stop = Shutdown::new();
    let stopping = stop.clone();
    let running = tokio::spawn(async move { listening.run(&stopping).await });
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let status = async |url: String| client.get(url).send().await.unwrap().status().as_u16();
    assert_eq!(status(format!("{root}/metrics")).await, 404);
    assert_eq!(status(format!("http://{own}/metrics")).await, 200);
    assert_eq!(status(format!("http://{own}/things/1")).await, 404);
    stop.request();
    running.await.unwrap().unwrap();
    assert!(client.get(format!("http://{own}/metrics")).send().await.is_err());
}
