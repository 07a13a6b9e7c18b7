//! Networks as data, and running them: a [`Graph`] of [`Op`]s, a [`Network`] with weights, the [`Trace`] of one forward
//! pass, and the reverse walk under a [`Rule`].
//!
//! The files build on each other in this order: `shapes` (sizes of windows), `ops` (one file an operator family: shape,
//! weights, forward, reverse, cost), `graph`, `rebuild` (a graph with layers replaced), `cost`, `modules` (its sums), `layers` (a graph with its checked weights), `walk` (the order of a
//! reverse walk), the two back ends `candle` and `fast`, `backend` (the choice between them), `network`, `trace`,
//! `forward`, `surgery` (parts switched off); for training `training` (what differs) and `learn` (passes and gradients at weights).
//!
//! Architecture invariant: nothing here knows a network by name, a file format, or egui. candle's autograd is not
//! used: it has no hook at a rectifier, and its pooling gradients are wrong where windows overlap.

mod backend;
mod candle;
mod cost;
mod fast;
mod footprint;
mod forward;
mod graph;
mod layers;
mod learn;
mod modules;
mod network;
mod ops;
mod rebuild;
mod shapes;
pub mod surgery;
mod trace;
mod training;
mod walk;

pub use backend::Backend;
pub use cost::Cost;
pub use graph::{Builder, Graph, Node, NodeId};
pub use layers::Tensors;
pub use learn::TrainingTrace;
pub use modules::{ModuleCost, WeightLayers};
pub use network::Network;
pub use ops::{
    Activation, AutoPad, Conv, ConvTranspose, Coordinates, Op, PadMode, Rule, Slice, Upsample, WeightSpec, Window,
};
pub use rebuild::Replacement;
pub use shapes::{Field, Padding};
pub use trace::Trace;
pub use training::{Statistics, Training};
pub use walk::Reverse;
