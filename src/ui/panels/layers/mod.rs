//! The layers as a table: what each costs and sees, to be sorted by any column; or summed up by modules.

mod sums;

use crate::{
    figures::{
        Spreadsheet,
        words::{megabytes, thousands},
    },
    net::{Cost, ModuleCost, NodeId},
    ui::{
        model::{
            commands::Command,
            export::Export,
            state::{Shown, View, layer_name},
        },
        panels::panel::{Panel, PanelKind, keep, take},
        widgets::{caption, describe, hollow, remarks_below, search},
    },
};
use eframe::egui::{self, Align, Layout, RichText, Sense, Ui, WidgetInfo};
use egui_extras::{Column, TableBuilder, TableRow};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{cmp::Ordering, sync::Arc};

pub(super) const KIND: PanelKind = PanelKind {
    name: "layers",
    title: "Layers",
    about: "All layers as a table: output, parameters, multiply-adds, memory, milliseconds, receptive field.",
    how: "One row for each layer. Multiply-adds and parameters say what it costs, the receptive field what part of the picture it can see. Click a heading to sort.",
    formula: "parameters of a convolution = rows · columns · inputs / groups · units + biases; multiply-adds = weights · height · width; receptive field r' = r + (kernel - 1) · step, step' = step · stride",
    paper: "Simonyan and Zisserman 2015, table 2; Araujo, Norris and Sim 2019, Computing receptive fields of convolutional neural networks",
    make: || Box::<LayersTable>::default(),
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum TableColumn {
    #[default]
    Order,
    Name,
    PanelKind,
    Output,
    Parameters,
    MultiplyAdds,
    Memory,
    Time,
    Sees,
}

impl TableColumn {
    const ALL: [TableColumn; 9] = [
        TableColumn::Order,
        TableColumn::Name,
        TableColumn::PanelKind,
        TableColumn::Output,
        TableColumn::Parameters,
        TableColumn::MultiplyAdds,
        TableColumn::Memory,
        TableColumn::Time,
        TableColumn::Sees,
    ];

    /// Its heading, what it means, and the column's width.
    fn heading(self) -> (&'static str, &'static str, f32) {
        match self {
            TableColumn::Order => ("#", "In the order in which they are computed", 28.0),
            TableColumn::Name => ("layer", "torchvision's name, with the paper's where it has one", 100.0),
            TableColumn::PanelKind => ("kind", "What it computes", 118.0),
            TableColumn::Output => ("output", "Units, height and width; sorted by the number of values", 86.0),
            TableColumn::Parameters => ("parameters", "Weights that training learns", 80.0),
            TableColumn::MultiplyAdds => ("multiply-adds", "Of one picture", 96.0),
            TableColumn::Memory => ("memory", "Of its output for one picture, in 32-bit floats", 66.0),
            TableColumn::Time => ("ms", TIME, 52.0),
            TableColumn::Sees => {
                ("sees", "Receptive field: the side of the part of the input that one value depends on", 40.0)
            }
        }
    }

    fn is_number(self) -> bool {
        !matches!(self, TableColumn::Name | TableColumn::PanelKind)
    }

    fn cell(self, id: NodeId, shown: &Shown) -> String {
        let (node, cost) = (shown.graph().node(id), &shown.costs[id]);
        let count = |count: u64| if count == 0 { String::new() } else { thousands(count) };
        let [rows, columns] = cost.field.map(|field| field.size);
        match self {
            TableColumn::Order => id.to_string(),
            TableColumn::Name => layer_name(node),
            TableColumn::PanelKind => describe::kind(node),
            TableColumn::Output => describe::short_output(node),
            TableColumn::Parameters => count(cost.parameters),
            TableColumn::MultiplyAdds => count(cost.macs),
            TableColumn::Memory => megabytes(cost.bytes),
            TableColumn::Time => milliseconds(shown, id).map_or_else(String::new, |ms| format!("{ms:.2}")),
            TableColumn::Sees if rows == columns => format!("{rows}"),
            TableColumn::Sees => format!("{rows}x{columns}"),
        }
    }

    fn compare(self, shown: &Shown, a: NodeId, b: NodeId) -> Ordering {
        let (nodes, costs) = (shown.graph().nodes(), &shown.costs);
        let by = |value: &dyn Fn(NodeId) -> u64| value(a).cmp(&value(b));
        match self {
            TableColumn::Order => a.cmp(&b),
            TableColumn::Name => nodes[a].name.cmp(&nodes[b].name),
            TableColumn::PanelKind => describe::kind(&nodes[a]).cmp(&describe::kind(&nodes[b])),
            TableColumn::Output => by(&|id| nodes[id].extent().iter().product::<usize>() as u64),
            TableColumn::Parameters => by(&|id| costs[id].parameters),
            TableColumn::MultiplyAdds => by(&|id| costs[id].macs),
            TableColumn::Memory => by(&|id| costs[id].bytes),
            TableColumn::Time => shown.run.times[a].cmp(&shown.run.times[b]),
            TableColumn::Sees => by(&|id| costs[id].field.iter().map(|field| field.size as u64).product()),
        }
    }
}

/// The rows of the table: layers, or the first parts of their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum TableRows {
    #[default]
    Layers,
    Stages,
    Blocks,
}

