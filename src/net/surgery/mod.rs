//! Surgery: a network with parts switched off, or with residual blocks in another order. The result is a network like any
//! other; the scores' layers keep their names.
//!
//! `edits` lists changes by the names of parts, as a person makes them; `part` finds the layers that a name stands for, `blocks` the residual blocks, `operate` makes the new network, and
//! `fold` writes the changes into plain weights for the old graph, where that is possible.

mod blocks;
mod edits;
mod fold;
mod operate;
mod part;

pub use blocks::ResidualBlock;
pub use edits::{Edit, InPlace, Surgery};
pub use operate::{Operation, Removal, Substitute, UnitChange};
pub use part::NetworkPart;
