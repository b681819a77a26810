//! Files that are read again when they change: tokens and certificates are renewed while a process runs.
//!
//! Contents are compared, not times: volumes of secrets are swapped by links, whose times tell nothing.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::sleep;

/// How often the files are looked at. They are small.
const LOOK: Duration = Duration::from_secs(2);

/// Hands the contents of files on whenever one of them has changed, for as long as the runtime lives. `apply` refuses
/// what cannot be used; that is told once, and tried again with the next change.
pub(crate) fn watch<const N: usize>(
    paths: [PathBuf; N],
    what: &'static str,
    apply: impl Fn([Vec<u8>; N]) -> Result<(), String> + Send + 'static,
) {
    tokio::spawn(async move {
        // What was read at the start may have changed since: the first look applies what there is, and says nothing of it.
        let mut known = None;
        loop {
            sleep(LOOK).await;
            let paths = paths.clone();
            let Ok(now) = tokio::task::spawn_blocking(move || read(&paths)).await else {
                return;
            };
            if known.as_ref() == Some(&now) {
                continue;
            }
            let applied = match &now {
                Ok(contents) => apply(contents.clone()),
                Err(problem) => Err(problem.clone()),
            };
            match applied {
                Ok(()) if known.is_none() => {}
                Ok(()) => tracing::info!(what, "files have changed and were read again"),
                Err(problem) => {
                    tracing::error!(what, %problem, "files have changed and cannot be used: what was read before goes on");
                }
            }
            known = Some(now);
        }
    });
}

fn read<const N: usize>(paths: &[PathBuf; N]) -> Result<[Vec<u8>; N], String> {
    let mut contents = [const { Vec::new() }; N];
    for (path, content) in paths.iter().zip(&mut contents) {
        *content = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(contents)
}
