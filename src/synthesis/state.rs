//! The state of a run: everything that a step changes.

use super::{images::Images, optimiser::OptimiserMemory, parametrisation::Parametrisation};
use crate::{methods::Settings, picture::Preprocess};
use std::sync::Arc;

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
    /// Settings and picture size of the time when the state was kept: `params` can be read by these alone.
    pub settings: Arc<Settings>,
    pub size: [usize; 2],
}

impl RunState {
    /// The pictures that the parameters stand for.
    pub fn images(&self, space: &Preprocess) -> Images {
        Parametrisation::new(&self.settings, space, self.size).images(&self.params)
    }

    pub fn bytes(&self) -> usize {
        self.params.values.len() * size_of::<f32>() + self.memory.bytes()
    }

    /// For the film's test.
    #[cfg(test)]
    pub fn at(step: usize, length: usize) -> Self {
        let (params, memory) = (Images::zeros([1, 1, 1, length]), OptimiserMemory::default());
        RunState { step, octave: 0, params, memory, force: None, settings: Arc::default(), size: [1, length] }
    }
}
