//! The learned weights: filters that read colours in colour, all others as one small map for each of their inputs.

use crate::{
    figures::{Filters as LayerFilters, Scale, has_filters, read_colours},
    gpu::{Atlas, TileGrid, TileStyle},
    net::{NodeId, Op},
    paint::{self, Layout, Range, Scaling, Style},
    ui::{
        background::textures::{rgba_texture, upload_maps},
        model::{
            commands::Command,
            export::Export,
            state::{Selection, View, layer_name},
        },
        panels::panel::{Panel, PanelKind},
        widgets::{caption, describe, fill, hollow},
    },
};
use eframe::egui::{self, Color32, Rect, Sense, Stroke, TextureHandle, TextureOptions, Ui, WidgetInfo, pos2, vec2};
use std::sync::Arc;

pub(super) const KIND: PanelKind = PanelKind {
    name: "filters",
    title: "Filters",
    about: "What the layer learned: the weights with which its units look at their input.",
    how: "Each tile is the filter of one unit. Filters of the first layer are shown in the colours of the picture; those of deeper layers as one tile for each input unit.",
    formula: "A[k] = b[k] + Σ w[k, c] ⋆ A'[c]: a tile is w[k], or w[k, c] for one input c",
    paper: "Krizhevsky, Sutskever and Hinton 2012, figure 3",
    make: || Box::<FiltersPane>::default(),
};

/// More maps than this are not laid out at once: the inputs of a first fully connected layer.
const MOST: usize = 4096;

#[derive(Default)]
struct FiltersPane {
    filters: UnitFilters,
}

impl Panel for FiltersPane {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let fed = view.node().name.clone();
        let own = feeding(view);
        let view = own.as_ref().map_or(view, |own| View { selection: own, ..view });
        self.filters.prepare(ui, view);
        let Some(shown) = &self.filters.shown else {
            caption(ui, format!("{}  ·  no filters", layer_name(view.node())));
            hollow(ui, &format!("{} layers have no filters", view.node().op.kind()), false);
            if let Some(near) = nearest_with_filters(view) {
                let name = layer_name(view.shown.graph().node(near));
                if ui.button(format!("Go to {name}")).clicked() {
                    out.push(Command::SelectLayer(near));
                }
            }
            return;
        };
        let text = shown.say(view, view.selection.unit);
        caption(ui, if own.is_some() { format!("{text}  ·  feeds {fed}") } else { text });
        let area = ui.available_size() - vec2(12.0, 0.0);
        let scroll = egui::ScrollArea::vertical().auto_shrink(false).id_salt(view.selection.layer);
        scroll.show(ui, |ui| match &shown.look {
            FilterImages::Colour(texture) => shown.sheet(ui, view, texture, area, out),
            FilterImages::Maps(atlas) => {
                let [count, height, width] = shown.shape;
                let (columns, tile) = fill(count, width as f32 / height as f32, area, 2.0, [14.0, 160.0]);
                let order: Arc<[u32]> = (0..count as u32).collect();
                let grid = TileGrid { style: weights_style(shown.range), ..TileGrid::new(order, columns, tile) };
                let label = format!("filter of unit {}", view.selection.unit);
                let answer = grid.show(ui, atlas, &label);
                if let Some(spot) = answer.hovered {
                    answer.response.on_hover_text(format!("weights for input {}", spot.unit));
                }
            }
        });
    }

    fn export(&self, view: View) -> Option<Export> {
        let own = feeding(view);
        let view = own.as_ref().map_or(view, |own| View { selection: own, ..view });
        let shown = self.filters.shown.as_ref()?;
        let (filters, unit) = (Arc::clone(&shown.filters), view.selection.unit);
        let all = matches!(shown.look, FilterImages::Colour(_));
        let tensor = if all { filters.tensor.clone() } else { filters.tensor.get(0).ok()? };
        let name = match all {
            true => format!("{} filters", view.node().name),
            false => format!("{} filter {unit}", view.node().name),
        };
        let (shape, range) = (tensor.dims().to_vec(), shown.range);
        let model = Arc::clone(&view.run().model);
        let layer = view.selection.layer;
        let export = Export::new(view, &name, Some(Box::new(move || Ok(tensor))), move |_| {
            Ok(match all {
                true => filters.overview(Scale::Pleasant, &Style::SIGNED).0,
                false => filters.unit(0, Scale::Pleasant, Scaling::Symmetric, &Style::SIGNED),
            })
        });
        Some(export.about(|facts| {
            let facts = facts.layer(&model, layer).values(&shape, range);
            if all { facts } else { facts.unit(unit) }
        }))
    }
}

