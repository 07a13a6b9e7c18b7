//! Where in the picture a layer finds what speaks for a class: class activation maps.

use crate::{
    methods::CAMS,
    ui::panels::{Kind, heat::Heat},
};

pub(super) const KIND: Kind = Kind {
    name: "cam",
    title: "CAM",
    about: "Where a layer finds what speaks for a class or a unit: Grad-CAM and its relatives.",
    make: || Box::new(Heat::new(CAMS, "class activation map")),
};
