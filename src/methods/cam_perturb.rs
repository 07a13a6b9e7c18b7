//! Class activation maps without gradients: each feature map is weighed by trying it out. Score-CAM (Wang et al. 2020)
//! shows the network only what a map covers; Ablation-CAM (Desai and Ramaswamy 2020) takes the map away.

use super::{
    cam::{CONVENTION, Plane, RELU, combine, weighted_sum},
    method::Method,
    question::Question,
    resize::{Align, bilinear},
};
use crate::{Result, kernels::to_vec, net::NodeId};
use candle_core::Tensor;

pub(super) const SCORE_CAM: Method = Method {
    name: "score-cam",
    title: "Score-CAM",
    formula: "L = max(0, Σ over k of a(k) · A(k)),  a from S of the picture masked by each map",
    paper: "Wang, Wang, Du, Yang, Zhang, Ding, Mardziel and Hu 2020",
    about: "The feature maps of a layer, each weighted by the score of the picture seen only through it. No gradients; \
            one forward pass for each unit.",
    parameters: &[RELU, CONVENTION],
    slow: true,
    run: |question| combine(question, score_cam),
    ..Method::LAYERED
};

pub(super) const ABLATION_CAM: Method = Method {
    name: "ablation-cam",
    title: "Ablation-CAM",
    formula: "L = max(0, Σ over k of (S − S without map k)/S · A(k))",
    paper: "Desai and Ramaswamy 2020",
    about: "The feature maps of a layer, each weighted by the share of the score that is lost without it. No gradients; \
            the network runs once for each unit, from the layer on.",
    parameters: &[RELU],
    slow: true,
    run: |question| {
        combine(question, |question, layer| {
            let score = f64::from(question.aim()?.values(question.trace.output(question.aim()?.node))?[0]);
            let lost = ablations(question, layer)?;
            let [_, height, width] = question.trace.network().graph().node(layer).extent();
            // A score of zero has no shares: then the losses themselves.
            let whole = if score == 0.0 { 1.0 } else { score };
            let weights: Vec<f64> = lost.iter().map(|lost| lost / whole).collect();
            Ok(weighted_sum(&question.trace.values(layer)?, height * width, &weights))
        })
    },
    ..Method::LAYERED
};

/// For each unit of a layer, how much the target's value falls when its map is set to zero. Runs the network from the
/// layer on only, in batches; units that are zero already cost nothing.
pub(super) fn ablations(question: &Question, layer: NodeId) -> Result<Vec<f64>> {
    let trace = question.trace;
    let output = trace.output(layer).narrow(0, 0, 1)?;
    let values = to_vec(&output)?;
    let [units, height, width] = trace.network().graph().node(layer).extent();
    let plane = height * width;
    let alive: Vec<usize> =
        (0..units).filter(|unit| values[unit * plane..][..plane].iter().any(|&value| value != 0.0)).collect();
    let make = |start: usize, end: usize| {
        let mut batch = values.repeat(end - start);
        for (index, unit) in alive[start..end].iter().enumerate() {
            batch[index * values.len() + unit * plane..][..plane].fill(0.0);
        }
        let mut shape = output.dims().to_vec();
        shape[0] = end - start;
        Ok(Tensor::from_vec(batch, shape, output.device())?.to_dtype(output.dtype())?)
    };
    let without = question.values_of(layer, alive.len(), question.watch, make)?;
    let aim = question.aim()?;
    let value = f64::from(aim.values(trace.output(aim.node))?[0]);
    let mut lost = vec![0.0; units];
    alive.iter().zip(without).for_each(|(&unit, without)| lost[unit] = value - f64::from(without));
    Ok(lost)
}

/// A map stretched over the picture and to 0..1 is the mask of its unit; the softmax of the masked pictures' scores
/// over the units is their weights. Maps that are the same everywhere mask nothing and weigh nothing.
fn score_cam(question: &Question, layer: NodeId) -> Result<Plane> {
    let trace = question.trace;
    let graph = trace.network().graph();
    let ([_, height, width], [channels, rows, columns]) = (graph.node(layer).extent(), graph.input_shape());
    let as_grad_cam = question.settings.choice(&CONVENTION) == "grad-cam";
    let align = if as_grad_cam { Align::Corners } else { Align::Centres };
    let values = trace.values(layer)?;
    let picture = trace.values(0)?;
    let mask = |unit: usize| {
        let map = &values[unit * height * width..][..height * width];
        let mut mask = bilinear(map, [height, width], [rows, columns], align);
        let low = mask.iter().copied().fold(f32::INFINITY, f32::min);
        let span = mask.iter().copied().fold(f32::NEG_INFINITY, f32::max) - low;
        mask.iter_mut().for_each(|value| *value = if span > 0.0 { (*value - low) / span } else { 0.0 });
        mask
    };
    let varies = |unit: &usize| {
        let map = &values[unit * height * width..][..height * width];
        map.iter().any(|&value| value != map[0])
    };
    let units: Vec<usize> = (0..graph.node(layer).extent()[0]).filter(|unit| as_grad_cam || varies(unit)).collect();
    let make = |start: usize, end: usize| {
        let mut batch = Vec::with_capacity((end - start) * picture.len());
        for &unit in &units[start..end] {
            let mask = mask(unit);
            let masked = picture.iter().enumerate().map(|(index, &value)| value * mask[index % mask.len()]);
            batch.extend(masked);
        }
        let batch = Tensor::from_vec(batch, (end - start, channels, rows, columns), trace.network().device())?;
        Ok(batch.to_dtype(trace.output(0).dtype())?)
    };
    let scores = question.values_of(0, units.len(), question.watch, make)?;
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = scores.iter().map(|&score| (f64::from(score) - f64::from(highest)).exp()).collect();
    let total: f64 = powers.iter().sum();
    let mut weights = vec![0.0; graph.node(layer).extent()[0]];
    units.iter().zip(powers).for_each(|(&unit, power)| weights[unit] = power / total);
    Ok(weighted_sum(&values, height * width, &weights))
}
