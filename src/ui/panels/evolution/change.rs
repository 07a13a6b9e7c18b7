//! The curves: loss and accuracy, how far a layer is from its end, and how alike its epochs are.

use crate::{
    net::NodeId,
    paint::ColourMap,
    train::LEAST_PICTURES,
    ui::{
        background::evolution::EvolutionSession,
        model::{commands::Command, state::View},
        theme::RADIUS,
        widgets::{
            chart::{CURVES, ChartCurve, ChartFrame, chart},
            hollow,
        },
    },
};
use eframe::egui::{self, Align2, Color32, FontId, Rect, RichText, Sense, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2};

/// The place of an epoch in the run, the cosine of its weights to the last ones, and the CKA of its activations to the last ones.
type LayerChange = (usize, Option<f64>, Option<f64>);

/// For each compared checkpoint that is known: its place, and the layer's cosine and alignment to the last.
pub(super) fn changes(session: &EvolutionSession, layer: NodeId) -> Vec<LayerChange> {
    let compared = session.compared();
    let last = compared.last().and_then(|&last| session.layer(layer, last));
    let change = |&index: &usize| {
        let own = session.layer(layer, index)?;
        let pair = own.state.similarities.as_ref().zip(last.as_ref()?.state.similarities.as_ref());
        Some((index, own.cosine, pair.and_then(|(own, last)| own.alignment(last))))
    };
    compared.iter().filter_map(change).collect()
}

/// Draws them; a click goes to the epoch.
pub(super) fn curves(ui: &mut Ui, view: View, session: &EvolutionSession, layer: NodeId, out: &mut Vec<Command>) {
    let files = session.files();
    let metrics = session.metrics();
    let epoch = |index: usize| files.get(index).map_or(0.0, |file| file.epoch as f64);
    let found = changes(session, layer);
    let area = ui.available_rect_before_wrap();
    let columns = if metrics.is_empty() { 2 } else { 3 };
    let width = (area.width() / columns as f32).max(150.0);
    let part = |column: usize| {
        let left = area.left() + column as f32 * width;
        Rect::from_min_max(pos2(left, area.top()), pos2(left + width - 10.0, area.bottom()))
    };
    let ends = [epoch(0), epoch(files.len() - 1).max(epoch(0) + 1.0)];
    let mark = Some(epoch(session.at()));
    let mut clicked = None;
    let mut draw = |ui: &mut Ui, name: &'static str, up: Option<[f64; 2]>, size: Vec2, curves: Vec<ChartCurve>| {
        ui.label(RichText::new(name).small().weak());
        clicked = chart(ui, &ChartFrame { name, across: ends, up, mark, size }, curves).or(clicked);
    };
    let size = |height: f32| vec2(width - 14.0, height);
    if columns == 3 {
        let mut ui = ui.new_child(UiBuilder::new().max_rect(part(0)).id_salt("learning"));
        ui.spacing_mut().item_spacing.y = 2.0;
        let line =
            |value: fn(&crate::train::Epoch) -> f64| metrics.iter().map(|one| [one.epoch as f64, value(one)]).collect();
        let pair = |training, test| {
            vec![
                ChartCurve { name: "training", points: training, colour: CURVES[0], dots: true },
                ChartCurve { name: "test", points: test, colour: view.palette.accent, dots: true },
            ]
        };
        let half = size((area.height() - 44.0) / 2.0);
        draw(&mut ui, "loss", None, half, pair(line(|one| one.loss), line(|one| one.test_loss)));
        let right = pair(line(|one| 100.0 * one.train_top1), line(|one| 100.0 * one.test_top1));
        draw(&mut ui, "right, in percent", Some([0.0, 100.0]), half, right);
    }
    let points = |value: fn(&LayerChange) -> Option<f64>| {
        found.iter().filter_map(|one| Some([epoch(one.0), value(one)?])).collect::<Vec<_>>()
    };
    let change = vec![
        ChartCurve { name: "cosine of weights", points: points(|one| one.1), colour: CURVES[0], dots: true },
        ChartCurve { name: "CKA of activations", points: points(|one| one.2), colour: CURVES[1], dots: true },
    ];
    let mut middle = ui.new_child(UiBuilder::new().max_rect(part(columns - 2)).id_salt("change"));
    draw(&mut middle, "likeness to the last epoch", Some([0.0, 1.0]), size(area.height() - 22.0), change);
    let mut right = ui.new_child(UiBuilder::new().max_rect(part(columns - 1)).id_salt("pairs"));
    match found.len() < session.compared().len() {
        true => hollow(&mut right, &format!("{} of {} epochs", found.len(), session.compared().len()), true),
        false if found.iter().all(|one| one.2.is_none()) => {
            let words = format!("Linear CKA takes {LEAST_PICTURES} pictures: index a folder, or open a picture of one");
            hollow(&mut right, &words, false);
        }
        false => clicked = matrix(&mut right, view, session, layer).map(epoch).or(clicked),
    }
    ui.allocate_rect(area, Sense::hover());
    if let Some(at) = clicked {
        let far = |index: &usize| (epoch(*index) - at).abs();
        out.extend((0..files.len()).min_by(|a, b| far(a).total_cmp(&far(b))).map(Command::GoToEpoch));
    }
}

