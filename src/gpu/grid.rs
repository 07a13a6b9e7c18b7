//! The widgets: a grid of units, and one unit large.

use super::{
    atlas::Atlas,
    callback::{TilesCallback, Uniforms},
    layout::TileLayout,
    repeated,
};
use crate::paint::{Range, Scaling, Style, taps};
use eframe::egui::{self, Color32, Rect, Response, Sense, Ui, Vec2};
use std::sync::Arc;

/// Colours of a grid's values, and the marks on them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TileStyle {
    /// Colour map and gamma.
    pub colours: Style,
    /// The range of values that the colour map spans.
    pub scaling: Scaling,
    /// These are, whatever the values and the scaling.
    pub fixed: Option<Range>,
    /// A place as fractions of width and height, marked by a small cross in every tile. The tile under the pointer
    /// marks its own place instead where the pointer is over this widget.
    pub cross: Option<[f32; 2]>,
    /// The part of every map that its tile shows, as fractions of width and height; all of it where `None`.
    pub part: Option<Rect>,
}

/// A grid of units: their order, layout and colours. Plain data, built each frame.
#[derive(Clone, Debug, PartialEq)]
pub struct TileGrid {
    /// The unit in each place. It goes up only where it changed, so clone the `Arc` from frame to frame.
    pub order: Arc<[u32]>,
    /// Tiles a row.
    pub columns: u32,
    /// A tile's size in points; it snaps to whole pixels.
    pub tile: Vec2,
    /// Between tiles and around them, in points; the borders of marked tiles are drawn in it.
    pub gap: f32,
    /// Colours and cross.
    pub style: TileStyle,
    /// This unit gets a border in `accent`.
    pub selected: Option<u32>,
    /// The theme's accent: egui's own colours of a selection are too close to its gaps or to its hover.
    pub accent: Color32,
    /// This unit gets a thin border, unless the pointer is over another.
    pub hovered: Option<u32>,
}

/// A place on a unit's map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// The unit.
    pub unit: u32,
    /// Column on the map.
    pub x: u32,
    /// Row on the map.
    pub y: u32,
    /// The same place as fractions of width and height, for maps of other sizes.
    pub fraction: [f32; 2],
}

/// The pointer's actions on a grid.
#[derive(Clone, Debug)]
pub struct TileResponse {
    /// Of the whole widget: context menus, double clicks, tooltips.
    pub response: Response,
    /// Under the pointer.
    pub hovered: Option<Spot>,
    /// The tile under the pointer.
    pub hovered_rect: Option<Rect>,
    /// Clicked in this frame.
    pub clicked: Option<Spot>,
    /// Rectangle of the selected unit, for `Ui::scroll_to_rect`.
    pub selected_rect: Option<Rect>,
}

impl TileGrid {
    /// These units with two points between tiles, none marked.
    pub fn new(order: Arc<[u32]>, columns: u32, tile: Vec2) -> Self {
        let accent = Color32::from_rgb(255, 160, 0);
        Self { order, columns, tile, gap: 2.0, style: TileStyle::default(), selected: None, accent, hovered: None }
    }

    /// Number of columns that fit a width in points.
    pub fn columns_in(&self, ui: &Ui, width: f32) -> u32 {
        self.layout(ui).columns_in(width)
    }

    /// Shows the grid at its full size: put it in a `ScrollArea`, it draws what is visible. `label` is what a screen
    /// reader says and a test looks for, such as "feature maps of conv1".
    pub fn show(&self, ui: &mut Ui, atlas: &Atlas, label: &str) -> TileResponse {
        let (rect, response) = ui.allocate_exact_size(self.layout(ui).size(), Sense::click_and_drag());
        self.show_in(ui, atlas, label, rect, response)
    }

    /// The screen rectangle of a tile of a grid whose corner is at `corner`.
    pub fn tile_rect(&self, ui: &Ui, corner: egui::Pos2, slot: u32) -> Rect {
        self.layout(ui).at(corner).tile_rect(slot)
    }

    fn layout(&self, ui: &Ui) -> TileLayout {
        TileLayout::new(self.tile, self.gap, self.columns, self.order.len() as u32, ui.pixels_per_point())
    }

