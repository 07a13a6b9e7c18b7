//! All feature maps of the selected layer.

use crate::{
    engine::{Inquiry, LayerView, RankingInquiry},
    figures::{Facts, Scale, picture_name, some_units, suited_scaling},
    gpu::{Atlas, Spot, TileGrid, TileStyle},
    methods::{CONTRIBUTION, Ranked},
    net::NodeId,
    ui::{
        background::cache::LayerMaps,
        model::{
            commands::Command,
            export::{Export, MakeNumbers},
            state::{Hover, UnitGrid, View, is_silent, strongest_at},
        },
        panels::{
            panel::{Panel, PanelKind, keep, take},
            sides::{Side, SideContent, legend},
        },
        widgets::{caption, combo, describe, fill, gamma, hollow, look_controls, slider, toolbar},
    },
};
use eframe::egui::{self, Rect, Ui, vec2};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

pub(super) const KIND: PanelKind = PanelKind {
    name: "activations",
    title: "Activations",
    about: "The feature maps of the selected layer: what each of its units makes of the picture.",
    how: "Each tile is the feature map of one unit. Colours run from dark for the least value to bright for the largest; the bar says of what. Rest on a tile for the exact value; click it to select the unit and the place.",
    formula: "A[k, y, x] = b[k] + Σ w[k, c, i, j] · A'[c, y + i, x + j] after a convolution; max(0, A) after a ReLU; A' are the maps before",
    paper: "LeCun, Bottou, Bengio and Haffner 1998, Gradient-based learning applied to document recognition",
    make: || Box::<Activations>::default(),
};

/// A layer with more units than this shows its strongest ones, unless all are asked for.
const MANY: usize = 128;
/// Number of units of such a layer that are shown.
const STRONGEST: usize = 48;
/// Narrower tiles have no room for the unit's number, in points.
const NUMBERED: f32 = 30.0;
/// Tiles are never narrower than this by themselves, in points.
const LEAST: f32 = 26.0;

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Sort {
    #[default]
    Index,
    Strength,
    /// By value at the selected position.
    Here,
    /// By what they contribute to the explained class.
    Contribution,
}

impl Sort {
    const ALL: [Sort; 4] = [Sort::Index, Sort::Strength, Sort::Here, Sort::Contribution];

    fn label(self) -> &'static str {
        match self {
            Sort::Index => "by index",
            Sort::Strength => "strongest first",
            Sort::Here => "strongest here",
            Sort::Contribution => "contribution",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Sort::Index => "In the order of the weights",
            Sort::Strength => "By the largest value on the map",
            Sort::Contribution => CONTRIBUTION.about,
            Sort::Here => "By the value at the selected position: click a map or the picture",
        }
    }
}

/// Which units are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
enum UnitFilter {
    #[default]
    All,
    Heard,
    Silent,
    Strong,
}

impl UnitFilter {
    const ALL: [UnitFilter; 4] = [UnitFilter::All, UnitFilter::Heard, UnitFilter::Silent, UnitFilter::Strong];

