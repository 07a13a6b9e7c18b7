//! The panes of each arrangement by purpose, and where they stand.

use super::{arrangement::first_arrangement, pane::Pane};
use crate::ui::{model::arrangement::Arrangement, panels};
use eframe::egui::{self, Vec2};
use egui_tiles::{Container, Tile, TileId, Tiles, Tree};

/// A part of an arrangement.
enum LayoutPart {
    /// Panes behind each other; the first is in front.
    Tabs(&'static [OpenPanel]),
    /// Parts from left to right, with their shares of the width.
    Row(&'static [(f32, LayoutPart)]),
    /// Parts from top to bottom, with their shares of the height.
    Column(&'static [(f32, LayoutPart)]),
}

/// The name of a panel, and its options as JSON; the usual ones where empty.
type OpenPanel = (&'static str, &'static str);

const EXPLORE: LayoutPart = LayoutPart::Tabs(&[("overview", ""), ("folder", ""), ("mistakes", ""), ("embedding", "")]);

const EXPLAIN: LayoutPart = LayoutPart::Row(&[
    (
        0.8,
        LayoutPart::Column(&[
            (1.0, LayoutPart::Tabs(&[("picture", ""), ("preparation", "")])),
            (1.0, LayoutPart::Tabs(&[("scores", ""), ("invariance", "")])),
        ]),
    ),
    (
        1.0,
        LayoutPart::Column(&[
            (1.0, LayoutPart::Tabs(&[("cam", r#"{"method":"grad-cam"}"#)])),
            (1.0, LayoutPart::Tabs(&[("saliency", r#"{"method":"guided-backprop"}"#)])),
        ]),
    ),
    (
        1.0,
        LayoutPart::Column(&[
            (1.0, LayoutPart::Tabs(&[("saliency", r#"{"method":"saliency"}"#)])),
            (1.0, LayoutPart::Tabs(&[("saliency", r#"{"method":"lrp"}"#)])),
        ]),
    ),
]);

const COMPARE: LayoutPart = LayoutPart::Row(&[
    (1.6, LayoutPart::Tabs(&[("beside", ""), ("cam", ""), ("activations", "")])),
    (
        1.0,
        LayoutPart::Column(&[(1.2, LayoutPart::Tabs(&[("compare", "")])), (1.0, LayoutPart::Tabs(&[("scores", "")]))]),
    ),
]);

const UNIT: LayoutPart = LayoutPart::Row(&[
    (
        1.0,
        LayoutPart::Column(&[
            (1.0, LayoutPart::Tabs(&[("activations", ""), ("filters", "")])),
            (1.0, LayoutPart::Tabs(&[("top", ""), ("deconvnet", ""), ("synthesis", "")])),
        ]),
    ),
    (
        0.8,
        LayoutPart::Column(&[
            (1.2, LayoutPart::Tabs(&[("unit", "")])),
            (1.0, LayoutPart::Tabs(&[("picture", ""), ("magnifier", ""), ("surgery", "")])),
        ]),
    ),
]);

const LECTURE: LayoutPart = LayoutPart::Row(&[
    (1.9, LayoutPart::Tabs(&[("lectures", ""), ("activations", ""), ("network", "")])),
    (
        1.0,
        LayoutPart::Column(&[
            (1.0, LayoutPart::Tabs(&[("picture", "")])),
            (1.0, LayoutPart::Tabs(&[("cam", ""), ("deconvnet", "")])),
        ]),
    ),
]);

/// The panes of an arrangement as it starts in a window of a size.
pub fn arranged(arrangement: Arrangement, window: Vec2) -> Tree<Pane> {
    let part = match arrangement {
        Arrangement::Explore => &EXPLORE,
        Arrangement::Explain => &EXPLAIN,
        Arrangement::Compare => &COMPARE,
        Arrangement::Unit => &UNIT,
        Arrangement::Lecture => &LECTURE,
        Arrangement::Everything => return first_arrangement(window),
    };
    let mut tiles = Tiles::default();
    let root = insert(&mut tiles, part);
    Tree::new(egui::Id::unique("panes"), root, tiles)
}

fn insert(tiles: &mut Tiles<Pane>, part: &LayoutPart) -> TileId {
    let (parts, is_row) = match part {
        LayoutPart::Tabs(open) => {
            let known = open.iter().filter_map(|(name, options)| Some((panels::find(name)?, options)));
            let panes = known.map(|(kind, options)| Pane::with(kind, options));
            let panes: Vec<TileId> = panes.map(|pane| tiles.insert_pane(pane)).collect();
            return tiles.insert_tab_tile(panes);
        }
        LayoutPart::Row(parts) => (parts, true),
        LayoutPart::Column(parts) => (parts, false),
    };
    let inside: Vec<TileId> = parts.iter().map(|(_, part)| insert(tiles, part)).collect();
    let container = match is_row {
        true => tiles.insert_horizontal_tile(inside.clone()),
        false => tiles.insert_vertical_tile(inside.clone()),
    };
    if let Some(Tile::Container(Container::Linear(linear))) = tiles.get_mut(container) {
        for (tile, (share, _)) in inside.into_iter().zip(parts.iter()) {
            linear.shares.set_share(tile, *share);
        }
    }
    container
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::vec2;

    fn check(part: &LayoutPart) {
        match part {
            LayoutPart::Tabs(open) => {
                for (name, options) in *open {
                    assert!(panels::find(name).is_some(), "there is no panel {name}");
                    assert!(options.is_empty() || serde_json::from_str::<serde_json::Value>(options).is_ok());
                }
            }
            LayoutPart::Row(parts) | LayoutPart::Column(parts) => parts.iter().for_each(|(_, part)| check(part)),
        }
    }

    #[test]
    fn every_arrangement_names_panels_that_exist() {
        [&EXPLORE, &EXPLAIN, &COMPARE, &UNIT, &LECTURE].into_iter().for_each(check);
        for arrangement in Arrangement::ALL {
            let tree = arranged(arrangement, vec2(1280.0, 800.0));
            let panes = tree.tiles.tiles().filter(|tile| matches!(tile, Tile::Pane(_))).count();
            assert!(panes >= 2, "{arrangement:?}");
        }
    }
}
