//! The tour: everything about one picture, layer by layer, as a folder that a browser opens.
//!
//! [`Tour`] says what a tour is about and writes it, [`Folder`] makes a whole folder appear or none. The pictures come from
//! [`crate::figures`].

mod contents;
mod folder;
mod methods;
mod page;
mod pictures;
mod steps;

pub use contents::Tour;
pub use folder::Folder;
