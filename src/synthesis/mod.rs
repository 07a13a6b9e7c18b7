//! Synthesis by gradient ascent: pictures that excite a class, a unit or a layer (Erhan et al. 2009; Simonyan, Vedaldi and
//! Zisserman 2014), and pictures with the same activations as another.
//!
//! A step turns the parameters (`parametrisation`) into pictures, moves these at random, runs the
//! network and measures the [`Goal`]s. One reverse walk for every layer with a goal brings the gradient back to the
//! pictures, the adjoints of all earlier steps bring it to the parameters, and an optimiser steps. Everything that may be set is a
//! [`PARAMETERS`] entry; [`PRESETS`] are published values of them.
//!
//! Architecture invariant: a step draws its random numbers from the seed and its own number alone, so that a run that is
//! paused, rewound and resumed ends with the same bits.

mod blur;
mod canvas;
mod diversity;
mod film;
mod fourier;
mod frames;
mod images;
mod objective;
mod octaves;
mod optimiser;
mod parameters;
mod parametrisation;
mod penalty;
mod preset;
mod regularise;
mod resize;
mod state;
#[cfg(test)]
mod testing;
mod warp;

pub use canvas::{Canvas, Measure, Recipe};
pub use frames::Frames;
pub use images::Images;
pub use objective::{At, Goal, Term};
pub use parameters::{PARAMETERS, in_words, in_words_of};
pub use preset::{PRESETS, Preset, find};
pub use warp::Warp;
