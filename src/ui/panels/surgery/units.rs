//! Changes of the selected unit: silent, held at a value, scaled, raised.

use crate::{
    net::{NodeId, surgery::Edit},
    ui::model::{commands::Command, state::View},
};
use eframe::egui::{self, Ui};

/// The numbers of the buttons.
pub(super) struct UnitAmounts {
    held: f32,
    factor: f32,
    raised: f32,
}

impl Default for UnitAmounts {
    fn default() -> Self {
        UnitAmounts { held: 1.0, factor: 2.0, raised: 1.0 }
    }
}

/// The selected layer in the unchanged network: a layer that a change brought stands behind it.
fn selected(view: View) -> Option<(String, NodeId)> {
    let (graph, base) = (view.shown.graph(), view.run().model.unchanged().network.graph());
    let of = |id: NodeId| base.nodes().iter().position(|node| node.name == graph.node(id).name);
    let (id, found) = (0..=view.selection.layer).rev().find_map(|id| Some((id, of(id)?)))?;
    (found > 0 && found < base.scores()).then(|| (graph.node(id).name.clone(), found))
}

impl UnitAmounts {
    /// Draws the buttons.
    pub fn show(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let Some((layer, id)) = selected(view) else {
            ui.label("Select a layer between the picture and the scores to change one of its units.");
            return;
        };
        let units = view.run().model.unchanged().network.graph().node(id).extent()[0];
        let unit = view.selection.unit.min(units.saturating_sub(1));
        let mut put = |factor: f32, shift: f32| {
            let edit = Edit::Unit { layer: layer.clone(), unit, factor, shift };
            out.push(Command::Operate(view.surgery.with(edit)));
        };
        ui.horizontal_wrapped(|ui| {
            ui.label(format!("unit {unit} of {layer}"));
            if ui.button("silence").on_hover_text("Zero everywhere").clicked() {
                put(0.0, 0.0);
            }
            let amount = |ui: &mut Ui, value: &mut f32, name: &str| {
                ui.add(egui::DragValue::new(value).speed(0.05).range(-1e4..=1e4)).accessible_name(name);
            };
            if ui.button("hold at").on_hover_text("This value everywhere, whatever the picture").clicked() {
                put(0.0, self.held);
            }
            amount(ui, &mut self.held, "Value that the unit is held at");
            if ui.button("times").on_hover_text("Each activation multiplied").clicked() {
                put(self.factor, 0.0);
            }
            amount(ui, &mut self.factor, "Factor of the unit");
            if ui.button("plus").on_hover_text("Added to each activation").clicked() {
                put(1.0, self.raised);
            }
            amount(ui, &mut self.raised, "Amount added to the unit");
        });
    }
}
