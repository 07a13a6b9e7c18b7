//! The form of a registry's entries: a method that attributes a target to places, and a ranking of a layer's units.

use super::{
    attribution::Attribution,
    preconditions,
    question::{Question, reaches},
    settings::Parameter,
};
use crate::{Error, Result, net::NodeId};

/// A method that attributes a target to places of the picture.
#[derive(Debug)]
pub struct Method {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its name in the window.
    pub title: &'static str,
    /// The authors and year of the paper.
    pub paper: &'static str,
    /// Its meaning, in two sentences.
    pub about: &'static str,
    /// Its definition in one line: S is the score, x the network's input, A a layer's maps.
    pub formula: &'static str,
    /// Where it is known to mislead; empty where nothing of the kind is known.
    pub caution: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// Whether it takes many passes through the network, so that it should only run when asked for.
    pub slow: bool,
    /// Whether [`Question::layers`] means something to it.
    pub layered: bool,
    /// The method itself; [`Method::ask`] also says why there is nothing to show.
    pub run: fn(&Question) -> Result<Attribution>,
}

impl Method {
    /// Defaults for the fields that a method's entry leaves out.
    pub(super) const BLANK: Method = Method {
        name: "",
        title: "",
        paper: "",
        about: "",
        formula: "",
        caution: "",
        parameters: &[],
        slow: false,
        layered: false,
        run: |_| Err(Error::Failed("this method does nothing".into())),
    };

    /// The same for methods that read layers.
    pub(super) const LAYERED: Method = Method { layered: true, ..Method::BLANK };

    /// Runs the method. What could only be drawn as a blank or misleading picture is refused.
    ///
    /// # Errors
    /// [`Error::Failed`] with "nothing to show, because ..."; those of the method; [`Error::Cancelled`].
    pub fn ask(&self, question: &Question) -> Result<Attribution> {
        preconditions::before(question)?;
        preconditions::after(question, (self.run)(question)?)
    }
}

/// Units with their measure, the largest first.
pub type Ranked = Vec<(usize, f32)>;

/// A way to rank the units of a layer.
#[derive(Debug)]
pub struct Ranking {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its name in the window.
    pub title: &'static str,
    /// Its measure, in a sentence.
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
        preconditions::unless_finite(question, if self.targeted { target } else { layer })?;
        let graph = question.trace.network().graph();
        if self.targeted && (layer > target || !reaches(graph, layer, target)) {
            let (layer, target) = (&graph.node(layer).name, &graph.node(target).name);
            return Err(Error::Usage(format!("layer {layer} does not lead to {target}: its units add nothing to it")));
        }
        (self.run)(question, layer)
    }
}
