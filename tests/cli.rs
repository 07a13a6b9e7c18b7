//! The program as a person runs it: every subcommand, its files and its numbers, and what it says when it cannot.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use candle_core::{Device, Tensor};
use cli_support::{Desk, assert_same, furnished, run, texts};
use serde_json::Value;
use std::{
    collections::HashMap,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};
use striate::{
    kernels::to_vec,
    methods::{CAMS, Keep, METHODS},
    paint::read_npy,
    watch::Watch,
};

#[test]
fn networks_and_layers_are_listed() {
    let desk = Desk::new();
    let networks = desk.json("networks");
    let names: Vec<&str> =
        networks["networks"].as_array().unwrap().iter().map(|n| n["name"].as_str().unwrap()).collect();
    assert_eq!(names, striate::zoo::ZOO.iter().map(|card| card.name).collect::<Vec<_>>());
    assert_eq!(networks["networks"][0]["parameters"], 3_148_552);
    let weights = |name: &str| {
        let rows = networks["networks"].as_array().unwrap();
        let row = rows.iter().find(|row| row["name"] == name).unwrap();
        (row["weights_at_hand"].as_bool().unwrap(), row["weights"].as_str().unwrap().to_owned())
    };
    assert_eq!(weights("photonet"), (true, "shipped".into()));
    assert_eq!((weights("lenet5"), weights("alexnet_2012")), ((true, "shipped".into()), (false, "file".into())));
    assert!(["fetch", "downloaded"].contains(&weights("resnet50").1.as_str()));
    assert!(desk.said("networks --wide").contains("3,148,552"));
    let accuracy = |name: &str| {
        let rows = networks["networks"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap()["top1"].clone()
    };
    assert!((accuracy("vgg16").as_f64().unwrap() - 71.6).abs() < 0.01 && accuracy("lenet5").is_null());
    desk.said("networks --plot networks.png");
    assert!(image::image_dimensions(desk.path("networks.png")).unwrap().0 > 2000);

    let layers = desk.json("layers vgg16");
    assert_eq!((&layers["total"]["parameters"], &layers["total"]["layers"]), (&138_357_544.into(), &41.into()));
    let conv = &layers["layers"][3];
    assert_eq!(
        (&conv["name"], &conv["title"], &conv["kind"]),
        (&"features.2".into(), &"conv1_2".into(), &"Conv2d".into())
    );
    assert_eq!(conv["receptive_field"][0]["size"], 5);
    let table = desk.said("layers vgg16");
    assert!(table.contains("138,357,544") && table.contains("conv5_3"));
    assert!(!desk.said("layers").contains("title"), "photonet has no paper's names to show");
    assert_eq!(layers["weight_layers"], serde_json::json!({"deep": 16, "all": 16}));
    assert!(table.contains("16 weight layers") && table.contains("93 MB"), "the notes stand below the table");
    assert!(layers["notes"][0].as_str().unwrap().contains("93 MB"));
    let sums = desk.said("layers googlenet_2014 --modules");
    assert!(sums.contains("22 weight layers deep, 58 in all") && sums.contains("128 M"), "{sums}");
    let memory = desk.said("layers vgg16 --memory");
    for expected in ["224·224·64 = 3,211,264", "3·3·3·64 = 1,728", "7·7·512·4096 = 102,760,448", "61.0 MB"] {
        assert!(memory.contains(expected), "{expected}: {memory}");
    }
    assert!(desk.said("layers lenet5 --memory").contains("5·5·60 = 1,500"), "C3 has 60 connections");
    let heads = desk.said("classify sample:chelsea --network googlenet_2014 --weights synthetic:0");
    assert_eq!(heads.matches("auxiliary classifier").count(), 2, "{heads}");
    assert_eq!(desk.json("layers photonet --size 128")["input"], serde_json::json!([3, 128, 128]));
}

#[test]
fn layers_says_where_a_file_ends_early() {
    let desk = Desk::new();
    let model = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/onnx/unknown.onnx");
    fs::copy(model, desk.path("unknown.onnx")).unwrap();
    let said = desk.said("layers unknown.onnx");
    assert!(said.contains("he operator com.example.Fancy at fancy"), "{said}");
}

#[test]
fn pictures_are_classified() {
    let desk = Desk::new();
    let answer = desk.json("classify sample:coffee --top 3 --raw logits.npy");
    let top = answer["top"].as_array().unwrap();
    assert_eq!((top.len(), &top[0]["label"], &top[0]["wnid"]), (3, &"espresso".into(), &"n07920052".into()));
    assert_eq!((&answer["network"], &answer["untrained"]), (&"photonet".into(), &false.into()));
    assert!(top[0]["probability"].as_f64().unwrap() > 0.5);
    assert_eq!(read_npy(&desk.path("logits.npy")).unwrap().dims(), [200]);
    assert!(desk.said("classify sample:coffee").contains("espresso"));
}

#[test]
fn raw_files_hold_what_the_library_computes() {
    let desk = Desk::new();
    let run = run("photonet");
    let class = run.predicted();
    let layer = run.model.network.graph().find("conv3").unwrap();
    let maps = run.trace.values(layer).unwrap();
    desk.said("classify sample:chelsea --raw logits.npy");
    assert_same(&desk.path("logits.npy"), &[200], &run.scores);
    desk.said("activations sample:chelsea --layer conv3 --raw all.npy");
    assert_same(&desk.path("all.npy"), &[384, 8, 8], &maps);
    desk.said("activations sample:chelsea --layer conv3 --unit 7 --raw one.npy");
    assert_same(&desk.path("one.npy"), &[8, 8], &maps[7 * 64..8 * 64]);
    let filters = run.model.network.filters(layer).unwrap().unwrap();
    desk.said("filters --layer conv3 --raw all.npy");
    assert_same(&desk.path("all.npy"), &[384, 192, 3, 3], &to_vec(&filters).unwrap());
    desk.said("filters --layer conv3 --unit 7 --raw one.npy");
    assert_same(&desk.path("one.npy"), &[192, 3, 3], &to_vec(&filters.get(7).unwrap()).unwrap());
    // The slow ones go the same way, for minutes.
    for method in METHODS.iter().filter(|method| !method.slow) {
        let expected = run.attribute(method, class, &Watch::default()).unwrap();
        desk.said(&format!("saliency sample:chelsea --method {} --raw map.npy", method.name));
        let dims = if expected.shape[0] == 1 { vec![64, 64] } else { vec![3, 64, 64] };
        assert_same(&desk.path("map.npy"), &dims, &expected.values);
    }
    for (keep, flag) in [(Keep::Strongest, "strongest"), (Keep::Map, "map"), (Keep::At(2, 3), "2,3")] {
        let expected = run.deconvnet(layer, 7, keep, &Watch::default()).unwrap();
        desk.said(&format!("deconvnet sample:chelsea --layer conv3 --unit 7 --keep {flag} --raw back.npy"));
        assert_same(&desk.path("back.npy"), &[3, 64, 64], &expected.values);
    }
    desk.said("deconvnet sample:chelsea --layer relu5 --raw nine.npy");
    assert_eq!(read_npy(&desk.path("nine.npy")).unwrap().dims(), [9, 3, 64, 64]);
}

#[test]
fn an_input_file_is_fed_as_it_is() {
    let desk = Desk::new();
    let run = run("photonet");
    desk.said("activations sample:chelsea --layer input --raw input.npy");
    let input = read_npy(&desk.path("input.npy")).unwrap().unsqueeze(0).unwrap();
    striate::paint::write_npy(&desk.path("batch.npy"), &input).unwrap();
    desk.said("classify --input batch.npy --raw logits.npy");
    assert_same(&desk.path("logits.npy"), &[200], &run.scores);
    desk.said("saliency --input batch.npy --overlay --out overlay.png");
    // The axis of one picture may be missing; anything else is refused.
    desk.said("classify --input input.npy --raw again.npy");
    assert_same(&desk.path("again.npy"), &[200], &run.scores);
    assert!(desk.refused("classify --input logits.npy", 2).contains("[200]"));
    assert!(desk.refused("classify sample:chelsea --input batch.npy", 2).contains("--input"));
}

#[test]
fn pictures_are_pleasantly_large_and_say_what_they_show() {
    let desk = Desk::new();
    let size = |name: &str| image::image_dimensions(desk.path(name)).unwrap();
    for (arguments, expected) in [
        ("saliency sample:rocket", (512, 512)),
        ("saliency sample:rocket --overlay --method gradient --scale 4", (256, 256)),
        ("saliency sample:rocket --method guided-backprop --map magma --scale 1", (64, 64)),
        ("activations sample:rocket --layer relu2 --unit 3", (512, 512)),
        ("activations sample:rocket --layer pool1 --scale 1 --map redblue --scaling layer --gamma 0.5", (135, 135)),
        ("filters --layer conv1 --scale 2", (8 * 14 + 7, 8 * 14 + 7)),
        ("filters --layer conv1 --unit 5", (518, 518)),
        ("filters --layer conv2 --unit 5 --scale 1", (8 * 5 + 7, 8 * 5 + 7)),
        ("filters --layer conv2 --scale 1", (32 * 5 + 31, 32 * 5 + 31)),
        ("filters --layer fc", (512, 200)),
        ("filters --network lenet5 --layer C3 --scale 1", (6 * 5 + 5, 16 * 5 + 15)),
        ("deconvnet sample:rocket --layer relu5 --keep map --unit 160", (512, 512)),
        ("deconvnet sample:rocket --layer relu1 --crop --scale 2", (3 * 14 + 2, 3 * 14 + 2)),
    ] {
        desk.said(&format!("{arguments} --out a.png"));
        assert_eq!(size("a.png"), expected, "{arguments}");
    }
    let facts = desk.json("saliency sample:rocket --class n07749582 --out a.png --raw a.npy");
    assert_eq!((&facts["class"]["label"], &facts["method"]), (&"lemon".into(), &"saliency".into()));
    assert!(facts["range"]["high"].as_f64().unwrap() > 0.0);
    assert_eq!((&facts["out"], &facts["raw"]), (&"a.png".into(), &"a.npy".into()));
    let chunks = texts(&desk.path("a.png"));
    for (keyword, text) in [
        ("Network", "photonet"),
        ("Weights", "shipped"),
        ("Picture", "sample:rocket"),
        ("Class", "lemon"),
        ("Method", "saliency"),
        ("Range", " to "),
    ] {
        assert!(chunks[keyword].contains(text), "{keyword}: {}", chunks[keyword]);
    }
    desk.said("deconvnet sample:rocket --layer relu4 --unit 0 --keep map --out a.png");
    let chunks = texts(&desk.path("a.png"));
    assert_eq!((chunks["Layer"].as_str(), chunks["Unit"].as_str()), ("relu4", "0"));
}

#[test]
fn an_untrained_network_says_so() {
    let desk = Desk::new();
    let output = desk.run("classify sample:chelsea --weights synthetic:3 --json");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "note: photonet runs on synthetic weights and is untrained\n"
    );
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&answer["untrained"], &answer["weights"]), (&true.into(), &"synthetic:3".into()));
    let class = &answer["top"][0];
    assert!(class["label"].is_null() && class["probability"].is_null() && class["score"].is_number(), "{class}");
    let said = desk.said("classify sample:chelsea --weights synthetic:3");
    assert!(said.contains("untrained") && !said.contains('%'), "{said}");
    for arguments in ["saliency sample:chelsea", "activations sample:chelsea --layer conv1", "filters --layer conv1"] {
        desk.said(&format!("{arguments} --weights synthetic:3 --out a.png"));
        assert!(texts(&desk.path("a.png"))["Weights"].contains("untrained"), "{arguments}");
    }
}