/// The alignment of every epoch with every epoch, a square a pair; returns the place of a clicked epoch.
fn matrix(ui: &mut Ui, view: View, session: &EvolutionSession, layer: NodeId) -> Option<usize> {
    let compared = session.compared();
    let files = session.files();
    let states: Vec<_> = compared.iter().filter_map(|&index| session.layer(layer, index)).collect();
    if states.is_empty() {
        return None;
    }
    ui.label(RichText::new("CKA of each epoch with each").small().weak());
    let area = ui.available_rect_before_wrap();
    let side = (area.width() - 26.0).min(area.height() - 18.0).max(20.0);
    let square = Rect::from_min_size(area.min + vec2(26.0, 0.0), Vec2::splat(side));
    let response = ui.interact(square, ui.scope_id().with("matrix"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, "CKA of each epoch with each"));
    let cell = side / states.len().max(1) as f32;
    let value = |row: usize, column: usize| {
        let pair = states[row].state.similarities.as_ref().zip(states[column].state.similarities.as_ref());
        pair.and_then(|(a, b)| a.alignment(b))
    };
    let colours = ColourMap::Viridis.table();
    let small = FontId::proportional(10.0);
    for (row, &index) in compared.iter().enumerate().take(states.len()) {
        for column in 0..states.len() {
            let corner = square.min + vec2(column as f32 * cell, row as f32 * cell);
            let rect = Rect::from_min_size(corner, Vec2::splat(cell - 1.0));
            let Some(value) = value(row, column) else {
                ui.painter().rect_filled(rect, RADIUS, view.palette.hovered);
                continue;
            };
            let [r, g, b] = colours[(value.clamp(0.0, 1.0) * 255.0) as usize];
            ui.painter().rect_filled(rect, 1.0, Color32::from_rgb(r, g, b));
            if cell > 26.0 {
                let ink = if value > 0.6 { Color32::BLACK } else { Color32::WHITE };
                let text = format!("{value:.2}");
                ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, small.clone(), ink);
            }
        }
        let name = files.get(index).map_or_else(String::new, |file| file.epoch.to_string());
        let middle = (row as f32 + 0.5) * cell;
        let [left, below] =
            [pos2(square.left() - 4.0, square.top() + middle), pos2(square.left() + middle, square.bottom() + 2.0)];
        ui.painter().text(left, Align2::RIGHT_CENTER, &name, small.clone(), view.palette.weak);
        ui.painter().text(below, Align2::CENTER_TOP, &name, small.clone(), view.palette.weak);
    }
    let at = response.hover_pos().map(|at| (at - square.min) / cell)?;
    let [column, row] = [at.x, at.y].map(|share| (share as usize).min(states.len() - 1));
    let epochs = [row, column].map(|place| files.get(compared[place]).map_or(0, |file| file.epoch));
    let words = value(row, column).map_or_else(|| "too few pictures".to_owned(), |value| format!("CKA {value:.4}"));
    let clicked = response.clicked();
    response.on_hover_text(format!("epochs {} and {}: {words}", epochs[0], epochs[1]));
    clicked.then_some(compared[column])
}
