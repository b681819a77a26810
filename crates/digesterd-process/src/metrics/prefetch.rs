//! The read-ahead: what is in flight, read when somebody asks.

use std::fmt;

use digest_storage::Prefetch;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;

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
            (
                "digesterd_prefetch_objects",
                "Flow log objects being read (at most VPC_MAX_CONCURRENT_PREFETCH)",
                gauge.objects(),
            ),
            (
                "digesterd_prefetch_bytes",
                "Bytes asked for and not inflated yet (at most VPC_MAX_BYTES_PREFETCH and one piece)",
                gauge.bytes(),
            ),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}
