//! The back end of this crate's kernels: blocked maps ([`crate::kernels::blocked`]), groups of layers at once, weights
//! prepared once. A layer that no kernel here computes runs by candle's operators, on plain tensors.

mod convert;
mod layer;
mod learn;
mod pass;
mod plan;
mod prepared;
mod reverse;

pub(super) use pass::FastPass;
pub(super) use prepared::Fast;
pub(super) use reverse::{gradients, reverse};
