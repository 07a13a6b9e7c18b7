//! Activations: layers of their own, and those that a convolution or fully connected layer names.

use super::shared::{KerasImport, KerasLayer};
use crate::{
    Result,
    net::{Activation, NodeId, Op},
};
use serde_json::Value;

/// Whether a class of layer is an activation.
pub(super) fn is_layer(class: &str) -> bool {
    matches!(class, "Activation" | "ReLU" | "LeakyReLU" | "PReLU" | "ELU" | "Softmax")
}

/// A layer that is an activation.
pub(super) fn layer(import: &mut KerasImport, job: &KerasLayer, input: NodeId) -> Result<NodeId> {
    let number = |keys: &[&str]| keys.iter().find_map(|key| job.settings[*key].as_f64());
    let op = match job.class {
        // `behind` adds it.
        "Activation" => return Ok(input),
        "ReLU" => {
            let (high, slope) = (number(&["max_value"]), number(&["negative_slope"]).unwrap_or(0.0));
            match (high, slope) {
                _ if number(&["threshold"]).unwrap_or(0.0) != 0.0 => {
                    return Err(import.unknown(job, "with a threshold"));
                }
                (None, 0.0) => Op::Relu,
                (Some(high), 0.0) => Op::Activation(Activation::Clip { low: 0.0, high }),
                (None, slope) => Op::Activation(Activation::LeakyRelu { slope }),
                _ => return Err(import.unknown(job, "with a slope and a largest value")),
            }
        }
        "LeakyReLU" => {
            Op::Activation(Activation::LeakyRelu { slope: number(&["negative_slope", "alpha"]).unwrap_or(0.3) })
        }
        "ELU" => Op::Activation(Activation::Elu { alpha: number(&["alpha"]).unwrap_or(1.0) }),
        "PReLU" => {
            let channels = import.maps(input).map_or(0, |[channels, ..]| channels);
            let slopes = import.channels(job, 0, "alpha", channels)?;
            import.weight(&job.name, "weight", slopes, &[channels])?;
            Op::PRelu
        }
        _ => Op::Softmax,
    };
    Ok(import.add(&job.name, op, &[input]))
}

/// The activation that a layer's settings name, behind its output.
pub(super) fn behind(import: &mut KerasImport, job: &KerasLayer, output: NodeId) -> Result<NodeId> {
    let value = &job.settings["activation"];
    let name = match value {
        Value::Null => return Ok(output),
        Value::String(name) => name.as_str(),
        // A function, or a layer, by its class.
        other => other["config"].as_str().or_else(|| other["class_name"].as_str()).unwrap_or_default(),
    };
    let activation = |activation| Op::Activation(activation);
    let op = match name {
        "linear" => return Ok(output),
        "relu" | "ReLU" => Op::Relu,
        "relu6" => activation(Activation::Clip { low: 0.0, high: 6.0 }),
        "softmax" => Op::Softmax,
        "sigmoid" => Op::Sigmoid,
        "tanh" => Op::Tanh { amplitude: 1.0, slope: 1.0 },
        "swish" | "silu" => activation(Activation::Silu),
        "hard_swish" | "hard_silu" => activation(Activation::HardSwish),
        "hard_sigmoid" if import.early => activation(Activation::HardSigmoid { slope: 0.2, offset: 0.5 }),
        "hard_sigmoid" => activation(Activation::HardSigmoid { slope: 1.0 / 6.0, offset: 0.5 }),
        "gelu" => activation(Activation::Gelu),
        "elu" => activation(Activation::Elu { alpha: 1.0 }),
        "leaky_relu" => activation(Activation::LeakyRelu { slope: 0.2 }),
        "softplus" => activation(Activation::Softplus),
        "mish" => activation(Activation::Mish),
        "exponential" => activation(Activation::Exp),
        other => return Err(import.unknown(job, &format!("with the activation {other}, which is not supported"))),
    };
    let own = job.class == "Activation";
    let node = if own { job.name.clone() } else { format!("{}.{name}", job.name) };
    let made = import.add(node, op, &[output]);
    if let Some(&maps) = import.flattened.get(&output) {
        import.flattened.insert(made, maps);
    }
    Ok(made)
}
