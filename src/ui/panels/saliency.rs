//! Which pixels matter, by any method of the registry.

use crate::{
    methods::METHODS,
    ui::panels::{heat::Heat, panel::PanelKind},
};

pub(super) const KIND: PanelKind = PanelKind {
    name: "saliency",
    title: "Saliency",
    about: "Which pixels of the picture matter for a class or a unit, beside the picture or over it.",
    make: || Box::new(Heat::new(METHODS, "heatmap")),
};
