//! The model's input: which one takes the picture, its shape, and where its channels stand.

use super::message::{Declared, GraphProto, ModelProto};

/// The side of the picture where the model leaves it open.
const USUAL: usize = 224;
/// The largest side that a model may state.
const LARGEST: usize = 16384;

/// The input that takes the picture.
pub(super) struct PictureInput {
    /// The name of its value.
    pub name: String,
    /// Channels, rows, columns.
    pub shape: [usize; 3],
    /// Whether the model takes rows, columns, channels.
    pub channels_last: bool,
    /// Pictures that it takes at once; 1 where the model leaves it open.
    pub batch: usize,
}

/// Finds the picture among a model's inputs.
pub(super) fn picture_input(model: &ModelProto) -> Result<PictureInput, String> {
    let graph = &model.graph;
    let given: Vec<&Declared> =
        graph.inputs.iter().filter(|input| !graph.initializers.contains_key(&input.name)).collect();
    let maps: Vec<&&Declared> = given.iter().filter(|input| input.shape.len() == 4).collect();
    let input = match (given.as_slice(), maps.as_slice()) {
        ([], _) => return Err("has no input".to_owned()),
        (_, [only]) => **only,
        (_, []) => {
            let shapes: Vec<usize> = given.iter().map(|input| input.shape.len()).collect();
            return Err(format!("takes no picture: its inputs have {shapes:?} axes where a picture has 4"));
        }
        (_, several) => return Err(format!("takes {} pictures at once; one is needed", several.len())),
    };
    let [batch, first, second, third] = input.shape.as_slice() else {
        return Err("takes no picture".to_owned());
    };
    let is_colour = |size: &Option<usize>| matches!(size, Some(1 | 3 | 4));
    let channels_last = is_colour(third) && !is_colour(first);
    let (channels, rows, columns) = if channels_last { (third, first, second) } else { (first, second, third) };
    let channels = channels.or_else(|| first_filters(graph, &input.name)).unwrap_or(3);
    let side = |size: &Option<usize>, other: &Option<usize>| size.or(*other).unwrap_or(USUAL);
    let shape = [channels, side(rows, columns), side(columns, rows)];
    if shape.iter().any(|&size| size == 0 || size > LARGEST) {
        return Err(format!("takes pictures of {shape:?} channels, rows and columns"));
    }
    let batch = batch.unwrap_or(1);
    if batch > 1024 {
        return Err(format!("takes {batch} pictures at once"));
    }
    Ok(PictureInput { name: input.name.clone(), shape, channels_last, batch })
}

/// The channels that the first convolution on a value takes.
fn first_filters(graph: &GraphProto, value: &str) -> Option<usize> {
    let conv = graph.nodes.iter().find(|node| node.op == "Conv" && node.inputs.first().is_some_and(|x| x == value))?;
    let filters = graph.initializers.get(conv.inputs.get(1)?)?;
    filters.dims().get(1)?.checked_mul(usize::try_from(conv.int("group", 1)).ok()?)
}