#[test]
fn a_tour_is_a_folder_that_a_browser_opens() {
    let desk = Desk::new();
    assert!(
        desk.said("tour sample:chelsea --out tour --layers conv1,relu1,fc --units 2 --quick").contains("index.html")
    );
    let html = fs::read_to_string(desk.path("tour/index.html")).unwrap();
    let linked: Vec<&str> = html.split("src=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let quick = || METHODS.iter().chain(CAMS).filter(|method| !method.slow);
    // The picture, two for each quick method and each of the five rectifiers, three mosaics, two layers' filters, and two
    // units of two layers.
    assert_eq!(linked.len(), 1 + 2 * quick().count() + 2 * 5 + 3 + 2 + 2 * 2 * 2);
    for file in &linked {
        assert!(image::image_dimensions(desk.path("tour").join(file)).is_ok(), "{file}");
    }
    assert_eq!(fs::read_dir(desk.path("tour/images")).unwrap().count(), linked.len());
    assert_eq!(html.matches("<img ").count(), html.matches(" alt=\"").count());
    assert!(!html.contains("http://") && !html.contains("https://"), "the page must not need a network");
    for tag in ["section", "figure", "figcaption", "div", "a", "ol", "li", "p", "dl", "h2", "h3", "nav", "main", "span"]
    {
        let opened = html.matches(&format!("<{tag} ")).count() + html.matches(&format!("<{tag}>")).count();
        assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    for method in quick() {
        assert!(html.contains(method.title) && html.contains(method.paper), "{}", method.name);
    }
    let left_out = html.split("id=\"left-out\"").nth(1).unwrap().split("</section>").next().unwrap();
    for method in METHODS.iter().chain(CAMS).filter(|method| method.slow) {
        assert!(left_out.contains(method.title) && left_out.contains("quick tour"), "{}", method.name);
    }
    for target in html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(html.contains(&format!("id=\"{target}\"")), "{target}");
    }
    // A tour replaces a tour, and nothing else.
    desk.said("tour sample:coffee --out tour --layers conv1 --units 0 --quick");
    assert!(fs::read_to_string(desk.path("tour/index.html")).unwrap().contains("espresso"));
    fs::write(desk.path("tour/notes.txt"), "mine").unwrap();
    assert!(desk.refused("tour sample:coffee --out tour", 1).contains("notes.txt"));
    fs::create_dir(desk.path("other")).unwrap();
    fs::write(desk.path("other/index.html"), "<html>").unwrap();
    assert!(desk.refused("tour sample:coffee --out other", 1).contains("no tour wrote it"));
    assert!(desk.refused("tour sample:coffee --out none/tour", 1).contains("there is no folder none"));
    assert!(desk.refused("tour none.png --out new", 1).contains("none.png"));
    assert!(!desk.path("new").exists() && !desk.path("new.partial").exists());
}

#[test]
fn a_folder_is_evaluated() {
    let desk = Desk::new();
    for (folder, sample) in [("n07920052", "coffee"), ("Egyptian_cat", "chelsea"), ("no class", "rocket")] {
        fs::create_dir_all(desk.path(folder).join("images")).unwrap();
        let sample = striate::picture::SAMPLES.iter().find(|s| s.name == sample).unwrap();
        fs::write(desk.path(folder).join("images/a.png"), sample.bytes).unwrap();
    }
    fs::write(desk.path("n07920052/broken.jpg"), "no picture").unwrap();
    fs::write(desk.path("n07920052/list.txt"), "no picture either").unwrap();
    let output = desk.run("evaluate . --json");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&result["pictures"], &result["top1"]), (&2.into(), &50.0.into()));
    assert_eq!(result["unreadable"].as_array().unwrap().len(), 1);
    assert_eq!(result["unmatched_folders"], serde_json::json!(["no class"]));
    let espresso = &result["classes"][1];
    assert_eq!(
        (&espresso["label"], &espresso["top1"], &espresso["top5"]),
        (&"espresso".into(), &100.0.into(), &100.0.into())
    );
    let notes = String::from_utf8(output.stderr).unwrap();
    assert!(notes.contains("broken.jpg") && notes.contains("name no class: no class"), "{notes}");
    assert!(desk.said("evaluate .").contains("top-1 50.00%"));
    assert!(desk.refused("evaluate n07920052", 1).contains("no folder named after a class"));
    assert!(desk.refused("evaluate nowhere", 1).contains("nowhere"));
}

