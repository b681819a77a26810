//! Inflates flow log files and does nothing with their text: the least time that any digest of them can take.
//!
//! `cargo run --release -p digest-core --example inflate_only -- [--inflater NAME] [--window BYTES] [--threads N] FILE...`
//!
//! Without `--inflater` it takes what the build takes by itself: libdeflate on whole objects, or ISA-L with
//! `--features isal`. Prints the bytes of text, the seconds and the inflater; `scripts/bench` divides by the seconds.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use digest_core::measure::Inflating;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do if even stderr is closed.
            let _ = writeln!(io::stderr(), "inflate_only: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    let mut inflater = None;
    let mut window = 128 * 1024;
    let mut threads = thread::available_parallelism().map_or(1, usize::from);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--inflater" => inflater = Some(value()?),
            "--window" => window = value()?.parse()?,
            "--threads" => threads = value()?.parse()?,
            _ => files.push(argument),
        }
    }
    let begun = Instant::now();
    let queue = Mutex::new(files.into_iter());
    let one = || -> Result<u64, String> {
        let mut inflating = Inflating::new(inflater.as_deref(), window)
            .ok_or_else(|| format!("the inflaters are {}", Inflating::NAMES.join(", ")))?;
        let mut bytes = 0;
        while let Some(file) = queue.lock().map_err(|error| error.to_string())?.next() {
            bytes += File::open(&file)
                .and_then(|mut source| inflating.inflate(&mut source))
                .map_err(|error| format!("{file}: {error}"))?;
        }
        Ok(bytes)
    };
    let bytes = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| "a thread died".to_owned())?)
            .sum::<Result<u64, String>>()
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    let inflater = inflater.as_deref().unwrap_or("the build's own");
    writeln!(
        io::stdout(),
        "{bytes} bytes of text in {seconds:.3} s on {threads} threads ({:.0} MB/s) by {inflater}, window {window}",
        bytes as f64 / 1e6 / seconds,
    )?;
    Ok(())
}
