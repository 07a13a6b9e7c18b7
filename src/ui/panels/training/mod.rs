//! Training in the window: the settings of a run, its curves, and the network as it is now.

mod form;
mod live;

use crate::{
    figures::Spreadsheet,
    train::Epoch,
    ui::{
        background::training::{TrainingPhase, TrainingState},
        model::{
            commands::{Command, TrainingCommand},
            export::Export,
            state::View,
        },
        panels::panel::{Panel, PanelKind, keep, take},
        widgets::{
            caption,
            chart::{CURVES, ChartCurve, ChartFrame, chart},
            hollow, toolbar,
        },
    },
};
use eframe::egui::{self, Rect, Ui, UiBuilder, Vec2, vec2};
use form::TrainingForm;
use live::LivePictures;
use serde_json::Value;

pub(super) const KIND: PanelKind = PanelKind {
    name: "training",
    title: "Training",
    about: "A network learns while you watch: loss and accuracy over the epochs, its first filters, and what it makes of the \
            open picture at this moment. Every epoch is kept as a file that opens like any other weights.",
    how: "The loss falls and the share of right pictures rises. Where the curve of the test turns away from that of training, \
          the network learns its pictures by heart. Filters begin as noise; edges and colours appear in the first epochs. \
          Other networks can be explored meanwhile: training takes the cores that nothing else wants.",
    formula: "L = -log p[class], mean over a batch; v = μ v + ∂L/∂w + λ w, w = w - η v for gradient descent with momentum",
    paper: "LeCun, Bottou, Bengio and Haffner 1998; Robbins and Monro 1951",
    make: || Box::<TrainingPane>::default(),
};

#[derive(Default)]
struct TrainingPane {
    form: TrainingForm,
    live: LivePictures,
    /// The number of the dialog's answer that the form took last.
    taken: u64,
}

/// Panes narrower than this stand what is beside the curves below them, in points.
const NARROW: f32 = 560.0;

impl Panel for TrainingPane {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let desk = view.training;
        if let Some((number, pick)) = desk.picked.as_ref().filter(|(number, _)| *number > self.taken) {
            self.taken = *number;
            self.form.take(pick);
        }
        let state = &desk.state;
        let is_on = desk.session.is_some() && state.phase.is_on();
        match is_on {
            true => controls(ui, view, out),
            false => {
                self.form.ui(ui, out);
                show_epochs(ui, view, out);
            }
        }
        let Some(session) = &desk.session else { return hollow(ui, KIND.about, false) };
        let picture = view.run().picture.as_ref();
        session.show(picture, self.form.layer.as_deref());
        say(ui, view, state);
        if state.phase == TrainingPhase::Reading {
            let share = if state.read > 0.0 { format!(": {:.0}%", 100.0 * state.read) } else { String::new() };
            return hollow(ui, &format!("Reading {}{share}", state.title[1]), true);
        }
        let area = ui.available_rect_before_wrap();
        if area.width() < NARROW {
            egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                let size = vec2(ui.available_width() - 8.0, 130.0);
                curves(ui, view, state, size);
                let rect = Rect::from_min_size(ui.cursor().min, vec2(size.x, 300.0));
                self.live.ui(ui, view, rect, &mut self.form.layer);
                ui.allocate_rect(rect, egui::Sense::hover());
            });
            return;
        }
        let (left, right) = area.split_left_right_at_x(area.left() + 0.55 * area.width());
        let mut beside = ui.new_child(UiBuilder::new().max_rect(left).id_salt("curves"));
        beside.spacing_mut().item_spacing.y = 2.0;
        curves(&mut beside, view, state, vec2(left.width() - 8.0, (left.height() - 40.0) / 2.0));
        self.live.ui(ui, view, right.with_min_x(right.left() + 6.0), &mut self.form.layer);
        ui.allocate_rect(area, egui::Sense::hover());
    }

    fn export(&self, view: View) -> Option<Export> {
        view.training.session.as_ref()?;
        let epochs = &view.training.state.epochs;
        let titles = "epoch,loss,train_top1,test_loss,test_top1,seconds,pictures_per_second";
        let mut cells = Spreadsheet::new(titles.split(','));
        for epoch in epochs.iter() {
            let Epoch { epoch, loss, train_top1, test_loss, test_top1, seconds, pictures_per_second } = epoch;
            let numbers = [loss, train_top1, test_loss, test_top1, seconds, pictures_per_second].map(f64::to_string);
            cells.add(std::iter::once(epoch.to_string()).chain(numbers));
        }
        (!epochs.is_empty()).then(|| Export::table(view, "training", cells))
    }

    fn options(&self) -> Value {
        keep(&self.form)
    }

    fn restore(&mut self, options: Value) {
        self.form = take(options);
    }
}

