//! The windows that another is held against: those that are named, or the last ones of its length before it.

use std::ops::RangeInclusive;

use digest_core::{Coverage, Scope, Window};
use digest_storage::Store;
use tokio_util::sync::CancellationToken;

use crate::asked::{Asked, AskedDigest};
use crate::error::QuestionError;
use crate::stored::{OpenText, of_stretch};
use crate::stretch::gaps;

/// How many windows before the one that is asked make a baseline.
pub const BASELINE_WINDOWS: RangeInclusive<u16> = 1..=366;
/// Fewer windows say little of what is usual.
const FEW: usize = 3;

/// A window of a baseline.
#[derive(Debug, Default)]
pub struct BaselineWindow {
    /// First and past-the-last second, as far as they are known.
    pub window: Option<(i64, i64)>,
    /// The digests that tell of it.
    pub digests: Vec<AskedDigest>,
    /// Parts of it of which nothing is stored that could be asked.
    pub gaps: Vec<(i64, i64)>,
}

impl BaselineWindow {
    /// A digest by itself.
    #[must_use]
    pub fn of(digest: AskedDigest) -> Self {
        Self {
            window: digest.window,
            digests: vec![digest],
            gaps: Vec::new(),
        }
    }

    /// Whether all of it is known.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.gaps.is_empty()
            && self
                .digests
                .iter()
                .all(|digest| digest.coverage == Coverage::Complete)
    }
}

/// The last so many windows of the length of this one, before it: what is stored of each. Windows of which nothing is stored
/// are left out. No digest counts that lies only in part in a window.
///
/// # Errors
/// [`QuestionError`].
pub async fn last_windows(
    store: &Store,
    (start, stop): (i64, i64),
    scope: &Scope,
    count: u16,
    most: usize,
    text: Option<OpenText<'_>>,
    given_up: &CancellationToken,
) -> Result<Vec<BaselineWindow>, QuestionError> {
    let length = stop.saturating_sub(start);
    let first = start.saturating_sub(length.saturating_mul(count.into()));
    let Ok(stretch) = Window::from_unix(first, start) else {
        return Ok(Vec::new());
    };
    let found = of_stretch(store, &stretch, scope, most, text, given_up).await?;
    let mut windows: Vec<BaselineWindow> = (0..i64::from(count))
        .map(|at| first.saturating_add(at.saturating_mul(length)))
        .map(|start| BaselineWindow {
            window: Some((start, start.saturating_add(length))),
            ..BaselineWindow::default()
        })
        .collect();
    for digest in found.digests {
        let inside = windows
            .iter_mut()
            .find(|window| holds(window.window, digest.window));
        if let Some(window) = inside {
            window.digests.push(digest);
        }
    }
    for window in &mut windows {
        let spans = window.digests.iter().filter_map(|digest| digest.window);
        window.gaps = gaps(window.window.unwrap_or_default(), spans);
    }
    windows.retain(|window| !window.digests.is_empty());
    Ok(windows)
}

fn holds(outer: Option<(i64, i64)>, inner: Option<(i64, i64)>) -> bool {
    let both = outer.zip(inner);
    both.is_some_and(|(outer, inner)| outer.0 <= inner.0 && inner.1 <= outer.1)
}

impl Asked {
    /// From the first second of the digests to the last; `None` where some digest's window is not known. What is not stored
    /// yet at either end is no part of it.
    #[must_use]
    pub fn span(&self) -> Option<(i64, i64)> {
        let windows: Option<Vec<(i64, i64)>> = self.digests.iter().map(|digest| digest.window).collect();
        let windows = windows?;
        let start = windows.iter().map(|(start, _)| *start).min()?;
        let stop = windows.iter().map(|(_, stop)| *stop).max()?;
        Some((start, stop))
    }

    /// For each window of the baseline, whether it is as long as what is asked. Lengths that are not known are taken for equal.
    pub(crate) fn comparable(&self) -> Vec<bool> {
        let length = |span: Option<(i64, i64)>| span.map(|(start, stop)| stop - start);
        let asked = length(self.span());
        let windows = self.baseline.iter().map(|window| length(window.window));
        windows
            .map(|window| window.is_none() || asked.is_none() || window == asked)
            .collect()
    }

    /// Whether all of what is asked is known.
    pub(crate) fn is_whole(&self) -> bool {
        let is_complete = |digest: &AskedDigest| digest.coverage == Coverage::Complete;
        self.gaps.is_empty() && self.without_table.is_empty() && self.digests.iter().all(is_complete)
    }

    /// What has to be known of the baseline to take its answer for what it is.
    #[must_use]
    pub fn baseline_caveats(&self) -> Vec<String> {
        let mut caveats = Vec::new();
        let count = self.baseline.len();
        if count < FEW {
            let windows = if count == 1 { "window" } else { "windows" };
            caveats.push(format!(
                "the baseline has {count} {windows}: fewer than {FEW} say little of what is usual, and nothing is said to have gone"
            ));
        }
        let partial = self.baseline.iter().filter(|window| !window.is_whole()).count();
        if partial > 0 {
            caveats.push(format!(
                "{partial} of {count} windows of the baseline are not known to be complete: what is called new may have been there"
            ));
        }
        let other = self
            .comparable()
            .iter()
            .filter(|is_comparable| !**is_comparable)
            .count();
        if other > 0 {
            caveats.push(format!(
                "{other} of {count} windows of the baseline are not as long as what is asked: volumes are not held against them, \
                 and nothing is said to have gone"
            ));
        }
        if !self.is_whole() {
            caveats
                .push("what is asked is not known to be complete: nothing is said to have gone".to_owned());
        }
        caveats
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use digest_tables::TableSource;

    use super::*;
    use crate::asked::{AskedEdges, Table};

    fn digest(window: Option<(i64, i64)>, coverage: Coverage) -> AskedDigest {
        let table: Arc<dyn TableSource> = Arc::new(bytes::Bytes::new());
        let mut digest = AskedDigest::new("a digest".to_owned(), AskedEdges::Table(Table(table)), None);
        (digest.window, digest.coverage) = (window, coverage);
        digest
    }

    #[test]
    fn a_baseline_says_what_it_lacks() {
        let of = |window, coverage| BaselineWindow::of(digest(Some(window), coverage));
        let mut asked = Asked {
            digests: vec![digest(Some((3600, 7200)), Coverage::Complete)],
            baseline: vec![of((0, 3600), Coverage::Complete)],
            ..Asked::default()
        };
        assert_eq!(asked.span(), Some((3600, 7200)));
        assert_eq!(asked.baseline_caveats().len(), 1, "few windows");
        asked.baseline.push(of((-86_400, 0), Coverage::Complete));
        asked.baseline.push(of((-3600, 0), Coverage::Partial));
        assert_eq!(asked.comparable(), [true, false, true]);
        let told = asked.baseline_caveats();
        assert!(
            told[0].starts_with("1 of 3 windows of the baseline are not known"),
            "{told:?}"
        );
        assert!(
            told[1].starts_with("1 of 3 windows of the baseline are not as long"),
            "{told:?}"
        );
        assert_eq!(told.len(), 2);
        asked.gaps.push((7200, 10_800));
        assert_eq!(asked.span(), Some((3600, 7200)));
        assert!(
            asked
                .baseline_caveats()
                .last()
                .unwrap()
                .contains("nothing is said to have gone")
        );
        asked.digests.push(digest(None, Coverage::Unknown));
        assert_eq!(asked.comparable(), [true; 3], "no length is known");
    }
}
