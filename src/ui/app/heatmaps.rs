//! Whether the next run of what is dragged, drawn or filmed waits for the heatmaps of the one before.

use std::time::{Duration, Instant};

/// Runs that follow each other so fast are live: heatmaps that leave it so follow every one of them.
const LIVE: Duration = Duration::from_millis(125);

/// No longer than this is a heatmap waited for: what is dragged would stand still.
const PATIENCE: Duration = Duration::from_millis(300);

/// Measures how long quick methods take to answer about a run, to decide whether heatmaps follow a drag.
#[derive(Default)]
pub struct Heatmaps {
    /// Since when they are at it.
    since: Option<Instant>,
    took: Duration,
    ended: Option<Instant>,
}

impl Heatmaps {
    /// Takes in whether they are at it now.
    pub fn watch(&mut self, now: Instant, busy: bool) {
        match self.since {
            None if busy => self.since = Some(now),
            Some(since) if !busy => (self.since, self.took, self.ended) = (None, now - since, Some(now)),
            _ => {}
        }
    }

    /// The next run was asked for: there are no answers about the one before.
    pub fn cancelled(&mut self) {
        self.since = None;
    }

    /// How long the next run waits at most for the heatmaps of the run before, which was requested at `asked`. It waits
    /// where both are live. Where they cannot be, runs and heatmaps share the time; heatmaps that did not come in time are
    /// tried less and less often, down to a tenth of the time.
    pub fn worth_waiting_for(&mut self, now: Instant, asked: Option<Instant>) -> Option<Duration> {
        let since = self.since?;
        let waited = now - since;
        if waited >= PATIENCE {
            (self.took, self.ended) = ((2 * self.took.max(waited)).min(10 * PATIENCE), Some(now));
            return None;
        }
        let live = asked.is_none_or(|asked| since + self.took <= asked + LIVE);
        let turn = self.ended.is_none_or(|ended| since >= ended + self.took);
        (live || turn).then_some(PATIENCE - waited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Drags for ten seconds, where a run and its heatmaps take so many milliseconds; how many there were of each.
    fn drag(heatmaps: &mut Heatmaps, mut now: Instant, [run, heatmap]: [u64; 2]) -> [u32; 2] {
        let mut found = [0; 2];
        let end = now + Duration::from_secs(10);
        while now < end {
            let asked = now;
            now += Duration::from_millis(run);
            found[0] += 1;
            let done = now + Duration::from_millis(heatmap);
            heatmaps.watch(now, true);
            while now < done && heatmaps.worth_waiting_for(now, Some(asked)).is_some() {
                now += Duration::from_millis(1);
            }
            heatmaps.watch(now, now < done);
            found[1] += u32::from(now >= done);
            heatmaps.cancelled();
        }
        found
    }

    #[test]
    fn heatmaps_follow_every_run_where_that_is_live() {
        let [runs, heatmaps] = drag(&mut Heatmaps::default(), Instant::now(), [60, 50]);
        assert!(runs > 80 && heatmaps == runs, "{runs}, {heatmaps}");
    }

    #[test]
    fn runs_and_heatmaps_share_the_time_where_both_cannot_be_live() {
        let [runs, heatmaps] = drag(&mut Heatmaps::default(), Instant::now(), [90, 200]);
        assert!(runs > 50 && heatmaps > 20, "{runs}, {heatmaps}");
    }

    #[test]
    fn what_takes_long_hardly_holds_up_a_drag_and_is_tried_again() {
        let (mut heatmaps, now) = (Heatmaps::default(), Instant::now());
        let [runs, none] = drag(&mut heatmaps, now, [450, 900]);
        assert!(runs > 18 && none == 0, "{runs}, {none}");
        // Another network, or another program has ended.
        let [runs, followed] = drag(&mut heatmaps, now + Duration::from_secs(11), [50, 20]);
        assert!(runs > 80 && followed > runs / 2, "{runs}, {followed}");
    }
}
