//! The forward pass over groups, and single nodes again when somebody looks at what a group passed over.

use super::{
    Blocks, Kernel, Plan,
    plan::{Group, Held},
};
use crate::{
    Result,
    kernels::{
        Spans,
        blocked::{self, Epilogue, Maps, MapsMut, Owned, Place},
        with_values,
    },
    net::{Engine, Network, NodeId, Op, Trace, forward::adaptive_spans},
    watch::Watch,
};
use candle_core::{DType, Device, Tensor};
use half::f16;
use std::sync::{Arc, OnceLock};

/// Runs pictures, whose shape was checked, through a network as far as node `to`.
pub(in crate::net) fn forward(network: &Arc<Network>, pictures: &Tensor, to: NodeId, watch: &Watch) -> Result<Trace> {
    rayon::scope(|_| pass(network, pictures, to, watch))
}

/// [`forward`] on one of the threads that compute: called from another thread, every kernel would first have to wake one.
fn pass(network: &Arc<Network>, pictures: &Tensor, to: NodeId, watch: &Watch) -> Result<Trace> {
    let fast = network.fast();
    let nodes = network.graph().nodes();
    let batch = pictures.dim(0)?;
    let buffers = fast.plan.buffers(batch).map(|length| fast.pool.take(length)).collect();
    let switches = nodes.iter().map(|_| OnceLock::new()).collect();
    let mut trace = Trace {
        network: Arc::clone(network),
        plain: nodes.iter().map(|_| OnceLock::new()).collect(),
        blocks: Some(Blocks { batch, buffers, switches }),
        switches: vec![None; nodes.len()],
    };
    let _ = trace.plain[0].set(pictures.to_device(&Device::Cpu)?.contiguous()?);
    for id in 1..=to {
        watch.at(id, to + 1)?;
        match fast.plan.held[id] {
            Held::Plain => {
                let output = trace.plain_output(id)?;
                let _ = trace.plain[id].set(output);
            }
            Held::Maps { .. } => trace.fill(&fast.plan, id)?,
            Held::Same(_) | Held::Within(_) => {}
        }
    }
    watch.at(1, 1)?;
    Ok(trace)
}

