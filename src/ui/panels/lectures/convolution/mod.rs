//! The lectures' page on convolution: a small input, a filter, and every number between them and the output.

pub(in crate::ui::panels) mod convolve;
mod options;

use crate::{
    net::{NodeId, Padding},
    paint::{FeatureMaps, Layout, Range, Scaling, Style, mosaic},
    ui::{
        model::{
            commands::Command,
            export::{Export, numbers_from},
            state::{View, layer_name},
        },
        panels::{
            lectures::{
                board::{CellColours, EditGrid, in_sight},
                convolution::options::{ConvolutionOptions, learned},
                page::{LecturePage, PageKind},
            },
            panel::{keep, take},
        },
        widgets::{
            number,
            numbers::{NumberGrid, Placed, READABLE},
            slider, toolbar,
        },
    },
};
use eframe::egui::{self, RichText, Sense, Stroke, Ui, Vec2, vec2};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

pub(in crate::ui::panels::lectures) const PAGE: PageKind = PageKind {
    name: "convolution",
    title: "Convolution",
    idea: "A filter slides over the input. Each value of the output is the sum of a window times the filter.",
    exercise: "point at a value of the output to see its window. Change the filter, the stride, the padding, the dilation.",
    make: || Box::<Convolution>::default(),
};

/// Beyond this many, products are not written out in a line.
const WRITTEN: usize = 9;
/// Points between grids. The signs and the gaps around them, and what the products take more than their cells.
const GAP: f32 = 10.0;
const SIGNS: f32 = 76.0;
const PRODUCTS: f32 = 84.0;
/// From a window to the next when it goes by itself.
const PACE: Duration = Duration::from_millis(500);

#[derive(Default)]
struct Convolution {
    options: ConvolutionOptions,
    /// Which value of the output, in the order of reading.
    at: usize,
    /// It goes by itself; when it went last.
    playing: Option<f64>,
    /// The origin of the filter that was read last: the model's address, layer, unit and input.
    read: Option<(usize, NodeId, usize, usize)>,
}

/// The parts that fit beside the input and the filter.
struct Fitted {
    /// The products.
    beside: bool,
    /// The output.
    in_line: bool,
    /// The side of a cell in points.
    cell: f32,
}

impl LecturePage for Convolution {
    fn ui(&mut self, ui: &mut Ui, view: View, _: &mut Vec<Command>) {
        self.learn(view);
        toolbar(ui, |ui| self.choose(ui, view));
        let output = self.options.example().output();
        let size = self.options.example().output_size().unwrap_or([0, 0]);
        toolbar(ui, |ui| self.walk(ui, size));
        // A scrolled page has any room it asks for: the cells are fitted to what is in sight.
        let room = vec2(ui.available_width(), in_sight(ui) - 60.0);
        egui::ScrollArea::horizontal().auto_shrink([false, true]).show(ui, |ui| match output {
            Ok(output) => self.page(ui, view, room, &output, size),
            Err(why) => {
                self.page(ui, view, room, &[], [0, 0]);
                ui.colored_label(view.palette.warning, format!("There is no output: {why}."));
            }
        });
    }

    fn export(&self, view: View) -> Option<Export> {
        let example = self.options.example();
        let ([rows, columns], output) = (example.output_size().ok()?, example.output().ok()?);
        let numbers = numbers_from(&Arc::new(output.clone()), &[rows, columns]);
        let written = self.options.kernel.iter().map(|value| number(*value)).collect::<Vec<_>>().join(" ");
        let style = view.look.style;
        let export = Export::new(view, "convolution", numbers, move |_| {
            let maps = FeatureMaps { values: &output, units: 1, height: rows, width: columns };
            let k = (512 / rows.max(columns)) as u32;
            Ok(mosaic(&maps, &Layout::square(1, (columns as u32 * k, rows as u32 * k), 0), Scaling::Unit, &style))
        });
        let ConvolutionOptions { stride, padding, dilation, .. } = self.options;
        let steps = format!("stride {stride}, padding {padding}, dilation {dilation}");
        Some(export.with("Filter", written).with("Steps", steps))
    }

    fn options(&self) -> Value {
        keep(&self.options)
    }

    fn restore(&mut self, options: Value) {
        self.options =
            Some(take::<ConvolutionOptions>(options)).filter(ConvolutionOptions::is_sound).unwrap_or_default();
    }
}

impl Convolution {
    /// Takes over what the selected unit learned, where that is asked for.
    fn learn(&mut self, view: View) {
        let Some(input) = self.options.learned else { return };
        let network = Arc::as_ptr(&view.run().model.network) as usize;
        let key = (network, view.selection.layer, view.selection.unit, input);
        if self.read == Some(key) {
            return;
        }
        self.read = Some(key);
        if let Some((kernel, size, _)) = learned(view, input) {
            (self.options.kernel, self.options.size) = (kernel, size);
        }
    }

    fn choose(&mut self, ui: &mut Ui, view: View) {
        if self.options.controls(ui, view) {
            self.read = None;
        }
    }