#[test]
fn bad_pictures_are_refused_in_a_sentence() {
    let desk = Desk::new();
    fs::write(desk.path("text.png"), "this is no picture").unwrap();
    fs::write(desk.path("empty.png"), "").unwrap();
    let rocket = striate::picture::SAMPLES.iter().find(|sample| sample.name == "rocket").unwrap().bytes;
    fs::write(desk.path("half.jpg"), &rocket[..rocket.len() / 2]).unwrap();
    // A PNG's header, checksum and all, that claims 20000x20000 pixels.
    let mut huge = Vec::new();
    png::Encoder::new(&mut huge, 20_000, 20_000).write_header().unwrap();
    huge.truncate(33);
    huge.extend(b"\0\0\0\x10IDAT");
    fs::write(desk.path("huge.png"), &huge).unwrap();
    for (file, said) in [
        ("text.png", "not a picture"),
        ("empty.png", "is empty"),
        ("half.jpg", "truncated or damaged"),
        ("huge.png", "400 megapixels"),
        ("missing.png", "cannot read missing.png"),
        (".", "is a folder"),
        ("sample:chelse", "did you mean chelsea"),
    ] {
        for command in ["classify", "saliency --out a.png", "activations --layer conv1 --out a.png", "tour --out t"] {
            // A folder of pictures gets a heatmap of each.
            if (command.starts_with("saliency"), file) == (true, ".") {
                continue;
            }
            let message = desk.refused(&format!("{command} {file}"), if file.starts_with("sample") { 2 } else { 1 });
            assert!(message.contains(said), "{message}");
        }
    }
    // One pixel is a picture, though no part of it can matter more than another.
    image::RgbImage::from_pixel(1, 1, image::Rgb([200, 30, 90])).save(desk.path("dot.png")).unwrap();
    let message = desk.refused("saliency dot.png --overlay --out a.png", 1);
    assert!(message.contains("one flat colour"), "{message}");
    desk.said("classify dot.png");
}

