//! NumPy's .npy files: the exact numbers, for other programs.
//!
//! candle can write them too, but straight to their final name, and it trusts the headers it reads.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use candle_core::{DType, Device, Tensor};

use super::write_atomically;
use crate::error::{Error, Result};
use crate::memory;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Writes `tensor` as little-endian float32 in C order, with its own shape.
///
/// # Errors
/// Those of [`write_atomically`], and the device's.
pub fn write_npy(path: &Path, tensor: &Tensor) -> Result<()> {
    let bytes = encode_npy(tensor)?;
    write_atomically(path, |file| file.write_all(&bytes))
}

/// The bytes of a file as [`write_npy`] writes it.
///
/// # Errors
/// The device's.
pub fn encode_npy(tensor: &Tensor) -> Result<Vec<u8>> {
    let values = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
    let sides: String = tensor.dims().iter().map(|side| format!("{side}, ")).collect();
    // A tuple of one needs its comma, longer ones must not end with a space.
    let shape = if tensor.rank() == 1 { sides.trim_end() } else { sides.trim_end_matches(", ") };
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}");
    // The data starts at a multiple of 64; the header ends with a line feed.
    let padding = 63 - (MAGIC.len() + 4 + header.len()) % 64;
    header.push_str(&" ".repeat(padding));
    header.push('\n');
    let mut bytes = Vec::with_capacity(MAGIC.len() + 4 + header.len() + 4 * values.len());
    bytes.extend(MAGIC);
    bytes.extend([1, 0]);
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    Ok(bytes)
}

/// Reads a little-endian float32 or float64 array in C order as a float32 tensor of its shape, on the CPU.
///
/// # Errors
/// The file cannot be read, is no .npy file, holds other numbers or another order, is empty or shorter than it says.
pub fn read_npy(path: &Path) -> Result<Tensor> {
    let shown = path.display();
    let failed = |why: String| Error::Failed(format!("{shown} {why}"));
    let info = fs::metadata(path).map_err(|error| Error::io("read", path, &error))?;
    if info.is_dir() {
        return Err(failed("is a folder, not a .npy file".to_owned()));
    }
    // A pipe or a device may never begin or end.
    if !info.is_file() {
        return Err(failed("is not a regular file".to_owned()));
    }
    // The file and the float32 values made of it.
    memory::check(&shown.to_string(), info.len().saturating_mul(2))?;
    let bytes = read_at_most(path, info.len()).map_err(|error| Error::io("read", path, &error))?;
    let (header, data) = split(&bytes).ok_or_else(|| failed("is not a .npy file".to_owned()))?;
    let descr = value_of(header, "descr").unwrap_or_default().trim_matches(['\'', '"']);
    let size = match descr {
        "<f4" => 4,
        "<f8" => 8,
        _ => {
            return Err(failed(format!(
                "holds numbers of type '{}'; Striate reads '<f4' and '<f8'",
                descr.escape_debug()
            )));
        }
    };
    let shape = value_of(header, "shape").and_then(sides).ok_or_else(|| failed("has a header without shape".into()))?;
    if value_of(header, "fortran_order") != Some("False") && shape.len() > 1 {
        return Err(failed("is in Fortran order; save it with numpy.ascontiguousarray".to_owned()));
    }
    // Checked against what is there before anything is allocated: a header may claim anything.
    let needed = shape.iter().try_fold(size, |product: usize, &side| product.checked_mul(side));
    let values = match needed {
        Some(0) => return Err(failed("holds an empty array".to_owned())),
        Some(needed) if needed <= data.len() => &data[..needed],
        _ => return Err(failed(format!("is truncated: {shape:?} numbers do not fit in {} bytes", data.len()))),
    };
    let values: Vec<f32> = if size == 4 {
        values.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
    } else {
        values.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes) as f32).collect()
    };
    Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
}