impl TableRows {
    const ALL: [(TableRows, &str, &str); 3] = [
        (TableRows::Layers, "layers", "A row for each layer"),
        (TableRows::Stages, "stages", "Layers summed up by the first part of their names"),
        (TableRows::Blocks, "blocks", "Layers summed up by the first two parts of their names"),
    ];
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct LayersTableOptions {
    sort: TableColumn,
    descending: bool,
    rows: TableRows,
}

#[derive(Default)]
struct LayersTable {
    options: LayersTableOptions,
    search: String,
    scrolled_to: Option<NodeId>,
    /// The sums that are shown, with the address of their graph and the rows that they are of.
    sums: Option<(usize, TableRows, Vec<ModuleCost>)>,
}

impl Panel for LayersTable {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let (graph, costs) = (view.shown.graph(), &view.shown.costs);
        let total = |value: fn(&Cost) -> u64| costs.iter().map(value).sum::<u64>();
        ui.horizontal_wrapped(|ui| {
            search(ui, "Search layers", &mut self.search, 110.0);
            for (rows, label, hint) in TableRows::ALL {
                ui.selectable_value(&mut self.options.rows, rows, label).on_hover_text(hint);
            }
        });
        let text = format!(
            "{}  ·  {} parameters  ·  {} multiply-adds  ·  {}",
            view.shown.depth.words(),
            thousands(total(|cost| cost.parameters)),
            thousands(total(|cost| cost.macs)),
            megabytes(total(|cost| cost.bytes)),
        );
        let hint = "Weight layers are convolutions and fully connected layers, as papers count them. Parameters are weights that \
                    training learns; multiply-adds are of one picture; the memory is that of all outputs in 32-bit floats.";
        caption(ui, text).on_hover_text(hint);
        let whole = ui.available_rect_before_wrap();
        let room = remarks_below(ui, &view.run().model.card.notes);
        let mut child = ui.new_child(egui::UiBuilder::new().id_salt("table").max_rect(room));
        child.set_clip_rect(room.intersect(ui.clip_rect()));
        match self.options.rows {
            TableRows::Layers => self.layers(&mut child, view, out),
            rows => {
                let address = Arc::as_ptr(&view.run().model.network) as usize;
                let known = self.sums.as_ref().is_some_and(|(of, kind, _)| (*of, *kind) == (address, rows));
                if !known {
                    let parts = if rows == TableRows::Stages { 1 } else { 2 };
                    self.sums = Some((address, rows, graph.modules(parts)));
                }
                let wanted = self.search.to_lowercase();
                let all = self.sums.iter().flat_map(|(_, _, modules)| modules);
                let found: Vec<ModuleCost> =
                    all.filter(|module| module.name.to_lowercase().contains(&wanted)).cloned().collect();
                egui::ScrollArea::horizontal()
                    .auto_shrink(false)
                    .show(&mut child, |ui| sums::table(ui, view, &found, out));
            }
        }
        ui.allocate_rect(whole, Sense::hover());
    }

    fn export(&self, view: View) -> Option<Export> {
        let (nodes, costs) = (view.shown.graph().nodes(), &view.shown.costs);
        let titles =
            "layer,title,kind,units,height,width,parameters,multiply_adds,bytes,milliseconds,sees_rows,sees_columns";
        let mut cells = Spreadsheet::new(titles.split(','));
        for id in self.order(view) {
            let (node, cost) = (&nodes[id], &costs[id]);
            let [units, height, width] = node.extent();
            let [rows, columns] = cost.field.map(|field| field.size);
            let ms = milliseconds(view.shown, id).map_or_else(String::new, |ms| format!("{ms:.3}"));
            let words = [node.name.to_string(), node.title.unwrap_or_default().to_string(), describe::kind(node)];
            let shape = [units, height, width].map(|count| count.to_string());
            let costs = [cost.parameters, cost.macs, cost.bytes].map(|count| count.to_string());
            let field = [ms, rows.to_string(), columns.to_string()];
            cells.add(words.into_iter().chain(shape).chain(costs).chain(field));
        }
        Some(Export::table(view, "layers", cells))
    }

    fn options(&self) -> Value {
        keep(&self.options)
    }

    fn restore(&mut self, options: Value) {
        self.options = take(options);
    }
}

