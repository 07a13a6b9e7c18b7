//! The classes by probability.

use crate::{
    engine::Run,
    figures::{ClassFacts, Facts},
    ui::{
        model::{
            commands::{Action, Command},
            export::{Export, numbers_of},
            state::View,
        },
        panels::panel::{Panel, PanelKind},
        theme::RADIUS,
        widgets::{caption, number},
    },
};
use eframe::egui::{self, Align2, FontId, Rect, Sense, Stroke, StrokeKind, TextStyle, Ui, WidgetInfo, pos2, vec2};
use std::{borrow::Cow, sync::Arc};

pub(super) const KIND: PanelKind = PanelKind {
    name: "scores",
    title: "Scores",
    about: "What the network takes the picture for. Click a class to see which pixels speak for it.",
    how: "A bar that fills its row is a probability of 100%. The number at the right is the score before softmax. A high probability is no proof that the network is right.",
    formula: "p[c] = exp(S[c]) / Σ exp(S)",
    paper: "Bridle 1990, Probabilistic interpretation of feedforward classification network outputs",
    make: || Box::<Scores>::default(),
};

#[derive(Default)]
struct Scores {
    /// The picture and the network of the list: a list of another starts at its top.
    listed: Option<(u64, usize)>,
}

/// Classes in the list; those behind have next to no probability.
const SHOWN: usize = 100;
const ROW: f32 = 22.0;
/// Between two rows.
const GAP: f32 = 2.0;

impl Panel for Scores {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let run = view.run();
        ui.horizontal(|ui| {
            let text = match view.selection.class {
                Some(class) => format!("explaining {}", run.model.class_name(class)),
                None => "explaining the predicted class".into(),
            };
            let text = if view.other.is_some() { format!("{text}  ·  A and B") } else { text };
            let text =
                if run.model.is_untrained() { format!("untrained: scores mean nothing  ·  {text}") } else { text };
            if view.selection.class.is_some() && ui.small_button("back to predicted").clicked() {
                out.push(Action::PredictedClass.into());
            }
            caption(ui, text);
        });
        heads(ui, view);
        let mut ranking = Cow::Borrowed(&view.shown.ranking);
        if let Some(other) = view.other {
            // The best classes of either picture stand on top.
            let share = |class: usize| run.probabilities[class].max(other.run.probabilities[class]);
            ranking.to_mut().sort_by(|&one, &two| share(two).total_cmp(&share(one)));
        }
        let in_sight = (ui.available_height() / ROW) as usize;
        let chosen = view.selection.class.and_then(|class| ranking.iter().position(|&other| other == class));
        if let Some(rank) = chosen.filter(|&rank| rank >= in_sight) {
            // The explained class is in sight without scrolling, whatever its rank.
            ranking.to_mut()[..=rank].rotate_right(1);
        }
        let count = ranking.len().min(SHOWN);
        let mut scroll = egui::ScrollArea::vertical().auto_shrink(false);
        let key = (run.of, Arc::as_ptr(&run.model) as usize);
        if self.listed.replace(key) != Some(key) {
            scroll = scroll.vertical_scroll_offset(0.0);
        }
        ui.spacing_mut().item_spacing.y = GAP;
        scroll.show_rows(ui, ROW - GAP, count, |ui, rows| {
            for rank in rows {
                row(ui, view, ranking[rank], ROW - GAP, out);
            }
        });
    }

    fn export(&self, view: View) -> Option<Export> {
        let (run, look) = (Arc::clone(view.run()), view.look);
        let best = view.shown.ranking.first().copied();
        let class = best.map(|class| ClassFacts::of(&run, class));
        let numbers = numbers_of(&run, view.shown.graph().scores(), None);
        let export = Export::new(view, "scores", numbers, move |_| {
            // The outputs of an untrained network are no probabilities.
            let values = if run.model.is_untrained() { &run.scores } else { &run.probabilities };
            Ok(strip(values, look.style))
        });
        Some(export.about(|facts| Facts { class, ..facts }))
    }
}

