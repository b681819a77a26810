//! The read-ahead: what is in flight, read when somebody asks.

use std::fmt;

use digest_storage::Prefetch;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;

use super::names;

#[derive(Debug)]
pub(super) struct ReadAhead(Prefetch);

impl ReadAhead {
    pub(super) fn of(prefetch: &Prefetch) -> Self {
        Self(prefetch.clone())
    }
}

impl Collector for ReadAhead {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let gauge = self.0.gauge();
        let gauges = [
            (names::PREFETCH_OBJECTS, gauge.objects()),
            (names::PREFETCH_BYTES, gauge.bytes()),
        ];
        for (name, value) in gauges {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let metric = name.describe(&mut encoder, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}
