//! Random rows of every shape, digested in every way that the kernel has and by the naive oracle.
//!
//! `cargo run --release -p digest-core --example random_rows -- [--rows N] [--seed N]`
//!
//! Ten million rows unless said, in batches of some thousands. The first difference ends it, with the batch's seed:
//! `--rows 1 --seed SEED` makes that batch alone.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use digest_core::checks::rows::Rows;

/// Rows of a batch, about.
const BATCH: u64 = 12_000;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do if even stderr is closed.
            let _ = writeln!(io::stderr(), "random_rows: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let (mut rows, mut seed) = (10_000_000, 1);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--rows" => rows = value()?.parse()?,
            "--seed" => seed = value()?.parse()?,
            _ => return Err(format!("{argument} is no option").into()),
        }
    }
    let begun = Instant::now();
    let mut out = io::stdout();
    let (mut tried, mut records, mut bad, mut batches, mut refused) = (0, 0, 0, 0, 0);
    while tried < rows {
        // Said before it is tried: a difference ends the program.
        if batches % 100 == 0 {
            writeln!(
                out,
                "{tried} rows in {:.0} s; next batch: seed {seed}",
                begun.elapsed().as_secs_f64()
            )?;
        }
        let checked = std::panic::catch_unwind(|| Rows::new(seed).check(BATCH));
        match checked {
            Ok(Ok(counts)) => {
                tried += counts.rows;
                records += counts.records;
                bad += counts.bad_rows;
                refused += counts.objects_refused;
            }
            Ok(Err(refusal)) => return Err(format!("seed {seed}: refused as a whole: {refusal:?}").into()),
            Err(_) => return Err(format!("seed {seed}: the kernel and the oracle differ").into()),
        }
        batches += 1;
        seed += 1;
    }
    writeln!(
        out,
        "{tried} rows in {batches} batches ({records} records, {bad} bad rows, {refused} objects refused): all ways \
         agree, {:.0} s",
        begun.elapsed().as_secs_f64(),
    )?;
    Ok(())
}
