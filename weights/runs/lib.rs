//! Runs that ship: the numbers of every epoch, and checkpoints at some. ../README.md says how each was trained; pack.py
//! writes the files. They are a crate apart from the other weights because a registry takes ten megabytes a crate.

/// A run's files, by name.
pub type RunFiles = [(&'static str, &'static [u8])];

macro_rules! run {
    ($name:literal: $($epoch:literal)*) => {
        &[
            ("metrics.jsonl", include_bytes!(concat!($name, "/metrics.jsonl"))),
            $((
                concat!("epoch-", $epoch, ".safetensors"),
                include_bytes!(concat!($name, "/epoch-", $epoch, ".safetensors")),
            ),)*
        ]
    };
}

/// The weights at the end of a run.
pub const fn last(run: &'static RunFiles) -> &'static [u8] {
    run[run.len() - 1].1
}

/// ResNet-20, on CIFAR-10.
pub static RESNET20: &RunFiles = run!("resnet20": "000" "001" "002" "004" "008" "014" "022" "030");

/// The plain network of the same depth, by the same recipe.
pub static PLAIN20: &RunFiles = run!("plain20": "000" "001" "002" "004" "008" "014" "022" "030");

/// LeNet-5 with rectifiers and max pooling, on MNIST.
pub static LENET5_MODERN: &RunFiles = run!("lenet5_modern": "000" "001" "002" "003" "004" "006" "008" "012");
