//! Networks at work: [`Model`] (a network with its card), [`Run`] (one picture through it), and [`Engine`], the worker
//! thread that the window asks.
//!
//! Architecture invariant: compute never touches egui; the window learns of results through [`Event`]s alone.

mod device;
mod inquiry;
mod lab;
mod labels;
mod live;
mod model;
mod run;
mod worker;

pub use device::DeviceChoice;
pub use inquiry::{Inquiry, InquiryKey};
pub use lab::{Change, Invariance, InvarianceKey, invariance};
pub use labels::read_labels;
pub use live::{Control, Frame};
pub use model::{Model, Opening};
pub use run::{LayerView, Run};
pub use worker::{Engine, Event, Lane, PictureSource, Projection, Request, Status};
