//! The process as the system sees it, under the names that Prometheus' own clients use.
//!
//! Read from `/proc` (proc(5)); elsewhere than on Linux there is nothing to tell.

use std::fmt;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::names;

/// Ticks of a second in `/proc/self/stat`: the kernel's interface is fixed to this, whatever its own clock.
const TICKS: f64 = 100.0;

/// The process itself.
#[derive(Debug)]
pub(super) struct Process {
    started: f64,
}

impl Default for Process {
    fn default() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            started: now.map_or(0.0, |now| now.as_secs_f64()),
        }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let gauges = [
            (names::PROCESS_START_TIME_SECONDS, Some(self.started)),
            (
                names::PROCESS_RESIDENT_MEMORY_BYTES,
                status("VmRSS:").map(|kib| kib * 1024.0),
            ),
            (
                names::PROCESS_OPEN_FDS,
                fs::read_dir("/proc/self/fd")
                    .ok()
                    .map(|entries| entries.count() as f64),
            ),
        ];
        for (name, value) in gauges {
            let Some(value) = value else { continue };
            let gauge = ConstGauge::new(value);
            let metric = name.describe(&mut encoder, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        if let Some(seconds) = cpu_seconds() {
            let counter = ConstCounter::new(seconds);
            let metric = names::PROCESS_CPU_SECONDS.describe(&mut encoder, counter.metric_type())?;
            counter.encode(metric)?;
        }
        Ok(())
    }
}

/// A number of `/proc/self/status`.
fn status(name: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Fields 14 and 15 of `/proc/self/stat`, which are the 12th and 13th behind the name in brackets.
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_of_this_process() {
        assert!(status("VmRSS:").unwrap() > 100.0);
        assert!(cpu_seconds().unwrap() >= 0.0);
    }
}
