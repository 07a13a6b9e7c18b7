//! The reverse walk over blocked maps. Gradients flow from node to node as maps in pooled buffers. A kernel that writes
//! a node's gradient adds the contributions made before it, and the last contribution applies the rule of the rectifier
//! that the node is, so that neither takes a pass of its own.

use super::{
    convert::{block, nonlinearity, spans, tensor},
    learn::NormReverse,
    pass::FastPass,
    plan::{Held, gate, is_activation, is_factor_a_map},
    prepared::{Kernel, padded},
};
use crate::{
    Result,
    kernels::{
        blocked::{self, Buffer, Epilogue, Maps, MapsMut, Owned, Placement},
        with_values,
    },
    net::{
        graph::NodeId,
        layers::Outputs,
        ops::{Op, Rule},
        walk::{Reverse, Walk},
    },
    watch::Watch,
};
use candle_core::{DType, Device, Tensor};
use half::f16;
use std::{rc::Rc, sync::atomic::Ordering};

/// The gradient of a node.
#[derive(Clone)]
enum Grad {
    Plain(Tensor),
    Maps(Rc<Buffer>, Placement),
}

impl From<Owned> for Grad {
    fn from(maps: Owned) -> Self {
        Grad::Maps(Rc::new(maps.buffer), maps.place)
    }
}

/// A walk under way.
struct Progress<'a> {
    pass: &'a FastPass,
    walk: &'a Walk<'a>,
    how: &'a Reverse,
    grads: Vec<Option<Grad>>,
    /// Contributions still missing from a node's gradient.
    pending: Vec<usize>,
    /// Rectifiers whose rule the last contribution applied.
    gated: Vec<bool>,
    /// For convolutions, the batch normalisation behind them when the incoming gradient is that of its output.
    through: Vec<Option<NodeId>>,
    /// In training, the gradients at weights so far, by layer.
    weights: Vec<Vec<Tensor>>,
}

/// The gradient at the end of a walk; `None` where its beginning does not depend on that.
///
/// It runs on one of the threads that compute, as the forward pass.
pub(in crate::net) fn reverse(pass: &FastPass, walk: &Walk, how: &Reverse) -> Result<Option<Tensor>> {
    rayon::scope(|_| {
        let mut progress = run(pass, walk, how)?;
        progress.grads[walk.to].take().map(plain).transpose()
    })
}

/// The gradients at all weights that learn, by layer.
pub(in crate::net) fn gradients(pass: &FastPass, walk: &Walk, watch: &Watch) -> Result<Vec<Vec<Tensor>>> {
    let how = Reverse { watch: watch.clone(), ..Reverse::default() };
    rayon::scope(|_| Ok(run(pass, walk, &how)?.weights))
}

fn run<'a>(pass: &'a FastPass, walk: &'a Walk, how: &'a Reverse) -> Result<Progress<'a>> {
    let &Walk { graph, from, seed, to, others, ref leads_to } = walk;
    pass.fast().walked.store(true, Ordering::Relaxed);
    let mut reached = vec![false; from + 1];
    let mut pending = vec![0; from + 1];
    reached[from] = true;
    others.iter().for_each(|(id, _)| reached[*id] = true);
    for id in (to + 1..=from).rev().filter(|&id| leads_to[id]) {
        if reached[id] {
            for &input in graph.node(id).inputs.iter().filter(|&&input| leads_to[input]) {
                reached[input] = true;
                pending[input] += 1;
            }
        }
    }
    let mut progress = Progress {
        pass,
        walk,
        how,
        grads: vec![None; from + 1],
        pending,
        gated: vec![false; from + 1],
        through: vec![None; from + 1],
        weights: vec![Vec::new(); graph.nodes().len()],
    };
    for (id, seed) in others.iter().map(|(id, seed)| (*id, seed)).chain([(from, seed)]) {
        progress.grads[id] = Some(progress.like(id, Grad::Plain(seed.contiguous()?))?);
    }
    for id in (to + 1..=from).rev() {
        how.watch.at(from - id, from - to)?;
        if leads_to[id]
            && let Some(grad) = progress.grads[id].take()
        {
            progress.node(id, grad)?;
        }
    }
    how.watch.at(1, 1)?;
    Ok(progress)
}