fn weights_style(range: Range) -> TileStyle {
    let fixed = Some(range.symmetric());
    TileStyle { colours: Style::SIGNED, scaling: Scaling::Symmetric, fixed, ..TileStyle::default() }
}

/// The selection moved to the convolution that feeds the selected layer, where that layer has no filters of its own: through
/// layers that keep each unit apart, such as rectifiers, normalisations and pools.
fn feeding(view: View) -> Option<Selection> {
    let graph = view.shown.graph();
    let mut layer = view.selection.layer;
    loop {
        let node = graph.node(layer);
        match (&node.op, node.inputs.as_slice()) {
            (Op::Conv(_) | Op::Linear { .. } | Op::TableConv { .. }, _) => break,
            (_, &[input]) if node.extent()[0] == graph.node(input).extent()[0] => layer = input,
            _ => return None,
        }
    }
    (layer != view.selection.layer).then(|| {
        let mut own = view.selection.clone();
        (own.layer, own.position) = (layer, None);
        own
    })
}

/// The next layer with filters towards the picture, else towards the classes.
fn nearest_with_filters(view: View) -> Option<NodeId> {
    let nodes = view.shown.graph().nodes();
    let has = |&id: &NodeId| has_filters(view.shown.graph(), id);
    let here = view.selection.layer;
    (0..here).rev().find(has).or_else(|| (here..nodes.len()).find(has))
}

/// Which weights: a network's, a layer's, and of a unit unless the whole layer is shown at once.
type FilterKey = (u64, NodeId, Option<usize>);

/// The weights on screen, fetched when the selection changes.
#[derive(Default)]
pub(super) struct UnitFilters {
    key: Option<FilterKey>,
    shown: Option<ShownFilters>,
}

struct ShownFilters {
    /// All of the layer, or those of the selected unit alone.
    filters: Arc<LayerFilters>,
    /// Number of filters, and the height and width of each.
    shape: [usize; 3],
    range: Range,
    look: FilterImages,
}

enum FilterImages {
    /// All filters of the layer, each in colour, side by side in a row as wide as the texture allows.
    Colour(TextureHandle),
    /// The maps of one unit's filter.
    Maps(Atlas),
}

/// UnitFilters a row of the texture.
const ROW: usize = 16;

impl UnitFilters {
    fn prepare(&mut self, ui: &Ui, view: View) {
        let (layer, unit) = (view.selection.layer, view.selection.unit);
        let network = &view.run().model.network;
        let colour = read_colours(view.shown.graph(), layer);
        // Runs of one model have the same weights, but telling models apart needs no more than their address.
        let key = (Arc::as_ptr(network) as usize as u64, layer, (!colour).then_some(unit));
        if self.key == Some(key) {
            return;
        }
        self.key = Some(key);
        self.shown = ShownFilters::of(ui, view, colour).ok().flatten();
    }

    /// The selected unit's filter alone, in a rectangle.
    pub(super) fn show_unit(&mut self, ui: &mut Ui, view: View, rect: Rect) {
        self.prepare(ui, view);
        let Some(shown) = &self.shown else { return };
        let [count, height, width] = shown.shape;
        let unit = view.selection.unit;
        match &shown.look {
            FilterImages::Colour(texture) => {
                let area = crate::ui::widgets::fit(rect, width as f32 / height as f32);
                let uv = shown.place(unit);
                ui.painter().image(texture.id(), area, uv, Color32::WHITE);
                label(ui, area, &format!("filter of unit {unit}")).on_hover_text("This unit's filter, in colour");
            }
            FilterImages::Maps(atlas) => {
                // As many of its maps as fit.
                let (columns, tile) = fill(count, width as f32 / height as f32, rect.size(), 1.0, [3.0, 24.0]);
                let rows = ((rect.height() / (tile.y + 1.0)) as usize).max(1);
                let order: Arc<[u32]> = (0..count.min(rows * columns as usize) as u32).collect();
                let style = weights_style(shown.range);
                let grid = TileGrid { style, gap: 1.0, ..TileGrid::new(order, columns, tile) };
                let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect));
                let answer = grid.show(&mut child, atlas, &format!("weights of unit {unit}"));
                answer.response.on_hover_text("This unit's filter, a small map for each of its inputs");
            }
        }
    }
}

