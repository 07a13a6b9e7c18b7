//! Messages out of a stream. Every list and every name is counted, so that a file of a few megabytes cannot ask for the
//! memory of a large one.

use super::{
    external::External,
    message::{Attribute, Declared, GraphProto, ModelProto, NodeProto},
    parts::{packed, pair, text},
    tensor,
};
use crate::{
    Result,
    weights::{
        bounded::Stream,
        wire::{Wire, fields, skip, whole},
    },
};
use candle_core::Tensor;
use std::io::Read;

/// Nodes, names, attributes and tensors of one file. The largest networks have some ten thousand.
const MAX_ITEMS: usize = 500_000;
/// Graphs inside of graphs.
const MAX_DEPTH: usize = 4;
/// Numbers in one list of an attribute.
const MAX_LIST: usize = 1 << 16;

/// The reading of one model.
pub(super) struct Parser<'a> {
    pub external: External<'a>,
    /// Values of all tensors that were read.
    pub values: usize,
    items: usize,
}

impl<'a> Parser<'a> {
    pub fn new(external: External<'a>) -> Self {
        Parser { external, values: 0, items: 0 }
    }

    /// Reads the whole stream as a `ModelProto`.
    pub fn model<R: Read>(&mut self, stream: &mut Stream<'_, R>) -> Result<ModelProto> {
        let mut model = ModelProto::default();
        let size = stream.left();
        fields(stream, size, |stream, field, wire| match (field, wire) {
            (2, Wire::Sized(size)) => text(stream, size).map(|name| model.producer = name),
            (7, Wire::Sized(size)) => self.graph(stream, size, 0).map(|graph| model.graph = graph),
            (8, Wire::Sized(size)) => {
                self.count(stream)?;
                let (mut domain, mut version) = (String::new(), 0);
                fields(stream, size, |stream, field, wire| match (field, wire) {
                    (1, Wire::Sized(size)) => text(stream, size).map(|name| domain = name),
                    (2, Wire::Number(number)) => {
                        version = number as i64;
                        Ok(())
                    }
                    (_, wire) => skip(stream, wire),
                })?;
                model.opsets.push((domain, version));
                Ok(())
            }
            (14, Wire::Sized(size)) => self.pair(stream, size).map(|pair| model.metadata.push(pair)),
            (25, Wire::Sized(size)) => {
                self.count(stream)?;
                fields(stream, size, |stream, field, wire| match (field, wire) {
                    (1, Wire::Sized(size)) => text(stream, size).map(|name| model.functions.push(name)),
                    (_, wire) => skip(stream, wire),
                })
            }
            (_, wire) => skip(stream, wire),
        })?;
        Ok(model)
    }

    fn graph<R: Read>(&mut self, stream: &mut Stream<'_, R>, size: u64, depth: usize) -> Result<GraphProto> {
        let mut graph = GraphProto::default();
        fields(stream, size, |stream, field, wire| match (field, wire) {
            (1, Wire::Sized(size)) => self.node(stream, size, depth).map(|node| graph.nodes.push(node)),
            (5, Wire::Sized(size)) => {
                self.count(stream)?;
                let (name, tensor) = self.tensor(stream, size)?;
                graph.initializers.insert(name, tensor);
                Ok(())
            }
            (11, Wire::Sized(size)) => self.declared(stream, size).map(|value| graph.inputs.push(value)),
            (12, Wire::Sized(size)) => self.declared(stream, size).map(|value| graph.outputs.push(value)),
            (_, wire) => skip(stream, wire),
        })?;
        Ok(graph)
    }

    fn node<R: Read>(&mut self, stream: &mut Stream<'_, R>, size: u64, depth: usize) -> Result<NodeProto> {
        self.count(stream)?;
        let mut node = NodeProto::default();
        fields(stream, size, |stream, field, wire| match (field, wire) {
            (1, Wire::Sized(size)) => self.name(stream, size).map(|name| node.inputs.push(name)),
            (2, Wire::Sized(size)) => self.name(stream, size).map(|name| node.outputs.push(name)),
            (3, Wire::Sized(size)) => text(stream, size).map(|name| node.name = name),
            (4, Wire::Sized(size)) => text(stream, size).map(|name| node.op = name),
            (7, Wire::Sized(size)) => text(stream, size).map(|name| node.domain = name),
            (5, Wire::Sized(size)) => {
                let (name, attribute) = self.attribute(stream, size, depth)?;
                node.attributes.insert(name, attribute);
                Ok(())
            }
            (9, Wire::Sized(size)) => {
                let (key, value) = self.pair(stream, size)?;
                if key == "pkg.torch.onnx.name_scopes" {
                    node.module = innermost(&value);
                }
                Ok(())
            }
            (_, wire) => skip(stream, wire),
        })?;
        Ok(node)
    }

