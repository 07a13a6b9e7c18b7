//! Time and memory of this process.

use std::{fs, time::Instant};

/// A stopwatch for the clock's time, or for what all threads of the process have computed.
pub(super) struct Stopwatch {
    start: Instant,
    /// The system's counter of CPU time.
    cpu_start: Option<f64>,
}

impl Stopwatch {
    pub fn new(cpu: bool) -> Self {
        Stopwatch { start: Instant::now(), cpu_start: cpu.then(cpu_milliseconds) }
    }

    pub fn milliseconds(&self) -> f64 {
        match self.cpu_start {
            Some(start) => cpu_milliseconds() - start,
            None => self.start.elapsed().as_secs_f64() * 1e3,
        }
    }
}

/// CPU time of all threads of this process by the scheduler's count; 0 where it has none.
fn cpu_milliseconds() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let ran = tasks.filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
    ran.filter_map(|text| text.split(' ').next()?.parse::<f64>().ok()).sum::<f64>() * 1e-6
}

/// The most memory this process has held since [`forget_peak`]; `None` where the system does not say.
pub(super) fn peak_megabytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

/// Counts the peak anew, so that a network is not charged for the one before. Elsewhere than on Linux nothing happens.
pub(super) fn forget_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The median; of an even number the upper.
pub(super) fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
