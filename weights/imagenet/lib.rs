//! EfficientNet-Lite0's weights, as safetensors. They are a crate apart from the other networks' because a registry takes ten
//! megabytes a crate.

/// EfficientNet-Lite0 on ImageNet.
pub static EFFICIENTNET_LITE0: [u8; include_bytes!("efficientnet_lite0.safetensors").len()] =
    *include_bytes!("efficientnet_lite0.safetensors");
