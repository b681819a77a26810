//! Where jobs are sent: `STREAM_APPLIANCE_ENDPOINT` and `STREAM_APPLIANCE_TOPIC`, or `SQS_QUEUE_URL`.

use std::fmt;

use serde::Deserialize;
use url::Url;

use super::{Reader, values};

/// The one queue that jobs are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueSettings {
    /// An appliance that is spoken to by HTTP.
    Appliance(ApplianceSettings),
    /// A queue of SQS.
    Sqs(SqsSettings),
}

/// Settings of the stream appliance.
#[derive(Clone, PartialEq, Eq)]
pub struct ApplianceSettings {
    /// Base address; may carry a password.
    pub endpoint: Url,
    /// Name of the queue.
    pub topic: Option<String>,
}

/// Settings of a queue of SQS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqsSettings {
    /// Address of the queue.
    pub url: Url,
    /// Region that requests are signed for.
    pub region: String,
}

#[derive(Default, Deserialize)]
pub(super) struct Raw {
    stream_appliance_endpoint: Option<String>,
    stream_appliance_topic: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct RawSqs {
    sqs_queue_url: Option<String>,
    region: Option<String>,
}

impl QueueSettings {
    /// Reads the variables; `None` and a note for each one at fault. One of the two must be there.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Self> {
        let sqs = SqsSettings::read(reader);
        let raw: Raw = reader.raw();
        if reader.has("SQS_QUEUE_URL") {
            if raw.stream_appliance_endpoint.is_some() {
                reader.note(
                    "SQS_QUEUE_URL",
                    "is set beside STREAM_APPLIANCE_ENDPOINT: jobs go to one of them, so take the other away",
                );
            }
            return sqs.flatten().map(Self::Sqs);
        }
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
        Some(Self::Appliance(ApplianceSettings {
            endpoint: endpoint?,
            topic: topic?,
        }))
    }

    /// Whether the queue is in SQS, so that somebody's credentials are needed.
    #[must_use]
    pub fn is_in_sqs(&self) -> bool {
        matches!(self, Self::Sqs(_))
    }
}

impl SqsSettings {
    /// Reads the variables; `Some(None)` where no queue is named, `None` and a note where one is at fault.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Option<Self>> {
        let raw: RawSqs = reader.raw();
        let url = match reader.optional("SQS_QUEUE_URL", raw.sqs_queue_url, queue_url)? {
            Some(url) => url,
            None => return Some(None),
        };
        let Some(region) = region_of(&url).or(raw.region) else {
            reader.note("SQS_QUEUE_URL", "names no region of AWS's, so REGION must be set");
            return None;
        };
        Some(Some(Self { url, region }))
    }

    /// Where the queue's service is: the one that is set, else the queue's own host where that is none of AWS's.
    #[must_use]
    pub fn endpoint(&self, set: Option<&Url>) -> Option<Url> {
        if let Some(set) = set {
            return Some(set.clone());
        }
        if region_of(&self.url).is_some() {
            return None;
        }
        let mut own = self.url.clone();
        own.set_path("/");
        Some(own)
    }
}

/// An address that names a queue.
fn queue_url(text: &str) -> Result<Url, String> {
    let url = values::http_url(text)?;
    let name = url.path_segments().and_then(|mut segments| segments.next_back());
    match name {
        None | Some("") => Err("names no queue: its path ends in the queue's name".to_owned()),
        Some(name) if name.ends_with(".fifo") => {
            Err("is a FIFO queue: a standard queue is needed, jobs have no order".to_owned())
        }
        Some(_) => Ok(url),
    }
}

/// The region in the name of one of AWS's hosts: `sqs.REGION.amazonaws.com` or the older `REGION.queue.amazonaws.com`.
fn region_of(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    let host = host
        .strip_suffix(".amazonaws.com")
        .or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    let region = host
        .strip_prefix("sqs.")
        .or_else(|| host.strip_suffix(".queue"))?;
    (!region.contains('.')).then(|| region.to_owned())
}

impl fmt::Debug for ApplianceSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApplianceSettings")
            .field("host", &self.endpoint.host_str())
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;

    fn read(pairs: &[(&str, &str)]) -> Result<QueueSettings, Vec<&'static str>> {
        let environment = Environment::from_pairs(pairs.iter().copied());
        let reader = environment.reader();
        let settings = QueueSettings::read(&reader);
        let names = |error: super::super::EnvironmentError| {
            error.problems.into_iter().map(|problem| problem.name).collect()
        };
        reader.finish(settings).map_err(names)
    }

    fn sqs(pairs: &[(&str, &str)]) -> SqsSettings {
        match read(pairs).unwrap() {
            QueueSettings::Sqs(settings) => settings,
            other @ QueueSettings::Appliance(_) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_queue_of_sqs_has_its_region_in_its_address_or_is_told_one() {
        let aws = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
        let named = sqs(&[("SQS_QUEUE_URL", aws), ("REGION", "us-east-1")]);
        assert_eq!((named.region.as_str(), named.endpoint(None)), ("eu-west-1", None));

        let own = "http://127.0.0.1:9324/000000000000/jobs";
        assert_eq!(read(&[("SQS_QUEUE_URL", own)]), Err(vec!["SQS_QUEUE_URL"]));
        let told = sqs(&[("SQS_QUEUE_URL", own), ("REGION", "us-east-1")]);
        let endpoint = told.endpoint(None).unwrap();
        assert_eq!(
            (told.region.as_str(), endpoint.as_str()),
            ("us-east-1", "http://127.0.0.1:9324/")
        );
        let set: Url = "http://sqs.local".parse().unwrap();
        assert_eq!(told.endpoint(Some(&set)), Some(set));
    }

    #[test]
    fn jobs_go_to_one_queue_that_can_be() {
        assert_eq!(read(&[]), Err(vec!["STREAM_APPLIANCE_ENDPOINT"]));
        for (url, region) in [
            ("https://sqs.eu-west-1.amazonaws.com/1/jobs.fifo", "r"),
            ("https://sqs.eu-west-1.amazonaws.com/", "r"),
            ("jobs", "r"),
        ] {
            assert_eq!(
                read(&[("SQS_QUEUE_URL", url), ("REGION", region)]),
                Err(vec!["SQS_QUEUE_URL"]),
                "{url}"
            );
        }
        let both = [
            ("SQS_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/1/jobs"),
            ("STREAM_APPLIANCE_ENDPOINT", "http://queue"),
        ];
        assert_eq!(read(&both), Err(vec!["SQS_QUEUE_URL"]));
    }
}
