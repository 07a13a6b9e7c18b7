//! The window's state, and the commands that change it. Nothing here draws.

pub mod arrangement;
pub mod commands;
pub mod export;
pub mod glossary;
pub mod guide;
pub mod history;
pub mod pin;
pub mod remembered;
pub mod settings;
pub mod stages;
pub mod state;
pub mod viewport;
