//! Requests of the window to the worker threads.

use super::{
    inquiry::{AnyInquiry, InquiryLane},
    lane::Lane,
    model::Model,
    opening::{BY_FILE, Opening},
    source::PictureSource,
};
use crate::{
    Result,
    net::surgery::Surgery,
    picture::{Alteration, Preparation},
    watch::Watch,
};
use std::{path::PathBuf, sync::Arc};

/// Work that ends in a sentence for the status line.
type Work = Box<dyn FnOnce(&Watch) -> Result<String> + Send>;

/// A request of the window.
pub enum Request {
    /// Open a network; the present picture runs through it.
    Open(Opening),
    /// Prepare pictures for the open network otherwise, and name its classes by a file, or by what it was opened with.
    Prepare(Preparation, Option<PathBuf>),
    /// Make these changes to the open network, in place of those made before.
    Operate(Surgery),
    /// Go on with a model that the window ran the present picture through; the number is that of its run ([`crate::engine::Run::of`]).
    Adopt(Arc<Model>, u64),
    /// Download a network's published weights, then open it with them.
    Fetch(Opening),
    /// Open a picture and run it.
    Picture(PictureSource),
    /// Run the present picture, altered.
    Alter(Alteration),
    /// Run a second picture for comparison, now and whenever the network changes; `None` ends that.
    Compare(Option<PictureSource>),
    /// Run pictures for pinned panes; each answer carries the number given here.
    Reopen(Vec<(u64, Opening, PictureSource)>),
    /// Answer questions of one lane, one after the other.
    Ask(&'static InquiryLane, Vec<AnyInquiry>),
    /// Do something that takes long, such as an export. The string is the label of its progress bar.
    Task(String, Work),
}

impl From<AnyInquiry> for Request {
    fn from(inquiry: AnyInquiry) -> Self {
        Request::Ask(inquiry.lane(), vec![inquiry])
    }
}

impl Request {
    pub(super) fn lane(&self) -> Lane {
        match self {
            Request::Open(_) | Request::Prepare(..) | Request::Operate(_) | Request::Adopt(..) => Lane::Model,
            Request::Fetch(_) => Lane::Fetch,
            Request::Reopen(_) => Lane::Reopen,
            Request::Picture(_) => Lane::Picture,
            Request::Alter(_) => Lane::Alter,
            Request::Compare(_) => Lane::Compare,
            Request::Ask(lane, _) => Lane::Inquiry(lane),
            Request::Task(..) => Lane::Task,
        }
    }

    /// The words beside the progress bar.
    pub(super) fn label(&self) -> String {
        match self {
            Request::Prepare(..) => "Preparing the picture".into(),
            Request::Adopt(model, _) => format!("Going to {}", model.weights),
            Request::Open(opening) if opening.network == BY_FILE => format!("Opening {}", opening.weights),
            Request::Open(opening) => format!("Opening {}", opening.network),
            Request::Operate(_) => "Changing the network".into(),
            Request::Fetch(opening) => format!("Downloading weights for {}", opening.network),
            Request::Reopen(_) => "Running pinned pictures".into(),
            Request::Picture(_) | Request::Alter(_) => "Running the picture".into(),
            Request::Compare(_) => "Running the picture for comparison".into(),
            Request::Ask(lane, inquiries) => match inquiries.split_first() {
                None => lane.name.into(),
                Some((first, [])) => first.label(),
                Some((first, rest)) => format!("{} and {} more", first.label(), rest.len()),
            },
            Request::Task(label, _) => label.clone(),
        }
    }
}
