//! The window. Each frame takes in what happened (`events`), draws everything (`frame`), applies the commands that
//! the panes returned (`apply`) and asks the engine for the next run (`follow`).

mod actions;
mod apply;
mod capture;
mod debounce;
mod epochs;
mod events;
mod follow;
mod frame;
mod heatmaps;
mod layout;
mod pending;
mod save;
mod screenshot;
mod surgery;
mod window;

pub use window::App;
