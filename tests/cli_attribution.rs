//! The attribution subcommands as a person runs them: targets, parameters, layers, tests of heatmaps, localisation,
//! rankings, and the deconvnet's views.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::{Desk, assert_same, run, texts};
use serde_json::Value;
use striate::{
    methods::{CAMS, Keep, METHODS, Question, RANKINGS, Settings, Target, deconvnet, find, find_cam, path},
    paint::read_npy,
    watch::Watch,
};

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn cam_is_drawn_over_the_picture_and_written_at_the_layers_resolution() {
    let desk = Desk::new();
    let run = run("photonet");
    let graph = run.model.network.graph();
    let (class, watch) = (run.predicted(), Watch::default());
    for method in CAMS.iter().filter(|method| !method.slow) {
        desk.said(&format!("cam sample:chelsea --method {} --raw map.npy --out map.png", method.name));
        let ours = run.attribute(method, class, &watch).unwrap();
        assert_same(&desk.path("map.npy"), &[8, 8], &ours.values);
        assert_eq!(image::image_dimensions(desk.path("map.png")).unwrap(), (512, 512), "{}", method.name);
    }
    let facts = desk.json("cam sample:chelsea --layer relu3 --set relu=off --raw map.npy --class lemon");
    assert_eq!((&facts["layer"], &facts["settings"]["relu"]), (&"relu3".into(), &"off".into()));
    assert_eq!(facts["class"]["label"], "lemon");
    let (grad_cam, relu3) = (find_cam("grad-cam").unwrap(), graph.find("relu3").unwrap());
    let settings = Settings::parse(grad_cam.parameters, ["relu=off"]).unwrap();
    let lemon = run.model.labels.find("lemon").unwrap();
    let ours = run.attribute_with(grad_cam, Target::Class(lemon), &[relu3], &settings, &watch).unwrap();
    assert_same(&desk.path("map.npy"), &[8, 8], &ours.values);
    // Several layers: their mean, over the input.
    let facts = desk.json("cam sample:chelsea --layer relu2 --layer relu5 --raw mean.npy --out mean.png --heatmap");
    assert_eq!(facts["layers"], serde_json::json!(["relu2", "relu5"]));
    let layers = ["relu2", "relu5"].map(|name| graph.find(name).unwrap());
    let ours = run.attribute_with(grad_cam, Target::Class(class), &layers, &Settings::new(), &watch).unwrap();
    assert_same(&desk.path("mean.npy"), &[64, 64], &ours.values);
    assert_eq!(texts(&desk.path("mean.png"))["Layers"], "relu2, relu5");
    // Alone it is stretched, not in squares: neighbours differ by little.
    desk.said("cam sample:chelsea --heatmap --map grey --out grey.png");
    let image = image::open(desk.path("grey.png")).unwrap().into_rgb8();
    let steps = (1..512).map(|x| image.get_pixel(x, 256)[0].abs_diff(image.get_pixel(x - 1, 256)[0]));
    assert!(steps.max().unwrap() < 24);
}

#[test]
fn targets_are_more_than_classes() {
    let desk = Desk::new();
    let run = run("photonet");
    let (saliency, watch) = (find("saliency").unwrap(), Watch::default());
    let layer = run.model.network.graph().find("conv4").unwrap();
    let cat = run.model.labels.find("Egyptian cat").unwrap();
    let class = run.predicted();
    for (flags, target) in [
        ("--of conv4", Target::Layer(layer)),
        ("--of conv4 --unit 7", Target::Unit { layer, unit: 7, keep: Keep::Strongest }),
        ("--of conv4 --unit 7 --at mean", Target::Unit { layer, unit: 7, keep: Keep::Map }),
        ("--of conv4 --unit 7 --at 2,3", Target::Unit { layer, unit: 7, keep: Keep::At(2, 3) }),
        ("--minus n02124075", Target::Difference(class, cat)),
    ] {
        let facts = desk.json(&format!("saliency sample:chelsea {flags} --raw map.npy"));
        let ours = run.attribute_with(saliency, target, &[], &Settings::new(), &watch).unwrap();
        assert_same(&desk.path("map.npy"), &[64, 64], &ours.values);
        match target {
            Target::Difference(..) => assert_eq!(facts["minus"]["label"], "Egyptian cat"),
            _ => {
                let aim = target.aim(&run.trace).unwrap();
                let value = aim.values(run.trace.output(aim.node)).unwrap()[0];
                assert!((number(&facts["target"]["value"]) - f64::from(value)).abs() <= 1e-5 * f64::from(value.abs()));
                assert!(facts["class"].is_null() && facts["target"]["what"].as_str().unwrap().contains("conv4"));
            }
        }
    }
}

