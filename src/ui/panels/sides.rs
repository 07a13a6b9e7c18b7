//! The side of a comparison that a pane shows: A, B, or A - B.

use crate::{
    engine::LayerView,
    figures::suited_scaling,
    paint::{ColourMap, Scaling, Style},
    ui::{
        background::cache::LayerMaps,
        model::state::{Colouring, View, layer_name},
        widgets::{BAR, Ends, colour_bar, describe, number},
    },
};
use eframe::egui::{self, Rect, Ui, pos2, vec2};

/// Which side of a comparison is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Side {
    /// The picture's.
    #[default]
    A,
    /// The other's.
    B,
    /// The first minus the second.
    Difference,
}

/// The maps of a layer that are shown.
pub(super) struct SideContent {
    pub layer: LayerView,
    pub maps: LayerMaps,
    /// The run that is taken from the one on screen.
    pub minus: Option<u64>,
}

impl Side {
    const ALL: [(Side, &str, &str); 3] = [
        (Side::A, "A", "The picture"),
        (Side::B, "B", "The picture that it is compared with"),
        (Side::Difference, "A \u{2212} B", "What is stronger in the one, red, or in the other, blue"),
    ];

    /// Offers the sides where there are two.
    pub fn choose(&mut self, ui: &mut Ui, view: View) {
        for (side, label, hint) in Side::ALL.into_iter().filter(|_| view.other.is_some()) {
            let response = ui.selectable_value(self, side, label).on_hover_text(hint);
            response.accessible_name(format!("Show {label}"));
        }
    }

    /// The view of the picture whose maps are shown, or from whose maps the other's are taken.
    pub fn of<'a>(self, view: View<'a>) -> View<'a> {
        match view.other {
            Some(other) if self == Side::B => View { shown: other, ..view },
            _ => view,
        }
    }

    /// Whether differences are shown.
    pub fn is_difference(self, view: View) -> bool {
        self == Side::Difference && view.other.is_some()
    }

    /// The layer as it is shown; until a difference is there, the picture's.
    pub fn content(self, view: View) -> SideContent {
        let Some(other) = view.other.filter(|_| self.is_difference(view)) else {
            return SideContent { layer: view.layer().clone(), maps: view.maps(), minus: None };
        };
        let (maps, layer) = view.cache.difference(view.run(), &other.run, view.selection.layer);
        let minus = layer.is_some().then_some(other.run.id);
        SideContent { layer: layer.unwrap_or_else(|| view.layer().clone()), maps, minus }
    }

    /// The place under the pointer, else the layer.
    pub fn say(self, view: View, content: &SideContent) -> String {
        let layer = &content.layer;
        if content.minus.is_none() {
            let letter = match view.other {
                Some(_) if self == Side::B => "B  ·  ",
                Some(_) => "A  ·  ",
                None => "",
            };
            let what = view.hovered_spot().map(|(unit, position)| describe::value(view, unit, position));
            return format!("{letter}{}", what.unwrap_or_else(|| describe::layer(view)));
        }
        let Some((unit, [row, column])) = view.hovered_spot() else {
            let (name, range) = (layer_name(view.node()), describe::range(layer.range()));
            return format!("A \u{2212} B  ·  {name}  ·  red more in A, blue in B  ·  range {range}");
        };
        let [_, height, width] = layer.shape;
        let at = (unit * height + row) * width + column;
        let value = layer.with_values(|values| values.get(at).copied()).ok().flatten().unwrap_or(f32::NAN);
        format!("A \u{2212} B  ·  unit {unit}  ·  row {row}, column {column}  ·  {}", number(value))
    }

    /// The colours of the maps. Differences are always coloured by their sign.
    pub fn look(self, view: View) -> Colouring {
        let style = Style { map: ColourMap::RedBlue, gamma: view.look.style.gamma };
        if self.is_difference(view) { Colouring { style, scaling: Scaling::Symmetric } } else { view.look }
    }
}

/// Draws the colour bar below the toolbar, where the pane is high enough; returns the height that it took.
pub(super) fn legend(ui: &mut Ui, look: Colouring, layer: &LayerView, area: egui::Vec2) -> f32 {
    if area.y < 160.0 {
        return 0.0;
    }
    let (line, _) = ui.allocate_exact_size(vec2(area.x, BAR + 2.0), egui::Sense::hover());
    let bar = Rect::from_min_max(line.min, pos2(line.left() + line.width().min(280.0), line.bottom() - 2.0));
    let [_, height, width] = layer.shape;
    let ends = match suited_scaling(look.scaling, height * width) {
        Scaling::Unit => Ends::OfEachMap,
        scaling => Ends::Values(scaling.range(layer.range(), layer.range())),
    };
    colour_bar(ui, bar, &look.style, &ends);
    BAR + 2.0 + ui.spacing().item_spacing.y
}
