//! Entry point of `digesterd`.

fn main() {}
