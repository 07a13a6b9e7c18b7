//! The commands that measure a network over a folder: evaluate, ablate, atlas, sheets, heatmaps of a folder, invariance.
#![allow(clippy::unwrap_used)]

mod cli_support;

use cli_support::Desk;
use serde_json::Value;
use std::fs;
use striate::{picture::SAMPLES, zoo};

const NETWORK: &str = "--network photonet";

/// Two classes of photonet, each with pictures in two folders of its own, and one damaged file.
fn furnished() -> Desk {
    let desk = Desk::new();
    for (class, name) in [("Egyptian cat", "chelsea"), ("espresso", "coffee")] {
        let sample = SAMPLES.iter().find(|sample| sample.name == name).unwrap();
        let whole = image::load_from_memory(sample.bytes).unwrap();
        for (part, inner) in ["near", "far"].into_iter().enumerate() {
            let folder = desk.path(&format!("set/{class}/{inner}"));
            fs::create_dir_all(&folder).unwrap();
            let side = if inner == "near" { 120 } else { 250 };
            let crop = whole.crop_imm(part as u32 * 16, 10, side, side).to_rgb8();
            crop.save(folder.join(format!("{part}.png"))).unwrap();
        }
    }
    fs::write(desk.path("set/espresso/broken.png"), "no picture").unwrap();
    desk
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// The addresses of pictures and pages in a folder's page that are no files there.
fn broken_links(desk: &Desk, folder: &str, page: &str) -> Vec<String> {
    let html = fs::read_to_string(desk.path(&format!("{folder}/{page}"))).unwrap();
    let parts = html.split("src=\"").skip(1).chain(html.split("href=\"").skip(1));
    let links = parts.map(|rest| rest.split('"').next().unwrap().to_owned()).filter(|link| !link.starts_with('#'));
    links.filter(|link| !desk.path(folder).join(link.replace("%20", " ")).is_file()).collect()
}

#[test]
fn an_evaluation_counts_what_its_table_lists() {
    let desk = furnished();
    let found = desk.json(&format!("evaluate set {NETWORK} --csv pictures.csv --out report"));
    assert_eq!((&found["pictures"], found["unreadable"].as_array().unwrap().len()), (&4.into(), 1));
    // The line of every picture holds all that the numbers follow from.
    let table = fs::read_to_string(desk.path("pictures.csv")).unwrap();
    let lines: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!(lines.len(), 4);
    let right = lines.iter().filter(|line| line[1] == line[3]).count();
    assert_eq!(found["top1"].as_f64().unwrap(), 100.0 * right as f64 / 4.0);
    let five = lines.iter().filter(|line| line[7].parse::<usize>().unwrap() <= 5).count();
    assert_eq!(found["top5"].as_f64().unwrap(), 100.0 * five as f64 / 4.0);
    for class in found["classes"].as_array().unwrap() {
        let index = class["index"].to_string();
        let predicted = lines.iter().filter(|line| line[3] == index).count();
        let hits = lines.iter().filter(|line| line[3] == index && line[1] == index).count();
        assert_eq!(class["predicted"], predicted);
        assert_eq!(class["recall"].as_f64().unwrap(), hits as f64 / 2.0);
        match predicted {
            0 => assert!(class["precision"].is_null()),
            count => assert_eq!(class["precision"].as_f64().unwrap(), hits as f64 / count as f64),
        }
    }
    let cells = found["confusion"].as_array().unwrap();
    assert_eq!(cells.iter().map(|cell| cell["pictures"].as_u64().unwrap()).sum::<u64>(), 4);
    assert_eq!(found["mistakes"].as_array().unwrap().len(), 4 - right);
    let groups: Vec<&str> =
        found["subgroups"].as_array().unwrap().iter().map(|group| group["folder"].as_str().unwrap()).collect();
    assert_eq!(groups, ["far", "near"]);
    let bins = found["calibration"]["bins"].as_array().unwrap();
    assert_eq!(bins.iter().map(|bin| bin["pictures"].as_u64().unwrap()).sum::<u64>(), 4);
    // The page and its neighbours say the same, and its links lead somewhere.
    let json: Value = serde_json::from_slice(&fs::read(desk.path("report/evaluation.json")).unwrap()).unwrap();
    assert_eq!((&json["top1"], &json["confusion"]), (&found["top1"], &found["confusion"]));
    assert_eq!(fs::read_to_string(desk.path("report/pictures.csv")).unwrap(), table);
    assert_eq!(broken_links(&desk, "report", "index.html"), Vec::<String>::new());
    // An evaluation replaces an evaluation, and nothing else.
    desk.said(&format!("evaluate set {NETWORK} --out report"));
    fs::write(desk.path("report/notes.txt"), "mine").unwrap();
    assert!(desk.refused(&format!("evaluate set {NETWORK} --out report"), 1).contains("notes.txt"));
}

#[test]
fn an_ablation_measures_every_row_and_saves_what_weights_can_express() {
    let desk = furnished();
    let found = desk
        .json(&format!("ablate set {NETWORK} --remove relu4 --remove conv5 --with mean --out bars.png --csv rows.csv"));
    let evaluated = desk.json(&format!("evaluate set {NETWORK}"));
    assert_eq!((&found["baseline"]["top1"], &found["baseline"]["top5"]), (&evaluated["top1"], &evaluated["top5"]));
    let removed: Vec<&Value> = found["rows"].as_array().unwrap().iter().map(|row| &row["removed"]).collect();
    assert_eq!(removed, [&serde_json::json!(["relu4"]), &serde_json::json!(["conv5"])]);
    // Behind a layer that is the same for every picture, the answer is: half of two classes at most.
    assert!(found["rows"][1]["top1"].as_f64().unwrap() <= 50.0);
    assert_eq!(fs::read_to_string(desk.path("rows.csv")).unwrap().lines().count(), 4);
    assert!(image::image_dimensions(desk.path("bars.png")).unwrap().0 > 600);
    let saved = desk.json(&format!("ablate set {NETWORK} --remove conv5 --with mean --save changed.safetensors"));
    let opened = desk.json(&format!("evaluate set {NETWORK} --weights changed.safetensors"));
    assert_eq!(opened["top5"], saved["rows"][0]["top5"]);
    let refused = desk.refused(&format!("ablate set {NETWORK} --remove conv4 --with identity"), 2);
    assert!(refused.contains("384x8x8") && refused.contains("256x8x8"), "{refused}");
    assert!(desk.refused(&format!("ablate set {NETWORK}"), 2).contains("--remove"));
    assert!(desk.refused(&format!("ablate set {NETWORK} --drop-blocks 1"), 2).contains("0 residual blocks"));
}

#[test]
fn a_network_learns_again_without_parts_and_stands_in_the_table() {
    let desk = furnished();
    let train = "train --from photonet --data set --epochs 1 --batch 2 --test-share 0.5";
    let said = desk.said(&format!("{train} --remove conv4,relu4 --out run"));
    assert!(said.contains("photonet"), "{said}");
    // The fifth layer reads what the fourth read, 256 maps instead of 384, and the file has no fourth layer.
    let holds = |file: &str, name: &str| {
        let bytes = fs::read(desk.path(file)).unwrap();
        bytes.windows(name.len()).any(|part| part == name.as_bytes())
    };
    assert!(holds("run/last.safetensors", "conv5.weight") && !holds("run/last.safetensors", "conv4.weight"));
    let answer = desk.json("classify sample:coffee --weights run/last.safetensors");
    assert_eq!(answer["changes"], "learned without conv4, relu4");
    let table = "ablate set --weights run/last.safetensors --remove relu3";
    assert_eq!(desk.json(table)["pictures"], 4);
    // Rows are found by their parts, in any order.
    let own = desk.json(&format!(
        "ablate set {NETWORK} --remove relu3 --remove relu4,conv4 --retrained run --csv rows.csv --out bars.png"
    ));
    let alone = desk.json("evaluate set --weights run/last.safetensors");
    assert_eq!(own["rows"][1]["retrained"]["top1"], alone["top1"]);
    assert!(own["rows"][0].get("retrained").is_none());
    let rows = fs::read_to_string(desk.path("rows.csv")).unwrap();
    let cells: Vec<f64> = rows.lines().last().unwrap().rsplit(',').take(2).map(|cell| cell.parse().unwrap()).collect();
    assert_eq!(cells, [alone["top5"].as_f64().unwrap(), alone["top1"].as_f64().unwrap()]);
    let refused = desk.refused(&format!("ablate set {NETWORK} --remove relu3 --retrained run"), 2);
    assert!(refused.contains("--remove conv4,relu4"), "{refused}");
    // The parts are the run's: it goes on without them, with or without the flag, and with no others.
    let on = format!("{} --out run --resume", train.replace("--epochs 1 ", ""));
    assert!(desk.refused(&format!("{on} --remove conv3"), 2).contains("--remove"));
    fs::remove_file(desk.path("run/last.safetensors")).unwrap();
    desk.said(&format!("{train} --remove conv4,relu4 --out run --resume"));
    // Of a variant, parts that their input stands for are left out; other changes are refused.
    let variant = |with: &str| {
        let edits = format!(r#"[{{"off":{{"part":"relu4","with":{with}}}}}]"#);
        let text = format!(r#"{{"variant":1,"network":"photonet","weights":null,"surgery":{{"edits":{edits}}}}}"#);
        fs::write(desk.path("mine.variant"), text).unwrap();
    };
    let train = "train --from mine.variant --data set --epochs 1 --batch 2 --test-share 0.5";
    variant("\"input\"");
    desk.said(&format!("{train} --out second"));
    let answer = desk.json("classify sample:coffee --weights second/last.safetensors");
    assert_eq!(answer["changes"], "learned without relu4");
    variant("\"zero\"");
    assert!(desk.refused(&format!("{train} --out third"), 2).contains("relu4 off"));
    for parts in ["nowhere", "input", "conv1,conv2,conv3,conv4,conv5,fc6"] {
        let refused = desk.refused(&format!("train --network photonet --data set --remove {parts} --out fourth"), 2);
        assert_eq!(refused.lines().count(), 1, "{refused}");
    }
}

#[test]
fn a_classifier_for_the_same_classes_is_kept_whatever_they_are_called() {
    let desk = Desk::new();
    let labels = zoo::find("photonet").unwrap().labels.clone();
    for (index, label) in labels.all().iter().enumerate() {
        let folder = desk.path(&format!("set/{}", label.wnid.as_deref().unwrap()));
        fs::create_dir_all(&folder).unwrap();
        image::RgbImage::from_pixel(8, 8, image::Rgb([index as u8; 3])).save(folder.join("0.png")).unwrap();
    }
    desk.said(
        "train --from photonet --data set --head-only --epochs 1 --batch 100 --rate 1e-9 --test-share 0 --out run",
    );
    let [own, tuned] = ["--network photonet", "--weights run/last.safetensors"]
        .map(|network| desk.json(&format!("classify sample:coffee {network}")));
    assert_eq!(tuned["top"][0]["wnid"], own["top"][0]["wnid"], "{tuned}");
    let [own, tuned] = [&own, &tuned].map(|answer| answer["top"][0]["probability"].as_f64().unwrap());
    assert!((own - tuned).abs() < 1e-3, "{tuned} is not {own}");
    // With a class less the classifier starts anew.
    fs::remove_dir_all(desk.path("set/n01443537")).unwrap();
    desk.said(
        "train --from photonet --data set --head-only --epochs 1 --batch 100 --rate 1e-9 --test-share 0 --out less",
    );
    assert_ne!(desk.json("classify sample:coffee --weights less/last.safetensors")["top"][0]["wnid"], "n07920052");
}

#[test]
fn a_class_disappears_when_the_units_that_matter_for_it_are_silent() {
    let desk = furnished();
    let found = desk.json(&format!("ablate set {NETWORK} --units relu5 --class espresso --out units.png"));
    let rows = found["rows"].as_array().unwrap();
    assert_eq!((&rows[0]["units"], &rows.last().unwrap()["units"]), (&0.into(), &512.into()));
    assert_eq!(found["order"].as_array().unwrap().len(), 512);
    let of = |row: &Value, who: &str| row[who]["top5"].as_f64().unwrap();
    // A few units in a hundred end the class: those without which the others still stand.
    let few = rows.iter().find(|row| row["units"].as_u64().unwrap() >= 30).unwrap();
    assert!(of(few, "of_class") < of(&rows[0], "of_class"), "{found}");
    assert!(desk.refused(&format!("ablate set {NETWORK} --units relu5"), 2).contains("--class"));
}

#[test]
fn blocks_are_dropped_and_shuffled_and_a_picture_answers() {
    let desk = furnished();
    let network = "--network resnet20 --weights synthetic:0";
    fs::rename(desk.path("set/Egyptian cat"), desk.path("set/cat")).unwrap();
    fs::rename(desk.path("set/espresso"), desk.path("set/dog")).unwrap();
    let found = desk.json(&format!("ablate set {network} --drop-blocks 2 --draws 2 --shuffle layer1 --out curve.png"));
    let rows = found["rows"].as_array().unwrap();
    let dropped: Vec<&Value> = rows.iter().map(|row| &row["dropped"]).collect();
    assert_eq!(rows.len(), 6, "{dropped:?}");
    assert_eq!(rows.last().unwrap()["removed"].as_array().unwrap().len(), 2);
    assert_eq!(rows[0]["moved"].as_array().unwrap().len(), 3);
    // Two blocks have one other order.
    let found = desk.json(&format!("ablate set {network} --draws 3 --shuffle layer2"));
    assert_eq!(found["rows"].as_array().unwrap().len(), 1);
    assert_eq!(found["rows"][0]["moved"].as_array().unwrap().len(), 2);
    let beside = "--beside plain20 --beside-weights synthetic:0";
    let swapped = format!("ablate set {network} --swap-blocks 2 --draws 1 {beside} --csv rows.csv --resume rows.json");
    let found = desk.json(&format!("{swapped} --out swaps.png"));
    assert_eq!(found["rows"][1]["swapped"], 2);
    assert_eq!(found["beside"]["network"], "plain20");
    assert_eq!(found["beside"]["rows"][1]["moved"], found["rows"][1]["moved"]);
    assert_eq!(fs::read_to_string(desk.path("rows.csv")).unwrap().lines().count(), 7);
    // A run that was interrupted takes what it had measured: a row that is changed in the file comes back as it is there.
    let kept: Value = serde_json::from_str(&fs::read_to_string(desk.path("rows.json")).unwrap()).unwrap();
    let mut rows = kept["rows"].as_object().unwrap().clone();
    assert_eq!(rows.len(), 4);
    rows.retain(|key, _| key.contains("resnet20"));
    rows.values_mut().for_each(|row| row["top1"] = 12.5.into());
    let text = serde_json::json!({ "made_by": "striate ablate", "rows": rows }).to_string();
    fs::write(desk.path("rows.json"), text).unwrap();
    let again = desk.json(&swapped);
    assert_eq!(again["rows"][0]["top1"], 12.5);
    assert_eq!(again["beside"]["rows"], found["beside"]["rows"]);
    let units = desk.json(&format!("ablate set {network} --each-unit layer1.0 --out units.png"));
    assert_eq!((units["rows"].as_array().unwrap().len(), &units["rows"][15]["unit"]), (16, &Value::from(15)));
    assert!(desk.refused(&format!("ablate set {network} --drop-blocks 1 --beside vgg11"), 2).contains("layer"));
    let picture = desk.json(&format!("ablate sample:coffee {NETWORK} --remove relu3 --remove relu4"));
    let base = &picture["baseline"];
    assert_eq!(base["probability"], base["baseline_probability"]);
    assert_eq!(picture["rows"].as_array().unwrap().len(), 2);
    assert!(desk.refused(&format!("ablate sample:coffee {NETWORK} --remove relu3 --out a.png"), 2).contains("folder"));
}

#[test]
fn a_layers_sheet_and_every_choice_of_pictures() {
    let desk = furnished();
    let all = desk.json(&format!("top set {NETWORK} --layer relu1 --index set.index --count 2 --out sheet.png"));
    let units = all["units"].as_array().unwrap();
    assert_eq!(units.len(), 64);
    assert!(image::image_dimensions(desk.path("sheet.png")).unwrap().0 > 500);
    let one = desk.json(&format!("top set {NETWORK} --layer relu1 --unit 7 --index set.index --count 2"));
    assert_eq!(units[7]["top"], one["top"]);
    let values = |by: &str| -> Vec<f64> {
        let found = desk.json(&format!("top set {NETWORK} --layer relu1 --unit 7 --count 2 --by {by} --out one.png"));
        found["top"].as_array().unwrap().iter().map(|hit| hit["value"].as_f64().unwrap()).collect()
    };
    let strongest: Vec<f64> = one["top"].as_array().unwrap().iter().map(|hit| hit["value"].as_f64().unwrap()).collect();
    let weakest = values("weakest");
    assert!(weakest.windows(2).all(|pair| pair[0] <= pair[1]) && weakest[1] <= strongest[1], "{weakest:?}");
    // Of four pictures a hundredth is fewer than are wanted: the strongest two.
    assert_eq!(values("random"), strongest);
    let relevant = values("relevance --class espresso");
    assert!(relevant.windows(2).all(|pair| pair[0] >= pair[1]), "{relevant:?}");
    assert!(desk.refused(&format!("top set {NETWORK} --layer relu1 --by relevance"), 2).contains("--class"));
}

#[test]
fn an_atlas_has_a_page_for_every_unit() {
    let desk = furnished();
    // A small network: a page takes a forward and a reverse pass for each of its pictures.
    let network = "--network resnet20 --weights synthetic:0";
    desk.said(&format!("atlas set {network} --layer relu --layer layer1.0.relu --index set.index --out atlas"));
    for page in ["index.html", "relu.html", "relu-0.html", "layer1.0.relu-15.html"] {
        assert_eq!(broken_links(&desk, "atlas", page), Vec::<String>::new(), "{page}");
    }
    let page = fs::read_to_string(desk.path("atlas/layer1.0.relu-5.html")).unwrap();
    for part in ["excite it most", "Distribution", "votes for", "units that feed it", "layer1.0.relu-4.html", "relu-"] {
        assert!(page.contains(part), "{part}");
    }
    fs::write(desk.path("atlas/mine.txt"), "mine").unwrap();
    let again = format!("atlas set {network} --layer relu --index set.index --out atlas");
    assert!(desk.refused(&again, 1).contains("mine.txt"));
}

#[test]
fn heatmaps_of_a_folder_come_with_a_sheet_and_say_which_method_to_trust() {
    let desk = furnished();
    let command = format!("saliency set {NETWORK} --method gradient --compare saliency,grad-cam --out maps");
    let found = desk.json(&command);
    assert_eq!(found["pictures"].as_array().unwrap().len(), 4);
    assert_eq!(found["left_out"].as_array().unwrap().len(), 1);
    let trust = found["trust"].as_array().unwrap();
    assert_eq!(trust.len(), 2);
    assert!(trust.iter().all(|row| row["pictures"] == 4 && row["deletion"].as_f64().unwrap() < 1.0));
    assert!(desk.path("maps/contact-sheet.png").is_file() && desk.path("maps/heatmaps.json").is_file());
    assert_eq!(broken_links(&desk, "maps", "index.html"), Vec::<String>::new());
    // A heatmap of the folder is the one that its picture has alone.
    desk.said(&format!("saliency set/espresso/near/0.png {NETWORK} --method gradient --out alone.png"));
    let pixels = |name: &str| image::open(desk.path(name)).unwrap().into_rgba8();
    assert_eq!(pixels("maps/images/espresso-near-0.png"), pixels("alone.png"));
    let patterned = desk.json(&format!("cam set/espresso/*/*.png {NETWORK} --out cams"));
    assert_eq!(patterned["pictures"].as_array().unwrap().len(), 2);
    assert!(desk.refused(&format!("cam set/none*.png {NETWORK} --out none"), 1).contains("no file matches"));
    assert!(desk.refused(&format!("saliency set {NETWORK}"), 2).contains("--out DIR"));
}

#[test]
fn invariance_of_a_folder_is_the_mean_of_its_pictures() {
    let desk = furnished();
    fs::create_dir(desk.path("two")).unwrap();
    for (name, from) in [("0", "near/0"), ("1", "far/1")] {
        fs::copy(desk.path(&format!("set/espresso/{from}.png")), desk.path(&format!("two/{name}.png"))).unwrap();
    }
    let of = |subject: &str| desk.json(&format!("invariance {subject} {NETWORK} --change scale --out curves.png"));
    let (both, first, second) = (of("two"), of("two/0.png"), of("two/1.png"));
    assert_eq!((&both["pictures"], &both["amounts"]), (&2.into(), &first["amounts"]));
    let (both, first, second) =
        (numbers(&both["probabilities"]), numbers(&first["probabilities"]), numbers(&second["probabilities"]));
    for ((both, first), second) in both.iter().zip(&first).zip(&second) {
        assert!((both - (first + second) / 2.0).abs() < 1e-6);
    }
    assert!(image::image_dimensions(desk.path("curves.png")).unwrap().0 > 600);
    assert!(desk.refused(&format!("invariance two {NETWORK}"), 2).contains("--change"));
}
