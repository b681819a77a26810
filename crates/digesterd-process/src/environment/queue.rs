//! Where jobs are sent: `STREAM_APPLIANCE_ENDPOINT`, `STREAM_APPLIANCE_TOPIC`.

use std::fmt;

use serde::Deserialize;
use url::Url;

use super::{Reader, values};

/// Settings of the stream appliance.
#[derive(Clone, PartialEq, Eq)]
pub struct QueueSettings {
    /// Base address; may carry a password.
    pub endpoint: Url,
    /// Name of the queue.
    pub topic: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct Raw {
    stream_appliance_endpoint: Option<String>,
    stream_appliance_topic: Option<String>,
}

impl QueueSettings {
    /// Reads the variables; `None` and a note for each one at fault.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Self> {
        let raw: Raw = reader.raw();
        let endpoint = reader.required(
            "STREAM_APPLIANCE_ENDPOINT",
            raw.stream_appliance_endpoint,
            values::http_url,
        );
        let topic = reader.optional(
            "STREAM_APPLIANCE_TOPIC",
            raw.stream_appliance_topic,
            |text| match text {
                "." | ".." => Err("is no name of a queue".to_owned()),
                name => Ok(name.to_owned()),
            },
        );
        Some(Self {
            endpoint: endpoint?,
            topic: topic?,
        })
    }
}

impl fmt::Debug for QueueSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueSettings")
            .field("host", &self.endpoint.host_str())
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}
