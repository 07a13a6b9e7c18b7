//! From a file to what a network reads, and back.
//!
//! [`Picture`] is a photograph as a person sees it: upright, 8-bit RGB, transparency over white. [`Preprocess`] turns
//! it into a normalised tensor with Pillow's arithmetic, bit for bit, because networks were trained on pictures resized
//! that way. [`Geometry`] remembers where the tensor's pixels came from, so that heatmaps and receptive fields land on
//! the original picture.
//!
//! Invariant: nothing here knows a network; sizes, means and deviations come in as data.

mod alter;
mod flatten;
mod folder;
mod geometry;
mod jpeg;
mod levels;
mod open;
mod preparation;
mod preprocess;
mod resample;
mod samples;
mod tiff;

pub use alter::Alteration;
pub use folder::{ENDINGS, beside, first_in, folder_of, pictures_in};
pub use geometry::{Geometry, cropped};
pub use levels::cut_and_resize;
pub use open::{MAX_PIXELS, Picture, is_game, is_tiff, planes};
pub use preparation::{Preparation, PreparationPreset};
pub use preprocess::{Fit, Input, PixelScale, Preprocess};
pub use resample::Interpolation;
pub use samples::{SAMPLES, Sample, first_sample, offered_samples};
