//! Feature maps on the GPU: floats go up once, as they are; a fragment shader colours them on every frame.
//!
//! [`install`] makes the pipeline and the colour tables once. An [`Atlas`] is one layer's maps as a texture; a worker
//! thread uploads it. A [`TileGrid`] says which units to show, in what order and how; showing it is one paint callback,
//! and changing the order, the colours or the scaling uploads no map again. [`show_unit`] shows one unit large.
//! Heatmaps and other single planes are an atlas of one unit.
//!
//! Architecture invariants: nothing here knows what a network is, and `shaders/tiles.wgsl` paints what `crate::paint`
//! defines, pixel by pixel.

mod atlas;
mod callback;
mod errors;
mod grid;
mod install;
mod layout;
mod pipeline;
mod repeated;
#[cfg(test)]
mod tests;

pub use atlas::Atlas;
pub use errors::{report_errors, surface_action};
pub use grid::{Spot, TileGrid, TileResponse, TileStyle, show_unit, show_unit_at};
pub use install::install;
