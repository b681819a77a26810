//! What goes on, for the person who waits: a bar on a terminal, plain lines elsewhere; always on stderr.

use std::io::{self, IsTerminal, Write};

use digest_core::record::Progress;
use indicatif::{ProgressDrawTarget, ProgressStyle};

const READING: &str = "  {bar:40} {percent:>3} %  {bytes} of {total_bytes}  {msg}";
const WRITING: &str = "  {bar:40} {percent:>3} %  {human_pos} of {human_len} records";

/// A bar that is there only on a terminal.
#[derive(Debug, Clone)]
pub(crate) struct ProgressBar {
    bar: Option<indicatif::ProgressBar>,
}

impl ProgressBar {
    /// For objects that are read, of as many bytes as the build's progress will say.
    pub(crate) fn of_bytes() -> Self {
        Self::shown(READING, 0)
    }

    /// For this many records that are written.
    pub(crate) fn of_records(total: u64) -> Self {
        Self::shown(WRITING, total)
    }

    fn shown(template: &str, total: u64) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let target = ProgressDrawTarget::stderr_with_hz(10);
            let bar = indicatif::ProgressBar::with_draw_target(Some(total), target);
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar
        });
        Self { bar }
    }

    /// Shows how far a build is.
    pub(crate) fn show(&self, progress: &Progress) {
        if let Some(bar) = &self.bar {
            bar.set_length(progress.bytes_total);
            bar.set_position(progress.bytes_done);
            bar.set_message(format!(
                "{} of {} objects",
                progress.objects_done, progress.objects_total
            ));
        }
    }

    /// Some of it is done.
    pub(crate) fn advance(&self, by: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(by);
        }
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// One line to the person.
pub(crate) fn tell(line: impl AsRef<str>) {
    // A closed stderr means that nobody wants to know.
    let _ = writeln!(io::stderr().lock(), "{}", line.as_ref());
}
