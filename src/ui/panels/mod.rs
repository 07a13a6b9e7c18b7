//! The panels, one file or folder each. [`PANELS`] lists them; the arrangement, the tabs and the menus are derived from it.

mod activations;
mod beside;
mod cam;
mod compare;
mod deconvnet;
pub mod embedding;
mod evolution;
mod filters;
mod folder;
mod game;
mod glossary;
mod heat;
mod invariance;
mod layers;
mod lectures;
mod magnifier;
mod mistakes;
mod network;
mod overview;
mod pad;
pub mod panel;
mod picture;
mod preparation;
mod saliency;
mod scores;
mod sides;
mod surgery;
mod synthesis;
mod top;
mod training;
mod unit;

use panel::PanelKind;

/// Every pane.
pub const PANELS: &[PanelKind] = &[
    activations::KIND,
    overview::KIND,
    filters::KIND,
    network::KIND,
    layers::KIND,
    saliency::KIND,
    cam::KIND,
    deconvnet::KIND,
    evolution::KIND,
    picture::KIND,
    folder::KIND,
    embedding::KIND,
    unit::KIND,
    magnifier::KIND,
    compare::KIND,
    beside::KIND,
    game::KIND,
    lectures::KIND,
    glossary::KIND,
    invariance::KIND,
    pad::KIND,
    preparation::KIND,
    mistakes::KIND,
    scores::KIND,
    surgery::KIND,
    synthesis::KIND,
    top::KIND,
    training::KIND,
];

/// The pane called `name`.
pub fn find(name: &str) -> Option<&'static PanelKind> {
    PANELS.iter().find(|kind| kind.name == name)
}
