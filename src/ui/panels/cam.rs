//! Where in the picture a layer finds what speaks for a class: class activation maps.

use crate::{
    methods::CAMS,
    ui::panels::{heat::Heat, panel::PanelKind},
};

pub(super) const KIND: PanelKind = PanelKind {
    name: "cam",
    title: "CAM",
    about: "Where a layer finds what speaks for a class or a unit: Grad-CAM and its relatives.",
    make: || Box::new(Heat::new(CAMS, "class activation map")),
};
