//! Networks at work: [`Model`] (a network with its card), [`Run`] (one picture through it), and [`Engine`], the worker
//! threads that the window asks.
//!
//! Architecture invariant: compute never touches egui; the window learns of results through [`Event`]s alone.

mod device;
mod handle;
mod inquiry;
mod lab;
mod labels;
mod live;
mod memory;
mod model;
mod request;
mod run;
mod variants;
mod worker;

pub use device::DeviceChoice;
pub use handle::{Engine, Status};
pub use inquiry::{Inquiry, InquiryKey};
pub use lab::{Change, Invariance, InvarianceKey, invariance};
pub use labels::{labels_of, read_labels};
pub use live::{Control, Frame};
pub use model::{Model, Opening};
pub use request::{Contribution, ContributionKey, Event, Lane, PictureSource, Pictured, Projection, Request};
pub use run::{LayerView, Run};
