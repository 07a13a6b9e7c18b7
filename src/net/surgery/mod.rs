//! Surgery: a network with parts switched off, or with residual blocks in another order. The result is a network like any
//! other; the scores' layers keep their names.
//!
//! `part` finds the layers that a name stands for, `blocks` the residual blocks, `operate` makes the new network, and
//! `fold` writes the changes into plain weights for the old graph, where that is possible.

mod blocks;
mod fold;
mod operate;
mod part;

pub use blocks::ResidualBlock;
pub use operate::{Operation, Removal, Substitute};
pub use part::NetworkPart;
