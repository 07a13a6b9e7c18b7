//! The fast path of the CPU: networks run on maps in blocks of sixteen channels, with kernels for AVX-512, AVX2 and
//! anything else, chosen when the program runs.
//!
//! One file an algorithm; `micro` is the loop under all convolutions, `simd` the vectors it is written in, `maps` and
//! `buffer` the memory, `finish` what is fused behind a convolution. All of it computes in float32; only the weights of
//! fully connected layers may be float16.
//!
//! Architecture invariant: `unsafe` is confined to this folder, behind functions that check sizes and panic when they
//! do not fit; nothing here knows a graph.

mod buffer;
mod depthwise;
mod depthwise_gradient;
mod direct;
mod filters;
mod finish;
mod gate;
mod layer_norm;
mod linear;
mod maps;
mod micro;
mod moments;
mod nonlinearity;
mod outer;
mod peaks;
mod pointwise;
mod pool;
mod schemes;
mod simd;
mod thin;
mod ties;
mod tile_gradient;
mod weight_gradient;
mod winograd;

pub use buffer::{Buffer, BufferPool};
pub use depthwise::Depthwise;
pub use depthwise_gradient::depthwise_gradient;
pub use direct::Direct;
pub use filters::{ConvFilters, ConvGeometry};
pub use finish::Epilogue;
pub use gate::{gate, gate_sums};
pub use layer_norm::LayerNorm;
pub use linear::{Weight, linear, linear_reverse};
pub use maps::{Maps, MapsMut, Owned, Placement};
pub use moments::{moments, moments_reverse, weighted_sum};
pub use nonlinearity::Nonlinearity;
pub use peaks::peaks;
pub use pointwise::pointwise;
pub use pool::{max_pool, max_pool_reverse, mean_pool, mean_pool_reverse, switches};
pub use simd::{Isa, LANES};
pub use thin::Thin;
pub use weight_gradient::{channel_sums, weight_gradient};
pub use winograd::Winograd;
