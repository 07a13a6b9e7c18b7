//! The network that a weights file belongs to.

use crate::{
    Result,
    weights::{self, Candidate},
    zoo::{self, Card},
};
use std::sync::LazyLock;

/// Every network of the zoo, taken apart once in the life of the program.
static CANDIDATES: LazyLock<Vec<Candidate>> = LazyLock::new(|| zoo::ZOO.iter().filter_map(candidate).collect());

fn candidate(card: &Card) -> Option<Candidate> {
    Some(Candidate::new(card.name, (card.build)(card.size()).ok()?))
}

/// The network that a weights file belongs to, the commonest first; remarks say which others fit as well. Of families
/// that have members of any depth, the file's number of blocks tells the member. Of several that fit, the file's own word
/// decides, then `preferred`.
///
/// # Errors
/// Those of [`weights::recognise`].
pub(super) fn card_of(
    file: &weights::File,
    origin: &str,
    preferred: Option<&str>,
    notes: &mut Vec<String>,
) -> Result<&'static Card> {
    // A run of training says what it trained: plain and residual networks have the same weights.
    if let Some(card) = file.metadata.get("network").and_then(|name| zoo::find(name).ok()) {
        return Ok(card);
    }
    let listed = |card: &&&Card| !zoo::ZOO.iter().any(|other| other.name == card.name);
    let members = weights::blocks(file).map_or_else(Vec::new, zoo::of_blocks);
    let more: Vec<Candidate> = members.iter().filter(listed).filter_map(|card| candidate(card)).collect();
    let candidates: Vec<&Candidate> = CANDIDATES.iter().chain(&more).collect();
    let found = weights::recognise(file, &candidates, origin)?;
    let fitting: Vec<&'static str> = [candidates[found.index].name].into_iter().chain(found.others).collect();
    let stated = stated(file);
    let stated = stated.as_deref();
    let known = RENAMED.iter().find(|(theirs, _)| stated == Some(*theirs)).map(|(_, ours)| *ours).or(stated);
    let told = fitting.iter().find(|name| known == Some(**name));
    let liked = fitting.iter().find(|name| preferred == Some(**name));
    let name = told.or(liked).or(fitting.first()).copied().unwrap_or_default();
    match (told, fitting.as_slice()) {
        (Some(_), [_, _, ..]) => notes.push(format!("the weights are those of {name}, as the file says")),
        (_, [_]) => notes.push(format!("the weights are those of {name}")),
        (_, others) => {
            let others: Vec<&str> = others.iter().copied().filter(|other| *other != name).collect();
            let others = others.join(", ");
            notes.push(format!("the weights fit {name}, which was opened, and also {others}: --network chooses"));
        }
    }
    if let Some(other) = stated.filter(|stated| SOFTENED.contains(stated)) {
        notes.push(format!(
            "the file says that it belongs to {other}, which is {name} with every stride behind a blur: without the blur the \
             scores are not right"
        ));
    }
    if let Some(namesake) = namesake(name)
        && file.tensors.keys().any(|tensor| tensor.contains("conv_stem."))
    {
        notes.push(match stated.filter(|stated| stated.starts_with("tf_")) {
            Some(other) => format!(
                "the file says that it belongs to {other}, which pads as TensorFlow does: the scores are not right"
            ),
            None => format!(
                "the names are timm's: weights of {namesake} have the same ones, and their scores would not be right"
            ),
        });
    }
    zoo::find(name)
}

/// timm's names of networks that are called otherwise here.
const RENAMED: [(&str, &str); 6] = [
    ("tf_efficientnet_lite0", "efficientnet_lite0"),
    ("efficientnet_lite0", "efficientnet_lite0_torch"),
    ("mobilenetv2_100", "mobilenet_v2"),
    ("mobilenetv3_large_100", "mobilenet_v3_large"),
    ("mobilenetv3_small_100", "mobilenet_v3_small"),
    ("mnasnet_100", "mnasnet1_0"),
];

/// timm's network with the names and shapes of another one, which pads as TensorFlow does.
fn namesake(name: &str) -> Option<String> {
    match name {
        "mobilenet_v3_large" => Some("tf_mobilenetv3_large_100".to_owned()),
        "mobilenet_v3_small" => Some("tf_mobilenetv3_small_100".to_owned()),
        name => name.starts_with("efficientnet_b").then(|| format!("tf_{name}")),
    }
}

/// timm's networks that have the layers of another, with names and shapes, and compute something else.
const SOFTENED: [&str; 3] = ["resnetaa50", "resnetblur18", "resnetblur50"];

/// The network that a file says it belongs to, as timm, PyTorch's example for ImageNet and Hugging Face's configs state it.
fn stated(file: &weights::File) -> Option<String> {
    let text = ["architecture", "arch", "model_name"].iter().find_map(|key| file.metadata.get(*key))?;
    // A name may have its hub in front and a training behind it: `timm/tf_efficientnet_lite0.in1k`.
    let name = text.rsplit('/').next()?.split('.').next()?;
    Some(name.to_ascii_lowercase().replace('-', "_"))
}
