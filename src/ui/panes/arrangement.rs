//! Where panes stand: at first, and when one comes, goes, or gets a twin.

use crate::ui::{
    model::arrangement::Arrangement,
    panels::{self, PANELS, panel::PanelKind},
    panes::pane::Pane,
};
use eframe::egui::{self, Vec2};
use egui_tiles::{Container, ContainerKind, Tile, TileId, Tiles, Tree};
use serde_json::Value;
use std::collections::BTreeMap;

/// Panels that stand together as tabs.
type TabGroup = &'static [&'static str];

const LAYER: TabGroup = &[
    "activations",
    "filters",
    "network",
    "layers",
    "folder",
    "lectures",
    "overview",
    "glossary",
    "embedding",
    "training",
    "evolution",
];
const SALIENCY: TabGroup = &["saliency", "cam"];
const DECONVNET: TabGroup = &["deconvnet", "synthesis", "magnifier", "top"];
const PICTURE: TabGroup = &["picture", "preparation", "pad", "game"];
const UNIT: TabGroup = &["unit", "compare", "mistakes", "beside"];
const SCORES: TabGroup = &["scores", "invariance", "surgery"];
/// The same in a window that is too low for three groups at the side.
const LOW_SALIENCY: TabGroup = &["saliency", "cam", "invariance"];
const LOW_SCORES: TabGroup = &["scores", "unit", "compare"];
/// Panels that only a large window has room for at first: the View menu opens them, and other arrangements have them.
const ROOMY: TabGroup =
    &["overview", "glossary", "top", "mistakes", "beside", "surgery", "embedding", "training", "evolution", "game"];
/// A window at least as wide as this has room for those, in points.
const WIDE: f32 = 1600.0;
/// A window lower than this is low, in points.
const LOW: f32 = 680.0;

/// The arrangement that the program starts with in a window of a size: the layer large, what explains it below, the
/// picture at the side.
pub fn first_arrangement(window: Vec2) -> Tree<Pane> {
    let low = window.y < LOW;
    let mut tiles = Tiles::default();
    let tab = |tiles: &mut Tiles<Pane>, group: TabGroup| {
        let fits = |name: &&&str| window.x >= WIDE && !low || !ROOMY.contains(*name);
        let kinds = group.iter().filter(fits).filter_map(|name| panels::find(name));
        let panes: Vec<TileId> = kinds.map(|kind| tiles.insert_pane(Pane::new(kind))).collect();
        tiles.insert_tab_tile(panes)
    };
    let layer = tab(&mut tiles, LAYER);
    let saliency = tab(&mut tiles, if low { LOW_SALIENCY } else { SALIENCY });
    let deconvnet = tab(&mut tiles, DECONVNET);
    let picture = tab(&mut tiles, PICTURE);
    let beside: Vec<TileId> = match low {
        true => vec![tab(&mut tiles, LOW_SCORES)],
        false => [UNIT, SCORES].map(|group| tab(&mut tiles, group)).to_vec(),
    };
    let below = tiles.insert_horizontal_tile(vec![saliency, deconvnet]);
    let centre = tiles.insert_vertical_tile(vec![layer, below]);
    let side = tiles.insert_vertical_tile([&[picture], &beside[..]].concat());
    let root = tiles.insert_horizontal_tile(vec![centre, side]);
    let mut share = |container: TileId, tile: TileId, share: f32| {
        if let Some(Tile::Container(Container::Linear(linear))) = tiles.get_mut(container) {
            linear.shares.set_share(tile, share);
        }
    };
    share(root, centre, if low { 2.25 } else { 2.6 });
    share(root, side, 1.0);
    share(centre, layer, 1.15);
    share(side, picture, if low { 1.2 } else { 0.85 });
    for (tile, part) in beside.into_iter().zip([1.2, 0.8]) {
        share(side, tile, part);
    }
    share(below, deconvnet, if low { 1.1 } else { 1.35 });
    Tree::new(egui::Id::unique("panes"), root, tiles)
}

