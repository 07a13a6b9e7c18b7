//! The network after surgery.

use super::{blocks::ResidualBlock, part::NetworkPart};
use crate::{
    Error, Result,
    net::{
        graph::{Builder, Graph, NodeId},
        layers::Tensors,
        network::Network,
        ops::Op,
    },
};
use candle_core::{Device, Tensor};

/// The values that stand in place of a part's output.
#[derive(Clone, Debug, PartialEq)]
pub enum Substitute {
    /// Zero.
    Zero,
    /// The part's input.
    Identity,
    /// One value for each unit, as its mean over a folder.
    Constant(Vec<f32>),
    /// The part's own output with these units at zero.
    Silence(Vec<usize>),
}

/// A part that is switched off.
#[derive(Clone, Debug, PartialEq)]
pub struct Removal {
    /// The part.
    pub part: NetworkPart,
    /// The values in its place.
    pub with: Substitute,
}

/// Everything that is changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operation {
    /// The parts that are switched off.
    pub removals: Vec<Removal>,
    /// Residual blocks and, for each, the block whose weights it takes.
    pub moved: Vec<(ResidualBlock, ResidualBlock)>,
}

impl Operation {
    /// Whether the operation can be made on a graph; `unknown_means` where the constants are still to be measured.
    ///
    /// # Errors
    /// [`Error::Usage`] when a part's input cannot stand for its output.
    pub fn fits(&self, graph: &Graph, unknown_means: bool) -> Result<()> {
        let known = |removal: &&Removal| !(unknown_means && matches!(removal.with, Substitute::Constant(_)));
        self.removals.iter().filter(known).try_for_each(|removal| check(graph, removal))
    }
}

impl Network {
    /// The network with an operation made. Layers that the scores then no longer depend on are left out.
    ///
    /// # Errors
    /// [`Error::Usage`] when a part's input cannot stand for its output, or blocks with weights of different shapes change
    /// places.
    pub fn operated(&self, operation: &Operation) -> Result<Network> {
        let graph = self.graph();
        operation.fits(graph, false)?;
        let (changed, constants) = rebuilt(graph, &operation.removals)?;
        let mut tensors = self.tensors();
        for (block, other) in &operation.moved {
            self.move_weights(block, other, &mut tensors)?;
        }
        tensors.extend(constants);
        let needed = changed.parameters();
        tensors.retain(|name, _| needed.contains_key(name));
        let network = Network::new(changed, tensors, "the changed network", self.device())?;
        Ok(network.with_backend(self.backend()))
    }

    /// All weights by their full names.
    pub fn tensors(&self) -> Tensors {
        let graph = self.graph();
        let of = |(id, node): (NodeId, &crate::net::graph::Node)| {
            let names = graph.node_parameters(node).into_iter().map(|spec| format!("{}.{}", node.name, spec.suffix));
            names.zip(self.weights(id).iter().cloned()).collect::<Vec<_>>()
        };
        graph.nodes().iter().enumerate().flat_map(of).collect()
    }

    /// Gives `block` the weights of `other`.
    pub(super) fn move_weights(
        &self,
        block: &ResidualBlock,
        other: &ResidualBlock,
        tensors: &mut Tensors,
    ) -> Result<()> {
        let own = self.tensors();
        let inside = |part: &NetworkPart| {
            let prefix = format!("{}.", part.name);
            let names = own.keys().filter_map(|name| name.strip_prefix(&prefix).map(str::to_owned));
            let mut names: Vec<String> = names.collect();
            names.sort();
            names
        };
        let refused = || {
            let (a, b) = (&block.part.name, &other.part.name);
            Error::Usage(format!("{a} and {b} cannot change places: their weights have different shapes"))
        };
        let names = inside(&block.part);
        if names != inside(&other.part) {
            return Err(refused());
        }
        for name in names {
            let (to, from) = (format!("{}.{name}", block.part.name), format!("{}.{name}", other.part.name));
            if own[&to].dims() != own[&from].dims() {
                return Err(refused());
            }
            tensors.insert(to, own[&from].clone());
        }
        Ok(())
    }
}

/// Refuses a part whose input cannot stand for its output, and constants of another number than its units.
fn check(graph: &Graph, removal: &Removal) -> Result<()> {
    let Removal { part, with } = removal;
    let output = graph.node(part.output);
    if part.output == 0 || part.output >= graph.scores() {
        return Err(Error::Usage(format!("{} cannot be left out: it is the input, or the scores", part.name)));
    }
    match (with, part.input) {
        (Substitute::Identity, None) => Err(Error::Usage(format!(
            "the input of {} cannot stand for its output: it has several inputs; 'zero' or 'mean' can",
            part.name
        ))),
        (Substitute::Identity, Some(input)) if graph.node(input).shape != output.shape => {
            let (from, to) = (shape(&graph.node(input).shape), shape(&output.shape));
            Err(Error::Usage(format!(
                "the input of {} cannot stand for its output: it is {from}, and the output {to}; 'zero' or 'mean' can",
                part.name
            )))
        }
        (Substitute::Constant(values), _) if values.len() != output.extent()[0] => {
            let (units, given) = (output.extent()[0], values.len());
            Err(Error::Usage(format!("{} has {units} units: {given} constants cannot stand for them", part.name)))
        }
        (Substitute::Silence(units), _) => match units.iter().find(|&&unit| unit >= output.extent()[0]) {
            Some(unit) => {
                let (name, last) = (&part.name, output.extent()[0] - 1);
                Err(Error::Usage(format!("{name} has units 0 to {last}, not {unit}")))
            }
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

fn shape(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

/// The graph with the parts switched off, and the constants that it needs: behind a part its output times zero, plus the
/// value of each unit.
fn rebuilt(graph: &Graph, removals: &[Removal]) -> Result<(Graph, Tensors)> {
    let mut net = Builder::new(graph.input_shape());
    let mut constants = Tensors::new();
    let mut moved = vec![0; graph.nodes().len()];
    for (id, node) in graph.nodes().iter().enumerate().skip(1) {
        let own: Vec<&Removal> = removals.iter().filter(|removal| removal.part.output == id).collect();
        if let Some(input) =
            own.iter().find_map(|removal| removal.part.input.filter(|_| removal.with == Substitute::Identity))
        {
            moved[id] = moved[input];
            continue;
        }
        let inputs: Vec<NodeId> = node.inputs.iter().map(|&input| moved[input]).collect();
        moved[id] = net.add(node.name.clone(), node.op.clone(), &inputs);
        if let Some(title) = node.title {
            net.title(title);
        }
        let Some(removal) = own.first() else { continue };
        // Constants for every unit, at all places of a map.
        let shape: Vec<usize> =
            node.shape.iter().enumerate().map(|(axis, &size)| if axis == 0 { size } else { 1 }).collect();
        let mut factors = vec![0f32; node.shape[0]];
        if let Substitute::Silence(units) = &removal.with {
            factors.fill(1.0);
            units.iter().for_each(|&unit| factors[unit] = 0.0);
        }
        let factors = Tensor::from_vec(factors, shape.clone(), &Device::Cpu)?;
        constants.insert(format!("{}.off.weight", node.name), factors);
        moved[id] = net.then(format!("{}.off", node.name), Op::Scale { shape: shape.clone() });
        if let Substitute::Constant(values) = &removal.with {
            let values = Tensor::from_slice(values, shape.clone(), &Device::Cpu)?;
            constants.insert(format!("{}.constant.bias", node.name), values);
            moved[id] = net.then(format!("{}.constant", node.name), Op::Shift { shape });
        }
    }
    Ok((net.finish()?.without_auxiliary(), constants))
}