impl Progress<'_> {
    /// One node backwards, to all inputs that lead on.
    fn node(&mut self, id: NodeId, grad: Grad) -> Result<()> {
        let pass = self.pass;
        let fast = pass.fast();
        let graph = fast.graph();
        let node = graph.node(id);
        let input = node.inputs[0];
        if let Some(lesson) = pass.lesson() {
            if let (Op::BatchNorm { .. }, Grad::Maps(..), true) = (&node.op, &grad, lesson.learns(id)) {
                return self.learning_norm(id, grad);
            }
            if lesson.learns(id) {
                self.weights[id] = match &grad {
                    Grad::Maps(buffer, place) if matches!(node.op, Op::Conv(_)) => {
                        pass.conv_gradients(id, Maps::new(buffer, *place))?
                    }
                    _ if fast.layers().weights(id).all().is_empty() => Vec::new(),
                    _ => pass.weight_gradients(id, &plain(grad.clone())?)?,
                };
            }
            if !node.inputs.iter().any(|&input| self.walk.leads_to[input]) {
                return Ok(());
            }
        }
        match (&node.op, grad) {
            (Op::Dropout { .. }, grad) if pass.lesson().is_none() => self.share(input, grad),
            (Op::Add, grad) if node.inputs.iter().all(|&input| graph.node(input).shape == node.shape) => {
                for &input in node.inputs.iter().filter(|&&input| self.walk.leads_to[input]) {
                    self.share(input, grad.clone())?;
                }
                Ok(())
            }
            (Op::Concat, Grad::Maps(buffer, place)) => {
                let mut start = 0;
                for &input in &node.inputs {
                    let channels = graph.node(input).shape[0];
                    if self.walk.leads_to[input] {
                        self.share(input, Grad::Maps(Rc::clone(&buffer), place.part(start, channels)))?;
                    }
                    start += channels;
                }
                Ok(())
            }
            (_, grad) if self.gated[id] => self.share(input, grad),
            (op, Grad::Maps(buffer, place)) if is_activation(op) && pass.blocked(id).is_some() => {
                let mut passed = pass.room(place.own());
                let rule = self.rule(id)?;
                blocked::pointwise(fast.isa, Maps::new(&buffer, place), &mut passed.view_mut(), &rule);
                self.share(input, passed.into())
            }
            (op, Grad::Maps(buffer, place)) if is_factor_a_map(op, &node.shape) => {
                let group = fast.plan.groups.iter().flatten().find(|group| group.norm == Some(id));
                if group.is_some_and(|group| group.head == input) && input != self.walk.to {
                    self.through[input] = Some(id);
                    return self.share(input, Grad::Maps(buffer, place));
                }
                let scale = padded(fast.norm_scale(id)?);
                self.receive(input, |epilogue, out| {
                    let epilogue = Epilogue { scale: Some(&scale), ..*epilogue };
                    blocked::pointwise(fast.isa, Maps::new(&buffer, place), out, &epilogue);
                    Ok(())
                })
            }
            (Op::Conv(_), Grad::Maps(buffer, place)) => {
                let kernel = fast.reverse_kernel(id, self.through[id])?;
                let grad = Maps::new(&buffer, place);
                if let Kernel::Thin(_) = kernel {
                    let planes = kernel.thin(grad).unwrap_or_default();
                    let shape = pass.output(input).shape();
                    return self.share(input, Grad::Plain(Tensor::from_vec(planes, shape, &Device::Cpu)?));
                }
                self.receive(input, |epilogue, out| {
                    kernel.run(grad, out, epilogue, &fast.pool);
                    Ok(())
                })
            }
            (Op::LayerNorm2d { .. }, Grad::Maps(buffer, place)) => {
                let norm = fast.layer_norm(id)?;
                self.receive(input, |epilogue, out| {
                    pass.with_maps(input, false, |maps| {
                        norm.reverse(fast.isa, maps, Maps::new(&buffer, place), out, epilogue);
                        Ok(())
                    })
                })
            }
            (Op::Mul, Grad::Maps(buffer, place)) if gate(graph, id).is_some() => {
                self.through_gate(id, Maps::new(&buffer, place))
            }
            (Op::MaxPool(_), Grad::Maps(buffer, place)) => {
                let [rows, columns] = spans(graph, id);
                self.receive(input, |epilogue, out| {
                    let (grad, switches) = (Maps::new(&buffer, place), pass.blocked_switches(id)?);
                    blocked::max_pool_reverse(fast.isa, grad, switches, out, [&rows, &columns], epilogue);
                    Ok(())
                })
            }
            (Op::AvgPool { .. } | Op::AdaptiveAvgPool { .. }, Grad::Maps(buffer, place)) => {
                let [rows, columns] = spans(graph, id);
                self.receive(input, |epilogue, out| {
                    let grad = Maps::new(&buffer, place);
                    blocked::mean_pool_reverse(fast.isa, grad, out, [&rows, &columns], epilogue);
                    Ok(())
                })
            }
            (Op::Linear { out, .. }, grad) if graph.node(input).shape.len() == 1 => {
                let grad = plain(grad)?;
                let (batch, inputs) = pass.output(input).dims2()?;
                let (weight, isa) = (&fast.layers().weights(id).all()[0], fast.isa);
                let back = with_values::<f32, _>(&grad, |grad| match weight.dtype() {
                    DType::F16 => with_values::<f16, _>(weight, |w| Ok(blocked::linear_reverse(isa, grad, w, *out))),
                    _ => with_values::<f32, _>(weight, |w| Ok(blocked::linear_reverse(isa, grad, w, *out))),
                })?;
                self.share(input, Grad::Plain(Tensor::from_vec(back, (batch, inputs), &Device::Cpu)?))
            }
            (_, grad) => {
                let grad = plain(grad)?;
                for (index, &input) in node.inputs.iter().enumerate() {
                    if self.walk.leads_to[input] {
                        let part = pass.plain_step(id, index, &grad, self.how)?;
                        self.share(input, Grad::Plain(part))?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Through a product of maps and one factor for each, to both.
    fn through_gate(&mut self, id: NodeId, grad: Maps) -> Result<()> {
        let (pass, isa) = (self.pass, self.pass.fast().isa);
        let inputs = &pass.fast().graph().node(id).inputs;
        let Some([maps, factors]) = gate(pass.fast().graph(), id).map(|places| places.map(|place| inputs[place]))
        else {
            return Ok(());
        };
        if self.walk.leads_to[maps] {
            self.receive(maps, |epilogue, out| {
                pass.with_maps(factors, false, |factors| {
                    blocked::gate(isa, grad, factors, out, epilogue);
                    Ok(())
                })
            })?;
        }
        if self.walk.leads_to[factors] {
            self.receive(factors, |epilogue, out| {
                pass.with_maps(maps, false, |maps| {
                    blocked::gate_sums(isa, grad, maps, out, epilogue);
                    Ok(())
                })
            })?;
        }
        Ok(())
    }

    /// A batch normalisation that learns.
    fn learning_norm(&mut self, id: NodeId, grad: Grad) -> Result<()> {
        let pass = self.pass;
        let (buffer, place) = self.maps(grad)?;
        let grad = Maps::new(&buffer, place);
        let Some(NormReverse { factors, gradients }) = pass.norm_reverse(id, grad)? else { return Ok(()) };
        self.weights[id] = gradients;
        let input = pass.fast().graph().node(id).inputs[0];
        if !self.walk.leads_to[input] {
            return Ok(());
        }
        let factors = [&factors[0][..], &factors[1], &factors[2]];
        self.receive(input, |epilogue, out| {
            pass.with_maps(input, false, |source| {
                blocked::weighted_sum(pass.fast().isa, [grad, source], factors, out, epilogue);
                Ok(())
            })
        })
    }

    /// The rule of an activation as an epilogue. A rule of rectifiers holds for the activations that do as they do.
    fn rule(&self, id: NodeId) -> Result<Epilogue<'_>> {
        let pass = self.pass;
        let op = &pass.fast().graph().node(id).op;
        let slope = nonlinearity(op);
        let rule = match op {
            Op::Relu => self.how.rule,
            Op::Activation(activation) if activation.rectifies() => self.how.rule,
            _ => Rule::Gradient,
        };
        let gate = match (rule, slope) {
            (Rule::Deconvnet, _) => None,
            (_, Some(function)) if function.slopes_by_input() => Some(pass.before(id)?),
            _ => pass.blocked(id),
        };
        Ok(Epilogue { gate, slope, rectify: rule != Rule::Gradient, ..Epilogue::default() })
    }

    /// Calls `make` to write a contribution to a node's gradient, with the epilogue that adds it to the earlier ones.
    fn receive(&mut self, id: NodeId, make: impl FnOnce(&Epilogue, &mut MapsMut) -> Result<()>) -> Result<()> {
        let graph = self.pass.fast().graph();
        self.pending[id] = self.pending[id].saturating_sub(1);
        let before = self.grads[id].take().map(|grad| self.maps(grad)).transpose()?;
        let gated = self.pending[id] == 0
            && id != self.walk.to
            && is_activation(&graph.node(id).op)
            && self.pass.blocked(id).is_some();
        let pass = self.pass;
        let rule = if gated { self.rule(id)? } else { Epilogue::default() };
        let add = before.as_ref().map(|(buffer, place)| Maps::new(buffer, *place));
        let mut out = pass.room(Placement::alone(self.pass.batch(), graph.node(id).extent()));
        make(&Epilogue { add, ..rule }, &mut out.view_mut())?;
        self.gated[id] = gated;
        let grad = self.like(id, out.into())?;
        self.grads[id] = Some(grad);
        Ok(())
    }

    /// Adds a finished gradient to a node's.
    fn share(&mut self, id: NodeId, grad: Grad) -> Result<()> {
        let Some(before) = self.grads[id].take() else {
            self.pending[id] = self.pending[id].saturating_sub(1);
            self.grads[id] = Some(self.like(id, grad)?);
            return Ok(());
        };
        match self.like(id, grad)? {
            Grad::Plain(grad) => {
                self.pending[id] = self.pending[id].saturating_sub(1);
                self.grads[id] = Some(Grad::Plain((plain(before)? + grad)?));
                Ok(())
            }
            Grad::Maps(buffer, place) => {
                self.grads[id] = Some(before);
                let isa = self.pass.fast().isa;
                self.receive(id, |epilogue, out| {
                    blocked::pointwise(isa, Maps::new(&buffer, place), out, epilogue);
                    Ok(())
                })
            }
        }
    }

    /// A gradient in the form in which the node's own output is kept.
    fn like(&self, id: NodeId, grad: Grad) -> Result<Grad> {
        let plan = &self.pass.fast().plan;
        match plan.held[plan.root(id)] {
            Held::Plain => Ok(Grad::Plain(plain(grad)?)),
            _ => self.maps(grad).map(|(buffer, place)| Grad::Maps(buffer, place)),
        }
    }

    fn maps(&self, grad: Grad) -> Result<(Rc<Buffer>, Placement)> {
        match grad {
            Grad::Maps(buffer, place) => Ok((buffer, place)),
            Grad::Plain(tensor) => {
                let maps = block(&tensor, &self.pass.fast().pool)?;
                Ok((Rc::new(maps.buffer), maps.place))
            }
        }
    }
}

fn plain(grad: Grad) -> Result<Tensor> {
    match grad {
        Grad::Plain(tensor) => Ok(tensor),
        Grad::Maps(buffer, place) => tensor(Maps::new(&buffer, place)),
    }
}
