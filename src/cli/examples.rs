//! The examples of the help pages. A test runs every one of them.

/// The command, and what follows `striate` on each example's line. An empty name is the program itself.
pub(super) const EXAMPLES: &[(&str, &[&str])] = &[
    ("", &["photo.jpg", "photo.jpg --weights my-checkpoint.pth"]),
    ("networks", &["networks", "networks --json", "networks --plot networks.png"]),
    ("layers", &["layers vgg16", "layers googlenet_2014 --modules", "layers vgg16 --memory", "layers resnet50 --json"]),
    (
        "classify",
        &[
            "classify photo.jpg",
            "classify photo.jpg sample:coffee --top 3",
            "classify photo.jpg --weights my-checkpoint.pth --labels my-labels.txt --prepare imagenet",
            "classify - --network photonet --json < photo.jpg",
        ],
    ),
    (
        "activations",
        &[
            "activations photo.jpg --network photonet --layer conv3 --out maps.png",
            "activations photo.jpg --network photonet --layer conv3 --unit 7 --raw map.npy",
        ],
    ),
    ("filters", &["filters --network photonet --layer conv1 --out filters.png"]),
    (
        "saliency",
        &[
            "saliency photo.jpg --out saliency.png --raw saliency.npy",
            "saliency photo.jpg --method guided-backprop --class lemon --out lemon.png",
            "saliency photo.jpg --network photonet --method lrp --check --out lrp.png",
            "saliency 'pictures/*/1.png' --network photonet --compare saliency,grad-cam --out heatmaps",
        ],
    ),
    ("cam", &["cam photo.jpg --out cam.png", "cam photo.jpg --method grad-cam++ --class lemon --out lemon.png"]),
    ("units", &["units photo.jpg --network photonet --layer conv5 --by ablation"]),
    ("deconvnet", &["deconvnet photo.jpg --network photonet --layer conv5 --unit 92 --out unit92.png"]),
    (
        "maximise",
        &[
            "maximise --network photonet --class goose --steps 8 --out goose.png",
            "maximise --network photonet --layer conv4 --unit 10 --steps 8 --out unit10.png",
        ],
    ),
    (
        "invariance",
        &[
            "invariance photo.jpg --network photonet --change rotate --out curves.png",
            "invariance pictures --network photonet --change shift --out shift.png",
        ],
    ),
    ("invert", &["invert photo.jpg --network photonet --layer relu3 --steps 8 --out seen.png"]),
    ("tour", &["tour photo.jpg --network photonet --quick --out tour"]),
    (
        "evaluate",
        &[
            "evaluate pictures --network photonet",
            "evaluate pictures --network photonet --out evaluation --csv pictures.csv",
        ],
    ),
    (
        "ablate",
        &[
            "ablate pictures --network photonet --remove relu4 --remove conv5,relu5 --with mean --out table.png",
            "ablate photo.jpg --network resnet18 --weights synthetic:0 --remove layer1.1 --with identity",
            "ablate pictures --network photonet --units relu5 --class espresso --out units.png",
            "ablate cifar --network resnet20 --drop-blocks 2 --out curve.png",
        ],
    ),
    ("index", &["index pictures --network photonet"]),
    (
        "top",
        &[
            "top pictures --network photonet --layer conv5 --unit 92 --out top.png",
            "top pictures --network photonet --layer conv2 --out sheet.png",
            "top pictures --network photonet --layer conv5 --unit 92 --unit 3 --unit 7 --out three.png",
            "top pictures --network photonet --layer conv5 --unit 92 --by relevance --class espresso --json",
        ],
    ),
    ("atlas", &["atlas pictures --network photonet --layer conv1 --out atlas"]),
    ("probe", &["probe pictures --network photonet --layer conv5"]),
    ("nearest", &["nearest pictures photo.jpg --network photonet --layer conv5"]),
    ("embed", &["embed pictures --network photonet --layer conv5 --by pca --out map.png"]),
    (
        "train",
        &[
            "train --network lenet5 --data pictures --epochs 2 --out run",
            "train --data pictures --out run --resume",
            "train --from photonet --data pictures --head-only --epochs 1 --out tuned --json",
            "train --from photonet --data pictures --remove conv4,relu4 --epochs 1 --out without4",
        ],
    ),
    ("transfer", &["transfer --from photonet --data pictures --epochs 1 --out transfer"]),
    (
        "evolve",
        &[
            "evolve lenet5_modern --layer conv1 --out filters.png --film film.png",
            "evolve run --layer C3 --unit 5 --pictures pictures --out unit5.png",
        ],
    ),
    ("fetch", &["fetch resnet50"]),
    ("board", &["board game.sgf --move 40 --network alphago_policy_192 --out board.png"]),
    ("bench", &["bench photonet --runs 3", "bench lenet5 --runs 3 --batch 1,2,4,8 --plot batches.png"]),
    ("completions", &["completions bash"]),
    ("man", &["man man1"]),
];
