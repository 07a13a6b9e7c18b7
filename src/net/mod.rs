//! Networks as data, and running them: [`Graph`] of [`Op`]s, [`Network`] with weights, [`Trace`] of one forward pass,
//! and the reverse walk under a [`Rule`].
//!
//! Architecture invariant: nothing here knows a network by name, a file format, or egui. candle's autograd is not
//! used: it has no hook at a rectifier, and its pooling gradients are wrong where windows overlap.

mod cost;
mod fast;
mod footprint;
mod forward;
mod graph;
mod network;
mod op;
mod reverse;
mod trace;

pub use cost::{Cost, Field};
pub use graph::{Builder, Graph, Node, NodeId};
pub use network::{Engine, Network, Tensors};
pub use op::{Conv, Op, Padding, Parameter, Window};
pub use reverse::{Reverse, Rule};
pub use trace::Trace;
