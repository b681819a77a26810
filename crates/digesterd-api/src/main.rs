//! Entry point of `digesterd-api`.

fn main() {}