    fn attribute<R: Read>(
        &mut self,
        stream: &mut Stream<'_, R>,
        size: u64,
        depth: usize,
    ) -> Result<(String, Attribute)> {
        self.count(stream)?;
        let (mut name, mut kind, mut value) = (String::new(), 0, Attribute::Other);
        let (mut ints, mut floats) = (Vec::new(), Vec::new());
        fields(stream, size, |stream, field, wire| {
            match (field, wire) {
                (1, Wire::Sized(size)) => name = text(stream, size)?,
                (20, Wire::Number(number)) => kind = number,
                (2, Wire::Four) => value = Attribute::Float(f32::from_le_bytes(stream.array()?)),
                (3, Wire::Number(number)) => value = Attribute::Int(number as i64),
                (4, Wire::Sized(size)) => value = Attribute::Text(text(stream, size)?),
                (5, Wire::Sized(size)) => {
                    value = Attribute::Tensor(self.tensor(stream, size)?.1);
                }
                (6, Wire::Sized(size)) if depth < MAX_DEPTH => {
                    // Branches and loops are not run; reading one checks that it is whole.
                    self.graph(stream, size, depth + 1)?;
                }
                (7, Wire::Four) if floats.len() < MAX_LIST => floats.push(f32::from_le_bytes(stream.array()?)),
                (7, Wire::Sized(size)) if size % 4 == 0 && whole(size) / 4 <= MAX_LIST => {
                    for _ in 0..size / 4 {
                        floats.push(f32::from_le_bytes(stream.array()?));
                    }
                }
                (8, Wire::Number(number)) if ints.len() < MAX_LIST => ints.push(number as i64),
                (8, Wire::Sized(size)) => packed(stream, size, MAX_LIST, &mut ints)?,
                (_, wire) => skip(stream, wire)?,
            }
            Ok(())
        })?;
        // Lists may be empty, and files from before the kinds were stored leave them out.
        let value = match kind {
            7 => Attribute::Ints(ints),
            6 => Attribute::Floats(floats),
            _ if !ints.is_empty() => Attribute::Ints(ints),
            _ if !floats.is_empty() => Attribute::Floats(floats),
            1 if matches!(value, Attribute::Other) => Attribute::Float(0.0),
            2 if matches!(value, Attribute::Other) => Attribute::Int(0),
            _ => value,
        };
        Ok((name, value))
    }

    /// A `ValueInfoProto`.
    fn declared<R: Read>(&mut self, stream: &mut Stream<'_, R>, size: u64) -> Result<Declared> {
        self.count(stream)?;
        let mut declared = Declared::default();
        fields(stream, size, |stream, field, wire| match (field, wire) {
            (1, Wire::Sized(size)) => text(stream, size).map(|name| declared.name = name),
            // TypeProto, its tensor, its shape, its dimensions.
            (2, Wire::Sized(size)) => only(stream, size, 1, |stream, size| {
                only(stream, size, 2, |stream, size| {
                    only(stream, size, 1, |stream, size| {
                        let mut known = None;
                        fields(stream, size, |stream, field, wire| match (field, wire) {
                            (1, Wire::Number(number)) => {
                                known = Some(whole(number)).filter(|&size| size > 0);
                                Ok(())
                            }
                            (_, wire) => skip(stream, wire),
                        })?;
                        if declared.shape.len() < 8 {
                            declared.shape.push(known);
                        }
                        Ok(())
                    })
                })
            }),
            (_, wire) => skip(stream, wire),
        })?;
        Ok(declared)
    }

    /// A `StringStringEntryProto`.
    fn pair<R: Read>(&mut self, stream: &mut Stream<'_, R>, size: u64) -> Result<(String, String)> {
        self.count(stream)?;
        pair(stream, size)
    }

    fn name<R: Read>(&mut self, stream: &mut Stream<'_, R>, size: u64) -> Result<String> {
        self.count(stream)?;
        text(stream, size)
    }

    /// A `TensorProto`: its name and values.
    fn tensor<R: Read>(&mut self, stream: &mut Stream<'_, R>, size: u64) -> Result<(String, Tensor)> {
        let (name, tensor) = tensor::read(stream, size, &mut self.external)?;
        self.values += tensor.elem_count();
        Ok((name, tensor))
    }

    fn count<R: Read>(&mut self, stream: &Stream<'_, R>) -> Result<()> {
        self.items += 1;
        match self.items <= MAX_ITEMS {
            true => Ok(()),
            false => Err(stream.context.refused(format_args!("has more than {MAX_ITEMS} nodes and names"))),
        }
    }
}

/// Calls `inside` for every part of a message that has the number `number`, and passes over the others.
fn only<R: Read>(
    stream: &mut Stream<'_, R>,
    size: u64,
    number: u64,
    mut inside: impl FnMut(&mut Stream<'_, R>, u64) -> Result<()>,
) -> Result<()> {
    fields(stream, size, |stream, field, wire| match wire {
        Wire::Sized(size) if field == number => inside(stream, size),
        wire => skip(stream, wire),
    })
}

/// The module of a path that PyTorch's exporter writes as `['', 'layer1', 'layer1.0.conv1', 'conv2d_1']`.
fn innermost(scopes: &str) -> Option<String> {
    let scopes: Vec<&str> = scopes.split('\'').skip(1).step_by(2).collect();
    scopes.len().checked_sub(2).map(|last| scopes[last].to_owned())
}
