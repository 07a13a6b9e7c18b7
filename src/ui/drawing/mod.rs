//! The network as a drawing: which boxes there are ([`fold`]), where they stand ([`layout`]), and the same as a file
//! ([`svg`]). Computed from the graph alone, when it or what is unfolded changes.

pub mod fold;
pub mod layout;
pub mod svg;

pub use fold::{Block, Folded, blocks, fold};
pub use layout::{Layout, layout};