    /// Which window is looked at, and whether it goes by itself.
    fn walk(&mut self, ui: &mut Ui, [rows, columns]: [usize; 2]) {
        let last = (rows * columns).saturating_sub(1);
        self.at = self.at.min(last);
        let now = ui.input(|input| input.time);
        if let Some(since) = self.playing {
            if now - since >= PACE.as_secs_f64() {
                (self.at, self.playing) = (if self.at < last { self.at + 1 } else { 0 }, Some(now));
            }
            ui.ctx().request_repaint_after(PACE);
        }
        let (label, hint) = match self.playing {
            Some(_) => ("pause", "Stay at this window"),
            None => ("play", "Go from window to window"),
        };
        if ui.small_button(label).on_hover_text(hint).clicked() {
            self.playing = if self.playing.is_some() { None } else { Some(now) };
        }
        let hint = "Which value of the output, in the order of reading; or point at one";
        let was = self.at;
        slider(ui, "window", egui::Slider::new(&mut self.at, 0..=last)).on_hover_text(hint);
        if was != self.at {
            self.playing = None;
        }
        let (row, column) = (self.at / columns.max(1), self.at % columns.max(1));
        ui.label(RichText::new(format!("row {row}, column {column}")).small().weak());
    }

    /// In a narrow pane the products stand below all, and in a narrower one the output below the filter: the numbers stay
    /// readable.
    fn fitted(&self, room: Vec2, [rows, columns]: [usize; 2]) -> Fitted {
        let ConvolutionOptions { side, size, padding, .. } = self.options;
        let padded = side + 2 * padding;
        let three = padded + size[1] + columns.max(1);
        let wide = |across: usize, taken: f32| (room.x - taken) / across as f32;
        let (all, most) = (wide(three + size[1], SIGNS + PRODUCTS), wide(three, SIGNS));
        let (beside, in_line) = (all >= READABLE, most >= READABLE);
        let (across, down) = match (beside, in_line) {
            (true, _) => (all, padded.max(size[0]).max(rows)),
            (_, true) => (most, padded.max(size[0]).max(rows)),
            _ => (wide(padded + size[1].max(columns), SIGNS), padded.max(size[0] + rows) + size[0]),
        };
        let cell = across.min(room.y / down as f32).clamp(READABLE, 52.0).floor();
        Fitted { beside, in_line, cell }
    }

