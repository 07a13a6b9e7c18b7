//! # Striate
pub mod error;
pub mod kernels;
pub mod net;
pub mod zoo;
pub mod weights;
pub mod picture;
pub mod methods;
pub mod engine;
pub mod paint;
pub mod cli;
#[cfg(feature = "gui")]
pub mod gpu;
#[cfg(feature = "gui")]
pub mod ui;
pub use error::{Error, Result};
