//! Every network of the zoo: its graph builds, its numbers are the published ones, and it runs both ways.
#![allow(clippy::unwrap_used, clippy::panic)]

use serde::Deserialize;
use std::collections::BTreeMap;
use striate::{
    net::{Cost, Graph},
    zoo::{self, Card, ZOO},
};

fn graph(card: &Card) -> Graph {
    (card.build)(card.size()).unwrap_or_else(|error| panic!("{}: {error}", card.name))
}

/// Learned weights, with auxiliary classifiers and without, and multiply-adds without.
fn totals(graph: &Graph) -> [u64; 3] {
    let (costs, auxiliary) = (graph.costs(), graph.auxiliary());
    let sum = |of: fn(&Cost) -> u64, all: bool| {
        costs.iter().zip(&auxiliary).filter(|&(_, &side)| all || !side).map(|(cost, _)| of(cost)).sum()
    };
    [sum(|c| c.parameters, true), sum(|c| c.parameters, false), sum(|c| c.macs, false)]
}

/// What tests/make_networks.py writes of a network of torchvision.
#[derive(Deserialize)]
struct Published {
    /// Learned weights, auxiliary classifiers included.
    parameters: u64,
    /// Billions of multiply-adds, rounded to three places.
    gmacs: f64,
    /// FNV-1a of "key shape" of every floating-point entry of the state dict, sorted, a line each.
    keys: String,
    /// FNV-1a of torch.fx's node names (get_graph_node_names), a line each.
    nodes: String,
}

fn fnv1a(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    format!("{hash:016x}")
}

#[test]
fn names_weights_and_sums_are_torchvisions() {
    let text = include_str!("data/networks/torchvision.json");
    let published: BTreeMap<String, Published> = serde_json::from_str(text).unwrap();
    assert_eq!(published.len(), 25);
    for (name, published) in published {
        let graph = graph(zoo::find(&name).unwrap());
        let [parameters, _, macs] = totals(&graph);
        assert_eq!(parameters, published.parameters, "{name}");
        let gmacs = (macs as f64 / 1e6).round() / 1e3;
        assert!((gmacs - published.gmacs).abs() < 1e-9, "{name}: {gmacs} and {} billion", published.gmacs);
        let keys = graph.parameters().into_iter().map(|(key, (shape, _))| format!("{key} {shape:?}\n"));
        let keys: String = keys.collect();
        let auxiliary = graph.auxiliary();
        let main = graph.nodes().iter().zip(auxiliary).filter(|(_, side)| !side).map(|(node, _)| node.name.as_str());
        // torchvision's networks end in scores, and its GoogLeNets' dropout and rectifiers stand where ours do.
        let nodes: String = main.skip(1).filter(|&name| name != "softmax").map(|name| format!("{name}\n")).collect();
        if let Ok(folder) = std::env::var("STRIATE_DUMP") {
            std::fs::write(format!("{folder}/{name}.keys"), &keys).unwrap();
            std::fs::write(format!("{folder}/{name}.nodes"), &nodes).unwrap();
        }
        assert_eq!(fnv1a(&keys), published.keys, "{name}: names or shapes of weights");
        assert_eq!(fnv1a(&nodes), published.nodes, "{name}: names of layers");
        println!("{name}: {parameters} parameters, {gmacs} billion multiply-adds");
    }
}
