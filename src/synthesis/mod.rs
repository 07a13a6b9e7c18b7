//! Pictures that a network would most like to see (Erhan et al. 2009; Simonyan, Vedaldi and Zisserman 2014), and
//! pictures that it cannot tell from another: gradient ascent on what is varied.
//!
//! A step: what is varied ([`Parametrisation`](parametrisation)) gives pictures, these are moved at random, run, and
//! measured by the [`Goal`]s; one reverse walk for every layer that is read brings the gradient back to the pictures,
//! the adjoints of all before bring it to what is varied, and an optimiser steps. Everything that may be set is a
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
mod optimiser;
mod parameters;
mod parametrisation;
mod penalty;
mod preset;
mod regularise;
mod resize;
#[cfg(test)]
mod testing;
mod warp;

pub use canvas::{Canvas, Measure, Recipe};
pub use frames::Frames;
pub use images::Images;
pub use objective::{At, Goal, Term};
pub use parameters::{PARAMETERS, in_words};
pub use preset::{PRESETS, Preset, find};
pub use warp::Warp;
