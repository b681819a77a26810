//! The HTTP server of a service: its routes inside this crate's middleware, its limits, its end.
//!
//! A caller cannot hold a connection for nothing: headers must arrive within `HEADERS`, a body within the same time
//! again, an answer that is not read for `DISCONNECT` after its end is dropped, and an idle connection lives for
//! `KEEP_ALIVE`, which is longer than the minute that load balancers keep theirs. Header blocks are
//! limited to 128 KiB by actix itself, addresses to 48 KiB and bodies to `DIGEST_MAX_BODY` here.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, HttpResponse, HttpServer, web};
use thiserror::Error as ThisError;
use tokio::time::sleep;

use crate::bodies::{BodyPatience, hurry_bodies};
use crate::environment::Service;
use crate::health::{self, Readiness};
use crate::metrics::Metrics;
use crate::problem::{Problem, ProblemKind};
use crate::request_log::{MaxBody, log_requests};
use crate::shutdown::Shutdown;

/// A request's headers arrive within this.
const HEADERS: Duration = Duration::from_secs(15);
/// How long a closing connection is waited for.
const DISCONNECT: Duration = Duration::from_secs(5);
/// What of a grace is kept for the answers that a drained service still owes.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// Life of an idle connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// The address cannot be listened on.
#[derive(Debug, ThisError)]
#[error("cannot listen on {address}: {source} (set by LISTEN_ADDRESS and PORT or METRICS_PORT)")]
pub struct ListenError {
    /// What was tried.
    pub address: SocketAddr,
    /// The system's answer.
    pub source: std::io::Error,
}

/// A server that listens and has not begun to answer.
pub struct Listening {
    server: Server,
    metrics: Option<Server>,
    addresses: Vec<SocketAddr>,
}

/// The whole application of one service: health routes, its own, and a problem document for the rest.
pub fn assemble<C: FnOnce(&mut web::ServiceConfig)>(
    service: &Service,
    readiness: Readiness,
    metrics: &Metrics,
    configure: C,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<C>,
> {
    App::new()
        .app_data(web::PayloadConfig::new(service.max_body))
        .app_data(MaxBody(service.max_body))
        .app_data(BodyPatience(service.body_patience))
        .app_data(metrics.http().clone())
        .configure(health::configure(readiness))
        .configure(|config| {
            if service.metrics_port.is_none() {
                metrics.configure()(config);
            }
        })
        .configure(configure)
        .default_service(web::to(async || -> Result<HttpResponse, Problem> {
            Err(Problem::new(
                ProblemKind::NotFound,
                "there is nothing at this address",
            ))
        }))
        .wrap(from_fn(hurry_bodies))
        .wrap(from_fn(log_requests))
}

/// Listens where the settings say.
///
/// # Errors
/// [`ListenError`], most often because another process has the port.
pub fn listen<C>(
    service: &Service,
    readiness: &Readiness,
    metrics: &Metrics,
    configure: C,
) -> Result<Listening, ListenError>
where
    C: Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
{
    let address = service.socket_address();
    let grace = service.shutdown_grace.as_secs().max(1);
    let (settings, readiness, shown) = (service.clone(), readiness.clone(), metrics.clone());
    let server = HttpServer::new(move || assemble(&settings, readiness.clone(), &shown, configure.clone()))
        .client_request_timeout(HEADERS)
        .client_disconnect_timeout(DISCONNECT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(grace)
        .disable_signals()
        .bind(address)
        .map_err(|source| ListenError { address, source })?;
    let addresses = server.addrs();
    for address in &addresses {
        tracing::info!(%address, "listening");
    }
    let metrics = service.metrics_address().map(|address| alone(address, metrics));
    Ok(Listening {
        server: server.run(),
        metrics: metrics.transpose()?,
        addresses,
    })
}

/// Metrics on a port of their own, which need not be open to those who ask for digests.
fn alone(address: SocketAddr, metrics: &Metrics) -> Result<Server, ListenError> {
    let metrics = metrics.clone();
    let server = HttpServer::new(move || App::new().configure(metrics.configure()))
        .workers(1)
        .client_request_timeout(HEADERS)
        .client_disconnect_timeout(DISCONNECT)
        .disable_signals()
        .bind(address)
        .map_err(|source| ListenError { address, source })?;
    tracing::info!(%address, "listening for readers of metrics");
    Ok(server.run())
}

impl Listening {
    /// Where it listens; tells the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.addresses.first().copied()
    }

    /// Answers until the process is to stop, then finishes what is in flight within the grace.
    ///
    /// # Errors
    /// The server's own failure.
    pub async fn run(self, shutdown: &Shutdown) -> std::io::Result<()> {
        let handle = self.server.handle();
        let metrics = self.metrics.map(|server| (server.handle(), tokio::spawn(server)));
        let server = tokio::spawn(self.server);
        tokio::pin!(server);
        tokio::select! {
            ended = &mut server => return ended.unwrap_or_else(|error| Err(std::io::Error::other(error))),
            () = shutdown.requested() => {}
        }
        handle.stop(true).await;
        let ended = server
            .await
            .unwrap_or_else(|error| Err(std::io::Error::other(error)));
        // The last requests are counted before nobody can ask any more.
        if let Some((handle, _)) = metrics {
            handle.stop(false).await;
        }
        ended
    }
}

impl Listening {
    /// The same for a service that has work of its own. Once asked to stop, `drain` runs while requests are still
    /// answered; it is told how much of the grace it has. Then what is in flight is finished. Whatever is not done when
    /// the whole grace is over stays undone.
    ///
    /// # Errors
    /// As [`Listening::run`].
    pub async fn run_draining<D, F>(
        self,
        shutdown: &Shutdown,
        grace: Duration,
        drain: D,
    ) -> std::io::Result<()>
    where
        D: FnOnce(Duration) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        // The last answers have to get out as well.
        let share = grace.saturating_sub((grace / 10).min(LAST_ANSWERS));
        let (asked, stop_server) = (shutdown.clone(), Shutdown::new());
        let drained = stop_server.clone();
        tokio::spawn(async move {
            asked.requested().await;
            drain(share).await;
            drained.request();
        });
        let overdue = async {
            shutdown.requested().await;
            sleep(grace).await;
        };
        tokio::select! {
            ended = self.run(&stop_server) => ended,
            () = overdue => {
                tracing::warn!("the grace is over: what is in flight is left");
                Ok(())
            }
        }
    }
}

impl std::fmt::Debug for Listening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listening")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}
