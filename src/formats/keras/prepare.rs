//! How pictures become a Keras model's input. A file states it by layers in front, if at all; keras.applications have one
//! way each.

use super::config::{self, ModelConfig};
use crate::{
    net::Graph,
    picture::{PixelScale, Preprocess},
};

/// Ways of keras.applications: beginnings of models' names.
const SIGNED: [&str; 8] =
    ["mobilenet_", "mobilenetv2", "inception", "xception", "nasnet", "resnet50v2", "resnet101v2", "resnet152v2"];
const CAFFE: [&str; 5] = ["vgg16", "vgg19", "resnet50", "resnet101", "resnet152"];
const TORCH: [&str; 1] = ["densenet"];

/// The preparation, with a remark where it is assumed.
pub(super) fn preparation(model: &ModelConfig, graph: &Graph, file: &str) -> (Preprocess, Vec<String>) {
    let [channels, height, width] = graph.input_shape();
    let short = height.min(width);
    let resize = if short < 96 { short } else { (short * 8).div_ceil(7) };
    let sized = |preprocess: Preprocess| if height == width { preprocess } else { preprocess.sized([height, width]) };
    let plain = |mean: f32, std: f32, scale: PixelScale| {
        sized(Preprocess { scale, ..Preprocess::new(resize, short, &vec![mean; channels], &vec![std; channels]) })
    };
    if !matches!(channels, 1 | 3) {
        return (sized(Preprocess::planes(channels, short)), Vec::new());
    }
    if prepares(model, 0) {
        return (plain(0.0, 1.0, PixelScale::Full), Vec::new());
    }
    let names = names(model, 0);
    let known = |beginnings: &[&str]| names.iter().any(|name| beginnings.iter().any(|begin| name.starts_with(begin)));
    let note = |how: &str| vec![format!("{file} does not state how pictures are prepared: {how}")];
    if channels == 3 && known(&SIGNED) {
        return (
            plain(127.5, 127.5, PixelScale::Full),
            note("values from -1 to 1, as keras.applications prepares them."),
        );
    }
    if channels == 3 && known(&CAFFE) {
        let preprocess =
            Preprocess { mean: vec![103.939, 116.779, 123.68], ..plain(0.0, 1.0, PixelScale::Full).caffe() };
        return (
            preprocess,
            note("Caffe's way, blue, green, red minus the mean, as keras.applications prepares them."),
        );
    }
    if channels == 3 && known(&TORCH) {
        return (
            sized(Preprocess::imagenet(resize, short)),
            note("torchvision's way, as keras.applications prepares them."),
        );
    }
    (
        plain(0.0, 1.0, PixelScale::One),
        note("values from 0 to 1 are assumed; --prepare, --mean and --std say otherwise."),
    )
}

/// Whether the model's own first layers prepare pictures.
fn prepares(model: &ModelConfig, depth: usize) -> bool {
    let first = model.layers.iter().find(|layer| layer.class != "InputLayer" && !layer.class.starts_with("Random"));
    first.is_some_and(|layer| match layer.class.as_str() {
        "Rescaling" | "Normalization" => true,
        class if config::is_model(class) && depth < 8 => {
            config::model(class, &layer.settings, "").is_ok_and(|inner| prepares(&inner, depth + 1))
        }
        _ => false,
    })
}

/// The names of the model and of the models inside it, in small letters.
fn names(model: &ModelConfig, depth: usize) -> Vec<String> {
    let mut all = vec![model.name.to_lowercase()];
    for layer in model.layers.iter().filter(|layer| config::is_model(&layer.class) && depth < 8) {
        if let Ok(inner) = config::model(&layer.class, &layer.settings, "") {
            all.extend(names(&inner, depth + 1));
        }
    }
    all
}
