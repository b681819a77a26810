//! What a digest would take: requests, their price, and the time, from what listing and sampling took here.

use std::time::Duration;

use digest_storage::Plan;
use serde::Serialize;

use super::large::Fetching;
use super::sample::Sample;

/// The price list that costs are reckoned by.
const PRICES: &str = "S3 Standard, us-east-1, list price: $0.005 per 1,000 LIST and $0.0004 per 1,000 GET; transfer not included";
const DOLLARS_PER_LIST: f64 = 0.005 / 1000.0;
const DOLLARS_PER_GET: f64 = 0.0004 / 1000.0;

/// What a digest would take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Estimate {
    /// Requests that list objects, and that find accounts and regions.
    pub(super) list_requests: u64,
    /// Requests that fetch objects, and the bytes that they fetch.
    pub(super) get_requests: u64,
    pub(super) get_bytes: u64,
    /// Whether these two are estimates: of large Parquet files not all bytes are fetched.
    pub(super) get_is_estimate: bool,
    /// Price of all requests.
    pub(super) dollars: f64,
    /// By which list.
    pub(super) prices: &'static str,
    /// Threads that the seconds are for.
    pub(super) threads: usize,
    /// Objects in flight that they are for.
    pub(super) objects_in_flight: usize,
    /// Time on this machine, by the sample; absent where nothing could be sampled.
    pub(super) seconds: Option<f64>,
}

impl Estimate {
    /// Reckons from the plan, the time that it took to list, what fetching takes, and the sample.
    pub(super) fn of(
        plan: &Plan,
        listing: Duration,
        fetching: Fetching,
        sample: &Sample,
        threads: usize,
        objects_in_flight: usize,
    ) -> Self {
        let list_requests = plan.list_calls + plan.discovery_calls;
        let Fetching {
            requests: get_requests,
            bytes: get_bytes,
            is_estimate: get_is_estimate,
        } = fetching;
        let share = |of_sample: Duration, whole: u64, sampled: u64| {
            (sampled > 0).then(|| of_sample.as_secs_f64() * whole as f64 / sampled as f64)
        };
        // Fetching goes by objects where they are small, folding by bytes; the slower one decides.
        let fetching = share(sample.fetching, plan.objects.len() as u64, sample.objects)
            .map(|seconds| seconds / objects_in_flight.max(1) as f64);
        let folding =
            share(sample.folding, plan.bytes(), sample.bytes).map(|seconds| seconds / threads.max(1) as f64);
        Self {
            list_requests,
            get_requests,
            get_bytes,
            get_is_estimate,
            dollars: list_requests as f64 * DOLLARS_PER_LIST + get_requests as f64 * DOLLARS_PER_GET,
            prices: PRICES,
            threads,
            objects_in_flight,
            seconds: fetching
                .zip(folding)
                .map(|(fetching, folding)| listing.as_secs_f64() + fetching.max(folding)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::object;
    use super::*;

    #[test]
    fn requests_are_priced_and_time_is_the_samples_share() {
        let object = |size| object("k", size, "");
        let plan = Plan {
            objects: vec![
                object(1 << 20),
                object(1 << 20),
                object(33 << 20),
                object(5 << 20),
            ],
            list_calls: 1000,
            discovery_calls: 1000,
            ..Plan::default()
        };
        let sample = Sample {
            objects: 2,
            bytes: 2 << 20,
            fetching: Duration::from_secs(4),
            folding: Duration::from_secs(1),
            ..Sample::default()
        };
        let fetching = Fetching {
            requests: 8,
            bytes: 40 << 20,
            is_estimate: false,
        };
        let estimate = Estimate::of(&plan, Duration::from_secs(3), fetching, &sample, 2, 8);
        assert_eq!((estimate.list_requests, estimate.get_requests), (2000, 8));
        assert_eq!(estimate.get_bytes, 40 << 20);
        assert!((estimate.dollars - 0.010_003_2).abs() < 1e-9);
        // 40 of 2 MiB by two threads take 10 s; four of two objects, eight at a time, one.
        assert_eq!(estimate.seconds, Some(3.0 + 10.0));
        let nothing = Estimate::of(&plan, Duration::ZERO, fetching, &Sample::default(), 2, 8);
        assert_eq!(nothing.seconds, None);
    }
}
