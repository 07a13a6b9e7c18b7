//! Files that the command line reads and writes: names of any bytes, formats by ending, standard output, and what users
//! own beside them.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use candle_core::{Device, Tensor};
use cli_support::Desk;
use std::{
    fs::{self, File},
    path::Path,
    process::Stdio,
};
use striate::{
    paint::{read_npy, write_npy},
    weights, zoo,
};
use tiff::{
    encoder::{
        TiffEncoder,
        colortype::{ColorType, Gray8},
    },
    tags::{PhotometricInterpretation, SampleFormat},
};

#[test]
fn pictures_are_written_in_the_format_of_their_ending() {
    let desk = Desk::new();
    for (ending, format) in
        [("png", image::ImageFormat::Png), ("jpg", image::ImageFormat::Jpeg), ("webp", image::ImageFormat::WebP)]
    {
        desk.said(&format!("activations sample:chelsea --network lenet5 --layer C1 --out a.{ending}"));
        let bytes = fs::read(desk.path(&format!("a.{ending}"))).unwrap();
        assert_eq!(image::guess_format(&bytes).unwrap(), format);
        assert!(bytes.windows(7).any(|window| window == b"striate"), "{ending} does not say what it shows");
    }
    let said = desk.refused("activations sample:chelsea --network lenet5 --layer C1 --out a.gif", 2);
    assert!(said.contains("a.gif would have to end in .png, .jpg, .jpeg or .webp"), "{said}");
}

#[test]
fn a_dash_is_standard_output() {
    let desk = Desk::new();
    let output = desk.run("activations sample:chelsea --network lenet5 --layer C1 --out -");
    assert!(output.status.success());
    assert_eq!(image::guess_format(&output.stdout).unwrap(), image::ImageFormat::Png);
    assert!(image::load_from_memory(&output.stdout).is_ok());
    assert!(String::from_utf8(output.stderr).unwrap().contains("standard output"));
    let output = desk.run("classify sample:chelsea --network lenet5 --raw -");
    assert!(output.status.success() && output.stdout.starts_with(b"\x93NUMPY"));
    assert!(desk.files().is_empty());
    let said = desk.refused("activations sample:chelsea --network lenet5 --layer C1 --out - --json", 2);
    assert!(said.contains("both write to standard output"), "{said}");
    let said = desk.refused("maximise --grid --class 1 --class 2 --network lenet5 --out -", 2);
    assert!(said.contains("give --out a name"), "{said}");
}

#[test]
fn nothing_from_a_file_reaches_the_terminal_as_a_command() {
    let desk = Desk::new();
    fs::write(desk.path("labels.txt"), "\x1b]0;owned\x07red\n".repeat(200)).unwrap();
    let said = desk.said("classify sample:chelsea --labels labels.txt");
    assert!(said.contains("owned") && !said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    fs::write(desk.path("long.txt"), format!("{}\n", "a".repeat(65_536)).repeat(200)).unwrap();
    let output = desk.run("classify sample:chelsea --labels long.txt");
    assert!(!String::from_utf8(output.stderr).unwrap().contains("defect"));
    fs::write(desk.path("esc.hdr"), "#?RADIANCE\nFORMAT=\x1b[31m\x1b]0;owned\x07\n\n-Y 1 +X 1\nabcd").unwrap();
    let said = desk.refused("classify esc.hdr --network lenet5", 1);
    assert!(!said.chars().any(char::is_control), "{said:?}");
}

#[test]
fn a_sheet_takes_no_folder_of_the_users() {
    let desk = Desk::new();
    fs::create_dir_all(desk.path("g.tiles/sub")).unwrap();
    fs::write(desk.path("g.tiles/mine.txt"), "precious").unwrap();
    let sheet = "maximise --grid --class 1 --class 2 --network lenet5 --steps 1 --out g.png";
    let said = desk.refused(sheet, 1);
    assert!(said.contains("g.tiles: it holds") && said.contains("which no sheet wrote"), "{said}");
    fs::remove_dir_all(desk.path("g.tiles")).unwrap();
    desk.said(sheet);
    assert_eq!(desk.files(), [desk.path("g.png")]);
    assert!(!desk.path("g.tiles").exists());
}

#[cfg(unix)]
#[test]
fn file_names_are_bytes() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let desk = Desk::new();
    let latin = |ending: &str| desk.path("").join(OsStr::from_bytes(&[b"caf\xe9.", ending.as_bytes()].concat()));
    let assets = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::copy(assets.join("assets/samples/rocket.jpg"), latin("jpg")).unwrap();
    let run = |arguments: &[&OsStr]| {
        let output = desk.command("").args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let os = OsStr::new;
    let (jpg, png, npy, labels) = (latin("jpg"), latin("png"), latin("npy"), latin("txt"));
    fs::write(&labels, "cat\n".repeat(10)).unwrap();
    let network = [os("--network"), os("lenet5")];
    run(&[
        &[os("classify"), jpg.as_os_str(), os("--raw"), npy.as_os_str(), os("--labels"), labels.as_os_str()],
        &network[..],
    ]
    .concat());
    let json =
        run(&[&[os("saliency"), jpg.as_os_str(), os("--out"), png.as_os_str(), os("--json")], &network[..]].concat());
    assert!(json.contains("caf\u{fffd}.png"), "{json}");
    assert!(png.is_file() && npy.is_file());
    // Weights and arrays, and a folder's name.
    let tour = latin("tour");
    run(&[&[os("tour"), jpg.as_os_str(), os("--out"), tour.as_os_str(), os("--layers"), os("C1")], &network[..]]
        .concat());
    assert!(tour.join("index.html").is_file());
    for arguments in [[os("--weights"), npy.as_os_str()], [os("--input"), npy.as_os_str()]] {
        let picture = if arguments[0] == "--weights" { vec![jpg.as_os_str()] } else { Vec::new() };
        let output = desk.command("classify").args(picture).args(network).args(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("caf\u{fffd}.npy") && !said.contains("UTF-8"), "{said}");
    }
}

#[test]
fn a_tilde_is_the_home_folder() {
    let desk = Desk::new();
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/rocket.jpg"), desk.path("a.jpg")).unwrap();
    let mut command = desk.command("classify ~/a.jpg --network lenet5 --raw=~/a.npy");
    assert!(command.env("HOME", desk.path("")).status().unwrap().success());
    assert!(desk.path("a.npy").is_file() && !desk.path("~").exists());
}

#[test]
fn a_run_that_ships_opens_by_name_and_its_files_mend() {
    let desk = Desk::new();
    let evolve = || {
        let mut command = desk.command("evolve lenet5_modern --layer conv1 --out filters.png --json");
        let output = command.env("STRIATE_CACHE", desk.path("cache")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let found = evolve();
    let epochs = found["epochs"].as_array().unwrap();
    assert_eq!(epochs.iter().map(|epoch| epoch["epoch"].as_u64().unwrap()).max(), Some(12));
    let cosines: Vec<f64> = epochs.iter().map(|epoch| epoch["cosine"].as_f64().unwrap()).collect();
    assert!(cosines[0] < 0.9 && (cosines[7] - 1.0).abs() < 1e-6, "{cosines:?}");
    let file = desk.path("cache/runs/lenet5_modern/epoch-004.safetensors");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..1000]).unwrap();
    assert_eq!(evolve(), found);
    assert_eq!(fs::read(&file).unwrap(), whole);
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_refused_and_none_is_waited_for() {
    let desk = Desk::new();
    let made = std::process::Command::new("mkfifo").arg(desk.path("f")).status().unwrap();
    assert!(made.success());
    for arguments in [
        "classify f --network lenet5",
        "classify --input f --network lenet5",
        "classify --input /dev/zero --network lenet5",
        "classify sample:chelsea --network lenet5 --weights f",
        "classify sample:chelsea --network lenet5 --labels f",
        "maximise --network lenet5 --layer C1 --direction f --out a.png",
    ] {
        let mut child = desk.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let waited = (0..600).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            child.try_wait().unwrap().is_some()
        });
        if !waited {
            child.kill().unwrap();
            panic!("{arguments} waits for ever");
        }
        let said = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
        assert!(said.contains("regular file") || said.contains("it is no file"), "{arguments}: {said}");
    }
}

