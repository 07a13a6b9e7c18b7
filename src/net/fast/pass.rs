//! The forward pass over groups, and single layers again when one is asked for that a group passed over.

use super::{
    convert::{block, nonlinearity, spans, tensor},
    plan::{Held, LayerGroup, gate},
    prepared::{Fast, once},
};
use crate::{
    Error, Result,
    kernels::{
        self, Peak,
        blocked::{self, Buffer, Epilogue, Maps, MapsMut, Owned, Placement},
        with_values,
    },
    net::{graph::NodeId, layers::Outputs, ops::Op, training::Lesson},
    watch::Watch,
};
use candle_core::{Device, Tensor};
use std::sync::{Arc, OnceLock, atomic::Ordering};

/// The outputs of one forward pass.
pub(in crate::net) struct FastPass {
    fast: Arc<Fast>,
    batch: usize,
    buffers: Vec<Buffer>,
    /// Outputs as plain tensors: those that are kept so, and those that were asked for.
    plain: Vec<OnceLock<Tensor>>,
    /// Switches of max pools, computed when the first reverse walk needs them.
    switches: Vec<OnceLock<Owned>>,
    /// Inputs of activations whose slopes follow from them, as far as walks need them.
    before: Vec<OnceLock<Owned>>,
    /// In training.
    lesson: Option<Lesson>,
}

impl Outputs for FastPass {
    #[allow(clippy::panic)] // It ran before with the same sizes: only a defect here could make it fail.
    fn output(&self, layer: NodeId) -> &Tensor {
        self.plain[layer].get_or_init(|| match self.unblocked(layer) {
            Ok(output) => output,
            Err(error) => panic!("layer {} ran before and cannot now: {error}", self.fast.graph().node(layer).name),
        })
    }

    fn switches(&self, layer: NodeId) -> Result<Tensor> {
        let node = self.fast.graph().node(layer);
        let found = self.fast.layers().switches(layer, self.output(node.inputs[0]))?;
        found.ok_or_else(|| Error::Failed(format!("layer {} has no switches", node.name)))
    }

    fn peaks(&self, layer: NodeId, area: usize) -> Result<Vec<Peak>> {
        match self.blocked(layer) {
            Some(maps) => Ok(blocked::peaks(self.fast.isa, maps)),
            None => Ok(kernels::peaks(self.output(layer), area)?),
        }
    }
}

impl FastPass {
    /// Runs pictures, whose shape was checked, as far as layer `to`.
    ///
    /// The pass runs on one of the threads that compute: called from another, every kernel would first have to wake one.
    pub fn run(fast: &Arc<Fast>, pictures: &Tensor, to: NodeId, lesson: Option<Lesson>, watch: &Watch) -> Result<Self> {
        rayon::scope(|_| FastPass::layer_by_layer(fast, pictures, to, lesson, watch))
    }

    fn layer_by_layer(
        fast: &Arc<Fast>,
        pictures: &Tensor,
        to: NodeId,
        lesson: Option<Lesson>,
        watch: &Watch,
    ) -> Result<Self> {
        let nodes = fast.graph().nodes().len();
        let batch = pictures.dim(0)?;
        let buffers = fast.plan.buffers(batch).map(|length| fast.pool.take(length)).collect();
        let mut pass = FastPass {
            fast: Arc::clone(fast),
            batch,
            buffers,
            plain: (0..nodes).map(|_| OnceLock::new()).collect(),
            switches: (0..nodes).map(|_| OnceLock::new()).collect(),
            before: (0..nodes).map(|_| OnceLock::new()).collect(),
            lesson,
        };
        let _ = pass.plain[0].set(pictures.to_device(&Device::Cpu)?.contiguous()?);
        for id in 1..=to {
            watch.at(id, to + 1)?;
            match fast.plan.held[id] {
                Held::Plain => {
                    let output = pass.plain_output(id)?;
                    let _ = pass.plain[id].set(output);
                }
                Held::Maps { .. } => pass.fill(id)?,
                Held::Same(_) | Held::Within(_) => {}
            }
        }
        watch.at(1, 1)?;
        Ok(pass)
    }

    pub fn fast(&self) -> &Arc<Fast> {
        &self.fast
    }

    pub fn lesson(&self) -> Option<&Lesson> {
        self.lesson.as_ref()
    }

    pub fn batch(&self) -> usize {
        self.batch
    }

