//! Tables of adjacent windows as the table of them all.

pub(crate) mod edges_writer;

pub(crate) mod cursor;

pub(crate) mod edges;

pub(crate) mod interfaces;

pub(crate) mod error;
