//! One layer on plain tensors, for passes that go layer by layer: by a kernel where there is one, else by candle's operator.

use super::{
    convert::{block, tensor},
    prepared::Fast,
};
use crate::{
    Result,
    kernels::{
        blocked::{self, Epilogue, Maps, Owned, Placement},
        with_values,
    },
    net::{graph::NodeId, ops::Op},
};
use candle_core::{DType, Device, Tensor};
use half::f16;

impl Fast {
    /// The output of a layer for `inputs`, batch first.
    pub fn run(&self, id: NodeId, inputs: &[&Tensor]) -> Result<Tensor> {
        let node = self.graph().node(id);
        let x = inputs[0];
        // Kernels are prepared for the sizes of the graph.
        let usual = x.dtype() == DType::F32 && x.dims()[1..] == self.graph().node(node.inputs[0]).shape;
        match &node.op {
            Op::Conv(_) if usual => self.convolve(id, x),
            Op::Linear { out, .. } if usual && x.rank() == 2 => self.linear(id, x, *out),
            _ => self.layers().run(id, inputs),
        }
    }

    fn convolve(&self, id: NodeId, x: &Tensor) -> Result<Tensor> {
        let node = self.graph().node(id);
        let batch = x.dim(0)?;
        let kernel = self.kernel(id)?;
        let shift = self.affine(Some(id), None)?.shift.as_deref();
        let place = Placement::alone(batch, node.extent());
        let mut out = Owned { buffer: self.pool.take(place.buffer_length()), place };
        let mut run = |maps: Maps| {
            let epilogue = Epilogue { shift, ..Epilogue::default() };
            kernel.run(maps, &mut out.view_mut(), &epilogue, &self.pool);
        };
        if self.plan.is_planar(self.graph(), id) {
            let place = Placement::planar(batch, self.graph().node(node.inputs[0]).extent());
            with_values::<f32, _>(x, |values| {
                run(Maps::new(values, place));
                Ok(())
            })?;
        } else {
            run(block(x, &self.pool)?.view());
        }
        tensor(out.view())
    }

    fn linear(&self, id: NodeId, x: &Tensor, out: usize) -> Result<Tensor> {
        let weights = self.layers().weights(id).all();
        let isa = self.isa;
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
}
