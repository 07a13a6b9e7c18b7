//! The time of a picture by the pictures at once, measured on this machine with the open network.

use crate::{
    engine::{BatchTime, BatchTimesInquiry, Inquiry},
    ui::{
        model::{commands::Command, state::View},
        panels::lectures::board,
        widgets::{
            chart::{ChartCurve, ChartFrame, chart},
            number,
        },
    },
};
use eframe::egui::{self, Ui, vec2};
use std::sync::Arc;

/// The chart; a button that measures it where it was not.
pub(super) fn batches(ui: &mut Ui, view: View, out: &mut Vec<Command>) {
    let run = view.run();
    let inquiry = BatchTimesInquiry(Arc::clone(run));
    match view.answers.get(&inquiry.key()) {
        Some(Ok(times)) => curve(ui, view, times),
        Some(Err(why)) => board::fault(ui, view, why),
        None => match view.status(inquiry.lane()) {
            Some(status) => {
                ui.add(egui::ProgressBar::new(status.fraction).desired_height(8.0))
                    .accessible_name("Progress of the measurement");
            }
            None => {
                let hint = "Forward passes of 1 to 32 copies of the open picture";
                if ui.button(format!("measure {}", run.model.card.title)).on_hover_text(hint).clicked() {
                    out.push(Command::Ask(inquiry.into()));
                }
                board::say(
                    ui,
                    "Several pictures at once use each weight several times while it is near the processor, and leave no \
                     core without work: a picture takes less time. From some number on it takes no less.",
                );
            }
        },
    }
}

fn curve(ui: &mut Ui, view: View, times: &[BatchTime]) {
    let points: Vec<[f64; 2]> = times.iter().map(|time| [time.batch as f64, time.milliseconds]).collect();
    let most = points.iter().map(|point| point[1]).fold(0.0, f64::max);
    let last = points.last().map_or(1.0, |point| point[0]);
    let frame = ChartFrame {
        name: "milliseconds a picture by pictures at once",
        across: [0.0, last],
        up: Some([0.0, 1.1 * most]),
        mark: None,
        size: vec2(ui.available_width().min(700.0), board::in_sight(ui).clamp(180.0, 360.0)),
    };
    let colour = view.palette.accent;
    chart(ui, &frame, vec![ChartCurve { name: "forward", points, colour, dots: true }]);
    let words = |time: &BatchTime| format!("{} at once: {} ms", time.batch, number(time.milliseconds as f32));
    let all: Vec<String> = times.iter().map(words).collect();
    board::say(ui, format!("Milliseconds a picture of {}: {}.", view.run().model.card.title, all.join("; ")));
}
