//! How much memory there is: half of the least of the control groups' limits and what the system has available.

use std::fs;
use std::path::{Path, PathBuf};

/// Where nothing can be told.
const UNKNOWN: u64 = 1 << 30;

/// The share of memory that builds may take where nobody says.
pub(super) fn share() -> u64 {
    share_of(
        limits(Path::new("/sys/fs/cgroup"), "/proc/self/cgroup"),
        fs::read_to_string("/proc/meminfo").ok().as_deref(),
    )
}

fn share_of(limits: impl Iterator<Item = u64>, meminfo: Option<&str>) -> u64 {
    let available = meminfo.and_then(available);
    limits.chain(available).min().map_or(UNKNOWN, |least| least / 2)
}

/// The limits of this process's control group and of those above it (version 2), or of its memory controller (1).
fn limits(root: &Path, own: &str) -> impl Iterator<Item = u64> {
    let groups = fs::read_to_string(own).unwrap_or_default();
    let files: Vec<PathBuf> = groups.lines().flat_map(|line| files(root, line)).collect();
    files
        .into_iter()
        .filter_map(|file| limit(&fs::read_to_string(file).ok()?))
}

/// The files that hold a limit, for one line of `/proc/self/cgroup`: `0::/path` or `4:memory:/path`.
fn files(root: &Path, line: &str) -> Vec<PathBuf> {
    let mut parts = line.splitn(3, ':');
    let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
        return Vec::new();
    };
    let (root, name) = if controllers.is_empty() {
        (root.to_owned(), "memory.max")
    } else if controllers.split(',').any(|controller| controller == "memory") {
        (root.join("memory"), "memory.limit_in_bytes")
    } else {
        return Vec::new();
    };
    let path = Path::new(path.trim_start_matches('/'));
    path.ancestors()
        .map(|group| root.join(group).join(name))
        .collect()
}

/// A limit's number of bytes; `max` is none.
fn limit(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// `MemAvailable` in bytes.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_of_all_limits_and_what_is_available_is_halved() {
        let meminfo = "MemTotal:       24000000 kB\nMemAvailable:   1000 kB\n";
        assert_eq!(share_of([4096].into_iter(), Some(meminfo)), 2048);
        assert_eq!(share_of([1 << 40].into_iter(), Some(meminfo)), 512_000);
        assert_eq!(share_of(std::iter::empty(), Some("nonsense")), UNKNOWN);
    }

    #[test]
    fn a_groups_own_limit_and_those_above_it_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("own");
        fs::write(&own, "0::/pod/container\n").unwrap();
        fs::create_dir_all(folder.path().join("pod/container")).unwrap();
        fs::write(folder.path().join("pod/memory.max"), "1000\n").unwrap();
        fs::write(folder.path().join("pod/container/memory.max"), "max\n").unwrap();
        let found: Vec<u64> = limits(folder.path(), own.to_str().unwrap()).collect();
        assert_eq!(found, [1000]);
        fs::write(&own, "9:name=systemd:/\n4:cpu,memory:/pod\n").unwrap();
        fs::create_dir_all(folder.path().join("memory/pod")).unwrap();
        fs::write(folder.path().join("memory/pod/memory.limit_in_bytes"), "77").unwrap();
        let found: Vec<u64> = limits(folder.path(), own.to_str().unwrap()).collect();
        assert_eq!(found, [77]);
    }
}
