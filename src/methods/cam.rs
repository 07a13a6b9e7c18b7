//! Class activation maps from one reverse walk: the weighted sum of a layer's feature maps, with weights from the target's
//! gradient.

use super::{
    attribution::Attribution,
    method::Method,
    question::Question,
    resize::{Align, bilinear},
    settings::Parameter,
};
use crate::{
    Error, Result,
    kernels::to_vec,
    net::{NodeId, Op, Rule},
};

pub(super) const RELU: Parameter = Parameter::choice(
    "relu",
    "Negative values, which lower the target, are cut off (on) or shown (off)",
    &["on", "off"],
);
pub(super) const CONVENTION: Parameter = Parameter::choice(
    "convention",
    "The definition of the paper, or that of the program pytorch-grad-cam where it departs",
    &["paper", "grad-cam"],
);

pub(super) const CAM: Method = Method {
    name: "cam",
    title: "CAM",
    formula: "L(i,j) = Σ over k of w(k,class) · A(k,i,j)",
    paper: "Zhou, Khosla, Lapedriza, Oliva and Torralba 2016",
    about: "The last feature maps, weighted by what the class's output takes from each. Exact, but only for networks \
            that end in a global average and one fully connected layer.",
    parameters: &[RELU],
    run: |question| combine(question, class_weights),
    ..Method::LAYERED
};

pub(super) const GRAD_CAM: Method = Method {
    name: "grad-cam",
    title: "Grad-CAM",
    formula: "L = max(0, Σ over k of a(k) · A(k)),  a(k) = mean over places of ∂S/∂A(k)",
    caution: "It has the resolution of the layer. Earlier than the last layer its weights may point to places that the class does not use.",
    paper: "Selvaraju, Cogswell, Das, Vedantam, Parikh and Batra 2017",
    about: "The feature maps of a layer, each weighted by the mean of the score's gradient over it. Bright places \
            raise the class's score.",
    parameters: &[RELU],
    run: |question| combine(question, grad_cam),
    ..Method::LAYERED
};

pub(super) const GRAD_CAM_PLUS_PLUS: Method = Method {
    name: "grad-cam++",
    title: "Grad-CAM++",
    formula: "as Grad-CAM, with a(k) weighted by second and third powers of the derivative",
    paper: "Chattopadhay, Sarkar, Howlader and Balasubramanian 2018",
    about: "As Grad-CAM, but a map's weight counts only gradients above zero, each by how much of the map it stands \
            for, so that several small objects of a class all show.",
    parameters: &[RELU, CONVENTION],
    run: |question| {
        combine(question, |question, layer| {
            let maps = WeighedMaps::of(question, layer)?;
            // The paper's alpha is g^2 / (2 g^2 + sum(A) g^3); grad-cam adds 1e-6 to what it divides by.
            let epsilon = if question.settings.choice(&CONVENTION) == "grad-cam" { 1e-6 } else { 0.0 };
            Ok(maps.weigh(|values, gradients| {
                let total: f64 = values.iter().map(|&v| f64::from(v)).sum();
                let share = |&g: &f32| {
                    let g = f64::from(g).max(0.0);
                    let divisor = 2.0 * g * g + total * g * g * g + epsilon;
                    if divisor == 0.0 { 0.0 } else { g * g * g / divisor }
                };
                gradients.iter().map(share).sum()
            }))
        })
    },
    ..Method::LAYERED
};

pub(super) const XGRAD_CAM: Method = Method {
    name: "xgrad-cam",
    title: "XGrad-CAM",
    formula: "L = max(0, Σ over k of (Σ A · ∂S/∂A / Σ A)(k) · A(k))",
    paper: "Fu, Hu, Dong, Guo, Gao and Li 2020",
    about: "As Grad-CAM, but the gradient's mean over a map is weighted by the map itself, so that the weights add up to \
            the score.",
    parameters: &[RELU, CONVENTION],
    run: |question| {
        combine(question, |question, layer| {
            let epsilon = if question.settings.choice(&CONVENTION) == "grad-cam" { 1e-7 } else { 0.0 };
            Ok(WeighedMaps::of(question, layer)?.weigh(|values, gradients| {
                let total = values.iter().map(|&v| f64::from(v)).sum::<f64>() + epsilon;
                let product: f64 = values.iter().zip(gradients).map(|(&v, &g)| f64::from(v) * f64::from(g)).sum();
                if total == 0.0 { 0.0 } else { product / total }
            }))
        })
    },
    ..Method::LAYERED
};

