//! Surgery: parts of the network switched off, residual blocks shuffled, units changed, with the effect on the scores.

mod effect;
mod list;
mod parts;
mod units;

use crate::{
    dataset::shuffled,
    net::{
        Graph,
        surgery::{Edit, InPlace, Surgery},
    },
    ui::{
        model::{
            commands::{Command, SaveChanged},
            export::Export,
            state::View,
        },
        panels::panel::{Panel, PanelKind},
        widgets::{combo, search, toolbar},
    },
};
use effect::effect;
use eframe::egui::{self, RichText, ScrollArea, Ui};
use list::EditList;
use parts::{PartRow, is_inside_off, rows, shown};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use units::UnitAmounts;

pub(super) const KIND: PanelKind = PanelKind {
    name: "surgery",
    title: "Surgery",
    about: "Switch layers, residual blocks and branches off, shuffle blocks, silence units: the scores and all panes follow. \
            What a network loses without a part says what the part is for (Zeiler and Fergus 2014; Veit, Wilber and Belongie 2016).",
    how: "A tick means that the part is at work. Bars: above before the changes, below with them. The drawing of the \
          architecture has the same ticks. Save a variant to open the changed network like any other.",
    formula: "a part that is off gives 0, its input or its mean; a changed unit gives factor · A[k] + amount",
    paper: "Zeiler and Fergus 2014, table 3; Veit, Wilber and Belongie 2016; Bau et al. 2020",
    make: || Box::<SurgeryPanel>::default(),
};

/// Width and height of a pane that has room for two columns, in points.
const WIDE: f32 = 520.0;
const HIGH: f32 = 200.0;
/// Height of the tree in a narrow pane.
const NARROW: f32 = 300.0;
const ROW: f32 = 21.0;

#[derive(Default)]
struct SurgeryPanel {
    search: String,
    open: BTreeSet<String>,
    /// The rows of a network, by the address of its graph.
    rows: Option<(usize, Vec<PartRow>)>,
    list: EditList,
    amounts: UnitAmounts,
    /// The number of the next random order.
    seed: u64,
}

impl Panel for SurgeryPanel {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        toolbar(ui, |ui| self.tools(ui, view, out));
        let area = ui.available_rect_before_wrap();
        if area.width() < WIDE || area.height() < HIGH {
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                self.changes(ui, view, out);
                ui.separator();
                self.parts(ui, view, NARROW, out);
            });
            return;
        }
        let (left, right) = area.split_left_right_at_x(area.left() + 0.44 * area.width());
        let mut tree =
            ui.new_child(egui::UiBuilder::new().id_salt("parts").max_rect(left.with_max_x(left.right() - 10.0)));
        let height = tree.available_height() - 30.0;
        self.parts(&mut tree, view, height, out);
        let mut rest = ui.new_child(egui::UiBuilder::new().id_salt("changes").max_rect(right));
        ScrollArea::vertical().auto_shrink(false).show(&mut rest, |ui| self.changes(ui, view, out));
        ui.allocate_rect(area, egui::Sense::hover());
    }

    fn export(&self, view: View) -> Option<Export> {
        let surgery = Some(&view.run().model.surgery).filter(|surgery| !surgery.is_empty())?;
        let lines: Vec<String> = surgery.edits.iter().map(Edit::words).collect();
        Some(Export::plain(view, "changes", lines.join("\n") + "\n"))
    }
}

impl SurgeryPanel {
    /// Undo, shuffles and saving.
    fn tools(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let surgery = view.surgery;
        let some = !surgery.is_empty();
        let last = surgery.edits.len().saturating_sub(1);
        if ui.add_enabled(some, egui::Button::new("undo")).on_hover_text("Take the last change back").clicked() {
            out.push(Command::Operate(surgery.without(last)));
        }
        let all = ui.add_enabled(some, egui::Button::new("undo all")).on_hover_text("The network as it was opened");
        if all.clicked() {
            out.push(Command::Operate(Surgery::default()));
        }
        let stages = stages(view.run().model.unchanged().network.graph());
        if !stages.is_empty() {
            combo(ui, "Shuffle residual blocks", "shuffle", 70.0, |ui| {
                for (stage, blocks) in &stages {
                    let hint = format!("Put its {} residual blocks in another order", blocks.len());
                    if ui.button(stage).on_hover_text(hint).clicked() {
                        self.seed += 1;
                        out.push(Command::Operate(reordered(surgery, blocks, self.seed)));
                    }
                }
            });
        }
        ui.separator();
        let changed = !view.run().model.surgery.is_empty();
        for (what, label, hint) in [
            (SaveChanged::Variant, "save variant…", "A small file with the changes; it opens like a network"),
            (
                SaveChanged::Weights,
                "save weights…",
                "A safetensors file for the unchanged network, where weights can express the changes",
            ),
        ] {
            if ui.add_enabled(changed, egui::Button::new(label)).on_hover_text(hint).clicked() {
                out.push(Command::SaveChanged(what));
            }
        }
    }