#[test]
fn bad_names_and_numbers_are_refused_with_what_would_be_right() {
    let desk = Desk::new();
    for (arguments, said) in [
        ("layers vgg61", "vgg16"),
        ("classify sample:chelsea --network photone", "did you mean photonet"),
        ("activations sample:chelsea --layer conv9 --out a.png", "did you mean conv"),
        ("activations sample:chelsea --layer conv1 --unit 64 --out a.png", "units 0 to 63, not 64"),
        ("activations sample:chelsea --layer conv1 --unit -1 --out a.png", "-1"),
        ("filters --layer relu1 --out a.png", "these have: conv1"),
        ("filters --layer conv1 --unit 64 --out a.png", "units 0 to 63, not 64"),
        ("saliency sample:chelsea --method salience --out a.png", "did you mean saliency"),
        ("saliency sample:chelsea --class lemmon --out a.png", "lemon"),
        ("saliency sample:chelsea --class 200 --out a.png", "0 to 199"),
        ("saliency sample:chelsea --map virdis --out a.png", "did you mean viridis"),
        ("saliency sample:chelsea --gamma 0 --out a.png", "--gamma 0"),
        ("saliency sample:chelsea --out a.bmp", ".png"),
        ("saliency sample:chelsea --raw a.txt", "end in .npy"),
        ("saliency --out a.png", "IMAGE"),
        ("deconvnet sample:chelsea --layer conv1 --keep 99,0 --out a.png", "99"),
        ("deconvnet sample:chelsea --layer conv1 --keep most --out a.png", "strongest, map"),
        ("classify sample:chelsea --size 0", "outside 1 to 4096"),
        ("classify sample:chelsea --network vgg16 --size 8", "vgg16 cannot run at 8x8 pixels"),
        ("layers vgg16 --size 8", "vgg16 cannot run at 8x8 pixels"),
        ("classify sample:chelsea --size 100000", "outside 1 to 4096"),
        ("classify sample:chelsea --device tpu", "auto, cpu, cuda or metal"),
        ("classify sample:chelsea --weights synthetic:x", "synthetic:0"),
        ("saliency sample:chelsea --metod gradient", "'--method'"),
        ("clasify", "classify"),
        ("sample:chelse", "chelsea"),
        ("tour sample:chelsea", "--out"),
        ("tour sample:chelsea --out t --layers conv1,conv9", "conv9"),
    ] {
        let message = desk.refused(arguments, 2);
        assert!(message.contains(said), "{arguments}: {message}");
    }
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    let desk = Desk::new();
    let write = |name: &str, tensors: &[(&str, &[usize])]| {
        let tensors: HashMap<String, Tensor> = tensors
            .iter()
            .map(|(name, dims)| {
                ((*name).to_owned(), Tensor::zeros(*dims, candle_core::DType::F32, &Device::Cpu).unwrap())
            })
            .collect();
        candle_core::safetensors::save(&tensors, desk.path(name)).unwrap();
    };
    write("other.safetensors", &[("layer1.0.conv1.weight", &[4, 4, 3, 3]), ("conv1.weight", &[64, 3, 5, 5])]);
    let message = desk.refused("classify sample:chelsea --network photonet --weights other.safetensors", 1);
    for said in ["missing", "layer1.0.conv1.weight", "conv1.weight is [64, 3, 5, 5] where [64, 3, 7, 7] belongs"] {
        assert!(message.contains(said), "{message}");
    }
    let bytes = fs::read(desk.path("other.safetensors")).unwrap();
    fs::write(desk.path("half.safetensors"), &bytes[..bytes.len() / 2]).unwrap();
    fs::write(desk.path("text.safetensors"), "hello, this is no file of weights").unwrap();
    for (file, said) in [("half.safetensors", "not a whole safetensors file"), ("text.safetensors", "no weights file")]
    {
        let message = desk.refused(&format!("saliency sample:chelsea --out a.png --weights {file}"), 1);
        assert!(message.contains(file) && message.contains(said), "{message}");
    }
    assert!(desk.refused("classify sample:chelsea --weights none.safetensors", 1).contains("none.safetensors"));
}

