//! ONNX's operators: one file a family, each function makes the layers of one node. [`find`] lists them.

mod activation;
mod arithmetic;
mod arrange;
mod conv;
mod join;
mod linear;
mod norm;
mod pad;
mod pool;
mod reduce;
mod resize;
mod select;
mod shape;
mod softmax;

pub(in crate::formats) use pool::{ADAPTIVE_LARGEST, ADAPTIVE_MEAN};

use super::{
    function::RECOGNISED,
    job::{NodeJob, Outputs},
};

/// Makes the layers of a node.
pub(super) type Operator = fn(&mut NodeJob) -> Outputs;

/// The operator called `name` in ONNX's own set.
pub(super) fn find(name: &str) -> Option<Operator> {
    Some(match name {
        "Conv" => conv::conv,
        "ConvTranspose" => conv::transposed,
        "Gemm" => linear::gemm,
        "MatMul" => linear::matmul,
        "BatchNormalization" => norm::batch,
        "InstanceNormalization" => norm::instance,
        "GroupNormalization" => norm::group,
        "LayerNormalization" => norm::layer,
        "LRN" => norm::local_response,
        "MaxPool" => pool::largest,
        "AveragePool" => pool::mean,
        "GlobalAveragePool" => pool::global_mean,
        "GlobalMaxPool" => pool::global_largest,
        ADAPTIVE_MEAN | ADAPTIVE_LARGEST => pool::adaptive,
        "ReduceMean" => reduce::mean,
        "ReduceSum" => reduce::sum,
        "ReduceMax" => reduce::largest,
        "ReduceMin" => reduce::least,
        "ReduceL1" => reduce::absolute,
        "ReduceL2" => reduce::length,
        "ReduceSumSquare" => reduce::squares,
        "Add" | "Sum" => arithmetic::add,
        "Sub" => arithmetic::subtract,
        "Mul" => arithmetic::multiply,
        "Div" => arithmetic::divide,
        "Pow" => arithmetic::power,
        "Max" | "Min" => arithmetic::extreme,
        "Neg" | "Sqrt" | "Reciprocal" | "Exp" | "Log" | "Abs" | "Erf" | "Relu" | "LeakyRelu" | "PRelu" | "Elu"
        | "Selu" | "Celu" | "Sigmoid" | "HardSigmoid" | "HardSwish" | "Tanh" | "Softplus" | "Gelu" | "Mish"
        | "Swish" | "Clip" | RECOGNISED => activation::activation,
        "Softmax" => softmax::softmax,
        "LogSoftmax" => softmax::log_softmax,
        "Concat" => join::concat,
        "Split" => select::split,
        "Slice" => select::slice,
        "Gather" => select::gather,
        "Pad" => pad::pad,
        "Resize" | "Upsample" => resize::resize,
        "Reshape" => shape::reshape,
        "Flatten" => shape::flatten,
        "Squeeze" => shape::squeeze,
        "Unsqueeze" => shape::unsqueeze,
        "Expand" => join::expand,
        "Tile" => join::tile,
        "Transpose" => arrange::transpose,
        "DepthToSpace" => arrange::depth_to_space,
        "SpaceToDepth" => arrange::space_to_depth,
        "Identity" | "Dropout" | "Cast" | "CastLike" | "QuantizeLinear" | "DequantizeLinear" => shape::pass,
        _ => return None,
    })
}