#[test]
fn parameters_are_set_and_said() {
    let desk = Desk::new();
    let run = run("photonet");
    let (occlusion, watch) = (find("occlusion").unwrap(), Watch::default());
    let facts = desk.json("saliency sample:chelsea --method occlusion --set patch=16 --set stride=8 --raw map.npy");
    let settings = Settings::parse(occlusion.parameters, ["patch=16", "stride=8"]).unwrap();
    let ours = run.attribute_with(occlusion, Target::Class(run.predicted()), &[], &settings, &watch).unwrap();
    assert_same(&desk.path("map.npy"), &[64, 64], &ours.values);
    assert_eq!(facts["settings"], serde_json::json!({"patch": 16, "stride": 8, "baseline": "mean"}));
    // Sums that a method promises are checked unasked.
    let facts = desk.json("saliency sample:chelsea --method deeplift");
    assert!(number(&facts["sum_check"]["error"]) < 1e-3);
    assert!(desk.said("saliency sample:chelsea --method deeplift --out a.png").contains("where the method promises"));
    for (command, methods) in [("saliency", METHODS), ("cam", CAMS)] {
        let help = desk.said(&format!("{command} --help"));
        for method in methods {
            assert!(help.contains(method.name) && help.contains(method.paper), "{}", method.name);
            for parameter in method.parameters {
                assert!(help.contains(&format!("--set {}={parameter}", parameter.name)), "{}", parameter.name);
            }
        }
    }
    let help = desk.said("units --help");
    assert!(RANKINGS.iter().all(|ranking| help.contains(ranking.name)));
}

#[test]
fn heatmaps_are_tested() {
    let desk = Desk::new();
    let check = &desk.json("cam sample:coffee --method hires-cam --check")["check"];
    for name in ["deletion", "insertion"] {
        let [shares, values] = ["shares", "values"].map(|key| check[name][key].as_array().unwrap());
        assert_eq!((shares.len(), values.len()), (51, 51));
        assert_eq!((number(&shares[0]), number(&shares[50])), (0.0, 1.0));
        // The mean height of a curve whose points are equally far apart.
        let heights: f64 = values.windows(2).map(|pair| (number(&pair[0]) + number(&pair[1])) / 2.0).sum();
        assert!((heights / 50.0 - number(&check[name]["area"])).abs() < 1e-2, "{name}");
    }
    // Covering what matters costs more than covering what does not.
    assert!(number(&check["deletion"]["area"]) < number(&check["deletion"]["reversed_area"]));
    assert!(number(&check["insertion"]["area"]) > number(&check["insertion"]["reversed_area"]));
    let steps = check["randomisation"].as_array().unwrap();
    assert_eq!((&steps[0]["layer"], &steps.last().unwrap()["layer"]), (&"fc".into(), &"conv1".into()));
    assert!(number(&steps.last().unwrap()["correlation"]) < 0.8);
    // It needs no file, and people get sentences.
    let said = desk.said("saliency sample:coffee --class espresso --check");
    assert!(
        said.contains("deletion  ") && said.contains("in the opposite order") && said.contains("redrawn"),
        "{said}"
    );
}

#[test]
fn objects_are_localised_and_compared_with_a_true_box() {
    let desk = Desk::new();
    let facts = desk.json("cam sample:coffee --localise --box 130,60,440,350 --out object.png --raw mask.npy");
    let object = &facts["object"];
    let sides = |key: &str| -> Vec<f64> { object[key].as_array().unwrap().iter().map(number).collect() };
    let (found, truth) = (sides("box"), sides("true_box"));
    let area = |b: &[f64]| (b[2] - b[0]).max(0.0) * (b[3] - b[1]).max(0.0);
    let both = [found[0].max(truth[0]), found[1].max(truth[1]), found[2].min(truth[2]), found[3].min(truth[3])];
    let iou = area(&both) / (area(&found) + area(&truth) - area(&both));
    assert!((iou - number(&object["iou"])).abs() < 1e-4 && iou > 0.2, "{object}");
    let mask = striate::kernels::to_vec(&read_npy(&desk.path("mask.npy")).unwrap()).unwrap();
    assert!(mask.len() == 64 * 64 && mask.iter().all(|&value| value == 0.0 || value == 1.0));
    let share = mask.iter().map(|&value| f64::from(value)).sum::<f64>() / mask.len() as f64;
    assert!((share - number(&object["share"])).abs() < 1e-6 && share > 0.0);
    let image = image::open(desk.path("object.png")).unwrap().into_rgb8();
    assert!(
        image.pixels().any(|pixel| pixel.0 == [255, 196, 0]) && image.pixels().any(|pixel| pixel.0 == [0, 229, 255])
    );
    assert!(desk.said("saliency sample:coffee --localise").contains("object    box "));
}

#[test]
fn units_are_ranked() {
    let desk = Desk::new();
    let run = run("photonet");
    let layer = run.model.network.graph().find("relu5").unwrap();
    let watch = Watch::default();
    for ranking in RANKINGS {
        let answer = desk.json(&format!(
            "units sample:chelsea --layer relu5 --by {} --top 4 --class lemon --raw all.npy --out maps.png",
            ranking.name
        ));
        let lemon = Target::Class(run.model.labels.find("lemon").unwrap());
        let ours = ranking.ask(&Question::new(&run.trace, lemon, &watch), layer).unwrap();
        let listed = answer["ranking"].as_array().unwrap();
        assert_eq!(listed.len(), 4);
        for (listed, ours) in listed.iter().zip(&ours) {
            assert_eq!(number(&listed["unit"]), ours.0 as f64, "{}", ranking.name);
        }
        let mut values = vec![0.0; 512];
        ours.iter().for_each(|&(unit, value)| values[unit] = value);
        assert_same(&desk.path("all.npy"), &[512], &values);
        assert_eq!(answer["class"].is_null(), !ranking.targeted);
    }
    // Of the scores themselves, units are classes.
    assert!(desk.said("units sample:coffee --layer fc --top 3").contains("espresso"));
}

