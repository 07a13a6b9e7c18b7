//! The target of an attribution as flags: a class, why this class and not that, a layer, or one unit of it.

use super::args::{self, NetworkArgs};
use crate::{
    Error, Result,
    engine::Run,
    figures::{ClassFacts, TargetFacts, target_facts},
    methods::{Keep, Target},
    net::{Graph, NodeId},
};

#[derive(clap::Args)]
#[command(next_help_heading = "Target")]
pub(super) struct TargetArgs {
    /// The class: its index, label or WordNet id [default: the predicted one]
    #[arg(long, value_name = "C")]
    class: Option<String>,
    /// Explain the difference between the class's score and this class's
    #[arg(long, value_name = "B")]
    minus: Option<String>,
    /// Explain a layer (or, with --unit, one unit) instead of a class: the mean of its activations
    #[arg(long, value_name = "LAYER", conflicts_with_all = ["class", "minus"])]
    of: Option<String>,
    /// A unit of that layer
    #[arg(long, value_name = "K", requires = "of")]
    unit: Option<usize>,
    /// Activation of the unit [default: strongest]
    #[arg(long, value_name = "strongest|mean|ROW,COL", requires = "unit", value_parser = kept)]
    at: Option<Keep>,
}

fn kept(text: &str) -> Result<Keep> {
    match text {
        "mean" => Ok(Keep::Map),
        "map" => Err(Error::Usage("'map' is not one number: strongest, mean, or ROW,COLUMN as in 3,5".into())),
        _ => text
            .parse()
            .map_err(|_| Error::Usage(format!("'{text}' is no activation: strongest, mean, or ROW,COLUMN as in 3,5"))),
    }
}

/// The target with what to say of it.
pub(super) struct Aimed {
    pub target: Target,
    pub class: Option<ClassFacts>,
    pub minus: Option<ClassFacts>,
    pub other: Option<TargetFacts>,
}

impl Aimed {
    /// For progress and captions.
    pub fn title(&self) -> String {
        match (&self.class, &self.minus, &self.other) {
            (Some(class), Some(minus), _) => format!("{}, not {}", class.title(), minus.title()),
            (Some(class), None, _) => class.title(),
            (None, _, Some(other)) => other.what.clone(),
            (None, _, None) => String::new(),
        }
    }
}

impl TargetArgs {
    /// Refuses wrong names before anything runs.
    pub fn check(&self, network: &NetworkArgs, graph: &Graph) -> Result<()> {
        for class in [&self.class, &self.minus].into_iter().flatten() {
            network.check_class(class)?;
        }
        let Some(layer) = self.layer(graph)? else { return Ok(()) };
        self.unit.map(|unit| args::unit(unit, layer, graph)).transpose()?;
        Ok(())
    }

    fn layer(&self, graph: &Graph) -> Result<Option<NodeId>> {
        self.of.as_deref().map(|name| graph.find(name)).transpose()
    }

    /// The target on a run.
    pub fn aim(&self, run: &Run) -> Result<Aimed> {
        let graph = run.model.network.graph();
        if let Some(layer) = self.layer(graph)? {
            let keep = self.at.unwrap_or_default();
            let target = self.unit.map_or(Target::Layer(layer), |unit| Target::Unit { layer, unit, keep });
            let other = Some(target_facts(run, target)?);
            return Ok(Aimed { target, class: None, minus: None, other });
        }
        let class = args::class(self.class.as_deref(), run)?;
        let minus = self.minus.as_deref().map(|name| run.model.labels.find(name)).transpose()?;
        let target = minus.map_or(Target::Class(class), |minus| Target::Difference(class, minus));
        // Says that a class does not differ from itself.
        target.aim(&run.trace)?;
        let of = |class| ClassFacts::of(run, class);
        Ok(Aimed { target, class: Some(of(class)), minus: minus.map(of), other: None })
    }
}
