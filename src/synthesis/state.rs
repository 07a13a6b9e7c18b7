//! The state of a run: everything that a step changes.

use super::{images::Images, optimiser::OptimiserMemory};

/// All that a step changes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RunState {
    pub step: usize,
    pub octave: usize,
    pub params: Images,
    pub memory: OptimiserMemory,
    /// Size of the objective's gradient in the first step: the sum of its magnitudes over a picture, black to white
    /// being 1. Relative penalties are weighed by it.
    pub force: Option<f32>,
}

impl RunState {
    pub fn bytes(&self) -> usize {
        self.params.values.len() * size_of::<f32>() + self.memory.bytes()
    }

    /// For the film's test.
    #[cfg(test)]
    pub fn at(step: usize, length: usize) -> Self {
        RunState {
            step,
            octave: 0,
            params: Images::zeros([1, 1, 1, length]),
            memory: OptimiserMemory::default(),
            force: None,
        }
    }
}