/// Brings the pane of a panel to the front; opens one where there is none.
pub fn show(tree: &mut Tree<Pane>, name: &str) {
    let Some(kind) = panels::find(name) else { return };
    let wanted = find(tree, name).unwrap_or_else(|| add(tree, kind));
    tree.make_active(|id, _| id == wanted);
}

/// Brings the pane of a panel to the front; opens one below all others where there is none, so that they stay in sight.
pub fn show_below(tree: &mut Tree<Pane>, name: &str) {
    let above = tree.root.filter(|_| find(tree, name).is_none());
    if let (Some(kind), Some(above)) = (panels::find(name), above) {
        let pane = tree.tiles.insert_pane(Pane::new(kind));
        let below = tree.tiles.insert_tab_tile(vec![pane]);
        let both = tree.tiles.insert_vertical_tile(vec![above, below]);
        if let Some(Tile::Container(Container::Linear(linear))) = tree.tiles.get_mut(both) {
            linear.shares.set_share(below, 0.6);
        }
        tree.root = Some(both);
    }
    show(tree, name);
}

/// The arrangement as JSON, for the settings.
pub fn to_json(tree: &Tree<Pane>) -> Value {
    serde_json::to_value(tree).unwrap_or_default()
}

/// An arrangement read from JSON; `None` where it does not parse or shows nothing. Where `known` are the panels of the
/// version that wrote it, those that it did not know are added.
pub fn from_json(value: Value, known: Option<&[String]>) -> Option<Tree<Pane>> {
    let mut tree: Tree<Pane> = serde_json::from_value(value).ok()?;
    // A root that is not among the tiles would leave the window empty for good.
    tree.root.filter(|&root| tree.tiles.get(root).is_some())?;
    if let Some(known) = known {
        complete(&mut tree, known);
    }
    Some(tree)
}

/// The panes of all arrangements that the settings hold; those that do not parse are left out.
pub fn read_all(kept: BTreeMap<Arrangement, Value>, known: &[String]) -> BTreeMap<Arrangement, Tree<Pane>> {
    let read = |(of, kept)| {
        let known = (of == Arrangement::Everything).then_some(known);
        Some((of, from_json(kept, known)?))
    };
    kept.into_iter().filter_map(read).collect()
}

/// Adds the panels that are missing and not in `known`: the version that wrote the arrangement did not have them.
fn complete(tree: &mut Tree<Pane>, known: &[String]) {
    for kind in PANELS {
        if !known.iter().any(|name| name == kind.name) && find(tree, kind.name).is_none() {
            add(tree, kind);
        }
    }
}

fn find(tree: &Tree<Pane>, name: &str) -> Option<TileId> {
    let is_kind = |tile: &Tile<Pane>| matches!(tile, Tile::Pane(pane) if pane.kind().name == name);
    tree.tiles.iter().find(|(_, tile)| is_kind(tile)).map(|(&id, _)| id)
}

/// A new pane, behind one that it stands with at first, else in whatever tabs there are.
fn add(tree: &mut Tree<Pane>, kind: &'static PanelKind) -> TileId {
    let pane = tree.tiles.insert_pane(Pane::new(kind));
    let groups = [LAYER, SALIENCY, DECONVNET, PICTURE, UNIT, SCORES];
    let mates = groups.into_iter().find(|group| group.contains(&kind.name)).unwrap_or_default();
    let beside = mates.iter().find_map(|name| tree.tiles.parent_of(find(tree, name)?));
    let any = || {
        let tabs = tree.tiles.iter().filter(|(_, tile)| tile.kind() == Some(ContainerKind::Tabs));
        tabs.map(|(&id, _)| id).min_by_key(|id| id.0)
    };
    match beside.or_else(any).and_then(|tabs| tree.tiles.get_mut(tabs)) {
        Some(Tile::Container(tabs)) => tabs.add_child(pane),
        _ => tree.root = Some(tree.tiles.insert_tab_tile(vec![pane])),
    }
    pane
}

