//! The HTTP server of a service: its routes inside this crate's middleware, its limits, its end.
//!
//! What a caller may take is in [`crate::environment::Limits`]. Headers must arrive within a while, a body within the same again; a
//! connection whose other end does not read is cut by the system; an idle one lives for `KEEP_ALIVE`, which is longer than
//! the minute that load balancers keep theirs.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, HttpResponse, HttpServer, web};
use futures::future::try_join_all;
use socket2::{Domain, Protocol, Socket, Type};
use thiserror::Error as ThisError;
use tokio::time::sleep;

use crate::bodies::hurry_bodies;
use crate::environment::{Limits, Service};
use crate::guard::{Guard, ask};
use crate::health::{self, Readiness};
use crate::metrics::Metrics;
use crate::problem::{Problem, ProblemKind};
use crate::request_log::log_requests;
use crate::shutdown::Shutdown;
use crate::tls::{Certificate, TlsError};

/// How long a closing connection is waited for.
const DISCONNECT: Duration = Duration::from_secs(5);
/// What of a grace is kept for the answers that a drained service still owes.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// Life of an idle connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Connections that the system holds until they are accepted.
const BACKLOG: i32 = 1024;

/// Why a service does not listen.
#[derive(Debug, ThisError)]
pub enum ListenError {
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}: {source} (set by LISTEN_ADDRESS and PORT, METRICS_PORT, or TOKENLESS_LISTEN_ADDRESS and TOKENLESS_PORT)"
    )]
    Address {
        /// What was tried.
        address: SocketAddr,
        /// The system's answer.
        source: std::io::Error,
    },
    /// There is no certificate to speak TLS with.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A server that listens and has not begun to answer.
pub struct Listening {
    /// The service's own, and one for clients without a token.
    servers: Vec<Server>,
    /// The one for readers of metrics, and where it listens.
    metrics: Option<(Server, SocketAddr)>,
    address: SocketAddr,
    certificate: Option<Certificate>,
}

/// The whole application of one service: health routes, its own, and a problem document for the rest.
pub fn assemble<C: FnOnce(&mut web::ServiceConfig)>(
    service: &Service,
    guard: &Guard,
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
    let routes = |config: &mut web::ServiceConfig| {
        config.configure(health::configure(readiness));
        if service.metrics_port.is_none() {
            metrics.configure()(config);
        }
        configure(config);
    };
    bare(service, guard, metrics, Box::new(routes))
}

/// What puts routes on an application, of a type that the application's does not depend on.
type Routes<'a> = Box<dyn FnOnce(&mut web::ServiceConfig) + 'a>;

/// Routes inside this crate's middleware, and nothing else.
fn bare(
    service: &Service,
    guard: &Guard,
    metrics: &Metrics,
    routes: Routes<'_>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    App::new()
        .app_data(web::PayloadConfig::new(service.limits.body))
        .app_data(service.limits.clone())
        .app_data(guard.clone())
        .app_data(metrics.http().clone())
        .configure(routes)
        .default_service(web::to(async || -> Result<HttpResponse, Problem> {
            Err(Problem::new(
                ProblemKind::NotFound,
                "there is nothing at this address",
            ))
        }))
        .wrap(from_fn(hurry_bodies))
        .wrap(from_fn(ask))
        .wrap(from_fn(log_requests))
}

/// Listens where the settings say. Whoever the guard does not know is refused everywhere but at the health routes.
///
/// # Errors
/// [`ListenError`], most often because another process has the port.
pub fn listen<C>(
    service: &Service,
    guard: &Guard,
    readiness: &Readiness,
    metrics: &Metrics,
    configure: C,
) -> Result<Listening, ListenError>
where
    C: Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
{
    let certificate = service.tls.as_ref().map(Certificate::open).transpose()?;
    let (settings, guard, readiness, shown) =
        (service.clone(), guard.clone(), readiness.clone(), metrics.clone());
    let application = move || assemble(&settings, &guard, readiness.clone(), &shown, configure.clone());
    let (server, address) = serve(
        service,
        service.socket_address(),
        certificate.as_ref(),
        threads(),
        application,
    )?;
    tracing::info!(%address, tls = certificate.is_some(), "listening");
    let metrics = match service.metrics_address() {
        Some(address) => {
            let (settings, metrics) = (service.clone(), metrics.clone());
            let application = move || {
                let routes = Box::new(metrics.configure());
                bare(&settings, &Guard::Open, &metrics, routes)
            };
            let (server, address) = serve(service, address, certificate.as_ref(), 1, application)?;
            tracing::info!(%address, "listening for readers of metrics");
            Some((server, address))
        }
        None => None,
    };
    Ok(Listening {
        servers: vec![server],
        metrics,
        address,
        certificate,
    })
}

