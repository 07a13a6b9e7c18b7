//! The memory this process can still allocate, and the check before a large allocation.
//!
//! A failed allocation aborts the program, so every size that a file or a flag asks for is compared with
//! [`available`] first. The answer is the smallest of the machine's free memory, the limits of the control groups the
//! process runs in, and its own limit of address space (`ulimit -v`).

use crate::{Error, Result};
use std::{fs, path::Path};

/// Requests below this size are granted unseen: reading the limits takes about 0.1 ms.
const SMALL: u64 = 32 << 20;

/// Where the system does not say how much memory is free.
const FLAT_LIMIT: u64 = 16 << 30;

/// Share of the available memory that stays free for everything that is not counted: 1/16.
const RESERVE: u64 = 16;

/// Bytes that can still be allocated, less a small reserve.
pub fn available() -> u64 {
    let free = free(Path::new("/")).unwrap_or(FLAT_LIMIT);
    free - free / RESERVE
}

/// Checks that `bytes` can be allocated now. `what` is the subject of the sentence that says they cannot, such as
/// `vgg16 at 4096x4096 pixels`.
///
/// # Errors
/// [`Error::Failed`] with that sentence.
pub fn check(what: &str, bytes: u64) -> Result<()> {
    if bytes < SMALL {
        return Ok(());
    }
    let available = available();
    if bytes <= available {
        return Ok(());
    }
    let [needed, free] = [bytes, available].map(readable);
    Err(Error::Failed(format!("{what} needs about {needed} of memory, but only {free} are free")))
}

/// A number of bytes with three digits at most: `512 MB`, `4.1 GB`.
pub fn readable(bytes: u64) -> String {
    match bytes as f64 {
        bytes if bytes < 999.5e3 => format!("{:.0} kB", bytes / 1e3),
        bytes if bytes < 999.5e6 => format!("{:.0} MB", bytes / 1e6),
        bytes if bytes < 99.95e9 => format!("{:.1} GB", bytes / 1e9),
        bytes => format!("{:.0} GB", bytes / 1e9),
    }
}

/// The smallest limit that the files under `root` state; `None` where there are no such files.
fn free(root: &Path) -> Option<u64> {
    let machine = kilobytes(&read(root, "proc/meminfo")?, "MemAvailable:")?;
    [Some(machine), group_version_2(root), group_version_1(root), address_space(root)].into_iter().flatten().min()
}

fn read(root: &Path, path: &str) -> Option<String> {
    fs::read_to_string(root.join(path.trim_start_matches('/'))).ok()
}

fn number(root: &Path, path: &str) -> Option<u64> {
    read(root, path)?.trim().parse().ok()
}

/// The value of a line such as `MemAvailable:   123 kB`, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(1024 * line.split_whitespace().next()?.parse::<u64>().ok()?)
}

