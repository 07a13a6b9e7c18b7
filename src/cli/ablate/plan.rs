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

impl StandIn {
    /// Its name, behind that of a row.
    pub fn name(self) -> &'static str {
        match self {
            StandIn::Zero => ", zero in its place",
            StandIn::Identity => ", its input in its place",
            StandIn::Mean => ", its mean in its place",
        }
    }
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
    /// Let 1 to N random pairs of residual blocks of a stage change places
    #[arg(long, value_name = "N")]
    swap_blocks: Option<u16>,
    /// Silence, one at a time, every unit of this layer
    #[arg(long, value_name = "LAYER")]
    each_unit: Option<String>,
    /// Random choices for each --shuffle and each number of dropped or swapped blocks
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
    /// The number of pairs of blocks that changed places, for a row of --swap-blocks.
    pub swapped: Option<usize>,
    /// A part and its unit that is silent, for a row of --each-unit.
    pub silent: Option<(NetworkPart, usize)>,
}

impl Row {
    pub fn removed(&self) -> Vec<String> {
        self.absent.iter().map(|absent| absent.part.name.clone()).collect()
    }

    /// The row in words.
    pub fn name(&self) -> String {
        if let Some((part, unit)) = &self.silent {
            return format!("without unit {unit} of {}", part.name);
        }
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
        let silent =
            |(part, unit): &(NetworkPart, usize)| Removal { part: part.clone(), with: Substitute::silence(&[*unit]) };
        let removals = self.absent.iter().map(removal).chain(self.silent.iter().map(silent)).collect();
        Operation { removals, moved: self.moved.clone() }
    }

    /// The same row for a network without shortcuts whose layers have the same names: the modules of the same names are left
    /// out or change places.
    ///
    /// # Errors
    /// [`Error::Usage`] when it has no modules of these names, or cannot run without them.
    pub fn beside(&self, plain: &Network) -> Result<Row> {
        let part = |part: &NetworkPart| plain.graph().part(&part.name);
        let block = |block: &ResidualBlock| {
            let part = part(&block.part)?;
            Ok::<_, Error>(ResidualBlock { sum: part.output, branch: part.output, part })
        };
        let absent = |absent: &Absent| Ok(Absent { part: part(&absent.part)?, with: absent.with });
        let moved = |(to, from): &(ResidualBlock, ResidualBlock)| Ok((block(to)?, block(from)?));
        let row = Row {
            absent: self.absent.iter().map(absent).collect::<Result<_>>()?,
            moved: self.moved.iter().map(moved).collect::<Result<_>>()?,
            silent: None,
            ..self.clone()
        };
        row.operation(&BTreeMap::new()).fits(plain.graph(), true)?;
        Ok(row)
    }
}

impl PlanArgs {
    /// Refuses an empty plan before anything is read.
    pub fn check(&self) -> Result<()> {
        let blocks = self.drop_blocks.or(self.swap_blocks);
        let nothing = self.remove.is_empty() && self.shuffle.is_empty() && self.each_unit.is_none();
        match nothing && blocks.is_none() && !self.each {
            true => Err(Error::Usage(
                "say what to leave out: --remove LAYER, --each, --each-unit LAYER, --shuffle STAGE, --drop-blocks N, \
                 --swap-blocks N or --units LAYER"
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
        rows.extend(self.swaps(graph)?);
        rows.extend(self.units(graph)?);
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
        let order = |seed: u64| Some(shuffled(blocks.len(), seed)).filter(|order| !order.is_sorted());
        let row = |order: Vec<usize>| {
            let moved = |(to, &from): (usize, &usize)| (blocks[to].clone(), blocks[from].clone());
            Row { moved: order.iter().enumerate().map(moved).collect(), ..Row::default() }
        };
        Ok(self.drawn(order).map(row).collect())
    }

    /// Different choices, as many as --draws asks for. Where there are few, each comes once.
    fn drawn(&self, choose: impl Fn(u64) -> Option<Vec<usize>>) -> impl Iterator<Item = Vec<usize>> {
        let most = usize::from(self.draws);
        let mut found: Vec<Vec<usize>> = Vec::with_capacity(most);
        for draw in 0..64 * most as u64 {
            if let Some(choice) = choose(self.seed_of(draw)).filter(|choice| !found.contains(choice)) {
                found.push(choice);
            }
            if found.len() == most {
                break;
            }
        }
        found.into_iter()
    }

    fn seed_of(&self, draw: u64) -> u64 {
        self.seed.wrapping_mul(1009).wrapping_add(draw)
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
        let choose = |dropped: usize, seed: u64| {
            let mut chosen = shuffled(blocks.len(), seed);
            chosen.truncate(dropped);
            chosen.sort_unstable();
            Some(chosen)
        };
        let row = |dropped: usize, chosen: Vec<usize>| {
            let absent = |index: usize| Absent { part: blocks[index].part.clone(), with: StandIn::Identity };
            Row { absent: chosen.into_iter().map(absent).collect(), dropped: Some(dropped), ..Row::default() }
        };
        let rows = |dropped| self.drawn(move |seed| choose(dropped, seed)).map(move |chosen| row(dropped, chosen));
        Ok((1..=most).flat_map(rows).collect())
    }

    /// Pairs of blocks of a stage that change places one after the other.
    fn swaps(&self, graph: &Graph) -> Result<Vec<Row>> {
        let Some(most) = self.swap_blocks.map(usize::from) else { return Ok(Vec::new()) };
        let blocks = graph.residual_blocks();
        let stage = |index: usize| blocks[index].part.name.rsplit_once('.').map(|(stage, _)| stage);
        let pairs = (0..blocks.len()).flat_map(|a| (a + 1..blocks.len()).map(move |b| (a, b)));
        let pairs: Vec<(usize, usize)> = pairs.filter(|&(a, b)| stage(a).is_some() && stage(a) == stage(b)).collect();
        if most == 0 || most > pairs.len() {
            let count = pairs.len();
            return Err(Error::Usage(format!(
                "--swap-blocks {most} does not fit: the network has {count} pairs of residual blocks that can change places"
            )));
        }
        let choose = |swapped: usize, seed: u64| {
            let mut order: Vec<usize> = (0..blocks.len()).collect();
            let chosen = shuffled(pairs.len(), seed);
            chosen[..swapped].iter().for_each(|&pair| order.swap(pairs[pair].0, pairs[pair].1));
            Some(order).filter(|order| !order.is_sorted())
        };
        let row = |swapped: usize, order: Vec<usize>| {
            let changed = order.iter().enumerate().filter(|(to, from)| to != *from);
            let moved = changed.map(|(to, &from)| (blocks[to].clone(), blocks[from].clone())).collect();
            Row { moved, swapped: Some(swapped), ..Row::default() }
        };
        let rows = |swapped| self.drawn(move |seed| choose(swapped, seed)).map(move |order| row(swapped, order));
        Ok((1..=most).flat_map(rows).collect())
    }

    /// Every unit of a layer, silent alone.
    fn units(&self, graph: &Graph) -> Result<Vec<Row>> {
        let Some(layer) = &self.each_unit else { return Ok(Vec::new()) };
        let part = graph.part(layer)?;
        let units = graph.node(part.output).extent()[0];
        Ok((0..units).map(|unit| Row { silent: Some((part.clone(), unit)), ..Row::default() }).collect())
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
