//! The layers summed up by the parts of their names: stages and modules, with their share of the costs.

use crate::{
    figures::words::{dimensions, megabytes, thousands},
    net::{ModuleCost, NodeId},
    ui::{
        model::{commands::Command, state::View},
        theme::RADIUS,
    },
};
use eframe::egui::{self, Align, Layout, RichText, Sense, Ui, WidgetInfo};
use egui_extras::{Column, TableBuilder};

const HEADINGS: [(&str, &str, f32); 6] = [
    ("module", "The first parts of the layers' names", 130.0),
    ("layers", "Layers whose names begin so", 46.0),
    ("output", "Units, height and width of its last layer", 92.0),
    ("parameters", "Weights that training learns; the bar is the share of the network's", 120.0),
    ("multiply-adds", "Of one picture; the bar is the share of the network's", 120.0),
    ("memory", "Of all its outputs for one picture, in 32-bit floats", 72.0),
];

/// The last layer of a module.
fn last(view: View, module: &ModuleCost) -> Option<NodeId> {
    let inside =
        |name: &str| name.strip_prefix(&module.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    view.shown.graph().nodes().iter().rposition(|node| inside(&node.name))
}

/// The table of modules. A click selects the last layer of one.
pub(super) fn table(ui: &mut Ui, view: View, modules: &[ModuleCost], out: &mut Vec<Command>) {
    let total = |of: fn(&ModuleCost) -> u64| modules.iter().map(of).sum::<u64>().max(1) as f32;
    let (parameters, macs) = (total(|own| own.parameters), total(|own| own.macs));
    ui.spacing_mut().item_spacing.x = 10.0;
    let mut table = TableBuilder::new(ui).striped(true).sense(Sense::CLICK).auto_shrink(false);
    for (_, _, width) in HEADINGS {
        table = table.column(Column::initial(width).at_least(30.0).clip(true).resizable(true));
    }
    let table = table.header(20.0, |mut row| {
        for (index, (label, hint, _)) in HEADINGS.into_iter().enumerate() {
            row.col(|ui| {
                ui.with_layout(side(index), |ui| ui.label(RichText::new(label).small().weak()).on_hover_text(hint));
            });
        }
    });
    table.body(|body| {
        body.rows(20.0, modules.len(), |mut row| {
            let module = &modules[row.index()];
            let texts = [
                module.name.clone(),
                module.layers.to_string(),
                dimensions(&module.output),
                thousands(module.parameters),
                thousands(module.macs),
                megabytes(module.bytes),
            ];
            let shares = [0.0, 0.0, 0.0, module.parameters as f32 / parameters, module.macs as f32 / macs, 0.0];
            for (index, (text, share)) in texts.into_iter().zip(shares).enumerate() {
                let hint = HEADINGS[index].1;
                let (_, cell) = row.col(|ui| {
                    let room = ui.max_rect().shrink2(egui::vec2(0.0, 2.0));
                    let bar = room.with_min_x(room.right() - room.width() * share);
                    ui.painter().rect_filled(bar, RADIUS / 2, view.palette.bar);
                    ui.with_layout(side(index), |ui| ui.add(egui::Label::new(text.clone()).extend()));
                });
                let percent =
                    if share > 0.0 { format!("\n{:.1}% of the network's", 100.0 * share) } else { String::new() };
                cell.widget_info(|| {
                    WidgetInfo::labeled(egui::Role::Cell, true, format!("{}: {text}", HEADINGS[index].0))
                });
                cell.on_hover_text(format!("{text}\n{hint}{percent}"));
            }
            if row.response().clicked()
                && let Some(layer) = last(view, module)
            {
                out.push(Command::SelectLayer(layer));
            }
        });
    });
}

/// Numbers stand at the right.
fn side(column: usize) -> Layout {
    if column == 0 { Layout::left_to_right(Align::Center) } else { Layout::right_to_left(Align::Center) }
}
