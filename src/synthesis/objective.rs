//! The objective of a synthesis: a weighted sum of goals, each a number computed from a layer's outputs. A negative weight
//! minimises.

use super::{diversity, images::Images};
use crate::{
    Error, Result,
    methods::row_and_column,
    net::{Graph, NodeId, Op, Reverse, Rule, Trace},
    watch::Watch,
};
use candle_core::{D, DType, Tensor};
use std::{collections::BTreeMap, str::FromStr, sync::Arc};

/// The place on a unit's map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum At {
    /// The mean over the map.
    #[default]
    Mean,
    /// Its centre alone.
    Centre,
    /// One row and column.
    Position(usize, usize),
}

impl FromStr for At {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let position = || row_and_column(text).map(|(row, column)| At::Position(row, column));
        match text {
            "mean" => Ok(At::Mean),
            "centre" => Ok(At::Centre),
            _ => position().ok_or_else(|| Error::Usage(format!("'{text}' is no place: mean, centre or ROW,COL"))),
        }
    }
}

/// One number of a network.
#[derive(Clone, Debug, PartialEq)]
pub enum Goal {
    /// The score S_c of a class, before softmax.
    Score(usize),
    /// The logarithm of a class's probability: the other classes' scores count against it.
    LogProbability(usize),
    /// A unit of a layer.
    Unit {
        /// The layer.
        layer: NodeId,
        /// The unit.
        unit: usize,
        /// The place on its map.
        at: At,
    },
    /// Half the mean square of a layer, which amplifies its patterns (Mordvintsev, Olah and Tyka 2015).
    Layer(NodeId),
    /// The mean over a layer's map of its units' products with a direction, which is scaled to length 1.
    Direction {
        /// The layer.
        layer: NodeId,
        /// A number for each of its units.
        direction: Arc<[f32]>,
    },
    /// Minus the squared distance of a layer from given activations, over their own square: 0 where they are reached
    /// (Mahendran and Vedaldi 2015).
    Match {
        /// The layer.
        layer: NodeId,
        /// Its activations for one picture, row-major.
        wanted: Arc<[f32]>,
    },
    /// The difference of the pictures of a batch in a layer: minus the mean over pictures of the sum over the others of
    /// their Gram matrices' cosine (Olah, Mordvintsev and Schubert 2017).
    Diversity(NodeId),
}

/// A weighted goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The goal.
    pub goal: Goal,
    /// Its factor; negative to minimise it.
    pub weight: f32,
}

impl Goal {
    /// The layer it reads.
    pub fn layer(&self, graph: &Graph) -> NodeId {
        match *self {
            Goal::Score(_) | Goal::LogProbability(_) => graph.scores(),
            Goal::Unit { layer, .. }
            | Goal::Layer(layer)
            | Goal::Direction { layer, .. }
            | Goal::Match { layer, .. }
            | Goal::Diversity(layer) => layer,
        }
    }

    /// The class it asks for, if any.
    pub fn class(&self) -> Option<usize> {
        match *self {
            Goal::Score(class) | Goal::LogProbability(class) => Some(class),
            _ => None,
        }
    }

    /// Whether single units are asked to rise or fall, not a whole layer.
    fn names_units(&self) -> bool {
        matches!(self, Goal::Score(_) | Goal::LogProbability(_) | Goal::Unit { .. } | Goal::Direction { .. })
    }

    /// The same goal for a network that runs at another size, and whose layers may have maps of another size.
    ///
    /// # Errors
    /// When a map would be empty.
    pub(super) fn resized(&self, from: &Graph, to: &Graph) -> Result<Self> {
        let layer = self.layer(from);
        let ([units, height, width], [_, rows, columns]) = (from.node(layer).extent(), to.node(layer).extent());
        if (height, width) == (rows, columns) {
            return Ok(self.clone());
        }
        Ok(match self {
            Goal::Match { wanted, .. } => {
                let maps = Images { values: wanted.to_vec(), dims: [1, units, height, width] };
                Goal::Match { layer, wanted: maps.resized([rows, columns])?.values.into() }
            }
            &Goal::Unit { unit, at: At::Position(row, column), .. } => {
                Goal::Unit { layer, unit, at: At::Position(row * rows / height, column * columns / width) }
            }
            other => other.clone(),
        })
    }