impl Trace {
    /// The maps of a node, if it is kept as maps.
    pub(in crate::net) fn blocked(&self, id: NodeId) -> Option<Maps<'_>> {
        let blocks = self.blocks.as_ref()?;
        let (buffer, place) = self.network.fast().plan.place_of(self.network.graph(), id, blocks.batch)?;
        Some(Maps::new(&blocks.buffers[buffer], place))
    }

    /// A node's output as a plain tensor, made from what is kept.
    pub(in crate::net) fn unblocked(&self, id: NodeId) -> Result<Tensor> {
        let plan = &self.network.fast().plan;
        match plan.held[id] {
            Held::Same(root) => Ok(self.output(root).clone()),
            Held::Plain => self.plain_output(id),
            Held::Maps { .. } => match self.blocked(id) {
                Some(maps) => tensor(maps),
                None => self.plain_output(id),
            },
            Held::Within(last) => {
                let node = self.network.graph().node(id);
                let cheap = matches!(node.op, Op::BatchNorm { .. } | Op::Add);
                if cheap && node.inputs.iter().all(|&input| self.plain[input].get().is_some()) {
                    // Whoever looks at every layer in turn has asked for the convolution already.
                    return self.plain_output(id);
                }
                let batch = self.blocks.as_ref().map_or(0, |blocks| blocks.batch);
                let place = Place::alone(batch, self.network.graph().node(id).extent());
                let mut maps = self.room(place);
                if let Some(group) = &plan.groups[last] {
                    self.run_group(group, id, &mut maps.view_mut())?;
                }
                tensor(maps.view())
            }
        }
    }

    fn room(&self, place: Place) -> Owned {
        Owned { buffer: self.network.fast().pool.take(place.buffer_length()), place }
    }

    /// Computes a node that is kept as maps into its place.
    fn fill(&mut self, plan: &Plan, id: NodeId) -> Result<()> {
        let graph = Arc::clone(self.network.graph());
        let Some(batch) = self.blocks.as_ref().map(|blocks| blocks.batch) else { return Ok(()) };
        let Some((buffer, place)) = plan.place_of(&graph, id, batch) else { return Ok(()) };
        let in_buffer = |node: NodeId| plan.place_of(&graph, node, batch).is_some_and(|(other, _)| other == buffer);
        if matches!(graph.node(id).op, Op::Concat) {
            return self.join(plan, id, buffer, place);
        }
        let group = plan.groups[id];
        let head = group.map_or(id, |group| group.head);
        let other = group.and_then(|group| group.add).map(|(_, other)| other);
        if graph.node(head).inputs.iter().copied().chain(other).any(in_buffer) {
            // It reads what lies beside it.
            let mut aside = self.room(place.own());
            self.compute(id, &mut aside.view_mut())?;
            self.write(buffer, |_, memory| {
                MapsMut::new(memory, place).copy_from(aside.view());
                Ok(())
            })
        } else {
            self.write(buffer, |trace, memory| trace.compute(id, &mut MapsMut::new(memory, place)))
        }
    }

    /// Calls `f` with a buffer, which nobody can read meanwhile.
    fn write(&mut self, buffer: usize, f: impl FnOnce(&Self, &mut [f32]) -> Result<()>) -> Result<()> {
        let Some(blocks) = &mut self.blocks else { return Ok(()) };
        let mut memory = std::mem::take(&mut blocks.buffers[buffer]);
        let result = f(self, &mut memory);
        if let Some(blocks) = &mut self.blocks {
            blocks.buffers[buffer] = memory;
        }
        result
    }

    /// Copies those inputs of a concatenation that were not computed in their place.
    fn join(&mut self, plan: &Plan, id: NodeId, buffer: usize, place: Place) -> Result<()> {
        let graph = Arc::clone(self.network.graph());
        let mut start = 0;
        for &input in &graph.node(id).inputs {
            let channels = graph.node(input).shape[0];
            let part = place.part(start, channels);
            start += channels;
            match plan.place_of(&graph, input, place.batch) {
                Some(found) if found == (buffer, part) => {}
                Some((other, _)) if other != buffer => self.write(buffer, |trace, memory| {
                    trace.with_maps(input, false, |maps| {
                        MapsMut::new(memory, part).copy_from(maps);
                        Ok(())
                    })
                })?,
                _ => {
                    let planar = self.output(input).clone();
                    self.write(buffer, |_, memory| {
                        Ok(with_values::<f32, _>(&planar, |values| {
                            MapsMut::new(memory, part).fill_from_planar(values);
                            Ok(())
                        })?)
                    })?;
                }
            }
        }
        Ok(())
    }

    fn compute(&self, id: NodeId, out: &mut MapsMut) -> Result<()> {
        if let Some(group) = &self.network.fast().plan.groups[id] {
            return self.run_group(group, id, out);
        }
        let isa = self.network.fast().isa;
        let node = self.network.graph().node(id);
        let (rows, columns) = spans(&self.network, id)?;
        self.with_maps(node.inputs[0], false, |maps| {
            match &node.op {
                Op::MaxPool(_) => blocked::max_pool(isa, maps, out, [&rows, &columns]),
                _ => blocked::mean_pool(isa, maps, out, [&rows, &columns]),
            }
            Ok(())
        })
    }

    /// Computes a group, or the part of it up to and including `last`.
    fn run_group(&self, group: &Group, last: NodeId, out: &mut MapsMut) -> Result<()> {
        let network = &self.network;
        let fast = network.fast();
        let head = network.graph().node(group.head);
        let conv = matches!(head.op, Op::Conv(_)).then_some(group.head);
        let affine = fast.affine(network, conv, group.norm.filter(|&norm| norm <= last))?;
        let rectify = group.relu.is_some_and(|relu| relu <= last);
        let epilogue =
            Epilogue { scale: affine.scale.as_deref(), shift: affine.shift.as_deref(), rectify, ..Epilogue::default() };
        let kernel = conv.map(|conv| fast.kernel(network, conv)).transpose()?;
        let planar = conv.is_some_and(|conv| fast.plan.is_planar(network.graph(), conv));
        self.with_maps(head.inputs[0], planar, |maps| {
            let mut run = |epilogue: &Epilogue| match kernel {
                Some(kernel) => kernel.run(maps, out, epilogue, &fast.pool),
                None => blocked::pointwise(fast.isa, maps, out, epilogue),
            };
            match group.add.filter(|&(add, _)| add <= last) {
                Some((_, other)) => self.with_maps(other, false, |add| {
                    run(&Epilogue { add: Some(add), ..epilogue });
                    Ok(())
                })?,
                None => run(&epilogue),
            }
            Ok(())
        })
    }

    /// Calls `f` with a node's maps, blocked or planar, converted if they are kept otherwise.
    fn with_maps<R>(&self, id: NodeId, planar: bool, f: impl FnOnce(Maps) -> Result<R>) -> Result<R> {
        if !planar && let Some(maps) = self.blocked(id) {
            return f(maps);
        }
        let output = self.output(id);
        let (batch, channels, height, width) = output.dims4()?;
        if planar {
            let place = Place::planar(batch, [channels, height, width]);
            let mut f = Some(f);
            let found = with_values::<f32, _>(output, |values| Ok(f.take().map(|f| f(Maps::new(values, place)))))?;
            return found.unwrap_or(Err(crate::Error::Cancelled));
        }
        f(block(output, &self.network)?.view())
    }

    /// The switches of a max pool.
    pub(super) fn blocked_switches(&self, id: NodeId) -> Result<Option<Maps<'_>>> {
        let Some(blocks) = &self.blocks else { return Ok(None) };
        let network = &self.network;
        let found = super::once(&blocks.switches[id], || {
            let node = network.graph().node(id);
            let (rows, columns) = spans(network, id)?;
            let mut marks = self.room(Place::alone(blocks.batch, node.extent()));
            self.with_maps(node.inputs[0], false, |maps| {
                blocked::switches(network.fast().isa, maps, &mut marks.view_mut(), [&rows, &columns]);
                Ok(())
            })?;
            Ok(marks)
        })?;
        Ok(Some(found.view()))
    }

    /// A node that is kept as a plain tensor.
    fn plain_output(&self, id: NodeId) -> Result<Tensor> {
        let network = &self.network;
        let node = network.graph().node(id);
        let inputs: Vec<&Tensor> = node.inputs.iter().map(|&input| self.output(input)).collect();
        network.run(id, &inputs)
    }
}

