//! HTTP front end: takes requests for digests, hands digests out