#[test]
fn files_that_cannot_be_written_are_refused() {
    let desk = Desk::new();
    assert!(desk.refused("saliency sample:chelsea --out none/a.png", 1).contains("there is no folder none"));
    assert!(desk.refused("classify sample:chelsea --raw none/a.npy", 1).contains("there is no folder none"));
    fs::create_dir(desk.path("folder.png")).unwrap();
    assert!(desk.refused("saliency sample:chelsea --out folder.png", 1).contains("it is a folder"));
    assert!(desk.refused("saliency sample:chelsea --out a --raw a", 2).contains("same file"));
    if cfg!(target_os = "linux") {
        assert!(desk.refused("saliency sample:chelsea --out /dev/full", 1).contains("/dev/full"));
        assert!(desk.refused("saliency sample:chelsea --raw /dev/full", 1).contains("/dev/full"));
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = desk.command("networks").stdout(full).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(1) && said.starts_with("striate: cannot write to standard output"),
            "{said}"
        );
    }
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let desk = Desk::new();
    for arguments in ["layers vgg16", "layers vgg16 --json", "--help"] {
        let mut child = desk.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments}");
    }
}

#[test]
fn without_a_display_it_names_the_tour() {
    let desk = Desk::new();
    if cfg!(target_os = "linux") {
        for arguments in ["", "sample:coffee", "--network vgg16"] {
            let message = desk.refused(arguments, 1);
            assert!(message.contains("striate tour") && message.contains("--out DIR"), "{message}");
        }
    }
    assert!(desk.refused("none.png", 2).contains("none.png"));
}

