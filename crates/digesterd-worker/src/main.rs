//! Entry point of `digesterd-worker`.

fn main() {}
