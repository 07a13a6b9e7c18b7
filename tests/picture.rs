//! Pictures as Pillow reads and resizes them, and files that are not pictures. `make_pillow.py` made tests/data.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Cursor;
use std::path::Path;

use candle_core::Device;
use image::{ImageFormat, Rgb, RgbImage};
use striate::picture::{Fit, Interpolation, Picture, Preprocess, SAMPLES, cropped};

fn data(name: &str) -> Picture {
    Picture::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

fn difference(a: &RgbImage, b: &RgbImage) -> u8 {
    assert_eq!(a.dimensions(), b.dimensions());
    a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

fn message(bytes: &[u8], name: &str) -> String {
    let message = Picture::decode(bytes, name).unwrap_err().to_string();
    assert!(message.starts_with(name) && !message.contains('\n'), "{message}");
    message
}

fn encoded(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn preprocessing_is_pillows_bit_for_bit() {
    for sample in SAMPLES {
        let picture = Picture::from_source(format!("sample:{}", sample.name)).unwrap();
        let preprocess = Preprocess::imagenet(73, 64);
        let input = preprocess.apply(&picture, &Device::Cpu).unwrap();
        let theirs = data(&format!("pillow_{}.png", sample.name)).pixels;
        let difference = difference(&preprocess.unapply(&input.tensor).unwrap(), &theirs);
        // JPEG decoders may round differently from each other; PNG leaves nothing to differ in.
        assert!(
            difference <= u8::from(matches!(sample.name, "rocket" | "palace")),
            "{} differs by {difference}",
            sample.name
        );
        let bicubic =
            Preprocess { interpolation: Interpolation::Bicubic, ..Preprocess::new(61, 48, &[0.0; 3], &[1.0; 3]) };
        let input = bicubic.apply(&picture, &Device::Cpu).unwrap();
        let theirs = data(&format!("pillow_bicubic_{}.png", sample.name)).pixels;
        let difference = self::difference(&bicubic.unapply(&input.tensor).unwrap(), &theirs);
        assert!(
            difference <= u8::from(matches!(sample.name, "rocket" | "palace")),
            "{} bicubic differs by {difference}",
            sample.name
        );
    }
    let grey = Preprocess::new(32, 28, &[0.1307], &[0.3081]);
    let input = grey.apply(&Picture::from_source("sample:chelsea").unwrap(), &Device::Cpu).unwrap();
    assert_eq!(input.tensor.dims(), [1, 1, 28, 28]);
    assert_eq!(grey.unapply(&input.tensor).unwrap(), *data("pillow_grey.png").pixels);
    // Enlarged, where the cubic overshoots at edges: the whole picture, at its own shape.
    let small = data("pillow_small.png");
    let whole = Preprocess { fit: Fit::Whole, interpolation: Interpolation::Bicubic, ..Preprocess::imagenet(80, 64) };
    let input = whole.apply(&small, &Device::Cpu).unwrap();
    assert_eq!(whole.unapply(&input.tensor).unwrap(), *data("pillow_enlarged.png").pixels);
}

#[test]
fn cmyk_and_ycck_jpegs_have_pillows_colours() {
    for name in ["cmyk", "ycck"] {
        let [ours, theirs] = ["jpg", "png"].map(|extension| data(&format!("{name}.{extension}")).pixels);
        assert!(difference(&ours, &theirs) <= 2, "{name} differs by {}", difference(&ours, &theirs));
    }
}

#[test]
fn the_eight_exif_orientations_come_out_upright() {
    // Quarters of four greys, so that every orientation differs from every other.
    let upright = RgbImage::from_fn(32, 16, |x, y| Rgb([40 + 50 * u8::from(x > 15) + 100 * u8::from(y > 7); 3]));
    let stored = |orientation: u8| {
        use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
        match orientation {
            2 => flip_horizontal(&upright),
            3 => rotate180(&upright),
            4 => flip_vertical(&upright),
            5 => flip_horizontal(&rotate90(&upright)),
            6 => rotate270(&upright),
            7 => flip_horizontal(&rotate270(&upright)),
            8 => rotate90(&upright),
            _ => upright.clone(),
        }
    };
    for orientation in 1..=8 {
        let plain = encoded(&stored(orientation), ImageFormat::Jpeg);
        let mut exif = b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        let bytes = [&plain[..2], &exif, &plain[2..]].concat();
        let picture = Picture::decode(&bytes, "photo.jpg").unwrap();
        assert!(difference(&picture.pixels, &upright) < 20, "orientation {orientation}");
    }
}

#[test]
fn deep_transparent_and_animated_pictures() {
    let deep = data("grey16.png").pixels;
    assert!(deep.pixels().enumerate().all(|(i, pixel)| pixel.0 == [i as u8; 3]));
    for name in ["animated.gif", "animated.webp", "animated.png"] {
        assert!(data(name).pixels.pixels().all(|pixel| pixel.0 == [255, 0, 0]), "{name}");
    }
    let rgba = [0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 128];
    let picture = Picture::from_rgba("clipboard", 3, 1, &rgba).unwrap();
    assert_eq!(picture.pixels.as_raw(), &[255, 255, 255, 0, 0, 0, 255, 127, 127]);
    let mut png = Cursor::new(Vec::new());
    image::RgbaImage::from_raw(3, 1, rgba.to_vec()).unwrap().write_to(&mut png, ImageFormat::Png).unwrap();
    assert_eq!(Picture::decode(png.get_ref(), "a.png").unwrap().pixels, picture.pixels);
    assert!(Picture::from_rgba("clipboard", 3, 2, &rgba).is_err());
}

#[test]
fn what_is_not_a_picture_is_told_in_one_sentence() {
    assert!(message(b"Dear diary", "notes.png").contains("notes.png is not a picture in a format Striate reads (png,"));
    assert_eq!(message(b"", "none.png"), "none.png is empty");
    let photo = RgbImage::from_fn(64, 64, |x, y| Rgb([(x * 4) as u8, (y * 4) as u8, (x * y) as u8]));
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::WebP] {
        let whole = encoded(&photo, format);
        assert!(Picture::decode(&whole, "whole").is_ok());
        for keep in [20, whole.len() / 3, whole.len() * 2 / 3] {
            assert!(message(&whole[..keep], "cut").starts_with("cut is truncated or damaged: "), "{format:?} {keep}");
        }
    }
    let jpeg = encoded(&photo, ImageFormat::Jpeg);
    assert!(message(&jpeg[..jpeg.len() - 2], "cut.jpg").contains("truncated"));
    // The header alone: the pixel limit must be found before the pixels are missed.
    let mut header = encoded(&RgbImage::new(1, 1), ImageFormat::Png);
    let huge = [&b"IHDR"[..], &20_000_u32.to_be_bytes(), &20_000_u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    header[12..29].copy_from_slice(&huge);
    header[29..33].copy_from_slice(&crc32(&huge).to_be_bytes());
    let said = message(&header, "photo.png");
    assert_eq!(said, "photo.png is 20000x20000 (400 megapixels); the limit is 256 megapixels");
}

#[test]
fn paths_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let said = |path: &Path| Picture::open(path).unwrap_err().to_string();
    assert!(said(folder.path()).ends_with("is a folder, not a picture"));
    assert!(said(&folder.path().join("none.png")).contains("none.png"));
    assert!(Picture::from_source("sample:chelsae").unwrap_err().to_string().contains("did you mean chelsea"));
}

#[test]
fn tiny_and_extreme_pictures_preprocess() {
    let preprocess = Preprocess::imagenet(256, 224);
    for (width, height) in [(1, 1), (3000, 1), (1, 60_000), (2, 3)] {
        let picture = Picture::from_rgb("one", RgbImage::from_pixel(width, height, Rgb([200, 100, 50])));
        let input = preprocess.apply(&picture, &Device::Cpu).unwrap();
        let back = preprocess.unapply(&input.tensor).unwrap();
        assert!(back.pixels().all(|pixel| pixel.0 == [200, 100, 50]), "{width}x{height}");
        assert!(cropped(&picture, &input.geometry, 100).width() <= 100);
    }
    assert!(preprocess.apply(&Picture::from_rgb("none", RgbImage::new(0, 0)), &Device::Cpu).is_err());
}

#[test]
fn a_crop_larger_than_the_picture_is_padded_with_black() {
    let picture = Picture::from_rgb("white", RgbImage::from_pixel(4, 4, Rgb([255; 3])));
    let preprocess = Preprocess::new(4, 7, &[0.5; 3], &[0.5; 3]);
    let input = preprocess.apply(&picture, &Device::Cpu).unwrap();
    let back = preprocess.unapply(&input.tensor).unwrap();
    // torchvision pads (7 - 4) / 2 = 1 before and 2 after.
    let white = |x: u32, y: u32| (1..5).contains(&x) && (1..5).contains(&y);
    assert!(back.enumerate_pixels().all(|(x, y, pixel)| pixel.0 == [255 * u8::from(white(x, y)); 3]));
    assert_eq!(input.geometry.crop_rect(), [-1.0, -1.0, 6.0, 6.0]);
    assert_eq!(cropped(&picture, &input.geometry, 100), back);
}

#[test]
fn geometry_maps_back_and_forth() {
    let picture = Picture::from_source("sample:chelsea").unwrap();
    let input = Preprocess::imagenet(256, 224).apply(&picture, &Device::Cpu).unwrap();
    let geometry = input.geometry;
    assert_eq!((geometry.input, geometry.picture), ([224, 224], [451, 300]));
    // 451x300 becomes 384x256; the crop starts at 80, 16.
    let [x, y] = geometry.to_picture(0.0, 0.0);
    assert!((x - 80.0 * 451.0 / 384.0).abs() < 1e-3 && (y - 16.0 * 300.0 / 256.0).abs() < 1e-3);
    let [x, y] = geometry.to_input(x, y);
    assert!(x.abs() < 1e-3 && y.abs() < 1e-3);
    assert_eq!(cropped(&picture, &geometry, 4096).dimensions(), (263, 263));
    assert_eq!(Preprocess::imagenet(256, 224).with_size(112), Preprocess::imagenet(128, 112));
    assert_eq!(Preprocess::imagenet(342, 299).with_size(299), Preprocess::imagenet(342, 299));
}

/// PNG's checksum, for the crafted header.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1)))
    })
}
