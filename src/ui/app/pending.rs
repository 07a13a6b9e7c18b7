//! The runs that the engine was asked for, and those it will be asked for next.

use crate::picture::{Alteration, Picture};
use std::time::Instant;

/// The last request for a run of an altered or drawn picture, and the next.
#[derive(Default)]
pub struct AskedRuns {
    pub alteration: Alteration,
    pub at: Option<Instant>,
    /// The drawing that runs next.
    pub drawn: Option<Picture>,
    /// The drawing that ran last.
    pub ran: Option<Picture>,
}

impl AskedRuns {
    /// Sets the drawing that runs next. One that has not run yet is dropped.
    pub fn draw(&mut self, picture: Picture) {
        self.drawn = Some(picture);
    }

    /// Drops a drawing that has not run yet.
    pub fn forget_drawn(&mut self) {
        self.drawn = None;
    }
}