pub(super) const HIRES_CAM: Method = Method {
    name: "hires-cam",
    title: "HiResCAM",
    formula: "L = Σ over k of ∂S/∂A(k) · A(k)",
    paper: "Draelos and Carin 2020",
    about: "Feature maps times their gradient, place by place, added up over the units: what each place adds to the \
            score, to first order.",
    parameters: &[RELU],
    run: |question| combine(question, |question, layer| Ok(WeighedMaps::of(question, layer)?.places(|v, g| v * g))),
    ..Method::LAYERED
};

pub(super) const LAYER_CAM: Method = Method {
    name: "layer-cam",
    title: "LayerCAM",
    formula: "L = max(0, Σ over k of max(0, ∂S/∂A(k)) · A(k))",
    paper: "Jiang, Zhang, Hou, Cheng and Wei 2021",
    about: "Feature maps times the positive part of their gradient, place by place: sharp maps from early layers too.",
    parameters: &[RELU],
    run: |question| {
        combine(question, |question, layer| Ok(WeighedMaps::of(question, layer)?.places(|v, g| v * g.max(0.0))))
    },
    ..Method::LAYERED
};

/// The weighted sum of a layer's maps, row-major `(height, width)`, before any rectifier.
pub(super) type Plane = Vec<f64>;

/// Grad-CAM's weighted sum, which also fixes the signs of the eigenvectors.
pub(super) fn grad_cam(question: &Question, layer: NodeId) -> Result<Plane> {
    let mean = |_: &[f32], gradients: &[f32]| {
        gradients.iter().map(|&g| f64::from(g)).sum::<f64>() / gradients.len().max(1) as f64
    };
    Ok(WeighedMaps::of(question, layer)?.weigh(mean))
}

/// A method's map of one layer, or the mean of several over the whole input, each first stretched to 0..1.
pub(super) fn combine(question: &Question, one: impl Fn(&Question, NodeId) -> Result<Plane>) -> Result<Attribution> {
    let graph = question.trace.network().graph();
    let rectify = question.settings.choice(&RELU) == "on";
    let layers = question.maps()?;
    let plane = |layer: NodeId, question: &Question| -> Result<Vec<f32>> {
        let plane = one(question, layer)?.into_iter();
        Ok(plane.map(|value| if rectify { value.max(0.0) as f32 } else { value as f32 }).collect())
    };
    if let [layer] = *layers {
        let [_, height, width] = graph.node(layer).extent();
        let values = plane(layer, question)?;
        let shape = [1, height, width];
        return Ok(Attribution { values, shape, signed: !rectify, layer: Some(layer), ..Attribution::default() });
    }
    let [_, rows, columns] = graph.input_shape();
    let mut mean = vec![0f32; rows * columns];
    for (index, &layer) in layers.iter().enumerate() {
        let watch = question.watch.part(index, layers.len());
        let [_, height, width] = graph.node(layer).extent();
        let mut values = plane(layer, &question.of(question.trace, &watch))?;
        let low = values.iter().copied().fold(f32::INFINITY, f32::min);
        let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        // With the sign kept, zero must stay zero.
        let (low, span) = if rectify { (low, high - low) } else { (0.0, high.max(-low)) };
        values.iter_mut().for_each(|value| *value = if span > 0.0 { (*value - low) / span } else { 0.0 });
        let stretched = bilinear(&values, [height, width], [rows, columns], Align::Centres);
        mean.iter_mut().zip(stretched).for_each(|(sum, value)| *sum += value / layers.len() as f32);
    }
    Ok(Attribution { values: mean, shape: [1, rows, columns], signed: !rectify, ..Attribution::default() })
}