/// The buttons of a run that is on.
fn controls(ui: &mut Ui, view: View, out: &mut Vec<Command>) {
    let state = &view.training.state;
    toolbar(ui, |ui| {
        let paused = state.phase == TrainingPhase::Paused;
        let (label, hint) = match paused {
            true => ("Resume", "Go on with the next batch"),
            false => ("Pause", "Wait after the present batch; nothing is lost"),
        };
        if ui.button(label).on_hover_text(hint).clicked() {
            out.push(Command::Train(TrainingCommand::Pause(!paused)));
        }
        let hint = "End the run. It can go on after its last whole epoch, here or with 'striate train --resume'";
        if ui.button("Stop").on_hover_text(hint).clicked() {
            out.push(Command::Train(TrainingCommand::Stop));
        }
        show_epochs(ui, view, out);
        let Some(at) = &state.progress else { return };
        let bar = egui::ProgressBar::new(at.share as f32).desired_width(110.0).desired_height(6.0);
        ui.add(bar).accessible_name("Progress of the training");
        let left = duration(at.seconds_left);
        ui.label(egui::RichText::new(format!("epoch {} of {}  ·  {left} left", at.epoch, at.epochs)).small());
    });
}

/// The button that opens the run's checkpoints.
fn show_epochs(ui: &mut Ui, view: View, out: &mut Vec<Command>) {
    let Some(session) = &view.training.session else { return };
    let hint = "Open the weights of every epoch so far: all panes follow from epoch to epoch";
    if !view.training.state.epochs.is_empty() && ui.button("Explore epochs").on_hover_text(hint).clicked() {
        out.push(Command::OpenRun(session.folder.clone()));
    }
}

/// One line about the run.
fn say(ui: &mut Ui, view: View, state: &TrainingState) {
    if let TrainingPhase::Failed(why) = &state.phase {
        ui.colored_label(view.palette.warning, why);
        return;
    }
    let [name, data] = &state.title;
    let [train, test] = state.pictures;
    let mut words = format!("{name} on {data}");
    if train > 0 {
        words.push_str(&format!("  ·  {train} pictures, {test} for the test"));
    }
    if let Some(at) = &state.progress {
        words.push_str(&format!("  ·  {:.0} pictures a second", at.pictures_per_second));
    }
    if state.phase.is_on() && state.progress.is_some() {
        words.push_str(&format!("  ·  looking takes {:.1}% of the time", 100.0 * state.looking));
    }
    caption(ui, words).on_hover_text("Weights, numbers and the state of the run are in its folder after every epoch");
}

/// "3 min", "12 s".
fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds >= 5400.0 => format!("{:.1} h", seconds / 3600.0),
        seconds if seconds >= 90.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{seconds:.0} s"),
    }
}

/// Loss and accuracy over the epochs.
fn curves(ui: &mut Ui, view: View, state: &TrainingState, size: Vec2) {
    let last = state.within.last().map_or(0.0, |point| point[0]);
    let done = state.epochs.last().map_or(0.0, |epoch| epoch.epoch as f64);
    let across = [0.0, last.max(done).max(1.0)];
    let points = |part: fn(&Epoch) -> f64| -> Vec<[f64; 2]> {
        state.epochs.iter().map(|epoch| [epoch.epoch as f64, part(epoch)]).collect()
    };
    let within = |part: usize, factor: f64| -> Vec<[f64; 2]> {
        state.within.iter().map(|point| [point[0], factor * point[part]]).collect()
    };
    let draw = |ui: &mut Ui, name: &'static str, up, parts: [Vec<[f64; 2]>; 3]| {
        let [within, train, test] = parts;
        let curves = vec![
            ChartCurve { name: "epoch so far", points: within, colour: view.palette.weak, dots: false },
            ChartCurve { name: "training", points: train, colour: CURVES[0], dots: true },
            ChartCurve { name: "test", points: test, colour: view.palette.accent, dots: true },
        ];
        ui.label(egui::RichText::new(name).small().weak());
        chart(ui, &ChartFrame { name, across, up, mark: None, size }, curves);
    };
    let loss = [within(1, 1.0), points(|epoch| epoch.loss), points(|epoch| epoch.test_loss)];
    draw(ui, "loss", None, loss);
    let right = [within(2, 100.0), points(|epoch| 100.0 * epoch.train_top1), points(|epoch| 100.0 * epoch.test_top1)];
    draw(ui, "right, in percent", Some([0.0, 100.0]), right);
}
