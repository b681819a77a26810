//! What the table of edges costs: digests flow log files to gzip on stdout and, with `--edges FILE`, writes the table.
//!
//! `cargo run --release -p digest-tables --example cost_of_edges -- [--off] [--edges FILE] FILE… > digest.log.gz`;
//! `--off` keeps no history, as `DIGEST_EDGES=off` does.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use digest_core::{FoldOptions, InOrder, Source, fold_parallel};
use digest_tables::{Origins, write_edges};

// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do if even stderr is closed.
            let _ = writeln!(io::stderr(), "cost_of_edges: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let (mut files, mut table, mut edges) = (Vec::new(), None, true);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--edges" => table = arguments.next(),
            "--off" => edges = false,
            _ => files.push(argument),
        }
    }
    let options = FoldOptions {
        edges,
        ..FoldOptions::default()
    };
    let begun = Instant::now();
    let queue = Mutex::new(files.into_iter());
    let next = || -> Option<Source> {
        let name = queue.lock().ok()?.next()?;
        let file = File::open(&name).ok()?;
        Some((name, Box::new(InOrder(file))))
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let digest = fold_parallel(&options, None, threads, next, |_, _| {})?;
    let folded = begun.elapsed().as_secs_f64();
    let mut out = BufWriter::new(io::stdout().lock());
    let summary = digest.write_gzip(&mut out)?;
    let text = begun.elapsed().as_secs_f64() - folded;
    let mut said = format!(
        "fold {folded:.2} s, text {text:.2} s ({} lines, {} bytes)",
        summary.text.lines, summary.bytes
    );
    if let Some(table) = table {
        let begun = Instant::now();
        let summary = write_edges(&digest, &Origins::default(), &mut File::create(table)?)?;
        let took = begun.elapsed().as_secs_f64();
        said += &format!(
            ", table {took:.2} s ({} rows, {} bytes)",
            summary.rows, summary.bytes
        );
    }
    writeln!(io::stderr(), "{said}")?;
    Ok(())
}
