//! Questions asked of a trace, one file a method. [`METHODS`] lists those that attribute a target to the picture's
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
mod mixture;
mod noise;
mod occlusion;
mod path;
mod question;
mod randomise;
mod resize;
mod rise;
mod settings;
mod smooth;
mod strength;
mod target;
mod trouble;

pub use attribution::{Attribution, SumCheck};
pub use curves::{Curve, Curves, curves};
pub(crate) use deconvnet::row_and_column;
pub use deconvnet::{Keep, Reconstruction, deconvnet};
pub use localise::{Localisation, QUANTILES, localise, overlap};
pub use noise::Noise;
pub use path::{Step, path};
pub use question::{Question, cam_layers};
pub use randomise::{Randomised, randomised};
pub use settings::{Kind, Parameter, Settings};
pub use strength::{CONTRIBUTION, strongest_units};
pub use target::{Aim, Target};

use crate::{Error, Result, error::unknown, net::NodeId};

/// A way to say what matters for a target.
#[derive(Debug)]
pub struct Method {
    /// What `--method` calls it.
    pub name: &'static str,
    /// What the window calls it.
    pub title: &'static str,
    /// Who published it.
    pub paper: &'static str,
    /// What it shows, in two sentences.
    pub about: &'static str,
    /// What may be set.
    pub parameters: &'static [Parameter],
    /// Whether it takes many passes through the network, so that it should only run when asked for.
    pub slow: bool,
    /// Whether [`Question::layers`] means something to it.
    pub layered: bool,
    /// The method itself; [`Method::ask`] also says why there is nothing to show.
    pub run: fn(&Question) -> Result<Attribution>,
}

impl Method {
    /// What a method leaves out when it is written down.
    const BLANK: Method = Method {
        name: "",
        title: "",
        paper: "",
        about: "",
        parameters: &[],
        slow: false,
        layered: false,
        run: |_| Err(Error::Failed("this method does nothing".into())),
    };

    /// The same for methods that read layers.
    const LAYERED: Method = Method { layered: true, ..Method::BLANK };

    /// Runs the method. What could only be drawn as a blank or misleading picture is refused.
    ///
    /// # Errors
    /// [`Error::Failed`] with "nothing to show, because ..."; those of the method; [`Error::Cancelled`].
    pub fn ask(&self, question: &Question) -> Result<Attribution> {
        trouble::before(question)?;
        trouble::after(question, (self.run)(question)?)
    }
}

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

/// Units and what they measure, the largest first.
pub type Ranked = Vec<(usize, f32)>;

/// A way to rank the units of a layer.
#[derive(Debug)]
pub struct Ranking {
    /// What `--by` calls it.
    pub name: &'static str,
    /// What the window calls it.
    pub title: &'static str,
    /// What it measures.
    pub about: &'static str,
    /// Whether it takes many passes through the network.
    pub slow: bool,
    /// Whether [`Question::target`] means something to it: then the layer has to lead there.
    pub targeted: bool,
    /// The ranking itself; [`Ranking::ask`] also says why there is none.
    pub run: fn(&Question, NodeId) -> Result<Ranked>,
}

impl Ranking {
    /// Ranks the units of `layer`.
    ///
    /// # Errors
    /// [`Error::Usage`] when the target does not depend on the layer; [`Error::Failed`] when values are not finite;
    /// [`Error::Cancelled`].
    pub fn ask(&self, question: &Question, layer: NodeId) -> Result<Ranked> {
        let target = question.target.node(question.trace);
        trouble::unless_finite(question, if self.targeted { target } else { layer })?;
        let graph = question.trace.network().graph();
        if self.targeted && (layer > target || !question::reaches(graph, layer, target)) {
            let (layer, target) = (&graph.node(layer).name, &graph.node(target).name);
            return Err(Error::Usage(format!("layer {layer} does not lead to {target}: its units add nothing to it")));
        }
        (self.run)(question, layer)
    }
}

/// Every ranking, the usual one first.
pub const RANKINGS: &[Ranking] = &[strength::ACTIVATION, CONTRIBUTION, strength::ABLATION];

/// The method of [`METHODS`] called `name`.
///
/// # Errors
/// [`Error::Usage`] with the nearest names.
pub fn find(name: &str) -> Result<&'static Method> {
    find_in(METHODS, name, "'striate saliency --help' lists them")
}

/// The method of [`CAMS`] called `name`.
///
/// # Errors
/// [`Error::Usage`] with the nearest names.
pub fn find_cam(name: &str) -> Result<&'static Method> {
    find_in(CAMS, name, "'striate cam --help' lists them")
}

/// The ranking of [`RANKINGS`] called `name`.
///
/// # Errors
/// [`Error::Usage`] with the nearest names.
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
