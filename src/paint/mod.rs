//! Numbers to pictures: colour tables, tiles and mosaics, overlays, and the files they are written to.
//!
//! [`colour`] and [`tile_value`] are THE definitions of how a value becomes a pixel: the shader mirrors them, and every
//! exported PNG goes through them, so that the window and the file never disagree.
//!
//! Invariant: nothing here knows a network or a window; it gets slices of numbers and their sizes.

mod colour;
mod encode;
mod film;
mod folder;
mod listing;
mod mosaic;
mod npy;
mod overlay;
mod plane;
mod range;
mod temporary;
mod write;

pub use colour::{ColourMap, NAN_COLOUR, Style, colour, position};
pub use encode::{PictureFormat, SOFTWARE, encode, encode_png, write_picture, write_png};
pub use film::write_film;
pub use folder::NewFolder;
pub use listing::FolderKind;
pub use mosaic::{FeatureMaps, Layout, mosaic, rgb_filters, signed_picture, signed_rgb};
pub use npy::{encode_npy, read_npy, write_npy};
pub use overlay::overlay;
pub use plane::{Plane, paint_plane, tap, taps, tile_value, upsample_bilinear};
pub use range::{Range, Scaling};
pub use write::write_atomically;
