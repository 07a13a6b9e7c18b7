//! The class's probability, and the movement of layers, as the picture is shifted, scaled, rotated or covered.

use crate::{
    engine::{Change, Inquiry, Invariance, InvarianceInquiry},
    figures::Spreadsheet,
    net::NodeId,
    ui::{
        model::{
            commands::Command,
            export::Export,
            state::{View, layer_name},
            viewport,
        },
        panels::{
            panel::{Panel, PanelKind, keep, take},
            picture::tools,
        },
        widgets::{combo, hollow, number, toolbar},
    },
};
use eframe::egui::{
    self, Align2, Color32, FontId, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

pub(super) const KIND: PanelKind = PanelKind {
    name: "invariance",
    title: "Invariance",
    about: "The class's probability, and how far layers move, as the picture is shifted, scaled, rotated or covered \
            (Zeiler and Fergus 2014). Click the curves to alter the picture by that much.",
    how: "The thick curve is the probability of the class as the picture changes; the thin ones say how far layers move. A flat thick curve means that the change does not matter to the network.",
    formula: "change of a layer = |f(T(x)) - f(x)| / |f(x)| for a shift, scale or rotation T",
    paper: "Zeiler and Fergus 2014, figure 5",
    make: || Box::<InvariancePanel>::default(),
};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct InvarianceOptions {
    change: Change,
}

#[derive(Default)]
struct InvariancePanel {
    options: InvarianceOptions,
    /// The picture that was measured last, and the class that it was measured for. The network may put an altered
    /// picture into another class, but the curve stays about the measured one.
    measured: Option<(u64, usize)>,
}

/// Colours of the layers' curves, from the first layer to the last.
const COLOURS: [Color32; 3] =
    [Color32::from_rgb(86, 180, 233), Color32::from_rgb(0, 158, 115), Color32::from_rgb(204, 121, 167)];

impl Panel for InvariancePanel {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let inquiry = self.inquiry(view);
        let (key, change) = (inquiry.key(), inquiry.change);
        let found = view.answers.get(&key);
        let status = view.status(inquiry.lane()).filter(|_| view.answers.is_asked(&key));
        toolbar(ui, |ui| {
            combo(ui, "Change", change.label(), 110.0, |ui| {
                for other in Change::ALL {
                    ui.selectable_value(&mut self.options.change, other, other.label());
                }
            });
            let button = egui::Button::new("Measure");
            let hint = "Runs the network on 21 changed pictures";
            if ui.add_enabled(found.is_none() && status.is_none(), button).on_hover_text(hint).clicked() {
                self.measured = Some((key.of, key.class));
                out.push(Command::Ask(inquiry.into()));
            }
        });
        match found {
            Some(Ok(found)) => {
                let found = Arc::clone(found);
                let area = ui.available_rect_before_wrap();
                let (top, plot) = area.split_top_bottom_at_y(area.top() + 18.0);
                self.plot(ui, view, &found, top, plot, out);
            }
            Some(Err(why)) => hollow(ui, why, false),
            None => match status {
                Some(status) => hollow(ui, &format!("{}: {:.0}%", change.label(), 100.0 * status.fraction), true),
                None => hollow(ui, KIND.about, false),
            },
        }
    }

    fn export(&self, view: View) -> Option<Export> {
        let found = view.answers.get(&self.inquiry(view).key())?.as_ref().ok()?;
        let trained = !view.run().model.is_untrained();
        let first = |title: &str, probability: String| {
            std::iter::once(title.to_owned()).chain(trained.then_some(probability)).collect::<Vec<_>>()
        };
        let distance = |(layer, _): &(NodeId, _)| format!("distance of {}", view.shown.graph().node(*layer).name);
        let titles = first("amount", "probability".into()).into_iter().chain(found.distances.iter().map(distance));
        let mut cells = Spreadsheet::new(titles);
        for (index, amount) in found.amounts.iter().enumerate() {
            let start = first(&amount.to_string(), found.probabilities[index].to_string());
            let distances = found.distances.iter().map(|(_, distances)| distances[index].to_string());
            cells.add(start.into_iter().chain(distances));
        }
        Some(Export::table(view, &format!("invariance {}", self.options.change.label()), cells))
    }

    fn options(&self) -> Value {
        keep(&self.options)
    }

    fn restore(&mut self, options: Value) {
        self.options = take(options);
    }
}

impl InvariancePanel {
    fn inquiry(&self, view: View) -> InvarianceInquiry {
        InvarianceInquiry { run: Arc::clone(view.run()), change: self.options.change, class: self.class(view) }
    }

    /// The class that is measured.
    fn class(&self, view: View) -> usize {
        let measured = self.measured.filter(|(of, _)| *of == view.run().of && view.selection.class.is_none());
        measured.map_or_else(|| view.class(), |(_, class)| class)
    }