    /// The tree of parts, so high.
    fn parts(&mut self, ui: &mut Ui, view: View, height: f32, out: &mut Vec<Command>) {
        let base = view.run().model.unchanged();
        let graph = base.network.graph();
        let address = Arc::as_ptr(graph) as usize;
        if self.rows.as_ref().is_none_or(|(of, _)| *of != address) {
            self.rows = Some((address, rows(graph)));
        }
        search(ui, "Search parts", &mut self.search, 160.0);
        let Some((_, rows)) = &self.rows else { return };
        let shown = shown(rows, &self.open, &self.search);
        let selected = &view.node().name;
        let open = &mut self.open;
        let scroll = ScrollArea::vertical().id_salt("tree").max_height(height.max(120.0)).auto_shrink([false, true]);
        scroll.show_rows(ui, ROW, shown.len(), |ui, visible| {
            for row in &shown[visible] {
                ui.horizontal(|ui| {
                    ui.set_height(ROW - 3.0);
                    ui.add_space(14.0 * row.depth as f32);
                    if row.layers > 1 {
                        let is_open = open.contains(&row.name);
                        let arrow = ui.small_button(if is_open { "-" } else { "+" });
                        if arrow.accessible_name(format!("Unfold {} in the list", row.name)).clicked()
                            && !open.remove(&row.name)
                        {
                            open.insert(row.name.clone());
                        }
                    } else {
                        ui.add_space(20.0);
                    }
                    let inside = is_inside_off(view.surgery, &row.name);
                    let mut on = view.surgery.off(&row.name).is_none() && !inside;
                    let short = row.name.rsplit('.').next().filter(|_| row.depth > 0 && self.search.is_empty());
                    let text = RichText::new(short.unwrap_or(&row.name));
                    let text = if *selected == row.name { text.color(view.palette.accent) } else { text };
                    let tick = ui.add_enabled(!inside, egui::Checkbox::new(&mut on, text));
                    let hint =
                        if row.layers > 1 { format!("{}: {} layers", row.name, row.layers) } else { row.name.clone() };
                    if tick.on_hover_text(hint).accessible_name(format!("{} at work", row.name)).changed() {
                        let usual = InPlace::usual(graph, &row.name);
                        out.push(Command::Operate(view.surgery.toggled(&row.name, usual)));
                    }
                });
            }
        });
    }

    /// The selected unit, the list of changes and their effect.
    fn changes(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        self.amounts.show(ui, view, out);
        ui.add_space(4.0);
        self.list.show(ui, view, out);
        ui.add_space(4.0);
        effect(ui, view, out);
    }
}

/// The stages with two residual blocks or more whose shortcut is unchanged: these can change places.
fn stages(graph: &Graph) -> Vec<(String, Vec<String>)> {
    let mut stages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for block in graph.residual_blocks() {
        if let Some((stage, _)) = block.part.name.rsplit_once('.') {
            stages.entry(stage.to_owned()).or_default().push(block.part.name);
        }
    }
    stages.into_iter().filter(|(_, blocks)| blocks.len() > 1).collect()
}

/// The changes with blocks in a random order.
fn reordered(surgery: &Surgery, blocks: &[String], seed: u64) -> Surgery {
    let order = shuffled(blocks.len(), seed);
    let moved = |surgery: Surgery, (to, &from): (usize, &usize)| {
        surgery.with(Edit::Move { block: blocks[to].clone(), from: blocks[from].clone() })
    };
    order.iter().enumerate().fold(surgery.clone(), moved)
}
