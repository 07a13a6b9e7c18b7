//! A network's drawing: its boxes, where they stand, and their texts.

use super::{
    fold::{Boxed, FoldBlock, Folded, blocks, fold},
    layout::{BoxLayout, layout},
};
use crate::{
    net::{Graph, Op},
    ui::{
        model::state::View,
        theme::RADIUS,
        widgets::{describe, kinds::kind_colour},
    },
};
use eframe::egui::{Align2, Color32, FontId, Pos2, Rect, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};
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
    /// Lays out a network whose `open` blocks are unfolded, about `aspect` times as wide as high.
    pub(super) fn new(graph: &Graph, open: BTreeSet<String>, aspect: f32) -> Self {
        let blocks = blocks(graph);
        let folded = fold(graph, &blocks, &open);
        let size = |boxed: &Boxed| match boxed.block {
            None if is_low(&graph.node(boxed.node).op) => LOW,
            _ => BOX,
        };
        let sizes: Vec<Vec2> = folded.boxes.iter().map(size).collect();
        let layout = layout(&folded, &sizes, aspect);
        Drawn { graph: std::ptr::from_ref(graph) as usize, open, aspect, blocks, folded, layout }
    }

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

/// Below this a box has room for a name only, which is never smaller than the other.
const BOTH: f32 = 0.68;
const SMALLEST: f32 = 9.0;

impl Drawn {
    /// Draws a box with its thumbnail and texts.
    pub(super) fn paint_box(
        &self,
        ui: &Ui,
        view: View,
        camera: DrawingView,
        index: usize,
        picked: bool,
        hovered: bool,
    ) {
        let rect = camera.rect(self.layout.boxes[index]);
        let boxed = &self.folded.boxes[index];
        let node = view.shown.graph().node(boxed.node);
        let [first, second] = self.texts(index, view);
        let pictures = view.pictures();
        let palette = view.palette;
        let fill = match (picked, hovered) {
            (true, _) => palette.picked,
            (_, true) => palette.line,
            _ => palette.hovered,
        };
        let painter = ui.painter();
        painter.rect_filled(rect, f32::from(RADIUS) * camera.zoom.min(1.0), fill);
        let stroke = if picked { Stroke::new(2.0, palette.accent) } else { Stroke::new(1.0, palette.line) };
        if boxed.block.is_some() {
            // A second sheet below: there is more in it.
            painter.rect_stroke(rect.translate(vec2(3.0, 3.0) * camera.zoom), RADIUS, stroke, StrokeKind::Inside);
        }
        painter.rect_stroke(rect, RADIUS, stroke, StrokeKind::Inside);
        if let Some(colour) = kind_colour(&node.op).filter(|_| boxed.block.is_none()) {
            let edge = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 2.5 * camera.zoom), rect.max);
            painter.rect_filled(edge, 1.0, colour);
        }
        let mut left = rect.left() + 6.0 * camera.zoom;
        if rect.height() > 7.0
            && !(is_low(&node.op) && boxed.block.is_none())
            && let Some(pictures) = &pictures
        {
            let side = rect.height() - 4.0 * camera.zoom;
            let at = rect.left_top() + vec2(2.0, 2.0) * camera.zoom;
            let (texture, uv) = pictures.thumbnail(boxed.node);
            painter.image(texture, Rect::from_min_size(at, Vec2::splat(side)), uv, Color32::WHITE);
            left = at.x + side + 5.0 * camera.zoom;
        }
        let clipped = painter.with_clip_rect(rect.shrink(1.0).intersect(ui.clip_rect()));
        let text = if picked { ui.visuals().strong_text_color() } else { ui.visuals().text_color() };
        // Text that does not fit is left out, not cut: the hover text holds all of it.
        let write = |words: &str, size: f32, middle: f32, colour: Color32| {
            let galley = painter.layout_no_wrap(words.to_owned(), FontId::proportional(size), colour);
            let fits = left + galley.size().x <= rect.right() - 2.0;
            if fits {
                clipped.galley(pos2(left, middle - galley.size().y / 2.0), galley, colour);
            }
            fits
        };
        let (middle, zoom) = (rect.center().y, camera.zoom.min(1.6));
        if second.is_empty() || camera.zoom < BOTH {
            if rect.height() >= SMALLEST + 2.0 {
                write(&first, (12.0 * zoom).max(SMALLEST), middle, text);
            }
        } else {
            write(&first, 12.0 * zoom, middle - 8.0 * camera.zoom, text);
            let (size, below) = (10.0 * zoom, middle + 8.0 * camera.zoom);
            let _ = write(&second, size, below, palette.weak)
                || write(&describe::short_output(node), size, below, palette.weak);
        }
        let left_out = self.folded.left_out[index];
        if left_out > 0 && camera.zoom >= READABLE {
            let font = FontId::proportional(9.0 * zoom);
            let at = rect.left_top() + vec2(2.0, -1.0);
            painter.text(at, Align2::LEFT_BOTTOM, format!("+{left_out} earlier"), font, palette.weak);
        }
    }
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
