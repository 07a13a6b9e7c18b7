//! The state of a pane's screenshot in the making.

use eframe::egui::{self, ColorImage, Pos2, Rect, UiBuilder, Vec2};
use egui_tiles::TileId;
use std::{path::PathBuf, sync::mpsc};

/// A pane that is to be taken, and where to.
pub struct Capture {
    pub tile: TileId,
    /// The clipboard where `None`.
    pub path: Option<PathBuf>,
    /// Frames until the next picture: a menu has to close, letters have to be drawn in their new size.
    pub frames: u8,
    /// The enlarged window, where the picture is to be twice as large.
    pub large: Option<Enlarged>,
}

/// A window drawn twice as large.
#[derive(Clone, Copy)]
pub struct Enlarged {
    /// The window at its usual size, and the pane in it.
    pub window: Vec2,
    pub pane: Rect,
    /// The zoom before.
    pub zoom: f32,
    /// The corner of the part of the pane that is in view, from the pane's own corner.
    pub part: Vec2,
}

/// A part of the window as it looked, and where it belongs in the picture of the pane.
pub type CapturedPart = (ColorImage, [usize; 2]);

/// The pane on its way to a picture.
pub struct Captures {
    pub wanted: Option<Capture>,
    /// The parts of the picture that are taken so far.
    pub image: Option<ColorImage>,
    pub sender: mpsc::Sender<CapturedPart>,
    pub taken: mpsc::Receiver<CapturedPart>,
}

impl Default for Captures {
    fn default() -> Self {
        let (sender, taken) = mpsc::channel();
        Captures { wanted: None, image: None, sender, taken }
    }
}

impl Captures {
    /// Whether a figure for a report is in the making.
    pub fn is_figure(&self) -> bool {
        self.wanted.as_ref().is_some_and(|wanted| wanted.large.is_some())
    }

    /// The area that the window is drawn into: moved, where a part of a pane is to be in view twice as large.
    pub fn place(&self, ui: &mut egui::Ui) -> Option<egui::Ui> {
        let large = self.wanted.as_ref()?.large?;
        let corner = Pos2::ZERO - large.pane.min.to_vec2() - large.part;
        let builder = UiBuilder::new().scope_id(ui.scope_id()).max_rect(Rect::from_min_size(corner, large.window));
        Some(ui.new_child(builder))
    }
}
