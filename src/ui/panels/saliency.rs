//! Which pixels matter, by any method of the registry.

use crate::{
    methods::METHODS,
    ui::panels::{heat::Heat, panel::PanelKind},
};

pub(super) const KIND: PanelKind = PanelKind {
    name: "saliency",
    title: "Pixels",
    about: "Which pixels of the picture matter for a class or a unit, beside the picture or over it.",
    how: "Strong colours mark pixels that the score depends on. Inferno is for sizes; red raises the score and blue lowers it where values have a sign. The range ends at the 99.5% quantile, so that a few outliers do not darken the rest.",
    formula: "",
    paper: "",
    make: || Box::new(Heat::new(METHODS, "heatmap")),
};