    fn page(&mut self, ui: &mut Ui, view: View, room: Vec2, output: &[f32], [rows, columns]: [usize; 2]) {
        let Fitted { beside, in_line, cell } = self.fitted(room, [rows, columns]);
        let at = [self.at / columns.max(1), self.at % columns.max(1)];
        let has_output = !output.is_empty();
        let taps = self.options.example().taps(at);
        let (mut input, mut kernel, mut placed) = (None, None, None);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            input = Some(ui.vertical(|ui| self.input(ui, view, cell)).inner);
            sign(ui, "*", cell);
            ui.vertical(|ui| {
                kernel = Some(self.kernel(ui, view, cell));
                if has_output && !in_line {
                    placed = Some(self.output(ui, view, output, columns, cell));
                }
            });
            if has_output && in_line {
                sign(ui, "=", cell);
                placed = Some(ui.vertical(|ui| self.output(ui, view, output, columns, cell)).inner);
            }
            if has_output && beside {
                ui.add_space(10.0);
                self.products(ui, view, at, cell);
            }
        });
        if has_output && !beside {
            self.products(ui, view, at, cell);
        }
        let (Some(input), Some(kernel), Some(placed)) = (input, kernel, placed) else { return };
        self.trace(ui, view, [&input, &kernel, &placed], at);
        self.arithmetic(ui, &taps, at);
    }

    /// The window on the input, and lines from its corners by those of the filter to the value.
    fn trace(&self, ui: &Ui, view: View, [input, kernel, placed]: [&Placed; 3], at: [usize; 2]) {
        let ConvolutionOptions { side, size, padding, stride, dilation, .. } = self.options;
        let padded = side + 2 * padding;
        let first = at.map(|at| at * stride);
        let far = [0, 1].map(|axis| first[axis] + dilation * (size[axis] - 1));
        let corner = |[row, column]: [usize; 2]| input.cell(row * padded + column);
        let window = corner(first).union(corner(far)).expand(0.5);
        let value = placed.cell(self.at);
        let painter = ui.painter();
        let thin = Stroke::new(1.0, view.palette.accent.gamma_multiply(0.55));
        for (a, b, c) in [
            (window.right_top(), kernel.rect.left_top(), kernel.rect.right_top()),
            (window.right_bottom(), kernel.rect.left_bottom(), kernel.rect.right_bottom()),
        ] {
            painter.line_segment([a, b], thin);
            // To an output that stands below they would run over the filter.
            if placed.rect.top() < kernel.rect.bottom() {
                let end = if c.y <= kernel.rect.center().y { value.left_top() } else { value.left_bottom() };
                painter.line_segment([c, end], thin);
            }
        }
        painter.rect_stroke(window, 0.0, Stroke::new(2.0, view.palette.accent), egui::StrokeKind::Outside);
        if dilation > 1 {
            // Which of the cells in the window count.
            for tap in 0..size[0] * size[1] {
                let [row, column] = [first[0] + dilation * (tap / size[1]), first[1] + dilation * (tap % size[1])];
                input.mark(ui, row * padded + column, view.palette);
            }
        }
        placed.mark(ui, self.at, view.palette);
    }

    /// The input with its padding; its own cells can be changed.
    fn input(&mut self, ui: &mut Ui, view: View, side: f32) -> Placed {
        let ConvolutionOptions { side: columns, padding, .. } = self.options;
        let title = if padding > 0 { "input, padded with zeros" } else { "input" };
        let (padding, colours) = (Padding::all(padding), CellColours::Values);
        let grid = EditGrid { title, name: "input", columns, side, padding, colours };
        grid.show(ui, view, &mut self.options.input).0
    }

    /// The filter; whoever changes what was learned gets a filter of their own.
    fn kernel(&mut self, ui: &mut Ui, view: View, cell: f32) -> Placed {
        let columns = self.options.size[1];
        let values: Vec<Option<f32>> = self.options.kernel.iter().copied().map(Some).collect();
        let range = Range::of(&self.options.kernel).symmetric();
        let title = match self.options.learned {
            Some(input) => format!("unit {} of {}, input {input}", view.selection.unit, layer_name(view.node())),
            None => "filter".into(),
        };
        let style = Style::SIGNED;
        let numbers = NumberGrid { title: &title, values: &values, columns, cell, range, style, written: false };
        let placed = numbers.show(ui, view.palette, Sense::hover());
        for (at, weight) in self.options.kernel.iter_mut().enumerate() {
            let name = format!("filter {}, {}", at / columns, at % columns);
            if numbers.edit(ui, &placed, at, weight, &name) {
                self.options.learned = None;
            }
        }
        placed
    }

    /// The output; pointing at a value looks at its window.
    fn output(&mut self, ui: &mut Ui, view: View, output: &[f32], columns: usize, cell: f32) -> Placed {
        let values: Vec<Option<f32>> = output.iter().copied().map(Some).collect();
        let (range, style) = (Range::of(output), view.look.style);
        let numbers = NumberGrid { title: "output", values: &values, columns, cell, range, style, written: true };
        let placed = numbers.show(ui, view.palette, Sense::click_and_drag());
        let moved = ui.input(|input| input.pointer.delta() != Vec2::ZERO);
        let pointed = placed.response.hover_pos().filter(|_| moved || placed.response.clicked());
        if let Some(at) = placed.response.interact_pointer_pos().or(pointed) {
            let [row, column] = placed.under(at);
            (self.at, self.playing) = (row * columns + column, None);
        }
        placed
    }

    /// The sizes, and the one value as a sum.
    fn arithmetic(&self, ui: &mut Ui, taps: &[Option<usize>], at: [usize; 2]) {
        let example = self.options.example();
        let [rows, columns] = [0, 1].map(|axis| example.formula(axis));
        let sizes =
            if rows == columns { format!("size = {rows}") } else { format!("rows = {rows}\ncolumns = {columns}") };
        ui.add_space(6.0);
        ui.label(RichText::new(sizes).monospace())
            .on_hover_text("floor((input + 2·padding - dilation·(filter - 1) - 1) / stride) + 1: how many windows fit");
        let unseen = example.unseen(0).max(example.unseen(1));
        if unseen > 0 {
            let text = format!("The stride leaves {unseen} at the end that no window reaches.");
            ui.label(RichText::new(text).small().weak());
        }
        let products = example.products(at);
        let sum = number(products.iter().sum());
        if products.len() <= WRITTEN {
            let value = |tap: Option<usize>| tap.map_or(0.0, |tap| self.options.input[tap]);
            let terms = taps.iter().zip(&self.options.kernel);
            let terms = terms.map(|(tap, weight)| format!("{}·{}", number(value(*tap)), bracketed(*weight)));
            let text = format!("{} = {sum}", terms.collect::<Vec<_>>().join(" + "));
            ui.label(RichText::new(text).monospace().strong());
        }
    }

    /// Input times filter, tap by tap, of the window that is looked at.
    fn products(&self, ui: &mut Ui, view: View, at: [usize; 2], cell: f32) {
        let products = self.options.example().products(at);
        let values: Vec<Option<f32>> = products.iter().copied().map(Some).collect();
        let (range, columns) = (Range::of(&products).symmetric(), self.options.size[1]);
        let (title, style) = ("window times filter", Style::SIGNED);
        ui.vertical(|ui| {
            let numbers = NumberGrid { title, values: &values, columns, cell, range, style, written: true };
            numbers.show(ui, view.palette, Sense::hover());
            ui.label(RichText::new(format!("sum = {}", number(products.iter().sum()))).strong());
        });
    }
}

/// Between two grids, at the height of their middle.
fn sign(ui: &mut Ui, text: &str, cell: f32) {
    ui.vertical(|ui| {
        ui.add_space(14.0 + cell);
        ui.label(RichText::new(text).heading().weak());
    });
}

fn bracketed(value: f32) -> String {
    if value < 0.0 { format!("({})", number(value)) } else { number(value) }
}
