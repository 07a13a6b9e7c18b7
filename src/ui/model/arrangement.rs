//! The arrangements of panes by purpose, by name.

use serde::{Deserialize, Serialize};

/// The purpose that panes are arranged for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Arrangement {
    /// One picture on its way through the network.
    #[default]
    Explore,
    /// One prediction, explained by four methods.
    Explain,
    /// Two pictures or two networks side by side.
    Compare,
    /// One unit: its map, its filter, and what excites it.
    Unit,
    /// Large letters and few panes, for a projector.
    Lecture,
    /// Every pane.
    Everything,
}

impl Arrangement {
    /// All of them, as the window lists them.
    pub const ALL: [Arrangement; 6] = [
        Arrangement::Explore,
        Arrangement::Explain,
        Arrangement::Compare,
        Arrangement::Unit,
        Arrangement::Lecture,
        Arrangement::Everything,
    ];

    /// On its button.
    pub fn title(self) -> &'static str {
        match self {
            Arrangement::Explore => "Explore",
            Arrangement::Explain => "Explain",
            Arrangement::Compare => "Compare",
            Arrangement::Unit => "Unit",
            Arrangement::Lecture => "Lecture",
            Arrangement::Everything => "Everything",
        }
    }

    /// In menus, and for a screen reader.
    pub fn label(self) -> &'static str {
        match self {
            Arrangement::Explore => "Arrange to explore",
            Arrangement::Explain => "Arrange to explain",
            Arrangement::Compare => "Arrange to compare",
            Arrangement::Unit => "Arrange for one unit",
            Arrangement::Lecture => "Arrange for a lecture",
            Arrangement::Everything => "Arrange everything",
        }
    }

    /// When the pointer rests on it.
    pub fn hint(self) -> &'static str {
        match self {
            Arrangement::Explore => {
                "One picture on its way through the network: heatmap, prediction, maps of every stage"
            }
            Arrangement::Explain => "One prediction, explained by four methods side by side",
            Arrangement::Compare => "Two pictures or two networks side by side, on one colour scale",
            Arrangement::Unit => "One unit: its map, its filter, and what in pictures excites it",
            Arrangement::Lecture => "Large letters and few panes, for a projector",
            Arrangement::Everything => "Every instrument, in tabs",
        }
    }

    /// The magnification of the window that the arrangement is made for.
    pub fn zoom(self) -> f32 {
        if self == Arrangement::Lecture { 1.25 } else { 1.0 }
    }
}
