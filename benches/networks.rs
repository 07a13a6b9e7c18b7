//! How fast networks run: forward, and forward with the input gradient of a score, on synthetic weights.
//! `cargo bench --bench networks -- vgg16 resnet18 [--json] [--runs 20] [--threads 2] [--engine candle] [--profile]`
#![allow(missing_docs, clippy::unwrap_used)]

use candle_core::{Device, Tensor};
use std::{sync::Arc, time::Instant};
use striate::{
    net::{Engine, Network, Rule},
    watch::Watch,
    weights, zoo,
};

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let value = |name: &str| {
        arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1)).and_then(|v| v.parse().ok())
    };
    let runs: usize = value("--runs").unwrap_or(20);
    if let Some(threads) = value("--threads") {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().unwrap();
    }
    let engine = if arguments.iter().any(|a| a == "candle") { Engine::Candle } else { Engine::Fast };
    for card in zoo::ZOO.iter().filter(|card| arguments.iter().any(|a| a == card.name)) {
        let size = value("--size").unwrap_or(card.size());
        let graph = (card.build)(size).unwrap();
        let tensors = weights::synthetic(&graph, 0).unwrap();
        let network = Network::new(graph, tensors, "synthetic", &Device::Cpu).unwrap().with_engine(engine);
        let network = Arc::new(network);
        let input = weights::picture(3, size, 0).unwrap();
        let batch: usize = value("--batch").unwrap_or(1);
        let input = Tensor::cat(&vec![&input; batch], 0).unwrap();
        let scores = network.graph().scores();
        let forward = || network.forward(&input, &Watch::default()).unwrap();
        let both = || {
            let trace = forward();
            let seed = trace.seed(scores, [1, 0, 0], 1.0).unwrap();
            trace.reverse(scores, &seed, 0, &Rule::Gradient.into()).unwrap();
        };
        let timed = |f: &dyn Fn()| {
            let start = Instant::now();
            f();
            start.elapsed().as_secs_f64() * 1e3
        };
        if arguments.iter().any(|a| a == "--turns") {
            // For against_pytorch.py: a count in, the times of as many runs out.
            for line in std::io::stdin().lines() {
                let count: usize = line.unwrap().trim().parse().unwrap();
                let run = |f: &dyn Fn()| (0..count).map(|_| timed(f)).collect::<Vec<f64>>();
                println!("{}", serde_json::json!({ "forward": run(&|| drop(forward())), "gradient": run(&both) }));
            }
            return;
        }
        let first = timed(&|| drop(forward()));
        let first_both = timed(&both);
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..runs {
            times[0].push(timed(&|| drop(forward())));
            times[1].push(timed(&both));
        }
        let least = times.each_ref().map(|t| t.iter().copied().fold(f64::MAX, f64::min));
        let [forward, both] = times.map(median);
        let macs: u64 = network.graph().costs().iter().map(|cost| cost.macs).sum();
        let rate = 2e-6 * (macs * batch as u64) as f64 / forward;
        println!(
            "{}: forward {forward:.1} ms (least {:.1}, first {first:.0}), with gradient {both:.1} ms (least {:.1}, \
             first {first_both:.0}), {rate:.0} GFLOP/s forward",
            card.name, least[0], least[1]
        );
    }
}