/// One server with its limits. TLS is spoken where there is a certificate, unless nobody but this machine can connect and
/// the caller leaves it out.
fn serve<F, A>(
    service: &Service,
    address: SocketAddr,
    certificate: Option<&Certificate>,
    threads: usize,
    application: F,
) -> Result<(Server, SocketAddr), ListenError>
where
    F: Fn() -> App<A> + Clone + Send + 'static,
    A: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<BoxBody>,
            Error = Error,
            InitError = (),
        > + 'static,
{
    let limits = &service.limits;
    let failed = |source| ListenError::Address { address, source };
    let listener = listener(address, limits).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let threads = threads.min(limits.connections);
    let server = HttpServer::new(application)
        .workers(threads)
        .max_connections(limits.connections / threads)
        .client_request_timeout(limits.request_timeout)
        .tls_handshake_timeout(limits.request_timeout)
        .client_disconnect_timeout(DISCONNECT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(service.shutdown_grace.as_secs().max(1))
        .disable_signals();
    let server = match certificate {
        Some(certificate) => {
            let config = certificate.server_config()?;
            server.listen_rustls_0_23(listener, config).map_err(failed)?
        }
        None => server.listen(listener).map_err(failed)?,
    };
    Ok((server.run(), bound))
}

/// As many as the machine runs at once.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A socket that listens. What is accepted from it inherits its time-out (a peer that takes nothing of an answer for so long is
/// gone), and that nothing waits to be sent: the body of a small answer, written behind its head, would not go before the
/// peer has acknowledged that, which it puts off for 40 ms.
fn listener(address: SocketAddr, limits: &Limits) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_tcp_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket.set_tcp_user_timeout(Some(limits.stall_timeout))?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = limits;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

impl Listening {
    /// Where it listens; tells the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same for readers of metrics, where they have a port of their own.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|(_, address)| *address)
    }

    /// Answers at another address as well, without asking who it is. Only what `configure` routes is there. On loopback
    /// no TLS is spoken.
    ///
    /// # Errors
    /// As [`listen`].
    pub fn beside<C>(
        mut self,
        service: &Service,
        address: SocketAddr,
        metrics: &Metrics,
        configure: C,
    ) -> Result<Self, ListenError>
    where
        C: Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    {
        let (settings, metrics) = (service.clone(), metrics.clone());
        let application = move || bare(&settings, &Guard::Open, &metrics, Box::new(configure.clone()));
        let certificate = self.certificate.as_ref().filter(|_| !address.ip().is_loopback());
        let (server, address) = serve(service, address, certificate, threads(), application)?;
        tracing::info!(%address, "listening for clients without a token");
        self.servers.push(server);
        Ok(self)
    }

    /// Answers until the process is to stop, then finishes what is in flight within the grace.
    ///
    /// # Errors
    /// The server's own failure.
    pub async fn run(self, shutdown: &Shutdown) -> std::io::Result<()> {
        if let Some(certificate) = &self.certificate {
            certificate.keep_up();
        }
        let handles: Vec<_> = self.servers.iter().map(Server::handle).collect();
        let metrics = self
            .metrics
            .map(|(server, _)| (server.handle(), tokio::spawn(server)));
        let servers = self.servers.into_iter().map(|server| async {
            let ended = tokio::spawn(server).await;
            ended.unwrap_or_else(|error| Err(std::io::Error::other(error)))
        });
        let servers = try_join_all(servers);
        tokio::pin!(servers);
        tokio::select! {
            ended = &mut servers => return ended.map(drop),
            () = shutdown.requested() => {}
        }
        let stopped = handles.iter().map(|handle| handle.stop(true));
        futures::future::join_all(stopped).await;
        let ended = servers.await.map(drop);
        // The last requests are counted before nobody can ask any more.
        if let Some((handle, server)) = metrics {
            handle.stop(false).await;
            let _ = server.await;
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
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn what_is_accepted_sends_the_body_of_a_small_answer_at_once() {
        let listener = listener(([127, 0, 0, 1], 0).into(), &Limits::default()).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        assert!(accepted.nodelay().unwrap());
    }
}
