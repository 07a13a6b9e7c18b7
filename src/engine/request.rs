//! What the window asks of the worker threads and what it learns from them; which request makes which other pointless.

use super::{
    inquiry::{Inquiry, InquiryKey},
    lab::{Change, Invariance, InvarianceKey},
    live::Frame,
    model::{Model, Opening},
    run::Run,
};
use crate::{
    Result,
    methods::{Attribution, Keep, Ranked, Reconstruction},
    net::NodeId,
    paint::signed_picture,
    picture::{Alteration, Picture, Preparation},
    watch::Watch,
};
use image::RgbImage;
use std::{path::PathBuf, sync::Arc};

/// Where a picture comes from.
#[derive(Clone)]
pub enum PictureSource {
    /// `sample:NAME` or a path.
    Named(String),
    /// A file dropped or chosen; of a folder, its first picture.
    File(PathBuf),
    /// What comes after the present picture in its folder, or before it; of a sample, among the samples.
    Beside {
        /// After it.
        forward: bool,
    },
    /// Bytes of a file dropped where there are no paths, with its name.
    Bytes(String, Arc<[u8]>),
    /// Pixels that are there already.
    Ready(Picture),
}

type Work = Box<dyn FnOnce(&Watch) -> Result<String> + Send>;

/// What the window asks for.
pub enum Request {
    /// Open a network; the present picture runs through it.
    Open(Opening),
    /// Prepare pictures for the open network otherwise, and name its classes by a file, or by what it was opened with.
    Prepare(Preparation, Option<PathBuf>),
    /// Download a network's published weights, then open it with them.
    Fetch(Opening),
    /// Open a picture and run it.
    Picture(PictureSource),
    /// Run the present picture, altered.
    Alter(Alteration),
    /// Run another picture too, for comparison, through whatever network is open; none any more where `None`.
    Compare(Option<PictureSource>),
    /// Run pictures through networks beside the one on screen; one answer each, with the number that stands before.
    Reopen(Vec<(u64, Opening, PictureSource)>),
    /// What matters for a target, by quick methods; one answer each.
    Attribute(Vec<Inquiry>),
    /// The same by a method that takes long: what is quick goes before it.
    AttributeSlowly(Inquiry),
    /// How a class and the layers of a run take a change of its picture.
    Measure(Arc<Run>, Change, usize),
    /// Order the units of layers by what they contribute to a class; one answer each.
    Rank(Vec<Contribution>),
    /// Project units back to the picture; one answer each.
    Deconvnet(Vec<Projection>),
    /// Anything that takes long and ends in a sentence: an export. The first string says what is being done.
    Task(String, Work),
}

/// A unit of a layer of a run, to be projected back to the picture, and what of it is kept.
pub type Projection = (Arc<Run>, NodeId, usize, Keep);

/// A layer of a run whose units are to be ordered by what they contribute to the score of a class.
pub type Contribution = (Arc<Run>, NodeId, usize);

/// What such an order is known by: the run's id, the layer and the class.
pub type ContributionKey = (u64, NodeId, usize);

/// A reconstruction and what it looks like, which takes longer to paint than a frame has.
pub struct Pictured {
    /// Its values.
    pub found: Reconstruction,
    /// A pixel a position of the network's input: zero is mid grey.
    pub image: RgbImage,
}

impl From<Reconstruction> for Pictured {
    fn from(found: Reconstruction) -> Self {
        let image = signed_picture(&found.values, found.shape);
        Pictured { found, image }
    }
}

/// What the window learns.
#[derive(Clone)]
pub enum Event {
    /// A network is open.
    Model(Arc<Model>),
    /// A picture ran.
    Run(Arc<Run>),
    /// The picture for comparison ran, or there is none any more.
    Compared(Option<Arc<Run>>),
    /// A picture ran beside the one on screen.
    Reopened(u64, Arc<Run>),
    /// A method's answer, or why there is none.
    Attribution(InquiryKey, Result<Arc<Attribution>, String>),
    /// How a class and the layers take a change of the picture, or why that is not known.
    Invariance(InvarianceKey, Result<Arc<Invariance>, String>),
    /// A unit's reconstruction for a run, or why there is none.
    Reconstruction {
        /// The run's id.
        run: u64,
        /// The layer.
        layer: NodeId,
        /// The unit.
        unit: usize,
        /// Which of its activations were kept.
        keep: Keep,
        /// The answer.
        result: Result<Arc<Pictured>, String>,
    },
    /// The units of a layer with what each contributes to a class, the most first, or why that is not known.
    Ranked(ContributionKey, Result<Arc<Ranked>, String>),
    /// A live synthesis moved on.
    Frame(Arc<Frame>),
    /// A task ended well.
    Finished(String),
    /// A request failed, and why; what was on screen stays.
    Failed(Lane, String),
}