    fn label(self) -> &'static str {
        match self {
            UnitFilter::All => "all units",
            UnitFilter::Heard => "not silent",
            UnitFilter::Silent => "silent",
            UnitFilter::Strong => "strong",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            UnitFilter::All => "Every unit of the layer",
            UnitFilter::Heard => "Without units that have the same value everywhere on this picture",
            UnitFilter::Silent => "Only units that have the same value everywhere on this picture",
            UnitFilter::Strong => "Only units that reach at least half of the layer's largest value",
        }
    }

    /// Whether a unit is shown of a layer whose largest value is `most`.
    fn lets(self, layer: &LayerView, most: f32, unit: usize) -> bool {
        match self {
            UnitFilter::All => true,
            UnitFilter::Heard => !is_silent(layer, unit),
            UnitFilter::Silent => is_silent(layer, unit),
            UnitFilter::Strong => layer.ranges[unit].high >= 0.5 * most,
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct ActivationsOptions {
    /// A tile's width in points; as fills the pane where `None`.
    tile: Option<f32>,
    sort: Sort,
    filter: UnitFilter,
    /// Show all units of a layer that has many.
    all: bool,
}

#[derive(Default)]
struct Activations {
    options: ActivationsOptions,
    side: Side,
    order: Option<(OrderKey, Arc<[u32]>)>,
    /// The grid that was drawn last, and its layer. It stays on screen until the next is uploaded, dimmed where that is
    /// another layer.
    last: Option<(NodeId, TileGrid, Atlas)>,
    scrolled_to: Option<(NodeId, usize)>,
}

/// The run, the run subtracted from it, the layer, the position and the class where they matter, and the options.
type OrderKey = (u64, Option<u64>, NodeId, Option<[usize; 2]>, Option<usize>, (Sort, UnitFilter, bool));

impl Panel for Activations {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let view = self.side.of(view);
        let content = self.side.content(view);
        caption(ui, self.side.say(view, &content)).on_hover_text(describe::layer(view));
        self.toolbar(ui, view, out);
        let scroll = egui::ScrollArea::vertical().auto_shrink(false).id_salt(view.selection.layer);
        let area = ui.available_size();
        match content.maps {
            LayerMaps::Failed(why) => hollow(ui, &why, false),
            LayerMaps::Coming => match &self.last {
                Some((layer, grid, atlas)) => {
                    let rect = ui.available_rect_before_wrap();
                    scroll.show(ui, |ui| grid.show(ui, atlas, "feature maps on their way"));
                    if *layer != view.selection.layer {
                        ui.painter().rect_filled(rect, 0.0, view.palette.pane.gamma_multiply(0.6));
                    }
                }
                None => hollow(ui, "Uploading the layer", true),
            },
            LayerMaps::Ready(atlas) => {
                let minus = content.minus;
                let order = self.order(view, &content.layer, minus, out);
                if order.is_empty() {
                    let why = match self.options.filter {
                        UnitFilter::Silent => "No unit of this layer is silent on this picture",
                        _ => "Every unit of this layer is silent on this picture",
                    };
                    return hollow(ui, why, false);
                }
                let area = area - vec2(0.0, legend(ui, self.side.look(view), &content.layer, area));
                let grid = self.grid(view, order, area);
                let of = if minus.is_some() { "differences" } else { "feature maps" };
                let label = format!("{of} of {}", view.node().name);
                scroll.show(ui, |ui| self.show(ui, view, &grid, &atlas, &label, out));
                self.last = Some((view.selection.layer, grid, atlas));
            }
        }
    }

    fn export(&self, view: View) -> Option<Export> {
        let (_, order) = self.order.clone()?;
        let view = self.side.of(view);
        let SideContent { layer, minus, .. } = self.side.content(view);
        let look = self.side.look(view);
        let what = if minus.is_some() { "differences" } else { "activations" };
        let name = format!("{} {what}", view.node().name);
        let values = layer.clone();
        let numbers: MakeNumbers = Box::new(move || Ok(values.tensor().clone()));
        let (shape, range) = (layer.shape, layer.range());
        let export = Export::new(view, &name, Some(numbers), move |_| {
            let [_, height, width] = layer.shape;
            // The units on screen, in their order.
            let units: Vec<usize> = order.iter().map(|&unit| unit as usize).collect();
            let layout = Scale::Pleasant.mosaic(units.len(), width, height);
            some_units(&layer, &units, &layout, suited_scaling(look.scaling, height * width), &look.style)
        });
        let less = view.other.filter(|_| minus.is_some()).and_then(|other| other.run.picture.as_ref());
        let minus_picture = less.map(picture_name);
        let (model, layer) = (&view.run().model, view.selection.layer);
        Some(export.about(|facts| Facts { minus_picture, ..facts.layer(model, layer).values(&shape, range) }))
    }

    fn options(&self) -> Value {
        keep(&self.options)
    }

    fn restore(&mut self, options: Value) {
        self.options = take(options);
    }
}

/// The units by what they contribute to a class, asked for until it is there.
fn contributions(view: View, class: usize, out: &mut Vec<Command>) -> Option<Arc<Ranked>> {
    let (run, layer) = (view.run(), view.selection.layer);
    let inquiry = RankingInquiry { run: Arc::clone(run), layer, class };
    let found = view.answers.get(&inquiry.key());
    if found.is_none() {
        out.push(Command::Need(inquiry.into()));
    }
    found?.as_ref().ok().cloned()
}

impl Activations {
    fn toolbar(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        toolbar(ui, |ui| {
            self.side.choose(ui, view);
            let mut look = view.look;
            // A difference has colours of its own.
            match self.side.is_difference(view) {
                true => gamma(ui, &mut look.style.gamma),
                false => look_controls(ui, &mut look),
            }
            if look != view.look {
                out.push(Command::SetLook(look));
            }
            // Of many units the strongest are shown, and in that order unless another is chosen.
            let few = self.shows_few(view.layer());
            let sort = &mut self.options.sort;
            let shown = if few && *sort == Sort::Index { Sort::Strength } else { *sort };
            combo(ui, "Order", shown.label(), 92.0, |ui| {
                for other in Sort::ALL {
                    ui.selectable_value(sort, other, other.label()).on_hover_text(other.hint());
                }
            });
            let filter = &mut self.options.filter;
            let shown = if few { format!("{STRONGEST} strongest") } else { filter.label().to_owned() };
            combo(ui, "Units shown", &shown, 76.0, |ui| {
                for other in UnitFilter::ALL {
                    ui.selectable_value(filter, other, other.label()).on_hover_text(other.hint());
                }
            });
            let units = view.layer().shape[0];
            if has_many(view.layer()) && self.options.filter == UnitFilter::All {
                let hint = format!("The {STRONGEST} strongest units, or all {units}");
                let label = format!("all {units}");
                ui.toggle_value(&mut self.options.all, label).on_hover_text(hint);
            }
            let mut tile = self.options.tile.unwrap_or(0.0);
            let size = slider(ui, "size", egui::Slider::new(&mut tile, 0.0..=240.0));
            if size.on_hover_text("Size of a tile; at the left end, the size that fills the pane").changed() {
                self.options.tile = (tile >= 4.0).then_some(tile.round());
            }
        });
    }

    fn order(&mut self, view: View, layer: &LayerView, minus: Option<u64>, out: &mut Vec<Command>) -> Arc<[u32]> {
        let ActivationsOptions { sort, filter, .. } = self.options;
        let at = view.selection.position.filter(|_| sort == Sort::Here);
        let class = (sort == Sort::Contribution).then(|| view.class());
        let ranking = class.and_then(|class| contributions(view, class, out));
        let known = class.filter(|_| ranking.is_some());
        let few = self.shows_few(layer);
        let key = (view.run().id, minus, view.selection.layer, at, known, (sort, filter, few));
        if let Some((_, order)) = self.order.as_ref().filter(|(other, _)| *other == key) {
            return Arc::clone(order);
        }
        let units = match (sort, at) {
            (Sort::Index, _) if !few => (0..layer.shape[0] as u32).collect(),
            (Sort::Contribution, _) if ranking.is_some() => {
                ranking.iter().flat_map(|ranked| ranked.iter()).map(|(unit, _)| *unit as u32).collect()
            }
            (Sort::Here, Some(at)) => strongest_at(layer, at).into_iter().map(|(unit, _)| unit).collect(),
            // The contributions are not computed yet, or the layer does not lead to the classes.
            (Sort::Index | Sort::Strength | Sort::Here | Sort::Contribution, _) => layer.by_strength(),
        };
        let most = layer.range().high;
        let shown = |unit: &u32| filter.lets(layer, most, *unit as usize);
        let most_shown = if few { STRONGEST } else { usize::MAX };
        let order: Arc<[u32]> = units.into_iter().filter(shown).take(most_shown).collect();
        self.order = Some((key, Arc::clone(&order)));
        order
    }

    /// Whether only the strongest units are shown.
    fn shows_few(&self, layer: &LayerView) -> bool {
        has_many(layer) && !self.options.all && self.options.filter == UnitFilter::All
    }

    fn grid(&self, view: View, order: Arc<[u32]>, area: egui::Vec2) -> TileGrid {
        let [_, height, width] = view.layer().shape;
        let (aspect, single) = (width as f32 / height as f32, height * width == 1);
        let gap = if single { 1.0 } else { 2.0 };
        // Room for the scroll bar, so that it does not come and go.
        let area = vec2(area.x - 12.0, area.y);
        let least = if single { 9.0 } else { LEAST };
        let bounds = self.options.tile.map_or([least, if single { 34.0 } else { 320.0 }], |tile| [tile, tile]);
        let (columns, tile) = match self.options.tile {
            None => fill(order.len(), aspect, area, gap, bounds),
            Some(width) => {
                let columns = ((area.x - gap) / (width + gap)).floor().max(1.0);
                (columns as u32, vec2(width, (width / aspect).max(1.0)))
            }
        };
        let look = self.side.look(view);
        let style = TileStyle {
            colours: look.style,
            scaling: suited_scaling(look.scaling, height * width),
            fixed: None,
            cross: view.selection.hover.map(|hover| hover.place).filter(|_| !single),
            part: (!single && view.viewport.zoom() > 1.0).then(|| view.viewport.part()),
        };
        let selected = Some(view.selection.unit as u32);
        TileGrid { gap, style, selected, accent: view.palette.accent, ..TileGrid::new(order, columns, tile) }
    }

    fn show(&mut self, ui: &mut Ui, view: View, grid: &TileGrid, atlas: &Atlas, label: &str, out: &mut Vec<Command>) {
        let layer = view.selection.layer;
        let answer = grid.show(ui, atlas, label);
        if self.shows_few(view.layer()) && grid.tile.x >= NUMBERED {
            number_tiles(ui, grid, answer.response.rect.min);
        }
        if view.layer().shape[1..] != [1, 1] {
            // In the gaps there is nothing to zoom to.
            let overflows = answer.response.rect.height() > ui.clip_rect().height() + 1.0;
            let scrolls = overflows || answer.hovered_rect.is_none();
            // All tiles are of one size: any tells how far a drag goes that has left them.
            let tile = answer.hovered_rect.unwrap_or(Rect::from_min_size(answer.response.rect.min, grid.tile));
            let moved = view.viewport.navigate_tiles(ui, &answer.response, view.viewport.plane(tile), scrolls);
            out.extend(moved.map(Command::Show));
        }
        let place = |spot: &Spot| [spot.y as usize, spot.x as usize];
        if let Some(spot) = answer.hovered {
            let at = (view.run().id, layer, spot.unit as usize, place(&spot));
            out.push(Command::Hover(Hover { place: spot.fraction, spot: Some(at) }));
        }
        if let Some(spot) = answer.clicked {
            let position = (atlas.width() * atlas.height() > 1).then(|| place(&spot));
            out.push(Command::SelectUnit(spot.unit as usize, position));
            // It was in view when it was clicked.
            self.scrolled_to = Some((layer, spot.unit as usize));
        }
        let here = (layer, view.selection.unit);
        if self.scrolled_to != Some(here)
            && let Some(rect) = answer.selected_rect
        {
            ui.scroll_to_rect(rect.expand(grid.gap), None);
            self.scrolled_to = Some(here);
        }
        out.push(Command::ShowGrid(UnitGrid { layer, order: Arc::clone(&grid.order), columns: grid.columns }));
    }
}

/// Whether a layer has more maps than a person looks through.
fn has_many(layer: &LayerView) -> bool {
    let [units, height, width] = layer.shape;
    units > MANY && height * width > 1
}

/// Writes the number of its unit on each tile.
fn number_tiles(ui: &Ui, grid: &TileGrid, corner: egui::Pos2) {
    let font = egui::FontId::monospace(10.0);
    for (slot, unit) in grid.order.iter().enumerate() {
        let at = grid.tile_rect(ui, corner, slot as u32).min + vec2(2.0, 1.0);
        if ui.clip_rect().expand(20.0).contains(at) {
            let text = ui.painter().layout_no_wrap(unit.to_string(), font.clone(), egui::Color32::WHITE);
            let under = Rect::from_min_size(at, text.size()).expand2(vec2(2.0, 0.0));
            ui.painter().rect_filled(under, 2.0, egui::Color32::from_black_alpha(150));
            ui.painter().galley(at, text, egui::Color32::WHITE);
        }
    }
}
