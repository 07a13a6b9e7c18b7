//! The reverse walk over blocked maps. Gradients flow from node to node as maps in pooled buffers; a kernel that writes
//! a node's gradient adds what others brought before it, and whoever comes last applies the rule of the rectifier that
//! the node is, so that neither takes a pass of its own.

use super::{
    Kernel,
    forward::{block, spans, tensor},
};
use crate::{
    Result,
    kernels::{
        blocked::{self, Buffer, Epilogue, Maps, MapsMut, Owned, Place},
        with_values,
    },
    net::{NodeId, Op, Reverse, Rule, Trace},
};
use candle_core::{DType, Device, Tensor};
use half::f16;
use std::rc::Rc;

/// The gradient of a node.
#[derive(Clone)]
enum Grad {
    Plain(Tensor),
    Maps(Rc<Buffer>, Place),
}

impl From<Owned> for Grad {
    fn from(maps: Owned) -> Self {
        Grad::Maps(Rc::new(maps.buffer), maps.place)
    }
}

struct Walk<'a> {
    trace: &'a Trace,
    how: &'a Reverse,
    to: NodeId,
    /// Whether a node depends on `to`.
    leads_to: &'a [bool],
    grads: Vec<Option<Grad>>,
    /// Contributions that a node's gradient still waits for.
    pending: Vec<usize>,
    /// Rectifiers whose rule was applied by the last contribution.
    gated: Vec<bool>,
    /// Convolutions whose incoming gradient is that of the batch normalisation behind.
    through: Vec<Option<NodeId>>,
}

/// Walks from `from`, with a seed of the right shape, to `to`.
pub(in crate::net) fn reverse(
    trace: &Trace,
    from: NodeId,
    seed: &Tensor,
    to: NodeId,
    leads_to: &[bool],
    how: &Reverse,
) -> Result<Option<Tensor>> {
    let graph = trace.network().graph();
    let mut reached = vec![false; from + 1];
    let mut pending = vec![0; from + 1];
    reached[from] = true;
    for id in (to + 1..=from).rev().filter(|&id| leads_to[id]) {
        if reached[id] {
            for &input in graph.node(id).inputs.iter().filter(|&&input| leads_to[input]) {
                reached[input] = true;
                pending[input] += 1;
            }
        }
    }
    let mut walk = Walk {
        trace,
        how,
        to,
        leads_to,
        grads: vec![None; from + 1],
        pending,
        gated: vec![false; from + 1],
        through: vec![None; from + 1],
    };
    walk.grads[from] = Some(walk.like(from, Grad::Plain(seed.contiguous()?))?);
    for id in (to + 1..=from).rev() {
        how.watch.at(from - id, from - to)?;
        if leads_to[id]
            && let Some(grad) = walk.grads[id].take()
        {
            walk.node(id, grad)?;
        }
    }
    how.watch.at(1, 1)?;
    walk.grads[to].take().map(plain).transpose()
}

