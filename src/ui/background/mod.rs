//! Work that takes longer than a frame, on threads of its own, and the caches of its results.

pub mod cache;
pub mod camera;
pub mod costs;
pub mod embedding;
pub mod evolution;
pub mod film;
pub mod folder_index;
mod queue;
pub mod textures;
pub mod thumbnails;
pub mod top_tiles;
pub mod training;
#[cfg(feature = "webcam")]
mod webcam;
pub mod worker;