    fn show_in(&self, ui: &Ui, atlas: &Atlas, label: &str, rect: Rect, response: Response) -> TileResponse {
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, ui.is_enabled(), label));
        let layout = self.layout(ui).at(rect.min).showing(self.style.part);
        let spot = |point| self.spot(atlas, &layout, point);
        let hovered = response.hover_pos().and_then(spot);
        let clicked = response.interact_pointer_pos().filter(|_| response.clicked()).and_then(spot);
        let selected_slot = self.slot(self.selected);
        let hovered_slot = self.slot(hovered.map(|spot| spot.unit).or(self.hovered));
        if !self.order.is_empty() && ui.is_rect_visible(rect) {
            let cross = hovered.map(|spot| spot.fraction).or(self.style.cross);
            let mut uniforms = self.uniforms(ui, atlas, &layout, cross);
            let corner = |slot: Option<u32>| slot.map_or([u32::MAX; 2], |slot| layout.corner(slot));
            (uniforms.selected, uniforms.hovered) = (corner(selected_slot), corner(hovered_slot));
            let callback = TilesCallback { id: response.id, atlas: atlas.clone(), order: self.order.clone(), uniforms };
            // A pixel wider than the grid: rounding must not cut its last column.
            ui.painter().add(repeated::paint_callback(ui, rect.expand(1.0), callback));
        }
        let selected_rect = selected_slot.map(|slot| layout.tile_rect(slot));
        let hovered_rect = hovered.and(hovered_slot).map(|slot| layout.tile_rect(slot));
        TileResponse { response, hovered, hovered_rect, clicked, selected_rect }
    }

    fn slot(&self, unit: Option<u32>) -> Option<u32> {
        let unit = unit?;
        self.order.iter().position(|&other| other == unit).map(|slot| slot as u32)
    }

    fn spot(&self, atlas: &Atlas, layout: &TileLayout, point: egui::Pos2) -> Option<Spot> {
        let (slot, pixel) = layout.hit(point)?;
        let unit = *self.order.get(slot as usize)?;
        let texel = |axis: usize, texels: u32| {
            let pixel = u64::from(layout.shift[axis] + pixel[axis]);
            ((2 * pixel + 1) * u64::from(texels) / (2 * u64::from(layout.whole[axis]))) as u32
        };
        let fraction = [0, 1].map(|axis| ((layout.shift[axis] + pixel[axis]) as f32 + 0.5) / layout.whole[axis] as f32);
        (unit < atlas.units()).then(|| Spot { unit, x: texel(0, atlas.width()), y: texel(1, atlas.height()), fraction })
    }

    /// Everything but the marked slots.
    fn uniforms(&self, ui: &Ui, atlas: &Atlas, layout: &TileLayout, cross: Option<[f32; 2]>) -> Uniforms {
        let TileStyle { colours, scaling, fixed, .. } = self.style;
        // Each unit's own range stands in the atlas.
        let of_layer = (scaling != Scaling::Unit).then(|| scaling.range(Range::default(), atlas.range()));
        let range = fixed.or(of_layer);
        let cross = cross.and_then(|fraction| layout.pixel_of(fraction)).unwrap_or([-1, -1]);
        let map_size = [atlas.width(), atlas.height()];
        let border = |points: f32| ((points * layout.pixels_per_point).round() as u32).min(layout.gap);
        Uniforms {
            origin: layout.origin,
            tile: layout.tile,
            map_size,
            whole: layout.whole,
            shift: layout.shift,
            taps: [0, 1].map(|axis| taps(map_size[axis] as usize, layout.whole[axis] as usize) as u32),
            gap: layout.gap,
            columns: layout.columns,
            count: layout.count,
            units: atlas.units(),
            atlas_rows: atlas.rows(),
            table: colours.map as u32,
            diverging: u32::from(colours.map.is_diverging()),
            own_ranges: u32::from(range.is_none()),
            gamma: colours.gamma,
            arm: (layout.tile[0].min(layout.tile[1]) / 12).clamp(2, 8),
            range: range.map_or([0.0; 2], |range| [range.low, range.high]),
            cross,
            selected_width: border(2.0),
            hovered_width: border(1.0),
            selected_colour: floats(self.accent),
            hovered_colour: floats(ui.visuals().widgets.hovered.fg_stroke.color),
            ..Uniforms::default()
        }
    }
}

/// Shows one unit at a size in points.
pub fn show_unit(ui: &mut Ui, atlas: &Atlas, unit: u32, size: Vec2, style: TileStyle, label: &str) -> TileResponse {
    let grid = single(unit, size, style);
    grid.show(ui, atlas, label)
}

/// Shows one unit in a rectangle that the caller has laid out; what sticks out of the `ui`'s clip rectangle is cut off.
/// It can be dragged.
pub fn show_unit_at(ui: &Ui, atlas: &Atlas, unit: u32, rect: Rect, style: TileStyle, label: &str) -> TileResponse {
    let response = ui.interact(rect, ui.scope_id().with(("tile", label)), Sense::click_and_drag());
    single(unit, rect.size(), style).show_in(ui, atlas, label, rect, response)
}

fn single(unit: u32, size: Vec2, style: TileStyle) -> TileGrid {
    TileGrid { gap: 0.0, style, ..TileGrid::new([unit].into(), 1, size) }
}

fn floats(colour: Color32) -> [f32; 4] {
    colour.to_array().map(|c| f32::from(c) / 255.0)
}