/// Panels that say nothing about one network alone.
const NOT_OF_NETWORK: TabGroup =
    &["beside", "compare", "glossary", "folder", "mistakes", "top", "embedding", "training", "evolution"];

/// This pane, or where it says nothing about the network alone, that of the feature maps, brought to the front.
pub fn of_network(tree: &mut Tree<Pane>, tile: TileId) -> Option<TileId> {
    let name = tree.tiles.get_pane(&tile)?.kind().name;
    if !PICTURE.contains(&name) && !NOT_OF_NETWORK.contains(&name) {
        return Some(tile);
    }
    show(tree, LAYER[0]);
    find(tree, LAYER[0])
}

/// Puts another of the same beside a pane.
pub fn duplicate(tree: &mut Tree<Pane>, tile: TileId) -> Option<TileId> {
    let twin = tree.tiles.get_pane(&tile).map(Pane::twin)?;
    let tabs = tree.tiles.parent_of(tile)?;
    let above = tree.tiles.parent_of(tabs);
    let twin = tree.tiles.insert_pane(twin);
    let beside = tree.tiles.insert_tab_tile(vec![twin]);
    let both = tree.tiles.insert_horizontal_tile(vec![tabs, beside]);
    match above.and_then(|above| tree.tiles.get_mut(above)) {
        Some(Tile::Container(above)) => {
            // It is there: it is the parent.
            let _ = above.replace_child(tabs, both);
        }
        _ => tree.root = Some(both),
    }
    Some(twin)
}

/// Takes a pane away.
pub fn close(tree: &mut Tree<Pane>, tile: TileId) {
    tree.remove_recursively(tile);
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::vec2;

    #[test]
    fn every_pane_that_there_is_room_for_is_in_the_first_arrangement() {
        for window in [vec2(1920.0, 1080.0), vec2(1280.0, 800.0), vec2(900.0, 600.0)] {
            let tree = first_arrangement(window);
            let roomy = window.x >= WIDE && window.y >= LOW;
            let has_room = |kind: &&PanelKind| roomy || !ROOMY.contains(&kind.name);
            let missing = PANELS.iter().filter(has_room).find(|kind| find(&tree, kind.name).is_none());
            assert!(missing.is_none(), "{:?}", missing.map(|kind| kind.name));
        }
    }

    #[test]
    fn what_an_older_version_did_not_know_comes_to_its_mates_and_what_was_closed_stays_closed() {
        let mut tree = first_arrangement(vec2(1280.0, 800.0));
        for name in ["lectures", "cam"] {
            let tile = find(&tree, name).unwrap_or_else(|| panic!("{name} is there at first"));
            close(&mut tree, tile);
        }
        let known: Vec<String> =
            PANELS.iter().map(|kind| kind.name.to_owned()).filter(|name| name != "lectures").collect();
        complete(&mut tree, &known);
        let parent = |name: &str| find(&tree, name).and_then(|tile| tree.tiles.parent_of(tile));
        assert!(parent("lectures").is_some() && parent("lectures") == parent("activations"));
        assert_eq!(parent("cam"), None);
    }

    #[test]
    fn an_arrangement_survives_a_round_trip_and_a_broken_one_is_refused() {
        let tree = first_arrangement(vec2(1280.0, 800.0));
        let known: Vec<String> = PANELS.iter().map(|kind| kind.name.to_owned()).collect();
        let kept = to_json(&tree);
        let tiles = from_json(kept.clone(), Some(&known)).map(|tree| tree.tiles.len());
        assert_eq!(tiles, Some(tree.tiles.len()));
        let other = kept.to_string().replace("\"activations\"", "\"a panel of another version\"");
        let other = serde_json::from_str(&other).unwrap_or_default();
        assert!(from_json(other, Some(&known)).is_none());
        for broken in [Value::Null, serde_json::json!({}), serde_json::json!([1])] {
            assert!(from_json(broken, Some(&known)).is_none());
        }
    }
}
