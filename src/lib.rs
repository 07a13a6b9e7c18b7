//! # Striate
pub mod cli;
pub mod engine;
pub mod error;
#[cfg(feature = "gui")]
pub mod gpu;
pub mod kernels;
pub mod methods;
pub mod net;
pub mod paint;
pub mod picture;
#[cfg(feature = "gui")]
pub mod ui;
pub mod weights;
pub mod zoo;
pub use error::{Error, Result};
