//! The runs that the engine was asked for, and those it will be asked for next.

use crate::picture::{Alteration, Picture};
use std::time::Instant;

/// What the engine was last asked to run of what is dragged or drawn.
#[derive(Default)]
pub struct AskedRuns {
    pub alteration: Alteration,
    pub at: Option<Instant>,
    /// What it will be asked to run.
    pub drawn: Option<Picture>,
    /// What it was last asked to run of what is drawn.
    pub ran: Option<Picture>,
}

impl AskedRuns {
    /// Something was drawn; what was drawn before and has not run yet is of no use.
    pub fn draw(&mut self, picture: Picture) {
        self.drawn = Some(picture);
    }

    /// What was drawn and has not run yet never will.
    pub fn forget_drawn(&mut self) {
        self.drawn = None;
    }
}