impl LayersTable {
    /// A row for each layer.
    fn layers(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let nodes = view.shown.graph().nodes();
        let order = self.order(view);
        if order.is_empty() {
            return hollow(ui, &format!("No layer is called '{}'", self.search), false);
        }
        let row_of = |layer: NodeId| order.iter().position(|&id| id == layer);
        let selected = view.selection.layer;
        egui::ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            let mut table = TableBuilder::new(ui).striped(true).sense(Sense::CLICK).auto_shrink(false);
            for field in TableColumn::ALL {
                let width = field.heading().2;
                table = table.column(match field {
                    TableColumn::Name => Column::remainder().at_least(width).clip(true),
                    _ => Column::initial(width).at_least(24.0).clip(true).resizable(true),
                });
            }
            if self.scrolled_to != Some(selected)
                && let Some(row) = row_of(selected)
            {
                table = table.scroll_to_row(row, Some(Align::Center));
                self.scrolled_to = Some(selected);
            }
            let table =
                table.header(20.0, |mut row| TableColumn::ALL.into_iter().for_each(|field| self.head(&mut row, field)));
            table.body(|body| {
                body.rows(19.0, order.len(), |mut row| {
                    let id = order[row.index()];
                    row.set_selected(id == selected);
                    let mut clicked = false;
                    for field in TableColumn::ALL {
                        let (_, cell) = row.col(|ui| {
                            let text = field.cell(id, view.shown);
                            let text = if field.is_number() { RichText::new(text).monospace() } else { text.into() };
                            let label = egui::Label::new(text).extend();
                            let show = |ui: &mut Ui| match field {
                                // The row's name for whoever cannot see it.
                                TableColumn::Name => {
                                    let response = ui.add(label.sense(Sense::click()));
                                    let name = format!("row of {}", nodes[id].name);
                                    let picked = id == selected;
                                    response
                                        .widget_info(|| WidgetInfo::selected(egui::Role::Button, true, picked, &name));
                                    response.clicked()
                                }
                                _ => ui.add(label).clicked(),
                            };
                            clicked |= ui.with_layout(side(field), show).inner;
                        });
                        // The keyboard stops at the row's name alone.
                        let of = || format!("{} of {}", field.heading().0, nodes[id].name);
                        cell.widget_info(|| WidgetInfo::labeled(egui::Role::Cell, true, of()));
                        cell.on_hover_text(format!("{}\n{}", field.cell(id, view.shown), field.heading().1));
                    }
                    if clicked || row.response().clicked() {
                        self.scrolled_to = Some(id);
                        out.push(Command::SelectLayer(id));
                    }
                });
            });
        });
    }

    /// The layers that match the search, sorted.
    fn order(&self, view: View) -> Vec<NodeId> {
        let nodes = view.shown.graph().nodes();
        let wanted = self.search.to_lowercase();
        let named = |&id: &NodeId| {
            let node = &nodes[id];
            wanted.is_empty()
                || [layer_name(node), describe::kind(node)].iter().any(|n| n.to_lowercase().contains(&wanted))
        };
        let mut order: Vec<NodeId> = (0..nodes.len()).filter(named).collect();
        order.sort_by(|&a, &b| {
            let ordering = self.options.sort.compare(view.shown, a, b);
            if self.options.descending { ordering.reverse() } else { ordering }
        });
        order
    }

    /// A heading: a click sorts by its column, another the other way round; numbers begin with the largest.
    fn head(&mut self, row: &mut TableRow, field: TableColumn) {
        let (label, hint, _) = field.heading();
        let (_, cell) = row.col(|ui| {
            let sorted = self.options.sort == field;
            let text = RichText::new(label).small();
            let text = if sorted { text.strong() } else { text.weak() };
            let response = ui.with_layout(side(field), |ui| {
                ui.add(egui::Button::new(text).frame(false)).on_hover_text(format!("{hint}\nClick to sort"))
            });
            if response.inner.accessible_name(format!("Sort by {label}")).clicked() {
                let first = field.is_number() && field != TableColumn::Order;
                self.options.descending = if sorted { !self.options.descending } else { first };
                self.options.sort = field;
            }
        });
        cell.widget_info(|| WidgetInfo::labeled(egui::Role::ColumnHeader, true, format!("column {label}")));
    }
}

/// The explanation of a layer's time.
const TIME: &str = "Milliseconds that the layer took in the one run on screen, on this machine; a convolution is \
                    computed together with the normalisation and the rectifier after it, and has their time";

fn milliseconds(shown: &Shown, id: NodeId) -> Option<f64> {
    shown.run.times[id].map(|took| 1000.0 * took.as_secs_f64())
}

/// Numbers stand at the right.
fn side(field: TableColumn) -> Layout {
    match field.is_number() {
        true => Layout::right_to_left(Align::Center),
        false => Layout::left_to_right(Align::Center),
    }
}
