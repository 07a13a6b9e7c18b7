//! The tour: everything about one picture, layer by layer, as a folder that a browser opens.
//!
//! [`Tour`] says what a tour is about and writes it into a [`crate::paint::NewFolder`], of which a whole one appears or none.
//! The pictures come from [`crate::figures`].

mod contents;
mod methods;
mod page;
mod pictures;
mod steps;

pub use contents::{TOUR, Tour};
