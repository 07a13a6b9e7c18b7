//! Everything around the panes: the menu bar, the status line, keys, and pages over the window.

mod drop;
pub mod finder;
pub mod guide;
mod keys;
mod menu;
mod overlay;
mod status;

pub use drop::{drop_hint, is_dropping};
pub use keys::keys;
pub use menu::menu;
pub use overlay::{Overlay, overlay};
pub use status::status;