/// The predictions of auxiliary classifiers, a line each: GoogLeNet's and Inception v3's side branches.
fn heads(ui: &mut Ui, view: View) {
    let (graph, model) = (view.shown.graph(), &view.run().model);
    for head in view.run().auxiliary() {
        let value = if model.is_untrained() { number(head.score) } else { format!("{:.1}%", 100.0 * head.probability) };
        let name = graph.node(head.layer).name.split('.').next().unwrap_or_default();
        let text = format!("{name} says {} ({value})", model.class_name(head.class));
        caption(ui, text)
            .on_hover_text("An auxiliary classifier: it helped training, and the prediction does not depend on it");
    }
}

/// One class in a row of a height: its name over a bar as long as its probability.
pub(super) fn row(ui: &mut Ui, view: View, class: usize, height: f32, out: &mut Vec<Command>) {
    let run = view.run();
    let (name, score) = (run.model.class_name(class), run.scores[class]);
    // An untrained network has no probabilities.
    let trained = !run.model.is_untrained();
    let share = if trained { run.probabilities[class] } else { 0.0 };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    let picked = view.class() == class;
    let label = if trained { format!("class {name}") } else { name.clone() };
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, picked, label.clone()));
    let palette = view.palette;
    let painter = ui.painter();
    // The whole row is the scale of the bar.
    painter.rect_filled(rect, RADIUS, palette.hovered);
    if response.hovered() || response.has_focus() {
        painter.rect_stroke(rect, RADIUS, Stroke::new(1.0, palette.weak), StrokeKind::Inside);
    }
    let width = (rect.width() * share).max(if trained { 1.0 } else { 0.0 });
    let bar = Rect::from_min_max(rect.min, pos2(rect.left() + width, rect.bottom()));
    painter.rect_filled(bar, RADIUS, if picked { palette.bar_picked } else { palette.bar });
    let other = view.other.filter(|_| trained).map(|other| other.run.probabilities[class]);
    if let Some(other) = other {
        // The other picture's, a line along the lower edge.
        let end = pos2(rect.left() + (rect.width() * other).max(1.0), rect.bottom());
        painter.rect_filled(Rect::from_min_max(rect.left_bottom() - vec2(0.0, 3.0), end), 1.0, palette.second);
    }
    let mono = TextStyle::Monospace.resolve(ui.style());
    let text = ui.visuals().text_color();
    let at = |x: f32| pos2(x, rect.center().y);
    let percent = if trained { format!("{:.1}%", 100.0 * share) } else { number(score) };
    let mut left = rect.right() - 6.0;
    // In a narrow pane the name needs the room more; the score is in the hover text.
    if trained && rect.width() > 210.0 {
        // Two numbers a row: beside another picture's share, the score stands in the hover text alone.
        let (text, colour) = match other {
            Some(other) => (format!("{:.1}%", 100.0 * other), palette.second),
            None => (number(score), ui.visuals().text_color()),
        };
        let right = painter.text(at(left), Align2::RIGHT_CENTER, text, mono.clone(), colour);
        left = right.left().min(rect.right() - 46.0) - 10.0;
    }
    let shown = painter.text(at(left), Align2::RIGHT_CENTER, percent, mono, text);
    let room = Rect::from_min_max(rect.min, pos2(shown.left() - 6.0, rect.bottom()));
    let font: FontId = TextStyle::Body.resolve(ui.style());
    painter.with_clip_rect(room.intersect(ui.clip_rect())).text(
        at(rect.left() + 6.0),
        Align2::LEFT_CENTER,
        name,
        font,
        text,
    );
    let line = |run: &Run| match trained {
        true => format!("probability {:.6}, score {}", run.probabilities[class], number(run.scores[class])),
        false => format!("score {}, of an untrained network", number(run.scores[class])),
    };
    let beside = view.other.map_or_else(String::new, |other| format!("\nB: {}", line(&other.run)));
    let label = run.model.labels.all().get(class).filter(|_| trained);
    let names = label.map_or_else(String::new, |label| format!("{}\n", label.name));
    let response = response.on_hover_text(format!("{names}class {class}, {}{beside}", line(run)));
    if response.clicked() {
        out.push(Command::SelectClass(if picked { None } else { Some(class) }));
    }
}

/// One value a class as one row of a heatmap.
fn strip(values: &[f32], style: crate::paint::Style) -> image::RgbaImage {
    use crate::paint::{Plane, Range, paint_plane};
    let plane = Plane { values, width: values.len(), height: 1 };
    paint_plane(&plane, (values.len() * 4) as u32, 32, Range::of(values), &style)
}
