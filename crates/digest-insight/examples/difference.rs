//! Compares two digests and prints what was counted: `cargo run --release -p digest-insight --example difference A B`.
//! With one digest its edges are read and counted.

use std::env::args_os;
use std::error::Error;
use std::fs::File;
use std::io::Write;

use digest_insight::{Difference, DifferenceOptions, Edges, ReadError};

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<_> = args_os().skip(1).collect();
    let told = match paths.as_slice() {
        [one] => {
            let (mut edges, mut count) = (Edges::sorted(File::open(one)?)?, 0u64);
            edges.for_each::<ReadError>(|_| {
                count += 1;
                Ok(())
            })?;
            format!("{count} edges")
        }
        [previous, next] => {
            let (mut previous, mut next) = (
                Edges::sorted(File::open(previous)?)?,
                Edges::sorted(File::open(next)?)?,
            );
            let difference = Difference::of(&mut previous, &mut next, &DifferenceOptions::default())?;
            format!(
                "{} new, {} gone, {} changed, {} newly rejected; {} new hosts, {} gone; {} new services",
                difference.new.count,
                difference.gone.count,
                difference.changed.count,
                difference.newly_rejected.count,
                difference.new_hosts.count,
                difference.gone_hosts.count,
                difference.new_services.count,
            )
        }
        _ => return Err("one digest or two".into()),
    };
    writeln!(std::io::stdout(), "{told}")?;
    Ok(())
}
