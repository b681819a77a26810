//! How a service listens and stops: `PORT`, `METRICS_PORT`, `LISTEN_ADDRESS`, `DIGEST_SHUTDOWN_GRACE`; its [`Limits`] and its
//! certificate.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;

use super::{Limits, Reader, TlsFiles, values};

/// Settings of an HTTP service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Port to listen on; 0 lets the system choose.
    pub port: u16,
    /// Port for readers of metrics alone; without one they are on the other.
    pub metrics_port: Option<u16>,
    /// Address to listen on.
    pub listen_address: IpAddr,
    /// What one caller may take.
    pub limits: Limits,
    /// The certificate to speak TLS with, on every listener that others than this machine can reach.
    pub tls: Option<TlsFiles>,
    /// How long requests and builds in flight may go on after the signal to stop.
    pub shutdown_grace: Duration,
}

#[derive(Default, Deserialize)]
pub(super) struct Raw {
    port: Option<String>,
    metrics_port: Option<String>,
    listen_address: Option<String>,
    digest_shutdown_grace: Option<String>,
}

impl Service {
    /// Reads the variables; `None` and a note for each one at fault.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Self> {
        let raw: Raw = reader.raw();
        let default = Self::default();
        let port = reader.value_or("PORT", raw.port, values::port, default.port);
        let metrics_port = reader.value_or(
            "METRICS_PORT",
            raw.metrics_port,
            |text| values::port(text).map(Some),
            default.metrics_port,
        );
        let listen_address = reader.value_or(
            "LISTEN_ADDRESS",
            raw.listen_address,
            ip_address,
            default.listen_address,
        );
        let limits = Limits::read(reader);
        let tls = TlsFiles::read(reader);
        let shutdown_grace = reader.value_or(
            "DIGEST_SHUTDOWN_GRACE",
            raw.digest_shutdown_grace,
            values::duration,
            default.shutdown_grace,
        );
        Some(Self {
            port: port?,
            metrics_port: metrics_port?,
            listen_address: listen_address?,
            limits: limits?,
            tls: tls?,
            shutdown_grace: shutdown_grace?,
        })
    }

    /// Where to listen.
    #[must_use]
    pub fn socket_address(&self) -> SocketAddr {
        SocketAddr::new(self.listen_address, self.port)
    }

    /// Where to listen for readers of metrics, where they have a port of their own.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_port
            .map(|port| SocketAddr::new(self.listen_address, port))
    }
}

impl Default for Service {
    fn default() -> Self {
        Self {
            port: 8080,
            metrics_port: None,
            listen_address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            limits: Limits::default(),
            tls: None,
            shutdown_grace: Duration::from_secs(25),
        }
    }
}

/// An address of this machine.
pub(super) fn ip_address(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| "is not an IP address such as 0.0.0.0, 127.0.0.1 or ::".to_owned())
}
