//! The panes that the user arranges.

pub mod arrangement;
mod help;
pub mod pane;
pub mod purposes;
pub mod tiles;