/// Five 8-bit samples a pixel.
struct Bands;

impl ColorType for Bands {
    type Inner = u8;
    const TIFF_VALUE: PhotometricInterpretation = PhotometricInterpretation::BlackIsZero;
    const BITS_PER_SAMPLE: &'static [u16] = &[8; 5];
    const SAMPLE_FORMAT: &'static [SampleFormat] = &[SampleFormat::Uint; 5];

    fn horizontal_predict(row: &[u8], result: &mut Vec<u8>) {
        result.extend_from_slice(row);
    }
}

#[test]
fn a_network_of_five_channels_takes_tiffs_of_five_samples_or_pages() {
    let desk = Desk::new();
    let mut tensors = weights::synthetic(&(zoo::find("resnet20").unwrap().build)(32).unwrap(), 3).unwrap();
    tensors.insert("conv1.weight".into(), weights::made_up("conv1.weight", &[16, 5, 3, 3], 0).unwrap());
    candle_core::safetensors::save(&tensors, desk.path("five.safetensors")).unwrap();
    let (side, count) = (32usize, 5usize);
    let value = |channel: usize, place: usize| ((channel * 57 + place * 13) % 256) as u8;
    let bands: Vec<u8> = (0..side * side).flat_map(|place| (0..count).map(move |c| value(c, place))).collect();
    let mut encoder = TiffEncoder::new(File::create(desk.path("bands.tif")).unwrap()).unwrap();
    encoder.write_image::<Bands>(side as u32, side as u32, &bands).unwrap();
    for pages in [count, count - 1] {
        let mut encoder = TiffEncoder::new(File::create(desk.path(&format!("pages{pages}.tif"))).unwrap()).unwrap();
        for channel in 0..pages {
            let page: Vec<u8> = (0..side * side).map(|place| value(channel, place)).collect();
            encoder.write_image::<Gray8>(side as u32, side as u32, &page).unwrap();
        }
    }
    let prepared = |index: usize| (f32::from(value(index / (side * side), index % (side * side))) / 255.0 - 0.25) / 0.5;
    let array: Vec<f32> = (0..count * side * side).map(prepared).collect();
    write_npy(&desk.path("x.npy"), &Tensor::from_vec(array, (1, count, side, side), &Device::Cpu).unwrap()).unwrap();
    let scores = |picture: &str| -> Vec<f32> {
        desk.said(&format!("classify {picture} --weights five.safetensors --raw scores.npy"));
        read_npy(&desk.path("scores.npy")).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    };
    let expected = scores("--input x.npy");
    for tiff in ["bands.tif", "pages5.tif"] {
        let found = scores(&format!("{tiff} --mean 0.25 --std 0.5"));
        let apart = found.iter().zip(&expected).fold(0f32, |worst, (a, b)| worst.max((a - b).abs()));
        assert!(apart <= 1e-5 * expected.iter().fold(0f32, |most, x| most.max(x.abs())), "{tiff}: {apart}");
    }
    let said = desk.refused("classify pages4.tif --weights five.safetensors", 1);
    assert!(said.contains("has 4 planes where the network takes 5"), "{said}");
}
