//! Digests flow log files with the kernel alone: text on stdout, or gzip with `--gzip`, a summary on stderr.
//!
//! `cargo run --release -p digest-core --example digest_file -- [--gzip] [--start T --stop T] FILE...`

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use digest_core::{Contents, FoldOptions, InOrder, Source, Window, fold_parallel};

// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do if even stderr is closed.
            let _ = writeln!(io::stderr(), "digest_file: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    let (mut start, mut stop, mut gzip) = (None, None, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--start" => start = arguments.next(),
            "--stop" => stop = arguments.next(),
            "--gzip" => gzip = true,
            _ => files.push(argument),
        }
    }
    let window = match (start, stop) {
        (Some(start), Some(stop)) => Some(Window::parse(&start, &stop)?),
        (None, None) => None,
        _ => return Err("--start and --stop go together".into()),
    };
    let options = FoldOptions {
        window,
        ..FoldOptions::default()
    };

    let begun = Instant::now();
    let queue = Mutex::new(files.into_iter());
    let next = || -> Option<Source> {
        let file = queue.lock().ok()?.next()?;
        // A file that cannot be opened fails at its first read, and so names itself.
        let source: Box<dyn Contents + Send> = match File::open(&file) {
            Ok(source) => Box::new(InOrder(source)),
            Err(error) => Box::new(InOrder(Unreadable(Some(error)))),
        };
        Some((file, source))
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let digest = fold_parallel(&options, None, threads, next, |_, _| {})?;
    let folded = begun.elapsed().as_secs_f64();
    let mut out = BufWriter::new(io::stdout().lock());
    let summary = if gzip {
        digest.write_gzip(&mut out)?.text
    } else {
        digest.write_text(&mut out)?
    };
    out.flush()?;
    let tally = digest.tally();
    let seconds = begun.elapsed().as_secs_f64();
    writeln!(
        io::stderr(),
        "{} rows, {} records, {} edges from {} files in {seconds:.2} s ({folded:.2} s to fold; {:.0} rows/s on {threads} threads); text {}",
        tally.rows,
        tally.records,
        summary.lines,
        tally.objects,
        tally.rows as f64 / seconds,
        summary.sha256,
    )?;
    Ok(())
}

/// A source that could not be opened.
struct Unreadable(Option<io::Error>);

impl Read for Unreadable {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
