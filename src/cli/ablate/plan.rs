//! The rows of an ablation: which parts each leaves out, and what stands in their place.

use crate::{
    Error, Result,
    dataset::shuffled,
    net::{
        Graph, Network, Op,
        surgery::{NetworkPart, Operation, Removal, ResidualBlock, Substitute},
    },
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The values in place of a part's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum StandIn {
    /// Zeros
    Zero,
    /// The part's input, where it has the shape of the output
    Identity,
    /// The mean of every unit over the folder, or over the picture
    Mean,
}

/// The rows to measure.
#[derive(clap::Args)]
#[command(next_help_heading = "Removals")]
pub(super) struct PlanArgs {
    /// Leave these parts out together, separated by commas; may be given several times
    #[arg(long, value_name = "LAYER,...")]
    remove: Vec<String>,
    /// Leave out, one at a time, every residual block; in networks without, every layer with weights but the last
    #[arg(long)]
    each: bool,
    /// The values in place of the output of --remove and --each
    #[arg(long, value_enum, default_value_t = StandIn::Zero)]
    with: StandIn,
    /// Put the residual blocks of a stage (layer3) in a random order; may be given several times
    #[arg(long, value_name = "STAGE")]
    shuffle: Vec<String>,
    /// Leave out 1 to N residual blocks at random
    #[arg(long, value_name = "N")]
    drop_blocks: Option<u16>,
    /// Random choices for each --shuffle and each number of dropped blocks
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    draws: u16,
    /// Seed of the random choices
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// A part that a row leaves out.
#[derive(Clone, Debug)]
pub(super) struct Absent {
    pub part: NetworkPart,
    pub with: StandIn,
}

/// One row, before the means are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// The parts that it leaves out.
    pub absent: Vec<Absent>,
    /// Blocks and whose weights each takes.
    pub moved: Vec<(ResidualBlock, ResidualBlock)>,
    /// The number of blocks dropped, for a row of --drop-blocks.
    pub dropped: Option<usize>,
}

impl Row {
    pub fn removed(&self) -> Vec<String> {
        self.absent.iter().map(|absent| absent.part.name.clone()).collect()
    }

    /// The row in words.
    pub fn name(&self) -> String {
        let order: Vec<&str> = self.moved.iter().map(|(_, from)| from.part.name.as_str()).collect();
        let removed = self.removed().join(", ");
        match (order.is_empty(), removed.is_empty()) {
            (true, _) => format!("without {removed}"),
            (false, true) => format!("order {}", order.join(", ")),
            (false, false) => format!("without {removed}, order {}", order.join(", ")),
        }
    }

    /// The operation, with the `means` of the parts' outputs.
    pub fn operation(&self, means: &BTreeMap<usize, Vec<f32>>) -> Operation {
        let removal = |Absent { part, with }: &Absent| Removal {
            with: match with {
                StandIn::Zero => Substitute::Zero,
                StandIn::Identity => Substitute::Identity,
                StandIn::Mean => Substitute::Constant(means.get(&part.output).cloned().unwrap_or_default()),
            },
            part: part.clone(),
        };
        Operation { removals: self.absent.iter().map(removal).collect(), moved: self.moved.clone() }
    }
}

impl PlanArgs {
    /// Refuses an empty plan before anything is read.
    pub fn check(&self) -> Result<()> {
        match self.remove.is_empty() && self.shuffle.is_empty() && self.drop_blocks.is_none() && !self.each {
            true => Err(Error::Usage(
                "say what to leave out: --remove LAYER, --each, --shuffle STAGE, --drop-blocks N or --units LAYER"
                    .into(),
            )),
            false => Ok(()),
        }
    }

