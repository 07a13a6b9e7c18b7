//! Methods that explain a trace, one file each. [`METHODS`] lists those that attribute a target to the picture's
//! pixels, [`CAMS`] those that draw a heatmap of a layer, [`RANKINGS`] those that rank a layer's units; flags, pickers,
//! sliders and the tour are derived from them.
//!
//! Architecture invariant: a method is data and a function of a trace; it knows no file, no window and no network by
//! name.

mod attribution;
mod cam;
mod cam_eigen;
mod cam_guided;
mod cam_perturb;
mod curves;
mod deconvnet;
mod deeplift;
mod gradient;
mod integrated;
mod localise;
mod lrp;
mod lrp_rule;
mod maxflow;
mod method;
mod mixture;
mod noise;
mod occlusion;
mod path;
mod preconditions;
mod question;
mod randomise;
mod resize;
mod rise;
mod settings;
mod smooth;
mod strength;
mod target;

pub use attribution::{Attribution, SumCheck};
pub use curves::{Curve, Curves, curves};
pub(crate) use deconvnet::row_and_column;
pub use deconvnet::{Keep, Reconstruction, deconvnet};
pub use localise::{Localisation, QUANTILES, localise, overlap};
pub use method::{Method, Ranked, Ranking};
pub use noise::Noise;
pub use path::{PathStep, path};
pub use question::{Question, cam_layers};
pub use randomise::{REDRAWN, Randomised, randomised};
pub use settings::{Parameter, ParameterKind, Settings};
pub use strength::{CONTRIBUTION, strongest_units};
pub use target::{Aim, Target};

use crate::{Result, error::unknown};

/// Every method that attributes to the picture's pixels, the usual one first.
pub const METHODS: &[Method] = &[
    gradient::SALIENCY,
    gradient::GRADIENT,
    gradient::POSITIVE,
    gradient::NEGATIVE,
    gradient::GRADIENT_X_INPUT,
    gradient::GUIDED_BACKPROP,
    gradient::DECONVNET,
    cam_guided::GUIDED_GRAD_CAM,
    integrated::INTEGRATED,
    smooth::SMOOTHGRAD,
    smooth::SMOOTHGRAD_SQUARED,
    smooth::VARGRAD,
    lrp::LRP,
    deeplift::DEEPLIFT,
    occlusion::OCCLUSION,
    rise::RISE,
];

/// Every method that makes a heatmap of one layer, or the mean over several, the usual one first.
pub const CAMS: &[Method] = &[
    cam::GRAD_CAM,
    cam::CAM,
    cam::GRAD_CAM_PLUS_PLUS,
    cam::XGRAD_CAM,
    cam::HIRES_CAM,
    cam::LAYER_CAM,
    cam_eigen::EIGEN_CAM,
    cam_eigen::EIGEN_GRAD_CAM,
    cam_perturb::SCORE_CAM,
    cam_perturb::ABLATION_CAM,
];

/// Every ranking, the usual one first.
pub const RANKINGS: &[Ranking] = &[strength::ACTIVATION, CONTRIBUTION, strength::ABLATION];

/// The method of [`METHODS`] called `name`.
///
/// # Errors
/// [`crate::Error::Usage`] with the nearest names.
pub fn find(name: &str) -> Result<&'static Method> {
    find_in(METHODS, name, "'striate saliency --help' lists them")
}

/// The method of [`CAMS`] called `name`.
///
/// # Errors
/// [`crate::Error::Usage`] with the nearest names.
pub fn find_cam(name: &str) -> Result<&'static Method> {
    find_in(CAMS, name, "'striate cam --help' lists them")
}

/// The ranking of [`RANKINGS`] called `name`.
///
/// # Errors
/// [`crate::Error::Usage`] with the nearest names.
pub fn find_ranking(name: &str) -> Result<&'static Ranking> {
    let found = RANKINGS.iter().find(|ranking| ranking.name.eq_ignore_ascii_case(name));
    let names = || RANKINGS.iter().map(|ranking| ranking.name);
    found.ok_or_else(|| unknown("ranking", name, names(), &names().collect::<Vec<_>>().join(", ")))
}

fn find_in(methods: &'static [Method], name: &str, list: &str) -> Result<&'static Method> {
    methods
        .iter()
        .find(|method| method.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| unknown("method", name, methods.iter().map(|m| m.name), list))
}