/// The first `length` bytes of a file, which may grow while it is read.
fn read_at_most(path: &Path, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))?;
    File::open(path)?.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The header's dictionary and the data after it.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (&[version, _], rest) = rest.split_first_chunk::<2>()?;
    let (length, rest) = if version == 1 {
        let (length, rest) = rest.split_first_chunk()?;
        (usize::from(u16::from_le_bytes(*length)), rest)
    } else {
        let (length, rest) = rest.split_first_chunk()?;
        (u32::from_le_bytes(*length) as usize, rest)
    };
    let (header, data) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(header).ok()?, data))
}

/// The text after `'key':` in the header, up to the comma or brace that ends it.
fn value_of<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let after = header.split_once(&format!("'{key}':"))?.1.trim_start();
    let end = if after.starts_with('(') { after.find(')')? + 1 } else { after.find([',', '}'])? };
    Some(after[..end].trim())
}

/// `(1, 3, 224, 224)` to numbers.
fn sides(shape: &str) -> Option<Vec<usize>> {
    let inner = shape.strip_prefix('(')?.strip_suffix(')')?;
    inner.split(',').map(str::trim).filter(|side| !side.is_empty()).map(|side| side.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Returns the bytes that `numpy.save` writes for an array of this description and shape.
    fn numpy(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
        [b"\x93NUMPY\x01\0\x76\0", format!("{header:<117}\n").as_bytes(), data].concat()
    }

    fn read(bytes: &[u8]) -> Result<Tensor> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("array.npy");
        fs::write(&path, bytes).unwrap();
        read_npy(&path)
    }

    #[test]
    fn what_is_written_is_what_numpy_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("array.npy");
        let values = [1.0_f32, -2.5, f32::NAN, 0.0, 1e-30, 7.0];
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        for (dims, shape) in [(vec![6], "(6,)"), (vec![2, 3], "(2, 3)"), (vec![1, 1, 6], "(1, 1, 6)")] {
            let tensor = Tensor::from_slice(&values, dims.clone(), &Device::Cpu).unwrap();
            write_npy(&path, &tensor).unwrap();
            assert_eq!(fs::read(&path).unwrap(), numpy("<f4", "False", shape, &data));
            let back = read_npy(&path).unwrap();
            assert_eq!(back.dims(), dims);
            let back: Vec<u32> =
                back.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().map(|v| v.to_bits()).collect();
            assert_eq!(back, values.map(f32::to_bits));
        }
        // A transposed view is written in its own order.
        let tensor = Tensor::from_slice(&values, (2, 3), &Device::Cpu).unwrap().t().unwrap();
        write_npy(&path, &tensor).unwrap();
        assert_eq!(read_npy(&path).unwrap().to_vec2::<f32>().unwrap()[0], [1.0, 0.0]);
        write_npy(&path, &Tensor::new(4.0_f32, &Device::Cpu).unwrap()).unwrap();
        assert_eq!(read_npy(&path).unwrap().to_scalar::<f32>().unwrap(), 4.0);
    }

    #[test]
    fn float64_is_read_and_other_arrays_are_refused() {
        let double = numpy("<f8", "False", "(1,)", &0.1_f64.to_le_bytes());
        assert_eq!(read(&double).unwrap().to_vec1::<f32>().unwrap(), [0.1_f32]);
        let said = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert!(said(&numpy("<i8", "False", "(1,)", &[0; 8])).contains("type '<i8'"));
        assert!(said(&numpy("<f4", "True", "(1, 2)", &[0; 8])).contains("Fortran"));
        assert!(said(&numpy("<f4", "False", "(3,)", &[0; 8])).contains("truncated"));
        assert!(said(&numpy("<f4", "False", "(0,)", &[])).contains("empty"));
        assert!(said(&numpy("<f4", "False", "(4294967296, 4294967296)", &[])).contains("truncated"));
        assert!(said(&numpy("<f4", "False", "(-1,)", &[])).contains("shape"));
        for bytes in [&b""[..], b"\x93NUMPY", b"\x93NUMPY\x02\0\xff\xff\xff\xff", b"hello"] {
            assert!(said(bytes).ends_with("is not a .npy file"));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn devices_that_never_end_are_not_read() {
        assert_eq!(read_npy(Path::new("/dev/zero")).unwrap_err().to_string(), "/dev/zero is not a regular file");
    }
}