    /// The rows for a network; every one is checked against it. The notes name parts that --each passes over.
    pub fn rows(&self, network: &Network) -> Result<(Vec<Row>, Vec<String>)> {
        let (graph, mut rows, mut notes) = (network.graph(), Vec::new(), Vec::new());
        for set in &self.remove {
            let part = |name: &str| Ok(Absent { part: graph.part(name.trim())?, with: self.with });
            let absent = set.split(',').map(part).collect::<Result<_>>()?;
            rows.push(Row { absent, ..Row::default() });
        }
        for part in if self.each { each(graph, network) } else { Vec::new() } {
            let row = Row { absent: vec![Absent { part, with: self.with }], ..Row::default() };
            match row.operation(&BTreeMap::new()).fits(graph, self.with == StandIn::Mean) {
                Ok(()) => rows.push(row),
                Err(error) => notes.push(error.to_string()),
            }
        }
        for stage in &self.shuffle {
            rows.extend(self.shuffles(graph, stage)?);
        }
        rows.extend(self.drops(graph)?);
        for row in &rows {
            row.operation(&BTreeMap::new()).fits(graph, self.with == StandIn::Mean)?;
        }
        match rows.is_empty() {
            true => Err(Error::Failed(format!("nothing can be left out: {}", notes.join("; ")))),
            false => Ok((rows, notes)),
        }
    }

    fn shuffles(&self, graph: &Graph, stage: &str) -> Result<Vec<Row>> {
        let prefix = format!("{stage}.");
        let blocks: Vec<ResidualBlock> =
            graph.residual_blocks().into_iter().filter(|block| block.part.name.starts_with(&prefix)).collect();
        if blocks.len() < 2 {
            let count = blocks.len();
            return Err(Error::Usage(format!(
                "{stage} has {count} residual blocks with an unchanged shortcut: two or more can change places"
            )));
        }
        let draw = |draw: u16| {
            let order = shuffled(blocks.len(), self.seed.wrapping_mul(1009).wrapping_add(u64::from(draw)));
            let moved = |(to, &from): (usize, &usize)| (blocks[to].clone(), blocks[from].clone());
            Row { moved: order.iter().enumerate().map(moved).collect(), ..Row::default() }
        };
        Ok((0..self.draws).map(draw).collect())
    }

    fn drops(&self, graph: &Graph) -> Result<Vec<Row>> {
        let Some(most) = self.drop_blocks.map(usize::from) else { return Ok(Vec::new()) };
        let blocks = graph.residual_blocks();
        if most == 0 || most > blocks.len() {
            let count = blocks.len();
            return Err(Error::Usage(format!(
                "--drop-blocks {most} does not fit: the network has {count} residual blocks with an unchanged shortcut"
            )));
        }
        let row = |(dropped, draw): (usize, u64)| {
            let mut chosen = shuffled(blocks.len(), self.seed.wrapping_mul(1009).wrapping_add(draw));
            chosen.truncate(dropped);
            chosen.sort_unstable();
            let absent = |index: usize| Absent { part: blocks[index].part.clone(), with: StandIn::Identity };
            Row { absent: chosen.into_iter().map(absent).collect(), dropped: Some(dropped), ..Row::default() }
        };
        let draws = u64::from(self.draws);
        Ok((1..=most).flat_map(|dropped| (0..draws).map(move |draw| (dropped, draw))).map(row).collect())
    }
}

/// Every residual block; without any, every layer with weights but the last.
fn each(graph: &Graph, network: &Network) -> Vec<NetworkPart> {
    let blocks: Vec<NetworkPart> = graph.residual_blocks().into_iter().map(|block| block.part).collect();
    if !blocks.is_empty() {
        return blocks;
    }
    let auxiliary = graph.auxiliary();
    let weighted = |id: &usize| {
        let node = graph.node(*id);
        let is_layer = matches!(node.op, Op::Conv(_) | Op::Linear { .. } | Op::TableConv { .. });
        is_layer && *id != graph.scores() && !auxiliary[*id] && !network.weights(*id).is_empty()
    };
    let ids = (1..graph.nodes().len()).filter(weighted);
    ids.filter_map(|id| graph.part(&graph.node(id).name).ok()).collect()
}