#[test]
fn reconstructions_stand_beside_what_their_unit_sees() {
    let desk = Desk::new();
    // Nine pairs of 14 x 14 patches, three in a row, and the gaps: 1 within a pair, 3 between.
    desk.said("deconvnet sample:rocket --layer relu1 --patches --scale 2 --out pairs.png");
    let image = image::open(desk.path("pairs.png")).unwrap().into_rgba8();
    assert_eq!(image.dimensions(), (3 * 29 + 2 * 3, 3 * 14 + 2 * 3));
    // A patch is a picture, a reconstruction is grey where nothing excites the unit.
    let run = run("photonet");
    let layer = run.model.network.graph().find("relu5").unwrap();
    let watch = Watch::default();
    let facts = desk.json("deconvnet sample:chelsea --layer relu5 --unit 190 --path --raw path.npy --out path.png");
    let first = run.deconvnet(layer, 190, Keep::Strongest, &watch).unwrap();
    let steps = path(&run.trace, &first, false, &watch).unwrap();
    assert_eq!(facts["path"].as_array().unwrap().len(), steps.len());
    assert!(steps.len() >= 3);
    let mut values = first.values.clone();
    for (listed, step) in facts["path"].as_array().unwrap().iter().zip(&steps) {
        assert_eq!(number(&listed["unit"]), step.through.unit as f64);
        assert!((0.0..=1.0).contains(&step.share) && step.through.activation > 0.0);
        values.extend(&step.through.values);
    }
    assert_same(&desk.path("path.npy"), &[steps.len() + 1, 3, 64, 64], &values);
    assert!(texts(&desk.path("path.png"))["Path"].contains("relu4 unit "));
    // The first layers have nothing before them.
    let conv1 = run.model.network.graph().find("relu1").unwrap();
    let one = deconvnet(&run.trace, conv1, 3, Keep::Strongest, false, &watch).unwrap();
    assert!(path(&run.trace, &one, false, &watch).unwrap().is_empty());
}

#[test]
fn what_cannot_be_asked_is_refused_in_a_sentence() {
    let desk = Desk::new();
    for (arguments, said) in [
        ("cam sample:chelsea --method grad-cm --out a.png", "did you mean grad-cam"),
        ("cam sample:chelsea --layer relu9 --out a.png", "did you mean relu"),
        ("cam sample:chelsea --layer fc --out a.png", "no maps"),
        ("cam sample:chelsea --method cam --layer relu3 --out a.png", "it reads layer relu5"),
        ("cam sample:chelsea --out a.png --heatmap --localise", "--localise"),
        ("saliency sample:chelsea --set patch=3 --out a.png", "this method has none"),
        ("saliency sample:chelsea --method occlusion --set patsch=3 --out a.png", "did you mean patch"),
        ("saliency sample:chelsea --method occlusion --set patch=x --out a.png", "whole number from 0 to 4096"),
        ("saliency sample:chelsea --method occlusion --set patch --out a.png", "NAME=VALUE"),
        ("saliency sample:chelsea --layer conv1 --out a.png", "guided-grad-cam"),
        ("saliency sample:chelsea --class lemon --minus lemon --out a.png", "does not differ from itself"),
        ("saliency sample:chelsea --minus lemmon --out a.png", "lemon"),
        ("saliency sample:chelsea --of conv9 --out a.png", "did you mean conv"),
        ("saliency sample:chelsea --of conv1 --unit 64 --out a.png", "units 0 to 63"),
        ("saliency sample:chelsea --of conv1 --unit 3 --at 99,0 --out a.png", "99"),
        ("saliency sample:chelsea --of conv1 --unit 3 --at map --out a.png", "mean"),
        ("saliency sample:chelsea --unit 3 --out a.png", "--of"),
        ("saliency sample:chelsea --of conv1 --class lemon --out a.png", "--class"),
        ("saliency sample:chelsea --localise --box 3,4,5 --out a.png", "LEFT,TOP,RIGHT,BOTTOM"),
        ("saliency sample:chelsea --box 3,4,5,6 --out a.png", "--localise"),
        ("units sample:chelsea --layer relu5 --by size", "activation, contribution, ablation"),
        ("units sample:chelsea --layer fc --by ablation --of relu5", "does not lead to relu5"),
        ("units sample:chelsea --layer relu5 --top 0", "--top"),
        ("deconvnet sample:chelsea --layer relu5 --path --out a.png", "--unit"),
        ("deconvnet sample:chelsea --layer relu5 --patches --keep map --out a.png", "one activation"),
    ] {
        let message = desk.refused(arguments, 2);
        assert!(message.contains(said), "{arguments}: {message}");
    }
}