impl ShownFilters {
    fn of(ui: &Ui, view: View, colour: bool) -> crate::Result<Option<ShownFilters>> {
        let (network, layer) = (&view.run().model.network, view.selection.layer);
        let filters = match colour {
            true => LayerFilters::of(network, layer)?,
            false => LayerFilters::of_one(network, layer, view.selection.unit)?,
        };
        let Some(filters) = filters else { return Ok(None) };
        let ([inputs, height, width], range) = (filters.extent, filters.range());
        let filters = Arc::new(filters);
        if colour {
            let layout = Layout { tile: (width as u32, height as u32), gap: 0, columns: ROW as u32 };
            let sheet = paint::rgb_filters(&filters.values, height, width, &layout);
            let look = FilterImages::Colour(rgba_texture(ui.ctx(), "filters", &sheet, TextureOptions::NEAREST));
            return Ok(Some(ShownFilters { range, shape: [filters.units, height, width], filters, look }));
        }
        let Some(render_state) = view.cache.render_state() else { return Ok(None) };
        let shape = [inputs.min(MOST), height, width];
        let atlas = upload_maps(render_state, &filters.values[..shape.iter().product()], shape)?;
        Ok(Some(ShownFilters { range, shape, look: FilterImages::Maps(atlas), filters }))
    }

    fn say(&self, view: View, unit: usize) -> String {
        let [count, height, width] = self.shape;
        let range = describe::range(self.range);
        let name = layer_name(view.node());
        match self.look {
            FilterImages::Colour(_) => {
                format!("{name}  ·  {count} filters {height}x{width} in colour, grey is zero  ·  range {range}")
            }
            FilterImages::Maps(_) => {
                let groups = format!("{count} inputs of {height}x{width}");
                format!("{name}  ·  unit {unit}  ·  {groups}  ·  red positive, blue negative  ·  range {range}")
            }
        }
    }

    /// Where in the texture a unit's filter is.
    fn place(&self, unit: usize) -> Rect {
        let columns = ROW.min(self.shape[0]);
        let size = vec2(1.0 / columns as f32, 1.0 / self.shape[0].div_ceil(ROW) as f32);
        Rect::from_min_size(pos2((unit % ROW) as f32 * size.x, (unit / ROW) as f32 * size.y), size)
    }

    /// All filters in colour; a click selects the unit.
    fn sheet(&self, ui: &mut Ui, view: View, texture: &TextureHandle, area: egui::Vec2, out: &mut Vec<Command>) {
        let [count, height, width] = self.shape;
        let (columns, tile) = fill(count, width as f32 / height as f32, area, 3.0, [20.0, 120.0]);
        let columns = columns as usize;
        let step = tile + vec2(3.0, 3.0);
        let size = vec2(columns as f32 * step.x, count.div_ceil(columns) as f32 * step.y);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let at = |unit: usize| rect.min + vec2((unit % columns) as f32 * step.x, (unit / columns) as f32 * step.y);
        let mut mesh = egui::Mesh::with_texture(texture.id());
        for unit in 0..count {
            mesh.add_rect_with_uv(Rect::from_min_size(at(unit), tile), self.place(unit), Color32::WHITE);
        }
        ui.painter().add(mesh);
        let under = |point: egui::Pos2| {
            let cell = (point - rect.min) / step;
            let unit = cell.y as usize * columns + cell.x as usize;
            ((cell.x as usize) < columns && unit < count).then_some(unit)
        };
        let border = |unit: usize, colour: Color32| {
            let tile = Rect::from_min_size(at(unit), tile).expand(1.0);
            ui.painter().rect_stroke(tile, 0.0, Stroke::new(2.0, colour), egui::StrokeKind::Outside);
        };
        border(view.selection.unit.min(count - 1), view.palette.accent);
        response
            .widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, format!("filters of {}", view.node().name)));
        if let Some(unit) = response.interact_pointer_pos().filter(|_| response.clicked()).and_then(under) {
            out.push(Command::SelectUnit(unit, None));
        }
        if let Some(unit) = response.hover_pos().and_then(under) {
            border(unit, view.palette.weak);
            response.on_hover_text(format!("filter of unit {unit}"));
        }
    }
}

fn label(ui: &Ui, rect: Rect, text: &str) -> egui::Response {
    let response = ui.interact(rect, ui.scope_id().with(text), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, text));
    response
}