    /// Refuses a goal that the network does not have.
    ///
    /// # Errors
    /// [`Error::Usage`] that says what there is.
    pub fn check(&self, graph: &Graph, batch: usize) -> Result<()> {
        let refuse = |why: String| Err(Error::Usage(why));
        let layer = self.layer(graph);
        let Some(node) = graph.nodes().get(layer) else {
            return refuse(format!("the network has layers 0 to {}, not {layer}", graph.nodes().len() - 1));
        };
        let ([units, height, width], name) = (node.extent(), &node.name);
        match self {
            Goal::Score(class) | Goal::LogProbability(class) if *class >= units => {
                refuse(format!("the network has classes 0 to {}, not {class}", units - 1))
            }
            Goal::Unit { unit, .. } if *unit >= units => {
                refuse(format!("layer {name} has units 0 to {}, not {unit}", units - 1))
            }
            &Goal::Unit { at: At::Position(row, column), .. } if row >= height || column >= width => {
                refuse(format!("layer {name} has maps of {height}x{width}, without ({row}, {column})"))
            }
            Goal::Direction { direction, .. } if direction.len() != units => refuse(format!(
                "a direction of {} numbers was given, but layer {name} has {units} units",
                direction.len()
            )),
            Goal::Match { wanted, .. } if wanted.len() != units * height * width => refuse(format!(
                "{} activations cannot stand for layer {name} of {units}x{height}x{width}",
                wanted.len()
            )),
            Goal::Diversity(_) if batch < 2 => refuse("diversity needs a batch of two pictures or more".into()),
            _ => Ok(()),
        }
    }

    /// Its value, the mean over the batch, and the derivative of the sum over the batch with respect to the layer's
    /// outputs `(batch, ...)`: each picture climbs alone.
    fn climb(&self, outputs: &Tensor) -> Result<(f64, Tensor)> {
        let dims = outputs.dims().to_vec();
        let batch = dims[0];
        let flat = outputs.flatten_from(1)?;
        let spread = |seed: Vec<f32>| -> Result<Tensor> {
            let seed = Tensor::from_vec(seed, (1, dims[1..].iter().product::<usize>()), outputs.device())?;
            Ok(seed.to_dtype(outputs.dtype())?.broadcast_as(flat.dims())?.contiguous()?)
        };
        let length = flat.dim(1)?;
        let (units, area) = (dims[1], dims[2..].iter().product::<usize>());
        let one_hot = |index: usize| {
            let mut seed = vec![0f32; length];
            seed[index] = 1.0;
            seed
        };
        let (values, seed) = match self {
            Goal::LogProbability(class) => {
                let log = candle_nn::ops::log_softmax(&flat, D::Minus1)?;
                (log.narrow(1, *class, 1)?, (spread(one_hot(*class))? - log.exp()?)?)
            }
            Goal::Layer(_) => ((flat.sqr()?.mean_keepdim(1)? * 0.5)?, (&flat / length as f64)?),
            Goal::Match { wanted, .. } => {
                let wanted = spread(wanted.to_vec())?;
                let square = wanted.narrow(0, 0, 1)?.sqr()?.sum_all()?.to_dtype(DType::F32)?.to_scalar::<f32>()?;
                let scale = 1.0 / f64::from(square.max(f32::MIN_POSITIVE));
                let apart = (&flat - wanted)?;
                ((apart.sqr()?.sum_keepdim(1)? * -scale)?, (apart * (-2.0 * scale))?)
            }
            Goal::Diversity(_) => diversity::climb(&flat.reshape((batch, units, area))?)?,
            Goal::Score(class) => linear(&flat, spread(one_hot(*class))?)?,
            Goal::Unit { unit, at, .. } => {
                let width = dims.get(3).copied().unwrap_or(1);
                let mut seed = vec![0f32; length];
                let map = &mut seed[unit * area..][..area];
                match *at {
                    At::Mean => map.fill(1.0 / area as f32),
                    At::Centre => map[area / width / 2 * width + width / 2] = 1.0,
                    At::Position(row, column) => map[row * width + column] = 1.0,
                }
                linear(&flat, spread(seed)?)?
            }
            Goal::Direction { direction, .. } => {
                let norm = direction.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
                let repeated = |v: &f32| std::iter::repeat_n(v / (norm * area as f32), area);
                linear(&flat, spread(direction.iter().flat_map(repeated).collect())?)?
            }
        };
        let values: Vec<f32> = values.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / batch as f64;
        Ok((mean, seed.reshape(dims)?))
    }
}

/// The layer from which a seed is walked back, with the seed there.
///
/// A unit that is silent behind its rectifier would stay so: the derivative is zero. So where a seed asks a silent unit
/// to rise, the walk begins before the rectifier, as lucid's does. Between the rectifier and the layer that was asked
/// for there may be layers that only move or average values: SqueezeNet's class map is rectified, then averaged.
fn awakened(trace: &Trace, layer: NodeId, seed: Tensor) -> Result<(NodeId, Tensor)> {
    let graph = trace.network().graph();
    let (mut at, mut moved) = (layer, seed.clone());
    loop {
        let node = graph.node(at);
        match node.op {
            Op::Flatten | Op::Dropout { .. } | Op::AvgPool { .. } | Op::AdaptiveAvgPool { .. } | Op::MaxPool(_) => {
                moved = trace.step(at, 0, &moved, &Reverse::default())?;
            }
            Op::Relu => {
                let output = trace.output(at);
                let places: Vec<usize> = (2..output.rank()).collect();
                let excited = (output * &moved)?.abs()?.sum_keepdim(places)?;
                let silent = excited.eq(0.0)?.broadcast_as(output.shape())?.to_dtype(output.dtype())?;
                let woken = (silent * moved.relu()?)?;
                if woken.sum_all()?.to_dtype(DType::F32)?.to_scalar::<f32>()? == 0.0 {
                    return Ok((layer, seed));
                }
                let open = (&moved * output.gt(0.0)?.to_dtype(output.dtype())?)?;
                return Ok((node.inputs[0], (open + woken)?));
            }
            _ => return Ok((layer, seed)),
        }
        at = node.inputs[0];
    }
}

