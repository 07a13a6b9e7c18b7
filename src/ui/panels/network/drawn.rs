//! A network's drawing: its boxes, where they stand, and their texts.

use super::{
    fold::{FoldBlock, Folded},
    layout::BoxLayout,
};
use crate::{
    net::Op,
    ui::{model::state::View, widgets::describe},
};
use eframe::egui::{Pos2, Rect, Vec2, vec2};
use std::collections::BTreeSet;

/// Below this, text would be too small to read.
pub(super) const READABLE: f32 = 0.55;
pub(super) struct Drawn {
    /// The address of the graph, which a run holds as long as it is on screen.
    pub graph: usize,
    pub open: BTreeSet<String>,
    pub aspect: f32,
    pub blocks: Vec<FoldBlock>,
    pub folded: Folded,
    pub layout: BoxLayout,
}

pub(super) const BOX: Vec2 = vec2(180.0, 40.0);
/// Layers that rectify or normalise only.
pub(super) const LOW: Vec2 = vec2(96.0, 20.0);

impl Drawn {
    pub(super) fn texts(&self, index: usize, view: View) -> [String; 2] {
        let boxed = &self.folded.boxes[index];
        let node = view.shown.graph().node(boxed.node);
        match boxed.block {
            Some(block) => {
                [self.blocks[block].name.clone(), format!("{} layers  {}", boxed.count, describe::short_output(node))]
            }
            None if is_low(&node.op) => [node.op.kind().to_owned(), String::new()],
            None => [
                node.title.map_or_else(|| node.name.clone(), str::to_owned),
                format!("{}  {}", describe::kind(node), describe::short_output(node)),
            ],
        }
    }
}

pub(super) fn is_low(op: &Op) -> bool {
    matches!(op, Op::Relu | Op::BatchNorm { .. } | Op::Dropout { .. } | Op::Flatten | Op::Tanh { .. } | Op::Sigmoid)
}

/// From a point of the drawing to one of the screen.
#[derive(Clone, Copy)]
pub(super) struct DrawingView {
    pub zoom: f32,
    pub middle: Pos2,
    pub area: Rect,
}

impl DrawingView {
    pub fn point(self, at: Pos2) -> Pos2 {
        self.area.center() + (at - self.middle) * self.zoom
    }

    pub fn rect(self, rect: Rect) -> Rect {
        Rect::from_min_max(self.point(rect.min), self.point(rect.max))
    }

    pub fn back(self, at: Pos2) -> Pos2 {
        self.middle + (at - self.area.center()) / self.zoom
    }
}