/// The value of a line such as `inactive_file 123`.
fn statistic(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// Memory left under the limits of the unified control groups: the least that the group of this process and the groups
/// that contain it leave.
fn group_version_2(root: &Path) -> Option<u64> {
    let groups = read(root, "proc/self/cgroup")?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let left = |folder: String| {
        let limit = number(root, &format!("{folder}/memory.max"))?;
        let used = number(root, &format!("{folder}/memory.current"))?;
        let cache = statistic(&read(root, &format!("{folder}/memory.stat"))?, "inactive_file ").unwrap_or(0);
        Some(limit.saturating_sub(used.saturating_sub(cache)))
    };
    with_parents(path).into_iter().filter_map(|path| left(format!("sys/fs/cgroup{path}"))).min()
}

/// The same for the older control groups, whose memory controller has a tree of its own.
fn group_version_1(root: &Path) -> Option<u64> {
    let groups = read(root, "proc/self/cgroup")?;
    let of_memory = |line: &str| {
        let mut fields = line.splitn(3, ':').skip(1);
        let controllers = fields.next()?;
        controllers.split(',').any(|name| name == "memory").then(|| fields.next().unwrap_or("/").to_owned())
    };
    let path = groups.lines().find_map(of_memory)?;
    let left = |folder: String| {
        let limit = number(root, &format!("{folder}/memory.limit_in_bytes"))?;
        let used = number(root, &format!("{folder}/memory.usage_in_bytes"))?;
        let cache = statistic(&read(root, &format!("{folder}/memory.stat"))?, "total_inactive_file ").unwrap_or(0);
        Some(limit.saturating_sub(used.saturating_sub(cache)))
    };
    with_parents(&path).into_iter().filter_map(|path| left(format!("sys/fs/cgroup/memory{path}"))).min()
}

/// `/a/b` as `/a/b`, `/a` and the empty path of the root, under which a container sees its own group.
fn with_parents(path: &str) -> Vec<String> {
    let path = path.trim_end_matches('/');
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    ends.map(|end| path[..end].to_owned()).collect()
}

/// Memory left under the limits of the address space and of its data part: the smaller of the two.
fn address_space(root: &Path) -> Option<u64> {
    let (limits, status) = (read(root, "proc/self/limits")?, read(root, "proc/self/status")?);
    let left = |limit: &str, used: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(limit))?;
        let soft: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(soft.saturating_sub(kilobytes(&status, used)?))
    };
    [left("Max address space", "VmSize:"), left("Max data size", "VmData:")].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    const MEMINFO: (&str, &str) = ("proc/meminfo", "MemTotal: 9000 kB\nMemFree: 1 kB\nMemAvailable:    8000 kB\n");

    #[test]
    fn the_smallest_limit_counts() {
        assert_eq!(free(machine(&[]).path()), None);
        assert_eq!(free(machine(&[MEMINFO]).path()), Some(8000 << 10));
        let unlimited =
            ("proc/self/limits", "Max address space         unlimited            unlimited            bytes\n");
        let status = ("proc/self/status", "Name:\tx\nVmSize:\t  1000 kB\nVmData:\t 500 kB\n");
        assert_eq!(free(machine(&[MEMINFO, unlimited, status]).path()), Some(8000 << 10));
        let limited = (
            "proc/self/limits",
            "Max data size unlimited unlimited bytes\nMax address space   3072000   unlimited  bytes\n",
        );
        assert_eq!(free(machine(&[MEMINFO, limited, status]).path()), Some(2000 << 10));
    }

    #[test]
    fn control_groups_of_both_kinds_limit_at_every_level() {
        let unified = machine(&[
            MEMINFO,
            ("proc/self/cgroup", "0::/outer/inner\n"),
            ("sys/fs/cgroup/outer/inner/memory.max", "max\n"),
            ("sys/fs/cgroup/outer/inner/memory.current", "100000\n"),
            ("sys/fs/cgroup/outer/memory.max", "1000000\n"),
            ("sys/fs/cgroup/outer/memory.current", "700000\n"),
            ("sys/fs/cgroup/outer/memory.stat", "anon 1\ninactive_file 200000\n"),
        ]);
        assert_eq!(free(unified.path()), Some(500_000));
        // A container sees its own group as the root, whatever its path outside.
        let older = machine(&[
            MEMINFO,
            ("proc/self/cgroup", "5:cpu:/\n4:memory:/docker/abc\n0::/\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "2000000\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "1500000\n"),
            ("sys/fs/cgroup/memory/memory.stat", "total_inactive_file 1000\n"),
        ]);
        assert_eq!(free(older.path()), Some(501_000));
    }

    #[test]
    fn what_does_not_fit_is_refused_in_one_sentence() {
        assert!(available() > SMALL, "this machine has no memory");
        check("a small thing", SMALL).unwrap();
        let why = check("vgg16 at 4096x4096 pixels", u64::MAX).unwrap_err().to_string();
        assert!(why.starts_with("vgg16 at 4096x4096 pixels needs about 18446744074 GB of memory, but only "), "{why}");
        assert_eq!([999, 123_456_789, 4_123_456_789].map(readable), ["1 kB", "123 MB", "4.1 GB"]);
    }
}
