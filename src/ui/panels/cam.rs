//! Where in the picture a layer finds what speaks for a class: class activation maps.

use super::{Kind, heat::Heat};
use crate::methods::CAMS;

pub(super) const KIND: Kind = Kind {
    name: "cam",
    title: "CAM",
    about: "Where a layer finds what speaks for a class or a unit: Grad-CAM and its relatives.",
    make: || Box::new(Heat::new(CAMS, "class activation map")),
};