#[test]
fn help_lists_what_the_registries_hold() {
    let desk = Desk::new();
    let help = desk.said("saliency --help");
    for method in METHODS {
        assert!(help.contains(method.name) && help.contains(method.paper), "{}", method.name);
    }
    for name in ["'striate networks' lists them", "viridis, inferno", "unit, layer, symmetric", "chelsea, coffee"] {
        assert!(help.contains(name), "{name}: {help}");
    }
    for command in [
        "networks",
        "layers",
        "classify",
        "activations",
        "filters",
        "saliency",
        "cam",
        "units",
        "deconvnet",
        "tour",
        "evaluate",
        "fetch",
        "bench",
    ] {
        assert!(desk.said("--help").contains(command));
        desk.said(&format!("{command} --help"));
    }
    assert!(desk.said("--version").starts_with("striate "));
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing_behind() {
    let desk = Desk::new();
    let mut child = desk.command("tour sample:chelsea --out tour").stderr(Stdio::piped()).spawn().unwrap();
    // Once the unfinished folder is there, work is under way.
    while !desk.path("tour.partial").exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // The shell's own kill: a bare machine has no program of this name.
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "striate: cancelled\n");
    assert_eq!(desk.files(), Vec::<PathBuf>::new());
    assert!(!desk.path("tour").exists() && !desk.path("tour.partial").exists());
}

