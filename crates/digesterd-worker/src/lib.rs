//! Queue-driven builder: takes jobs, builds digests from flow logs, stores them
