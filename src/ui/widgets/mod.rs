//! Pieces that several panels share.

pub mod chart;
mod class_picker;
mod colour_bar;
mod controls;
pub mod describe;
mod folder_bar;
mod heat_style;
pub mod icons;
pub mod kinds;
pub mod layer_slider;
mod notes;
pub mod numbers;
pub mod parameters;
mod pictures;
pub mod pointing;
mod spinner;
mod terms;
mod trust;

pub use crate::figures::words::number;
pub use class_picker::class_picker;
pub use colour_bar::{BAR, Ends, colour_bar};
pub use controls::{
    combo, draw_as_figures, gamma, is_figure, look_controls, ramp, search, slider, slider_saying, staying, toolbar,
};
pub use folder_bar::folder_bar;
pub use heat_style::heat_style;
pub use notes::{caption, hollow, is_brief, remarks_below, weights_notes};
pub use pictures::{WHOLE, cross, fill, fit, image_at};
pub use spinner::spinner;
pub use terms::explained;
pub use trust::{trust, trust_said};
