//! The states that a run can go back to. The longer the run, the further apart they are kept, within a limit of memory.

use super::state::RunState;

/// Bytes that kept states may take.
const MOST_BYTES: usize = 256 << 20;

/// KeptState states, by step.
pub(super) struct Film {
    states: Vec<RunState>,
    /// Steps from one to the next.
    every: usize,
    most_bytes: usize,
}

impl Default for Film {
    fn default() -> Self {
        Film { states: Vec::new(), every: 4, most_bytes: MOST_BYTES }
    }
}

impl Film {
    /// Keeps a state if it is its turn.
    pub fn keep(&mut self, state: &RunState) {
        if !state.step.is_multiple_of(self.every) || self.states.last().is_some_and(|last| last.step >= state.step) {
            return;
        }
        self.states.push(state.clone());
        while self.states.iter().map(RunState::bytes).sum::<usize>() > self.most_bytes && self.states.len() > 2 {
            self.every *= 2;
            self.states.retain(|state| state.step.is_multiple_of(self.every));
        }
    }

    /// The last kept state at or before a step; later ones are dropped.
    pub fn rewind(&mut self, step: usize) -> Option<RunState> {
        let end = self.states.partition_point(|state| state.step <= step).max(1);
        self.states.truncate(end);
        self.states.last().cloned()
    }

    /// All of them, the first first.
    pub fn states(&self) -> &[RunState] {
        &self.states
    }

    /// The steps that are kept.
    pub fn steps(&self) -> Vec<usize> {
        self.states.iter().map(|state| state.step).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn states_thin_out_and_come_back() {
        let mut film = Film { most_bytes: 4 * 1000, ..Film::default() };
        for step in 0..=100 {
            film.keep(&RunState::at(step, 100));
        }
        // A hundred numbers each: ten fit.
        assert_eq!(film.steps(), [0, 16, 32, 48, 64, 80, 96]);
        assert_eq!(film.rewind(70).unwrap().step, 64);
        assert_eq!(film.steps(), [0, 16, 32, 48, 64]);
        film.keep(&RunState::at(80, 100));
        assert_eq!(film.rewind(0).unwrap().step, 0);
    }
}
