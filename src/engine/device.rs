//! Where networks run.

use crate::{Error, Result};
use candle_core::Device;
use std::str::FromStr;

/// The device that `--device` names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A GPU where the build and the machine have one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The first CUDA device.
    Cuda,
    /// The first Metal device.
    Metal,
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(DeviceChoice::Auto),
            "cpu" => Ok(DeviceChoice::Cpu),
            "cuda" => Ok(DeviceChoice::Cuda),
            "metal" => Ok(DeviceChoice::Metal),
            _ => Err(Error::Usage(format!("unknown device '{text}': auto, cpu, cuda or metal"))),
        }
    }
}

impl DeviceChoice {
    /// Opens the device.
    ///
    /// # Errors
    /// [`Error::Failed`] when a device was named that this build or this machine does not have.
    pub fn open(self) -> Result<Device> {
        let missing =
            |name: &str, why: String| Error::Failed(format!("no {name} device: {why}; --device cpu works everywhere"));
        match self {
            DeviceChoice::Cpu => Ok(Device::Cpu),
            DeviceChoice::Cuda if !cfg!(feature = "cuda") => {
                Err(missing("CUDA", "this striate was built without the feature cuda".into()))
            }
            DeviceChoice::Metal if !cfg!(feature = "metal") => {
                Err(missing("Metal", "this striate was built without the feature metal".into()))
            }
            DeviceChoice::Cuda => Device::new_cuda(0).map_err(|error| missing("CUDA", one_line(&error))),
            DeviceChoice::Metal => Device::new_metal(0).map_err(|error| missing("Metal", one_line(&error))),
            DeviceChoice::Auto if cfg!(feature = "cuda") => Ok(Device::new_cuda(0).unwrap_or(Device::Cpu)),
            DeviceChoice::Auto if cfg!(feature = "metal") => Ok(Device::new_metal(0).unwrap_or(Device::Cpu)),
            DeviceChoice::Auto => Ok(Device::Cpu),
        }
    }
}

fn one_line(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