#[test]
fn speed_is_measured() {
    let desk = Desk::new();
    let answer = desk.json("bench photonet lenet5 --runs 2 --threads 1 --tasks forward,gradient,grad-cam --profile");
    let rows = answer["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        assert_eq!((&row["engine"], &row["batch"]), (&Value::from("fast"), &Value::from(1)));
        assert!(row["gflops"].as_f64().unwrap() > 0.0);
        let times = row["milliseconds"].as_object().unwrap();
        assert_eq!(times.keys().collect::<Vec<_>>(), ["forward", "grad-cam", "gradient"]);
        let [forward, gradient] = ["forward", "gradient"].map(|task| times[task]["median"].as_f64().unwrap());
        assert!(0.0 < forward && times["forward"]["least"].as_f64().unwrap() <= forward && gradient > 0.0);
        assert!(row["profile"].as_array().unwrap().iter().all(|part| !part.as_object().unwrap().is_empty()));
    }
    let answer = desk.json("bench lenet5 --runs 1 --threads 1 --tasks forward --batch 1,3 --plot batches.png");
    let batches: Vec<&Value> = answer["rows"].as_array().unwrap().iter().map(|row| &row["batch"]).collect();
    assert_eq!(batches, [1, 3]);
    assert!(desk.path("batches.png").exists());
    let table = desk.said("bench photonet --runs 1 --engine candle");
    assert!(table.contains("photonet") && table.contains("candle"), "{table}");
    assert!(desk.refused("bench --isa sse9", 2).contains("portable"));
    assert!(desk.refused("bench --isa portable --engine candle", 2).contains("fast engine"));
    assert!(desk.refused("bench --tasks forwards", 2).contains("forward"));
}

#[test]
fn a_game_of_go_is_read_wherever_a_picture_is() {
    let desk = furnished();
    let network = "--network alphago_policy_192 --weights synthetic:1";
    let found = desk.json(&format!("board game.sgf --move 40 {network} --top 361 --out board.png"));
    assert_eq!((&found["moves"], &found["game_moves"], &found["to_play"]), (&40.into(), &60.into(), &"Black".into()));
    // Every point but those of the stones is legal here.
    let moves = found["top"].as_array().unwrap();
    assert_eq!((moves.len(), &moves[0]["point"]), (321, &found["explained"]));
    let (width, height) = image::image_dimensions(desk.path("board.png")).unwrap();
    assert!(width > 1500 && height > 800);
    let top = desk.json(&format!("classify game.sgf#40 {network} --top 361"))["top"].clone();
    let best = top.as_array().unwrap().iter().find(|class| class["index"] == moves[0]["index"]).unwrap();
    assert_eq!(best["score"], moves[0]["score"]);
    desk.said(&format!("saliency --input game.sgf {network} --overlay --out overlay.png"));
    assert_eq!(image::image_dimensions(desk.path("overlay.png")).unwrap().0 % 19, 0);
    assert!(desk.refused("board game.sgf --network photonet", 2).contains("plays no Go"));
    assert!(desk.refused(&format!("board game.sgf --move 61 {network}"), 1).contains("it has 60"));
    // A network of pictures sees the board.
    desk.said("classify game.sgf --network photonet");
}
