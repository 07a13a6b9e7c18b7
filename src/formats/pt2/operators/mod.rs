//! ATen's operators: one file a family, each function writes one operator as nodes of ONNX's. [`find`] lists them by their
//! names without overload, in both of PyTorch's sets: as a program is exported, and decomposed to the core.

mod activation;
mod arithmetic;
mod arrange;
mod attention;
mod choice;
mod constant;
mod conv;
mod join;
mod linear;
mod norm;
mod pass;
mod pool;
mod reduce;
mod resize;
mod select;

use super::model::Writing;

/// Writes an operator, or says in a phrase why it cannot be.
pub(super) type Writer = fn(&mut Writing) -> Result<(), String>;

/// The writer of the operator called `name`, with or without the underscore of those that change their input.
pub(super) fn find(name: &str) -> Option<Writer> {
    let name = name.strip_suffix('_').unwrap_or(name);
    Some(match name {
        "conv1d" | "conv2d" | "convolution" | "_convolution" | "conv_transpose2d" | "conv_transpose1d" => conv::conv,
        "linear" => linear::linear,
        "addmm" => linear::addmm,
        "mm" | "bmm" | "matmul" => linear::matmul,
        "baddbmm" => linear::baddbmm,
        "batch_norm"
        | "_native_batch_norm_legit_no_training"
        | "_native_batch_norm_legit"
        | "native_batch_norm"
        | "_batch_norm_no_update" => norm::batch,
        "instance_norm" => norm::instance,
        "group_norm" | "native_group_norm" => norm::group,
        "layer_norm" | "native_layer_norm" => norm::layer,
        "max_pool2d" | "max_pool2d_with_indices" | "avg_pool2d" => pool::window,
        "adaptive_avg_pool2d" | "_adaptive_avg_pool2d" | "adaptive_max_pool2d" => pool::adaptive,
        "mean" | "sum" | "amax" | "amin" | "linalg_vector_norm" | "norm" => reduce::reduce,
        "cumsum" => reduce::accumulate,
        "var" | "var_mean" | "std" => reduce::spread,
        "add" | "sub" | "rsub" => arithmetic::sum,
        "mul" | "div" | "true_divide" | "pow" | "maximum" | "minimum" | "multiply" | "divide" => arithmetic::pair,
        "addcmul" => arithmetic::add_product,
        "square" | "rsqrt" | "log1p" | "expm1" => arithmetic::power,
        "where" | "eq" | "lt" | "le" | "gt" | "ge" | "logical_not" | "bitwise_not" | "any" => choice::choice,
        "hardtanh" | "relu6" | "clamp" | "clamp_min" | "clamp_max" => activation::clip,
        "softmax" | "_softmax" | "log_softmax" | "_log_softmax" => activation::softmax,
        "prelu" | "_prelu_kernel" => activation::prelu,
        "relu" | "sigmoid" | "tanh" | "silu" | "hardswish" | "hardsigmoid" | "mish" | "softplus" | "gelu" | "elu"
        | "selu" | "celu" | "leaky_relu" | "neg" | "sqrt" | "reciprocal" | "exp" | "log" | "abs" | "erf" | "floor"
        | "ceil" | "round" | "sin" | "cos" => activation::stated,
        "view" | "reshape" | "_unsafe_view" | "view_as" | "reshape_as" | "flatten" | "unflatten" | "squeeze"
        | "unsqueeze" => arrange::reshape,
        "permute" | "transpose" | "t" | "numpy_T" => arrange::permute,
        "expand" | "expand_as" => arrange::expand,
        "repeat" => arrange::repeat,
        "pixel_shuffle" | "pixel_unshuffle" => arrange::pixels,
        "channel_shuffle" | "native_channel_shuffle" => arrange::shuffle,
        "pad" | "constant_pad_nd" | "reflection_pad2d" | "replication_pad2d" => arrange::pad,
        "as_strided" => arrange::as_strided,
        "cat" | "concat" | "stack" => join::join,
        "chunk" | "split" | "split_with_sizes" | "unbind" => select::split,
        "slice" | "narrow" => select::slice,
        "select" => select::select,
        "index" | "index_select" => select::index,
        "upsample_nearest2d" | "upsample_bilinear2d" => resize::resize,
        "scaled_dot_product_attention" => attention::attention,
        "dropout" | "feature_dropout" | "alpha_dropout" | "native_dropout" => pass::dropout,
        "clone" | "contiguous" | "detach" | "alias" | "lift_fresh_copy" | "type_as" | "positive" => pass::pass,
        "to" | "_to_copy" => pass::cast,
        "arange" | "full" | "full_like" | "zeros" | "ones" | "zeros_like" | "ones_like" | "scalar_tensor" => {
            constant::made
        }
        "sym_size" | "_assert_tensor_metadata" | "_assert_scalar" | "sym_constrain_range_for_size" => pass::nothing,
        _ => return None,
    })
}