/// A weighted sum of outputs: its value for every picture, and its weights.
fn linear(flat: &Tensor, seed: Tensor) -> Result<(Tensor, Tensor)> {
    Ok(((flat * &seed)?.sum_keepdim(1)?, seed))
}

/// The objective in a trace: its value, the mean over the batch.
///
/// # Errors
/// Those of the goals.
pub(super) fn value(terms: &[Term], trace: &Trace) -> Result<f64> {
    let graph = trace.network().graph();
    terms.iter().try_fold(0.0, |sum, term| {
        Ok(sum + f64::from(term.weight) * term.goal.climb(trace.output(term.goal.layer(graph)))?.0)
    })
}

/// The same with its gradient at the pictures: one walk for every layer that a goal reads.
///
/// # Errors
/// Those of the goals and of the walk.
pub(super) fn gradient(terms: &[Term], trace: &Trace, watch: &Watch) -> Result<(f64, Tensor)> {
    let graph = trace.network().graph();
    let mut seeds: BTreeMap<NodeId, Tensor> = BTreeMap::new();
    let mut value = 0.0;
    for term in terms {
        let layer = term.goal.layer(graph);
        let (one, seed) = term.goal.climb(trace.output(layer))?;
        value += f64::from(term.weight) * one;
        let seed = (seed * f64::from(term.weight))?;
        let (layer, seed) = if term.goal.names_units() { awakened(trace, layer, seed)? } else { (layer, seed) };
        let sum = match seeds.remove(&layer) {
            Some(others) => (others + seed)?,
            None => seed,
        };
        seeds.insert(layer, sum);
    }
    let mut gradient = trace.output(0).zeros_like()?;
    let count = seeds.len();
    for (index, (layer, seed)) in seeds.into_iter().enumerate() {
        let how = Reverse { rule: Rule::Gradient, watch: watch.part(index, count), ..Reverse::default() };
        gradient = (gradient + trace.reverse(layer, &seed, 0, &how)?)?;
    }
    Ok((value, gradient))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::numbers;
    use super::*;
    use candle_core::Device;

    #[test]
    fn seeds_are_the_derivatives_of_the_values() {
        let direction: Arc<[f32]> = numbers(3, 5).into();
        let wanted: Arc<[f32]> = numbers(12, 6).into();
        let goals = [
            Goal::Score(1),
            Goal::LogProbability(2),
            Goal::Unit { layer: 1, unit: 2, at: At::Mean },
            Goal::Unit { layer: 1, unit: 0, at: At::Centre },
            Goal::Unit { layer: 1, unit: 1, at: At::Position(1, 0) },
            Goal::Layer(1),
            Goal::Direction { layer: 1, direction },
            Goal::Match { layer: 1, wanted },
            Goal::Diversity(1),
        ];
        let cpu = Device::Cpu;
        for goal in goals {
            let dims: &[usize] = if goal.class().is_some() { &[2, 12] } else { &[2, 3, 2, 2] };
            let [x, d] = [1, 2].map(|seed| Tensor::from_vec(numbers(24, seed), dims, &cpu).unwrap());
            let (x, d) = (x.to_dtype(DType::F64).unwrap(), d.to_dtype(DType::F64).unwrap());
            let at = |step: f64| goal.climb(&(&x + (&d * step).unwrap()).unwrap()).unwrap().0;
            let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
            let seed = goal.climb(&x).unwrap().1;
            // The value is a mean over two pictures, the seed that of the sum.
            let expected = (seed * &d).unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap() / 2.0;
            assert!((slope - expected).abs() < 2e-3 * expected.abs().max(0.1), "{goal:?}: {slope} {expected}");
        }
    }

    #[test]
    fn places_parse() {
        assert_eq!(
            ["mean", "centre", "3, 4"].map(|text| text.parse::<At>().unwrap()),
            [At::Mean, At::Centre, At::Position(3, 4)]
        );
        assert!("3".parse::<At>().unwrap_err().to_string().contains("ROW,COL"));
    }
}