    /// The maps of a node, if it is kept as maps.
    pub fn blocked(&self, id: NodeId) -> Option<Maps<'_>> {
        let (buffer, place) = self.fast.plan.place_of(self.fast.graph(), id, self.batch)?;
        Some(Maps::new(&self.buffers[buffer], place))
    }

    /// A node's output as a plain tensor, made from the kept values.
    fn unblocked(&self, id: NodeId) -> Result<Tensor> {
        let plan = &self.fast.plan;
        match plan.held[id] {
            Held::Same(root) => Ok(self.output(root).clone()),
            Held::Plain => self.plain_output(id),
            Held::Maps { .. } => match self.blocked(id) {
                Some(maps) => tensor(maps),
                None => self.plain_output(id),
            },
            Held::Within(last) => {
                let node = self.fast.graph().node(id);
                let cheap = matches!(node.op, Op::BatchNorm { .. } | Op::Scale { .. } | Op::Add);
                if cheap && node.inputs.iter().all(|&input| self.plain[input].get().is_some()) {
                    // A viewer that steps through the layers has asked for the convolution already.
                    return self.plain_output(id);
                }
                let place = Placement::alone(self.batch, self.fast.graph().node(id).extent());
                let mut maps = self.room(place);
                if let Some(group) = &plan.groups[last] {
                    self.run_group(group, id, &mut maps.view_mut())?;
                }
                tensor(maps.view())
            }
        }
    }

    /// A buffer of its own for maps.
    pub fn room(&self, place: Placement) -> Owned {
        Owned { buffer: self.fast.pool.take(place.buffer_length()), place }
    }

    /// Computes a node that is kept as maps into its place.
    fn fill(&mut self, id: NodeId) -> Result<()> {
        let fast = Arc::clone(&self.fast);
        let (plan, graph, batch) = (&fast.plan, fast.graph(), self.batch);
        let Some((buffer, place)) = plan.place_of(graph, id, batch) else { return Ok(()) };
        let in_buffer = |node: NodeId| plan.place_of(graph, node, batch).is_some_and(|(other, _)| other == buffer);
        if matches!(graph.node(id).op, Op::Concat) {
            return self.join(id, buffer, place);
        }
        let group = plan.groups[id];
        let head = group.map_or(id, |group| group.head);
        let other = group.and_then(|group| group.add).map(|(_, other)| other);
        if graph.node(head).inputs.iter().copied().chain(other).any(in_buffer) {
            // Input and output lie in the same buffer.
            let mut aside = self.room(place.own());
            self.compute(id, &mut aside.view_mut())?;
            self.write(buffer, |_, memory| {
                MapsMut::new(memory, place).copy_from(aside.view());
                Ok(())
            })
        } else {
            self.write(buffer, |pass, memory| pass.compute(id, &mut MapsMut::new(memory, place)))
        }
    }

    /// Calls `f` with a buffer, which is taken out of the pass meanwhile.
    fn write(&mut self, buffer: usize, f: impl FnOnce(&Self, &mut [f32]) -> Result<()>) -> Result<()> {
        let mut memory = std::mem::take(&mut self.buffers[buffer]);
        let result = f(self, &mut memory);
        self.buffers[buffer] = memory;
        result
    }

    /// Copies those inputs of a concatenation that were not computed in their place.
    fn join(&mut self, id: NodeId, buffer: usize, place: Placement) -> Result<()> {
        let fast = Arc::clone(&self.fast);
        let (plan, graph) = (&fast.plan, fast.graph());
        let mut start = 0;
        for &input in &graph.node(id).inputs {
            let channels = graph.node(input).shape[0];
            let part = place.part(start, channels);
            start += channels;
            match plan.place_of(graph, input, place.batch) {
                Some(found) if found == (buffer, part) => {}
                Some((other, _)) if other != buffer => self.write(buffer, |pass, memory| {
                    pass.with_maps(input, false, |maps| {
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
        let (graph, isa) = (self.fast.graph(), self.fast.isa);
        let node = graph.node(id);
        if let Some(group) = &self.fast.plan.groups[id] {
            let walked = self.fast.walked.load(Ordering::Relaxed) && group.head != id;
            return match nonlinearity(&node.op).filter(|function| walked && function.slopes_by_input()) {
                None => self.run_group(group, id, out),
                function => {
                    let how = Epilogue { activation: function, ..Epilogue::default() };
                    blocked::pointwise(isa, self.before(id)?, out, &how);
                    Ok(())
                }
            };
        }
        if let (Op::Mul, Some([maps, factors])) = (&node.op, gate(graph, id)) {
            return self.with_maps(node.inputs[maps], false, |maps| {
                self.with_maps(node.inputs[factors], false, |factors| {
                    blocked::gate(isa, maps, factors, out, &Epilogue::default());
                    Ok(())
                })
            });
        }
        self.with_maps(node.inputs[0], false, |maps| {
            if matches!(node.op, Op::LayerNorm2d { .. }) {
                self.fast.layer_norm(id)?.run(isa, maps, out, &Epilogue::default());
                return Ok(());
            }
            let [rows, columns] = spans(graph, id);
            match &node.op {
                Op::MaxPool(_) => blocked::max_pool(isa, maps, out, [&rows, &columns]),
                _ => blocked::mean_pool(isa, maps, out, [&rows, &columns]),
            }
            Ok(())
        })
    }

    /// Computes a group, or the part of it up to and including `last`.
    fn run_group(&self, group: &LayerGroup, last: NodeId, out: &mut MapsMut) -> Result<()> {
        let fast = &self.fast;
        let graph = fast.graph();
        let head = graph.node(group.head);
        let conv = matches!(head.op, Op::Conv(_)).then_some(group.head);
        let norm = group.norm.filter(|&norm| norm <= last);
        let own = norm.map(|norm| self.batch_affine(norm)).transpose()?.flatten();
        let affine = match &own {
            Some(affine) => affine,
            None => fast.affine(conv, norm)?,
        };
        let activation = group.activation.filter(|&activation| activation <= last).map(|id| &graph.node(id).op);
        let epilogue = Epilogue {
            scale: affine.scale.as_deref(),
            shift: affine.shift.as_deref(),
            rectify: matches!(activation, Some(Op::Relu)),
            activation: activation.and_then(nonlinearity),
            ..Epilogue::default()
        };
        let kernel = conv.map(|conv| fast.kernel(conv)).transpose()?;
        let planar = conv.is_some_and(|conv| fast.plan.is_planar(graph, conv));
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

    /// The input of the activation that a group ends in.
    pub fn before(&self, id: NodeId) -> Result<Maps<'_>> {
        let graph = self.fast.graph();
        let input = graph.node(id).inputs[0];
        if let Some(maps) = self.blocked(input) {
            return Ok(maps);
        }
        let made = once(&self.before[id], || match &self.fast.plan.groups[id] {
            Some(group) if group.head != id => {
                let mut maps = self.room(Placement::alone(self.batch, graph.node(id).extent()));
                self.run_group(group, input, &mut maps.view_mut())?;
                Ok(maps)
            }
            _ => block(self.output(input), &self.fast.pool),
        })?;
        Ok(made.view())
    }

    /// Calls `f` with a node's maps, blocked or planar, converted if they are kept otherwise.
    pub fn with_maps<R>(&self, id: NodeId, planar: bool, f: impl FnOnce(Maps) -> Result<R>) -> Result<R> {
        if !planar && let Some(maps) = self.blocked(id) {
            return f(maps);
        }
        let output = self.output(id);
        let (batch, channels, height, width) = output.dims4()?;
        if planar {
            let place = Placement::planar(batch, [channels, height, width]);
            let mut f = Some(f);
            let found = with_values::<f32, _>(output, |values| Ok(f.take().map(|f| f(Maps::new(values, place)))))?;
            return found.unwrap_or(Err(Error::Cancelled));
        }
        f(block(output, &self.fast.pool)?.view())
    }

    /// The switches of a max pool, as maps.
    pub fn blocked_switches(&self, id: NodeId) -> Result<Maps<'_>> {
        let graph = self.fast.graph();
        let found = once(&self.switches[id], || {
            let node = graph.node(id);
            let [rows, columns] = spans(graph, id);
            let mut marks = self.room(Placement::alone(self.batch, node.extent()));
            self.with_maps(node.inputs[0], false, |maps| {
                blocked::switches(self.fast.isa, maps, &mut marks.view_mut(), [&rows, &columns]);
                Ok(())
            })?;
            Ok(marks)
        })?;
        Ok(found.view())
    }

    /// A layer that is kept as a plain tensor.
    fn plain_output(&self, id: NodeId) -> Result<Tensor> {
        let inputs = &self.fast.graph().node(id).inputs;
        let inputs: Vec<&Tensor> = inputs.iter().map(|&input| self.output(input)).collect();
        match &self.lesson {
            Some(lesson) => lesson.run(self.fast.layers(), id, &inputs, || self.fast.run(id, &inputs)),
            None => self.fast.run(id, &inputs),
        }
    }
}
