//! What the command line alone reads: which API it speaks to (`DIGESTERD_API`) and by which token
//! (`DIGESTERD_TOKEN`), what is inside (`INTERNAL_CIDRS`).

use serde::Deserialize;
use url::Url;

use super::access::secret;
use super::{Environment, EnvironmentError, Reader, Secret, values};

/// Settings of the commands that speak to a running API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSettings {
    /// Address of the API.
    pub api: Url,
    /// Token to send, if the API asks for one.
    pub token: Option<Secret>,
}

#[derive(Default, Deserialize)]
pub(super) struct Raw {
    digesterd_api: Option<String>,
    digesterd_token: Option<String>,
}

impl ClientSettings {
    /// Reads the variable; `None` and a note where it is at fault.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Self> {
        let raw: Raw = reader.raw();
        let default = "http://localhost:8080".to_owned();
        let api = reader.required(
            "DIGESTERD_API",
            raw.digesterd_api.or(Some(default)),
            values::http_url,
        );
        let token = reader.optional("DIGESTERD_TOKEN", raw.digesterd_token, secret);
        Some(Self {
            api: api?,
            token: token?,
        })
    }

    /// Reads nothing else.
    ///
    /// # Errors
    /// [`EnvironmentError`] where the variable is at fault.
    pub fn read_all(environment: &Environment) -> Result<Self, EnvironmentError> {
        let reader = environment.reader();
        let settings = Self::read(&reader);
        reader.finish(settings)
    }
}

/// Which networks are inside, for commands that tell inside from outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InsideSettings {
    /// The networks as they were written; `None`: the usual ones.
    pub networks: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct RawInside {
    internal_cidrs: Option<String>,
}

impl InsideSettings {
    /// Reads the variable. What its networks are is for those to say who know networks.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Self {
        let raw: RawInside = reader.raw();
        Self {
            networks: raw.internal_cidrs,
        }
    }
}
