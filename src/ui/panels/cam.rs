//! Where in the picture a layer finds what speaks for a class: class activation maps.

use crate::{
    methods::CAMS,
    ui::panels::{heat::Heat, panel::PanelKind},
};

pub(super) const KIND: PanelKind = PanelKind {
    name: "cam",
    title: "Regions",
    about: "Where a layer finds what speaks for a class or a unit: Grad-CAM and its relatives.",
    how: "Bright where the maps of the layer speak for the class. It is as coarse as the layer: a spot is as wide as the receptive field, not as sharp as it looks.",
    formula: "",
    paper: "",
    make: || Box::new(Heat::new(CAMS, "class activation map")),
};
