//! Tables read back: the columns that a question needs, row group by row group, and of these only what may matter.
//!
//! A row group is passed over by its statistics, by its bloom filters and by its dictionaries; of the rest those pages are
//! read that hold rows which are wanted. Values are read once each, rows are numbers of values: what a row's value means
//! (whether an address lies in a network, for one) is found out once for all rows that have it, where the column has a dictionary.

pub(crate) mod source;
pub(crate) mod values;

pub(crate) mod addresses;

pub(crate) mod inflating;

pub(crate) mod data_page;

pub(crate) mod differences;

pub(crate) mod pages;

pub(crate) mod chunk;

pub(crate) mod footer;

pub(crate) mod table_file;

pub(crate) mod condition;

pub(crate) mod told;

pub(crate) mod edge_rows;

pub(crate) mod edges_table;

pub(crate) mod interface_row;

pub(crate) mod interfaces_table;

pub(crate) mod error;
