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
    /// The part's own output with some units changed, at most once each.
    Units(Vec<UnitChange>),
}

impl Substitute {
    /// The part's own output with these units at zero.
    pub fn silence(units: &[usize]) -> Self {
        let silent = |&unit: &usize| UnitChange { unit, factor: 0.0, shift: 0.0 };
        Substitute::Units(units.iter().map(silent).collect())
    }
}

/// A unit whose activations are changed: each times `factor`, plus `shift`. With a factor of 0 the unit is held at one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitChange {
    /// The unit.
    pub unit: usize,
    /// Multiplied with its activations.
    pub factor: f32,
    /// Added to them then.
    pub shift: f32,
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
        let (changed, constants) = rebuilt(self.graph(), operation, false)?;
        self.with_changed(changed.without_auxiliary(), constants, operation)
    }

    /// The same with all layers in place, those included that the scores no longer depend on: views show what they compute.
    ///
    /// # Errors
    /// Those of [`Network::operated`].
    pub fn operated_whole(&self, operation: &Operation) -> Result<Network> {
        let (changed, constants) = rebuilt(self.graph(), operation, true)?;
        self.with_changed(changed, constants, operation)
    }

    fn with_changed(&self, changed: Graph, constants: Tensors, operation: &Operation) -> Result<Network> {
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
        (Substitute::Units(units), _) => {
            let (name, last) = (&part.name, output.extent()[0].saturating_sub(1));
            match units.iter().find(|change| change.unit > last) {
                Some(change) => Err(Error::Usage(format!("{name} has units 0 to {last}, not {}", change.unit))),
                None if units.iter().all(|change| change.factor.is_finite() && change.shift.is_finite()) => Ok(()),
                None => Err(Error::Usage(format!("the units of {name} change by finite numbers only"))),
            }
        }
        _ => Ok(()),
    }
}

fn shape(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

/// The graph with the parts switched off, and the constants that it needs: behind a part its output times a factor, plus a
/// summand, of each unit. Layers that nothing reads any more stay where `whole` is set.
fn rebuilt(graph: &Graph, operation: &Operation, whole: bool) -> Result<(Graph, Tensors)> {
    operation.fits(graph, false)?;
    let mut net = Builder::new(graph.input_shape());
    let mut constants = Tensors::new();
    let mut moved = vec![0; graph.nodes().len()];
    for (id, node) in graph.nodes().iter().enumerate().skip(1) {
        let own: Vec<&Removal> = operation.removals.iter().filter(|removal| removal.part.output == id).collect();
        let passed = own.iter().find_map(|removal| removal.part.input.filter(|_| removal.with == Substitute::Identity));
        let inputs: Vec<NodeId> = node.inputs.iter().map(|&input| moved[input]).collect();
        if passed.is_none() || whole {
            moved[id] = net.add(node.name.clone(), node.op.clone(), &inputs);
            if let Some(title) = node.title {
                net.title(title);
            }
        }
        if let Some(input) = passed {
            moved[id] = moved[input];
            continue;
        }
        let Some(removal) = own.first() else { continue };
        // Constants for every unit, at all places of a map.
        let shape: Vec<usize> =
            node.shape.iter().enumerate().map(|(axis, &size)| if axis == 0 { size } else { 1 }).collect();
        let [factors, shifts] = affine(&removal.with, node.shape[0]);
        let mut behind = |from: NodeId, [kind, suffix]: [&str; 2], op: Op, values: Vec<f32>| -> Result<NodeId> {
            let values = Tensor::from_vec(values, shape.clone(), &Device::Cpu)?;
            constants.insert(format!("{}.{kind}.{suffix}", node.name), values);
            Ok(net.add(format!("{}.{kind}", node.name), op, &[from]))
        };
        if factors.iter().any(|&factor| factor != 1.0) {
            moved[id] = behind(moved[id], ["off", "weight"], Op::Scale { shape: shape.clone() }, factors)?;
        }
        if shifts.iter().any(|&shift| shift != 0.0) {
            moved[id] = behind(moved[id], ["constant", "bias"], Op::Shift { shape: shape.clone() }, shifts)?;
        }
    }
    Ok((net.finish()?, constants))
}

/// Factors and summands of all units that make a substitute of a part's own output.
fn affine(with: &Substitute, units: usize) -> [Vec<f32>; 2] {
    let [mut factors, mut shifts] = [vec![0f32; units], vec![0f32; units]];
    match with {
        Substitute::Zero | Substitute::Identity => {}
        Substitute::Constant(values) => shifts.copy_from_slice(values),
        Substitute::Units(changes) => {
            factors.fill(1.0);
            for change in changes {
                (factors[change.unit], shifts[change.unit]) = (change.factor, change.shift);
            }
        }
    }
    [factors, shifts]
}