    /// The curves, and under the pointer the numbers and the changed picture.
    fn plot(&self, ui: &mut Ui, view: View, found: &Invariance, top: Rect, area: Rect, out: &mut Vec<Command>) {
        let plot = Rect::from_min_max(area.min + vec2(4.0, 4.0), area.max - vec2(4.0, 18.0));
        let response = ui.interact(area, ui.scope_id().with("plot"), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, "curves of invariance"));
        let painter = ui.painter();
        painter.rect_stroke(plot, 0.0, Stroke::new(1.0, view.palette.line), StrokeKind::Inside);
        let last = found.amounts.len() - 1;
        let x = |index: usize| plot.left() + plot.width() * index as f32 / last.max(1) as f32;
        let curve = |values: &[f32], most: f32, colour: Color32, width: f32| {
            let point = |(index, value): (usize, &f32)| pos2(x(index), plot.bottom() - plot.height() * value / most);
            let points: Vec<Pos2> = values.iter().enumerate().map(point).collect();
            painter.line(points, Stroke::new(width, colour));
        };
        let farthest =
            found.distances.iter().flat_map(|(_, values)| values).fold(1.0f32, |most, &value| most.max(value));
        for ((_, distances), colour) in found.distances.iter().zip(COLOURS) {
            curve(distances, farthest, colour, 1.2);
        }
        // The outputs of an untrained network are no probabilities.
        let trained = !view.run().model.is_untrained();
        if trained {
            curve(&found.probabilities, 1.0, view.palette.accent, 2.4);
        }
        let change = self.options.change;
        let small = FontId::proportional(10.5);
        for (index, align) in [(0, Align2::LEFT_TOP), (last / 2, Align2::CENTER_TOP), (last, Align2::RIGHT_TOP)] {
            let at = pos2(x(index), plot.bottom() + 3.0);
            painter.text(at, align, change.say(found.amounts[index]), small.clone(), view.palette.weak);
        }
        let hovered = response
            .hover_pos()
            .map(|at| (((at.x - plot.left()) / plot.width() * last as f32).round().clamp(0.0, last as f32)) as usize);
        // Else where the picture is now.
        let far = |index: &usize| (found.amounts[*index] - change.amount(&view.selection.alteration)).abs();
        let nearest = || (0..=last).min_by(|a, b| far(a).total_cmp(&far(b))).unwrap_or(0);
        let index = hovered.unwrap_or_else(nearest);
        let mut words = vec![(change.say(found.amounts[index]), view.palette.weak)];
        words.push(match trained {
            true => (format!("{:.1}%", 100.0 * found.probabilities[index]), view.palette.accent),
            false => ("untrained: no probability".to_owned(), view.palette.warning),
        });
        for ((layer, distances), colour) in found.distances.iter().zip(COLOURS) {
            let name = layer_name(view.shown.graph().node(*layer));
            words.push((format!("{name} {}", number(distances[index])), colour));
        }
        let mut left = top.left();
        for (text, colour) in words {
            let shown = painter.layout_no_wrap(text, FontId::proportional(11.5), colour);
            let right = left + shown.size().x;
            // In a narrow pane, as many as fit.
            if right > top.right() {
                break;
            }
            painter.galley(pos2(left, top.top()), shown, colour);
            left = right + 10.0;
        }
        // Where the picture is now: on the curve where it is altered in this way alone.
        let alteration = view.selection.alteration;
        if !alteration.is_none() {
            let [low, high] = change.range().0;
            let share = ((change.amount(&alteration) - low) / (high - low)).clamp(0.0, 1.0);
            let at = plot.left() + plot.width() * share;
            let now = view.run().probabilities.get(self.class(view)).copied().unwrap_or(0.0);
            painter.vline(at, plot.y_range(), Stroke::new(1.0, view.palette.accent.gamma_multiply(0.6)));
            if trained {
                let place = pos2(at, plot.bottom() - plot.height() * now);
                painter.circle(place, 4.0, view.palette.pane, Stroke::new(2.0, view.palette.accent));
            }
        }
        if hovered.is_some() {
            painter.vline(x(index), plot.y_range(), Stroke::new(1.0, view.palette.weak));
            let side = (plot.height() * 0.6).clamp(32.0, 110.0);
            let right = x(index) < plot.center().x;
            let corner = pos2(if right { plot.right() - side - 4.0 } else { plot.left() + 4.0 }, plot.top() + 4.0);
            let frame = Rect::from_min_size(corner, Vec2::splat(side));
            let pictures = view.pictures();
            let texture = pictures.as_ref().and_then(|pictures| pictures.picture.as_ref());
            if let (Some(texture), Some(geometry)) = (texture, &view.run().geometry) {
                let painter = painter.with_clip_rect(frame);
                let rects = [frame, viewport::around(frame, geometry)];
                let mean = view.run().model.preprocess.mean_colour();
                tools::paint(&painter, texture.id(), rects, &change.by(found.amounts[index]), mean);
            }
        }
        if response.clicked() && hovered.is_some() {
            out.push(Command::Alter(change.by(found.amounts[index])));
        }
    }
}
