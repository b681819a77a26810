//! HTTP front end.
mod conditions;
mod negotiation;
mod query;