/// Requests of one kind. In the order in which they are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Opening networks.
    Model,
    /// Opening and running pictures.
    Picture,
    /// Running the picture altered.
    Alter,
    /// Running a picture for comparison.
    Compare,
    /// Attributions.
    Attribution,
    /// Reconstructions.
    Deconvnet,
    /// Orders of units.
    Ranking,
    /// A live synthesis, when nothing else is to be done.
    Synthesis,
    /// Attributions that take long.
    Slow,
    /// Measurements of the picture as it was before it was altered.
    Measure,
    /// Exports.
    Task,
    /// Downloads.
    Fetch,
    /// Runs beside the one on screen.
    Reopen,
}

impl Request {
    pub(super) fn lane(&self) -> Lane {
        match self {
            Request::Open(_) | Request::Prepare(..) => Lane::Model,
            Request::Fetch(_) => Lane::Fetch,
            Request::Reopen(_) => Lane::Reopen,
            Request::Picture(_) => Lane::Picture,
            Request::Alter(_) => Lane::Alter,
            Request::Compare(_) => Lane::Compare,
            Request::Attribute(_) => Lane::Attribution,
            Request::AttributeSlowly(_) => Lane::Slow,
            Request::Measure(..) => Lane::Measure,
            Request::Rank(_) => Lane::Ranking,
            Request::Deconvnet(_) => Lane::Deconvnet,
            Request::Task(..) => Lane::Task,
        }
    }

    pub(super) fn what(&self) -> String {
        match self {
            Request::Prepare(..) => "Preparing the picture".into(),
            Request::Open(opening) => format!("Opening {}", opening.network),
            Request::Fetch(opening) => format!("Downloading weights for {}", opening.network),
            Request::Reopen(_) => "Running pinned pictures".into(),
            Request::Picture(_) | Request::Alter(_) => "Running the picture".into(),
            Request::Compare(_) => "Running the picture for comparison".into(),
            Request::Attribute(inquiries) => {
                inquiries.first().map_or_else(String::new, |first| first.method.title.into())
            }
            Request::AttributeSlowly(inquiry) => inquiry.method.title.into(),
            Request::Measure(_, change, _) => format!("Invariance: {}", change.label()),
            Request::Rank(_) => "Contributions of units".into(),
            Request::Deconvnet(units) => format!("Deconvnet of {} units", units.len()),
            Request::Task(what, _) => what.clone(),
        }
    }
}

impl Lane {
    /// The lanes by the thread that serves them: what takes long has a thread to itself, so that nothing waits for it.
    pub(super) const DESKS: [&[Lane]; 6] = [
        &[
            Lane::Model,
            Lane::Picture,
            Lane::Alter,
            Lane::Compare,
            Lane::Attribution,
            Lane::Deconvnet,
            Lane::Ranking,
            Lane::Synthesis,
        ],
        &[Lane::Slow],
        &[Lane::Measure],
        &[Lane::Task],
        &[Lane::Fetch],
        &[Lane::Reopen],
    ];

    /// Whether a new request in this lane makes those in `other` pointless. A task has its own data and goes on; an
    /// alteration is done to the picture whichever network looks at it, and a measurement is about neither alteration.
    pub(super) fn clears(self, other: Lane) -> bool {
        use Lane::{Alter, Attribution, Deconvnet, Fetch, Measure, Model, Picture, Ranking, Slow};
        match (self, other) {
            (Model, Fetch) | (Fetch, Model) => true,
            (Model | Picture | Alter, Attribution | Deconvnet | Ranking | Slow) => true,
            (Model | Picture, Measure) | (Picture, Alter) => true,
            _ => self == other,
        }
    }
}
