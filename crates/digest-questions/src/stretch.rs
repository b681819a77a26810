//! The stored digests of a stretch of time: each moment once, by the shortest window that is stored of it.

use digest_core::{Scope, Window};
use digest_storage::{Index, IndexKey, Store};

use crate::error::QuestionError;

/// Longest window that is looked for besides those inside the stretch.
const LONGEST: i64 = 86_400;

/// The digests of this scope, by time, and the parts of the stretch that none of them covers.
///
/// # Errors
/// [`QuestionError`].
pub async fn stored_windows(
    store: &Store,
    stretch: &Window,
    scope: &Scope,
    most: usize,
) -> Result<(Vec<IndexKey>, Vec<(i64, i64)>), QuestionError> {
    let span = (stretch.start_unix(), stretch.stop_unix());
    let around = Window::from_unix(span.0.saturating_sub(LONGEST), span.1.saturating_add(LONGEST));
    let around = around.unwrap_or(*stretch);
    let overlaps = |key: &IndexKey| key.span().0 < span.1 && span.0 < key.span().1 && key.is_of_scope(scope);
    let page = Index::new(store.clone())
        .page(&around, None, most, overlaps)
        .await?;
    if page.more {
        return Err(QuestionError::TooManyDigests(most));
    }
    let chosen = chosen(page.keys, IndexKey::span);
    let gaps = gaps(span, chosen.iter().map(IndexKey::span));
    Ok((chosen, gaps))
}

/// Shorter windows before longer ones, none that overlaps one that was chosen; by time.
fn chosen<K>(mut keys: Vec<K>, span: impl Fn(&K) -> (i64, i64)) -> Vec<K> {
    keys.sort_by_key(|key| {
        let (start, stop) = span(key);
        (stop - start, start)
    });
    let mut chosen: Vec<K> = Vec::new();
    for key in keys {
        let (start, stop) = span(&key);
        let apart = chosen.iter().all(|other| {
            let other = span(other);
            stop <= other.0 || other.1 <= start
        });
        if apart {
            chosen.push(key);
        }
    }
    chosen.sort_by_key(|key| span(key));
    chosen
}

/// What windows in order leave of a stretch.
pub(crate) fn gaps((start, stop): (i64, i64), windows: impl Iterator<Item = (i64, i64)>) -> Vec<(i64, i64)> {
    let (mut gaps, mut at) = (Vec::new(), start);
    for (from, to) in windows {
        if at < from {
            gaps.push((at, from));
        }
        at = at.max(to);
    }
    if at < stop {
        gaps.push((at, stop));
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_moment_is_told_of_once_by_the_shortest_window() {
        let windows = vec![(0, 24), (24, 48), (3, 4), (25, 26), (26, 27), (30, 54)];
        let found = chosen(windows, |window| *window);
        assert_eq!(found, [(3, 4), (25, 26), (26, 27), (30, 54)]);
        assert_eq!(
            gaps((2, 60), found.into_iter()),
            [(2, 3), (4, 25), (27, 30), (54, 60)]
        );
        assert_eq!(gaps((3, 4), [(3, 4)].into_iter()), []);
    }
}