impl Walk<'_> {
    /// One node backwards, to all inputs that lead on.
    fn node(&mut self, id: NodeId, grad: Grad) -> Result<()> {
        let trace = self.trace;
        let network = trace.network();
        let fast = network.fast();
        let node = network.graph().node(id);
        let input = node.inputs[0];
        match (&node.op, grad) {
            (Op::Dropout { .. }, grad) => self.share(input, grad),
            (Op::Add, grad) => {
                for &input in node.inputs.iter().filter(|&&input| self.leads_to[input]) {
                    self.share(input, grad.clone())?;
                }
                Ok(())
            }
            (Op::Concat, Grad::Maps(buffer, place)) => {
                let mut start = 0;
                for &input in &node.inputs {
                    let channels = network.graph().node(input).shape[0];
                    if self.leads_to[input] {
                        self.share(input, Grad::Maps(Rc::clone(&buffer), place.part(start, channels)))?;
                    }
                    start += channels;
                }
                Ok(())
            }
            (Op::Relu, grad) if self.gated[id] => self.share(input, grad),
            (Op::Relu, Grad::Maps(buffer, place)) if trace.blocked(id).is_some() => {
                let mut passed = room(trace, place.own());
                let rule = self.rule(id);
                blocked::pointwise(fast.isa, Maps::new(&buffer, place), &mut passed.view_mut(), &rule);
                self.share(input, passed.into())
            }
            (Op::BatchNorm { .. }, Grad::Maps(buffer, place)) => {
                let group = fast.plan.groups.iter().flatten().find(|group| group.norm == Some(id));
                if group.is_some_and(|group| group.head == input) && input != self.to {
                    self.through[input] = Some(id);
                    return self.share(input, Grad::Maps(buffer, place));
                }
                let scale = super::padded(super::norm_scale(network, id)?);
                self.receive(input, |epilogue, out| {
                    let epilogue = Epilogue { scale: Some(&scale), ..*epilogue };
                    blocked::pointwise(fast.isa, Maps::new(&buffer, place), out, &epilogue);
                    Ok(())
                })
            }
            (Op::Conv(_), Grad::Maps(buffer, place)) => {
                let kernel = fast.reverse_kernel(network, id, self.through[id])?;
                let grad = Maps::new(&buffer, place);
                if let Kernel::Thin(_) = kernel {
                    let planes = kernel.thin(grad).unwrap_or_default();
                    let shape = trace.output(input).shape();
                    return self.share(input, Grad::Plain(Tensor::from_vec(planes, shape, &Device::Cpu)?));
                }
                self.receive(input, |epilogue, out| {
                    kernel.run(grad, out, epilogue, &fast.pool);
                    Ok(())
                })
            }
            (Op::MaxPool(_), Grad::Maps(buffer, place)) => {
                let (rows, columns) = spans(network, id)?;
                self.receive(input, |epilogue, out| {
                    if let Some(switches) = trace.blocked_switches(id)? {
                        let grad = Maps::new(&buffer, place);
                        blocked::max_pool_reverse(fast.isa, grad, switches, out, [&rows, &columns], epilogue);
                    }
                    Ok(())
                })
            }
            (Op::AvgPool { .. } | Op::AdaptiveAvgPool { .. }, Grad::Maps(buffer, place)) => {
                let (rows, columns) = spans(network, id)?;
                self.receive(input, |epilogue, out| {
                    let grad = Maps::new(&buffer, place);
                    blocked::mean_pool_reverse(fast.isa, grad, out, [&rows, &columns], epilogue);
                    Ok(())
                })
            }
            (Op::Linear { out, .. }, grad) => {
                let grad = plain(grad)?;
                let (batch, inputs) = trace.output(input).dims2()?;
                let (weight, isa) = (&network.weights(id)[0], fast.isa);
                let back = with_values::<f32, _>(&grad, |grad| match weight.dtype() {
                    DType::F16 => with_values::<f16, _>(weight, |w| Ok(blocked::linear_reverse(isa, grad, w, *out))),
                    _ => with_values::<f32, _>(weight, |w| Ok(blocked::linear_reverse(isa, grad, w, *out))),
                })?;
                self.share(input, Grad::Plain(Tensor::from_vec(back, (batch, inputs), &Device::Cpu)?))
            }
            (_, grad) => {
                let grad = plain(grad)?;
                for (index, &input) in node.inputs.iter().enumerate() {
                    if self.leads_to[input] {
                        let part = trace.step(id, index, &grad, self.how)?;
                        self.share(input, Grad::Plain(part))?;
                    }
                }
                Ok(())
            }
        }
    }

    /// What the rule asks of a rectifier.
    fn rule(&self, relu: NodeId) -> Epilogue<'_> {
        let gate = if self.how.rule == Rule::Deconvnet { None } else { self.trace.blocked(relu) };
        Epilogue { gate, rectify: self.how.rule != Rule::Gradient, ..Epilogue::default() }
    }

    /// Lets `make` write a contribution to a node's gradient, with the epilogue that adds it to the former ones.
    fn receive(&mut self, id: NodeId, make: impl FnOnce(&Epilogue, &mut MapsMut) -> Result<()>) -> Result<()> {
        let graph = self.trace.network().graph();
        self.pending[id] = self.pending[id].saturating_sub(1);
        let before = self.grads[id].take().map(|grad| self.maps(grad)).transpose()?;
        let gated = self.pending[id] == 0
            && id != self.to
            && matches!(graph.node(id).op, Op::Relu)
            && self.trace.blocked(id).is_some();
        let rule = if gated { self.rule(id) } else { Epilogue::default() };
        let add = before.as_ref().map(|(buffer, place)| Maps::new(buffer, *place));
        let batch = self.trace.output(0).dim(0)?;
        let mut out = room(self.trace, Place::alone(batch, graph.node(id).extent()));
        make(&Epilogue { add, ..rule }, &mut out.view_mut())?;
        self.gated[id] = gated;
        let grad = self.like(id, out.into())?;
        self.grads[id] = Some(grad);
        Ok(())
    }

    /// Adds a gradient that is there already to a node's.
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
                let isa = self.trace.network().fast().isa;
                self.receive(id, |epilogue, out| {
                    blocked::pointwise(isa, Maps::new(&buffer, place), out, epilogue);
                    Ok(())
                })
            }
        }
    }

    /// A gradient in the form in which the node's own output is kept.
    fn like(&self, id: NodeId, grad: Grad) -> Result<Grad> {
        let plan = &self.trace.network().fast().plan;
        match plan.held[plan.root(id)] {
            super::Held::Plain => Ok(Grad::Plain(plain(grad)?)),
            _ => self.maps(grad).map(|(buffer, place)| Grad::Maps(buffer, place)),
        }
    }

    fn maps(&self, grad: Grad) -> Result<(Rc<Buffer>, Place)> {
        match grad {
            Grad::Maps(buffer, place) => Ok((buffer, place)),
            Grad::Plain(tensor) => {
                let maps = block(&tensor, self.trace.network())?;
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

fn room(trace: &Trace, place: Place) -> Owned {
    Owned { buffer: trace.network().fast().pool.take(place.buffer_length()), place }
}
