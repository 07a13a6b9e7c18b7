//! The panes that the user arranges.

pub mod arrangement;
pub mod pane;
pub mod purposes;
pub mod tiles;