/// A convolution or fully connected layer on a plain tensor, for passes that go through candle's operators otherwise
/// (`Network::forward_from`); `None` where this network's engine or the input's type or size asks for candle's own.
pub(in crate::net) fn plain_layer(network: &Network, id: NodeId, x: &Tensor) -> Result<Option<Tensor>> {
    let graph = network.graph();
    let node = graph.node(id);
    let usual = x.dims().get(1..) == Some(graph.node(node.inputs[0]).shape.as_slice());
    if network.engine() != Engine::Fast || x.dtype() != DType::F32 || !usual {
        return Ok(None);
    }
    let fast = network.fast();
    let batch = x.dim(0)?;
    match &node.op {
        Op::Conv(_) => {
            let kernel = fast.kernel(network, id)?;
            let shift = fast.affine(network, Some(id), None)?.shift.as_deref();
            let place = Place::alone(batch, node.extent());
            let mut out = Owned { buffer: fast.pool.take(place.buffer_length()), place };
            let mut run = |maps: Maps| {
                let epilogue = Epilogue { shift, ..Epilogue::default() };
                kernel.run(maps, &mut out.view_mut(), &epilogue, &fast.pool);
            };
            if fast.plan.is_planar(graph, id) {
                let place = Place::planar(batch, graph.node(node.inputs[0]).extent());
                with_values::<f32, _>(x, |values| {
                    run(Maps::new(values, place));
                    Ok(())
                })?;
            } else {
                run(block(x, network)?.view());
            }
            Ok(Some(tensor(out.view())?))
        }
        Op::Linear { out, .. } => Ok(Some(linear(network, id, x, *out)?)),
        _ => Ok(None),
    }
}

fn linear(network: &Network, id: NodeId, x: &Tensor, out: usize) -> Result<Tensor> {
    let weights = network.weights(id);
    let isa = network.fast().isa;
    let run = |bias: Option<&[f32]>| {
        with_values::<f32, _>(x, |x| match weights[0].dtype() {
            DType::F16 => with_values::<f16, _>(&weights[0], |w| Ok(blocked::linear(isa, x, w, bias, out))),
            _ => with_values::<f32, _>(&weights[0], |w| Ok(blocked::linear(isa, x, w, bias, out))),
        })
    };
    let y = match weights.get(1) {
        Some(bias) => with_values::<f32, _>(bias, |bias| run(Some(bias)))?,
        None => run(None)?,
    };
    Ok(Tensor::from_vec(y, (x.dim(0)?, out), &Device::Cpu)?)
}

/// A plain tensor of maps.
pub(super) fn tensor(maps: Maps) -> Result<Tensor> {
    let Place { batch, channels, height, width, .. } = maps.place;
    Ok(Tensor::from_vec(maps.to_planar(), (batch, channels, height, width), &Device::Cpu)?)
}

/// Blocked maps of a plain tensor.
pub(super) fn block(tensor: &Tensor, network: &Network) -> Result<Owned> {
    let (batch, channels, height, width) = tensor.dims4()?;
    let place = Place::alone(batch, [channels, height, width]);
    let mut maps = Owned { buffer: network.fast().pool.take(place.buffer_length()), place };
    with_values::<f32, _>(tensor, |values| {
        maps.view_mut().fill_from_planar(values);
        Ok(())
    })?;
    Ok(maps)
}

/// The windows of a pool.
pub(super) fn spans(network: &Network, id: NodeId) -> Result<(Spans, Spans)> {
    let node = network.graph().node(id);
    let [_, height, width] = network.graph().node(node.inputs[0]).extent();
    match &node.op {
        Op::MaxPool(window) => Ok(window.spans([height, width], &node.shape, false)),
        Op::AvgPool { window, count_padding } => Ok(window.spans([height, width], &node.shape, *count_padding)),
        Op::AdaptiveAvgPool { size } => Ok(adaptive_spans([height, width], *size)),
        other => unreachable!("{} has no windows", other.kind()),
    }
}

impl Kernel {
    /// Runs a reverse kernel that writes planes.
    pub(super) fn thin(&self, grad: Maps) -> Option<Vec<f32>> {
        match self {
            Kernel::Thin(kernel) => Some(kernel.run(grad)),
            _ => None,
        }
    }
}
