//! A network that was read from a file, whatever its format.

use crate::{
    Result,
    net::{Graph, Tensors},
    picture::{PixelScale, Preprocess},
    zoo::{Description, Labels},
};
use std::{collections::HashMap, path::Path};

/// A network with its weights, as a file holds it.
pub struct NetworkFile {
    /// The layers.
    pub graph: Graph,
    /// The weights, by the graph's names.
    pub tensors: Tensors,
    /// Name, preparation and labels.
    pub description: Description,
    /// Facts that the file states about itself, labels among them.
    pub metadata: HashMap<String, String>,
    /// Remarks on what was changed or left out: whole sentences.
    pub notes: Vec<String>,
    /// Operators that are missing behind the features that the network ends in; empty where it ends in scores of classes.
    pub missing_head: Vec<String>,
}

/// The description of a network in a file that `producer` wrote.
pub(super) fn described(
    path: &Path,
    producer: &str,
    graph: &Graph,
    metadata: &HashMap<String, String>,
) -> Result<Description> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let outputs = graph.node(graph.scores()).extent()[0];
    let labels = if outputs == 1000 { Labels::ImageNet } else { Labels::indexed(outputs) };
    Ok(Description {
        title: name.clone(),
        name,
        paper: producer.to_owned(),
        notes: Vec::new(),
        labels,
        preprocess: preprocess(graph, metadata),
        file: Some(path.to_owned()),
    })
}

/// The preparation that a file states, else that of torchvision's networks for ImageNet; grey pictures as they are.
fn preprocess(graph: &Graph, metadata: &HashMap<String, String>) -> Preprocess {
    let [channels, height, width] = graph.input_shape();
    let short = height.min(width);
    // A margin of an eighth around the centre, as torchvision cuts 224 from 256; small pictures have none.
    let resize = if short < 96 { short } else { (short * 8).div_ceil(7) };
    let usual = match channels {
        3 => Preprocess::imagenet(resize, short),
        1 => Preprocess::new(resize, short, &[0.0], &[1.0]),
        _ => Preprocess::planes(channels, short),
    };
    let usual = if height == width { usual } else { usual.sized([height, width]) };
    let list = |key: &str| -> Option<Vec<f32>> {
        let text = metadata.get(key)?.trim_matches(['[', ']', '(', ')', ' ']);
        let values: Vec<f32> =
            text.split([',', ' ']).filter(|part| !part.is_empty()).map(str::parse).collect::<Result<_, _>>().ok()?;
        (values.len() == channels && values.iter().all(|value| value.is_finite())).then_some(values)
    };
    let (mean, std) = (list("mean"), list("std").filter(|std| std.iter().all(|&value| value > 0.0)));
    let (Some(mean), Some(std)) = (mean, std) else { return usual };
    let full = mean.iter().chain(&std).any(|&value| value > 2.0);
    Preprocess { mean, std, scale: if full { PixelScale::Full } else { PixelScale::One }, ..usual }
}
