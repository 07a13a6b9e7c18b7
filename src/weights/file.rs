//! The content of a weights file, and the kinds of file that there are.

use super::file_names::FileNames;
use crate::net::{Op, Tensors};
use std::{collections::HashMap, fmt, sync::OnceLock};

/// The content of a weights file.
pub struct File {
    /// The tensors, in float32, by the names the file gives them.
    pub tensors: Tensors,
    /// Facts that the file states about itself: epoch, accuracy, ...
    pub metadata: HashMap<String, String>,
    /// The kind of file.
    pub format: Format,
    /// Operators that the file states the constants of, by its names of the layers.
    pub constants: Vec<(String, Op)>,
    /// Tensors of whole numbers, which no network here needs: counters, metrics, queues. They were not read.
    pub skipped: Vec<String>,
    /// Sentences about the file that its user should read.
    pub notes: Vec<String>,
    /// The names of the tensors in every spelling, made once.
    pub(super) names: OnceLock<FileNames>,
}

impl File {
    /// A safetensors file with these tensors, as if it had been read.
    pub fn of_tensors(tensors: Tensors) -> Self {
        File::new(Format::Safetensors, tensors, HashMap::new())
    }

    /// The names of the tensors as the file was read, in every spelling.
    pub(super) fn names(&self) -> &FileNames {
        self.names.get_or_init(|| FileNames::new(&self.tensors))
    }

    /// The same, taken out of the file.
    pub(super) fn take_names(&mut self) -> FileNames {
        self.names.take().unwrap_or_else(|| FileNames::new(&self.tensors))
    }

    pub(super) fn new(format: Format, tensors: Tensors, metadata: HashMap<String, String>) -> Self {
        File {
            tensors,
            metadata,
            format,
            constants: Vec::new(),
            skipped: Vec::new(),
            notes: Vec::new(),
            names: OnceLock::new(),
        }
    }
}

/// A kind of weights file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// safetensors.
    Safetensors,
    /// A file of `torch.save`, since 2020 or before, or of `torch.jit.save`.
    PyTorch,
    /// A file of `numpy.savez` or `numpy.savez_compressed`.
    Npz,
    /// A `.caffemodel`. Its network takes channels in the order blue, green, red, as 0..255 minus a mean, unless its
    /// tensors went through [`super::fit`].
    Caffe,
    /// An ONNX model, which is a network with its weights: the room `formats` reads it.
    Onnx,
    /// An archive of `torch.export.save`, which is a network with its weights.
    Exported,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Safetensors => "safetensors file",
            Format::PyTorch => "PyTorch file",
            Format::Npz => ".npz file",
            Format::Caffe => "Caffe model",
            Format::Onnx => "ONNX model",
            Format::Exported => "archive of torch.export",
        })
    }
}
