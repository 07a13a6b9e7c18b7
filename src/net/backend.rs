//! The choice between the two back ends, made here and nowhere else: candle's operators, and the kernels of this crate.

use super::{
    candle::CandlePass,
    fast::{self, Fast, FastPass},
    graph::NodeId,
    layers::{Outputs, WeightedGraph},
    training::Lesson,
    walk::{Reverse, Walk},
};
use crate::{Error, Result, kernels::blocked::Isa, watch::Watch};
use candle_core::{DType, Tensor};
use std::{str::FromStr, sync::Arc};

/// The kernels that a network runs with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The kernels of this crate: float32 on the CPU. WeightedGraph that they lack run by candle's operators.
    #[default]
    Fast,
    /// candle's operators: any float type on any device, and the reference for the other.
    Candle,
}

impl Backend {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Fast => "fast",
            Backend::Candle => "candle",
        }
    }
}

impl FromStr for Backend {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = [Backend::Fast, Backend::Candle].into_iter().find(|backend| backend.name() == text);
        known.ok_or_else(|| Error::Usage(format!("unknown engine '{text}': fast or candle")))
    }
}

/// WeightedGraph, ready to run by one back end.
#[derive(Clone)]
pub(super) enum Runner {
    Candle(Arc<WeightedGraph>),
    Fast(Arc<Fast>),
}

/// One forward pass, as its back end keeps it.
pub(super) enum Pass {
    Candle(CandlePass),
    Fast(FastPass),
}

impl Runner {
    /// The wanted back end where it can run these layers; the fast one needs float32 on the CPU.
    pub fn new(layers: Arc<WeightedGraph>, wanted: Backend, isa: Isa) -> Self {
        match wanted {
            Backend::Fast if layers.are_single_on_cpu() => Runner::Fast(Arc::new(Fast::new(layers, isa))),
            _ => Runner::Candle(layers),
        }
    }

    /// Other layers by the same back end.
    pub fn with_layers(&self, layers: WeightedGraph) -> Self {
        Runner::new(Arc::new(layers), self.backend(), self.isa().unwrap_or_else(Isa::best))
    }

    pub fn backend(&self) -> Backend {
        match self {
            Runner::Candle(_) => Backend::Candle,
            Runner::Fast(_) => Backend::Fast,
        }
    }

    pub fn layers(&self) -> &Arc<WeightedGraph> {
        match self {
            Runner::Candle(layers) => layers,
            Runner::Fast(fast) => fast.layers(),
        }
    }

    /// The instruction set of the kernels; `None` where candle chooses.
    pub fn isa(&self) -> Option<Isa> {
        match self {
            Runner::Candle(_) => None,
            Runner::Fast(fast) => Some(fast.isa),
        }
    }

    /// The first layer of those that are computed at once with this one.
    pub fn computed_with(&self, layer: NodeId) -> NodeId {
        match self {
            Runner::Candle(_) => layer,
            Runner::Fast(fast) => fast.plan.head_of(layer),
        }
    }

    /// Whether one pass over many pictures is faster than layer by layer.
    pub fn fuses_layers(&self, pictures: &Tensor) -> bool {
        matches!(self, Runner::Fast(_)) && pictures.dtype() == DType::F32
    }

    /// Runs pictures, whose shape was checked, as far as layer `to`.
    pub fn forward(&self, pictures: &Tensor, to: NodeId, watch: &Watch) -> Result<Pass> {
        match self {
            Runner::Fast(fast) if pictures.dtype() == DType::F32 => {
                Ok(Pass::Fast(FastPass::run(fast, pictures, to, None, watch)?))
            }
            _ => Ok(Pass::Candle(CandlePass::run(self.layers(), pictures, to, None, watch)?)),
        }
    }

    /// The same for training: what a pass of training needs is kept, and batch normalisation runs by itself.
    pub fn for_training(&self) -> Self {
        match self {
            Runner::Fast(fast) => Runner::Fast(Arc::new(fast.for_training())),
            Runner::Candle(layers) => Runner::Candle(Arc::clone(layers)),
        }
    }

    /// The same plan with other weights, which must be of the same shapes and types.
    pub fn again(&self, layers: WeightedGraph) -> Self {
        match self {
            Runner::Fast(fast) => Runner::Fast(Arc::new(fast.again(Arc::new(layers)))),
            Runner::Candle(_) => Runner::Candle(Arc::new(layers)),
        }
    }

    /// Runs a pass of training as far as layer `to`.
    pub fn forward_training(&self, pictures: &Tensor, to: NodeId, lesson: Lesson, watch: &Watch) -> Result<Pass> {
        match self {
            Runner::Fast(fast) if fast.plan.trains() && pictures.dtype() == DType::F32 => {
                Ok(Pass::Fast(FastPass::run(fast, pictures, to, Some(lesson), watch)?))
            }
            _ => Ok(Pass::Candle(CandlePass::run(self.layers(), pictures, to, Some(lesson), watch)?)),
        }
    }

    /// The output of one layer for `inputs`, batch first.
    pub fn run(&self, layer: NodeId, inputs: &[&Tensor]) -> Result<Tensor> {
        match self {
            Runner::Candle(layers) => layers.run(layer, inputs),
            Runner::Fast(fast) => fast.run(layer, inputs),
        }
    }
}

impl Pass {
    /// The outputs of the pass.
    pub fn outputs(&self) -> &dyn Outputs {
        match self {
            Pass::Candle(pass) => pass,
            Pass::Fast(pass) => pass,
        }
    }

    /// The gradient at the end of a walk; `None` where its beginning does not depend on that.
    pub fn reverse(&self, layers: &WeightedGraph, walk: &Walk, how: &Reverse) -> Result<Option<Tensor>> {
        match self {
            Pass::Candle(pass) => {
                walk.run(&how.watch, |_, _| Ok(()), |id, index, grad| layers.step(pass, id, index, grad, how))
            }
            Pass::Fast(pass) => fast::reverse(pass, walk, how),
        }
    }

    /// The lesson of a pass of training.
    pub fn lesson(&self) -> Option<&Lesson> {
        match self {
            Pass::Candle(pass) => pass.lesson(),
            Pass::Fast(pass) => pass.lesson(),
        }
    }

    /// The gradients at all weights that learn, by layer.
    pub fn gradients(&self, walk: &Walk, watch: &Watch) -> Result<Vec<Vec<Tensor>>> {
        match self {
            Pass::Candle(pass) => pass.gradients(walk, watch),
            Pass::Fast(pass) => fast::gradients(pass, walk, watch),
        }
    }
}
