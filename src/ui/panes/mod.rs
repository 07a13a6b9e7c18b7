//! The panes that the user arranges.

pub mod arrangement;
pub mod pane;
pub mod tiles;
