//! The weights that ship in the program, as safetensors; README.md says where each comes from.
//!
//! They have a crate of their own because of build time: within the program's crate, the compiler reads sixteen megabytes of
//! constants again for each of its code generation units, which takes minutes. Each file is a `static`, which the program
//! holds once; a `const` would be copied to every use.

pub use striate_weights_imagenet::EFFICIENTNET_LITE0;
pub use striate_weights_runs as runs;

/// LeNet-5 of 1998, on MNIST.
pub static LENET5: [u8; include_bytes!("lenet5.safetensors").len()] = *include_bytes!("lenet5.safetensors");

/// photonet on Tiny-ImageNet.
pub static PHOTONET: [u8; include_bytes!("photonet.safetensors").len()] = *include_bytes!("photonet.safetensors");