/// A layer's feature maps and the target's gradient with respect to them.
pub(super) struct WeighedMaps {
    values: Vec<f32>,
    gradients: Vec<f32>,
    plane: usize,
}

impl WeighedMaps {
    pub(super) fn of(question: &Question, layer: NodeId) -> Result<Self> {
        let [_, height, width] = question.trace.network().graph().node(layer).extent();
        let gradients = to_vec(&question.walk(layer, Rule::Gradient)?.get(0)?)?;
        Ok(WeighedMaps { values: question.trace.values(layer)?, gradients, plane: height * width })
    }

    /// The sum of the maps, each times the weight that `weight` computes from its values and gradients.
    fn weigh(&self, weight: impl Fn(&[f32], &[f32]) -> f64) -> Plane {
        let maps = self.values.chunks(self.plane).zip(self.gradients.chunks(self.plane));
        let weights: Vec<f64> = maps.map(|(values, gradients)| weight(values, gradients)).collect();
        weighted_sum(&self.values, self.plane, &weights)
    }

    /// For each unit the sum over its map of value times gradient.
    pub(super) fn contributions(&self) -> Vec<f32> {
        let maps = self.values.chunks(self.plane).zip(self.gradients.chunks(self.plane));
        let sum = |(values, gradients): (&[f32], &[f32])| -> f64 {
            values.iter().zip(gradients).map(|(&v, &g)| f64::from(v) * f64::from(g)).sum()
        };
        maps.map(|maps| sum(maps) as f32).collect()
    }

    /// The sum over the units of `f` of each value and its gradient.
    pub(super) fn places(&self, f: impl Fn(f64, f64) -> f64) -> Plane {
        let mut sum = vec![0.0; self.plane];
        for (index, (&value, &gradient)) in self.values.iter().zip(&self.gradients).enumerate() {
            sum[index % self.plane] += f(f64::from(value), f64::from(gradient));
        }
        sum
    }
}

/// WeighedMaps added up with a weight each.
pub(super) fn weighted_sum(values: &[f32], plane: usize, weights: &[f64]) -> Plane {
    let mut sum = vec![0.0; plane];
    for (map, &weight) in values.chunks(plane).zip(weights).filter(|(_, weight)| **weight != 0.0) {
        sum.iter_mut().zip(map).for_each(|(sum, &value)| *sum += weight * f64::from(value));
    }
    sum
}

/// Zhou's CAM: the fully connected layer's own weights, where only a global average stands between.
fn class_weights(question: &Question, layer: NodeId) -> Result<Plane> {
    let trace = question.trace;
    let (network, aim) = (trace.network(), question.aim()?);
    let graph = network.graph();
    let no = |why: &str| Error::Usage(format!("CAM does not apply: {why}; Grad-CAM does"));
    if !matches!(graph.node(aim.node).op, Op::Linear { .. }) {
        return Err(no("the target is not an output of a fully connected layer"));
    }
    let mut before = graph.node(aim.node).inputs[0];
    while matches!(graph.node(before).op, Op::Flatten | Op::Dropout { .. }) {
        before = graph.node(before).inputs[0];
    }
    let pool = graph.node(before);
    let [_, rows, columns] = pool.extent();
    let is_mean = matches!(pool.op, Op::AdaptiveAvgPool { .. } | Op::AvgPool { .. }) && rows * columns == 1;
    if !is_mean {
        return Err(no("no global average stands before the fully connected layer"));
    }
    if pool.inputs[0] != layer {
        let only = &graph.node(pool.inputs[0]).name;
        return Err(no(&format!("it reads layer {only}, not {}", graph.node(layer).name)));
    }
    let weights = to_vec(&aim.seed.matmul(&network.weight(aim.node)?)?)?;
    let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
    let [_, height, width] = graph.node(layer).extent();
    Ok(weighted_sum(&trace.values(layer)?, height * width, &weights))
}
