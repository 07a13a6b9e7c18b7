//! How fast networks run on synthetic weights: forward, and forward with the input gradient of a score.
//!
//!     cargo bench --bench networks -- vgg16 resnet50 [--runs 20] [--threads 2] [--batch 1] [--size PIXELS]
//!                                     [--engine candle] [--json] [--profile] [--cpu]
//!
//! `--profile` adds the share of time by kind of layer. `--cpu` counts the process's CPU time instead of the clock's:
//! with `--threads 1` on a machine that others use too, that is the time a free core would take. `STRIATE_ISA` chooses
//! the instruction set.
#![allow(missing_docs, clippy::unwrap_used)]

use candle_core::{Device, Tensor};
use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex},
    time::Instant,
};
use striate::{
    kernels::blocked::Isa,
    net::{Engine, Graph, Network, NodeId, Op, Reverse},
    watch::Watch,
    weights, zoo,
};

struct Options(Vec<String>);

impl Options {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|argument| argument == name)
    }
    fn number(&self, name: &str) -> Option<usize> {
        let at = self.0.iter().position(|argument| argument == name)?;
        self.0.get(at + 1)?.parse().ok()
    }
}

/// Milliseconds that all threads of this process have run.
fn cpu_ms() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let ran = tasks.filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
    ran.filter_map(|text| text.split(' ').next()?.parse::<f64>().ok()).sum::<f64>() * 1e-6
}

/// The most memory this process has held, in megabytes.
fn peak_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// A stopwatch for either kind of time.
struct Stopwatch {
    cpu: bool,
    start: Instant,
    cpu_start: f64,
}

impl Stopwatch {
    fn new(cpu: bool) -> Self {
        Stopwatch { cpu, start: Instant::now(), cpu_start: if cpu { cpu_ms() } else { 0.0 } }
    }
    fn ms(&self) -> f64 {
        if self.cpu { cpu_ms() - self.cpu_start } else { self.start.elapsed().as_secs_f64() * 1e3 }
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// One network with its input, ready to run.
struct Subject {
    network: Arc<Network>,
    input: Tensor,
    cpu: bool,
}

impl Subject {
    fn new(card: &zoo::Card, options: &Options) -> Self {
        let size = options.number("--size").unwrap_or(card.size());
        let graph = (card.build)(size).unwrap();
        let channels = graph.input_shape()[0];
        let tensors = weights::synthetic(&graph, 0).unwrap();
        let engine = if options.has("candle") { Engine::Candle } else { Engine::Fast };
        let network = Network::new(graph, tensors, "synthetic", &Device::Cpu).unwrap().with_engine(engine);
        let input = weights::picture(channels, size, 0).unwrap();
        let batch = options.number("--batch").unwrap_or(1);
        let input = Tensor::cat(&vec![&input; batch], 0).unwrap();
        Subject { network: Arc::new(network), input, cpu: options.has("--cpu") }
    }

    fn forward(&self) {
        self.network.forward(&self.input, &Watch::default()).unwrap();
    }

    fn gradient(&self) {
        self.watched(&Watch::default(), &Watch::default());
    }

    fn watched(&self, forward: &Watch, reverse: &Watch) {
        let trace = self.network.forward(&self.input, forward).unwrap();
        let scores = self.network.graph().scores();
        let seed = trace.seed(scores, [1, 0, 0], 1.0).unwrap();
        let how = Reverse { watch: reverse.clone(), ..Reverse::default() };
        trace.reverse(scores, &seed, 0, &how).unwrap();
    }

    fn times(&self, count: usize, f: impl Fn(&Self)) -> Vec<f64> {
        (0..count)
            .map(|_| {
                let watch = Stopwatch::new(self.cpu);
                f(self);
                watch.ms()
            })
            .collect()
    }

    /// Milliseconds by kind of layer, forward and reverse: the least of `runs` for every node.
    fn profile(&self, runs: usize) -> [BTreeMap<String, f64>; 2] {
        let graph = self.network.graph();
        let nodes = graph.nodes().len();
        let scores = graph.scores();
        let mut least = [vec![f64::MAX; nodes], vec![f64::MAX; nodes]];
        for _ in 0..runs {
            let seen = [0, 1].map(|_| Arc::new(Mutex::new(Vec::new())));
            let cpu = self.cpu;
            let watches = seen.each_ref().map(|seen| {
                let (seen, watch) = (Arc::clone(seen), Stopwatch::new(cpu));
                Watch::reporting(move |_| seen.lock().unwrap().push(watch.ms()))
            });
            self.watched(&watches[0], &watches[1]);
            for (direction, seen) in seen.iter().enumerate() {
                for (step, pair) in seen.lock().unwrap().windows(2).enumerate() {
                    let node = if direction == 0 { step + 1 } else { scores - step };
                    least[direction][node] = least[direction][node].min(pair[1] - pair[0]);
                }
            }
        }
        least.map(|least| {
            let mut kinds = BTreeMap::new();
            for (node, ms) in least.iter().enumerate().filter(|(_, ms)| **ms < f64::MAX) {
                *kinds.entry(kind(graph, node)).or_insert(0.0) += ms;
            }
            kinds
        })
    }
}

/// What a node is, for a profile. The fast engine runs a convolution with the rectifier behind it, at the rectifier.
fn kind(graph: &Graph, node: NodeId) -> String {
    let mut at = node;
    while matches!(graph.node(at).op, Op::Relu | Op::BatchNorm { .. } | Op::Add) {
        at = graph.node(at).inputs[0];
    }
    match &graph.node(at).op {
        Op::Conv(conv) => {
            let [channels, height, _] = graph.node(graph.node(at).inputs[0]).extent();
            let [rows, columns] = conv.kernel;
            let first = if channels <= 4 { " first" } else { "" };
            let small = if height <= 14 { " small" } else { "" };
            let groups = if conv.groups > 1 { " grouped" } else { "" };
            format!("{rows}x{columns} stride {}{first}{groups}{small}", conv.stride)
        }
        _ => graph.node(node).op.kind().to_owned(),
    }
}

fn main() {
    let options = Options(std::env::args().skip(1).collect());
    let runs = options.number("--runs").unwrap_or(20);
    if let Some(threads) = options.number("--threads") {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().unwrap();
    }
    for card in zoo::ZOO.iter().filter(|card| options.has(card.name)) {
        let subject = Subject::new(card, &options);
        if options.has("--turns") {
            // For against_pytorch.py: a count in, the times of as many runs out.
            for line in std::io::stdin().lines() {
                let count = line.unwrap().trim().parse().unwrap();
                let [forward, gradient] = [Subject::forward, Subject::gradient].map(|f| subject.times(count, f));
                println!("{}", serde_json::json!({ "forward": forward, "gradient": gradient }));
            }
            return;
        }
        let first = [Subject::forward, Subject::gradient].map(|f| subject.times(1, f)[0]);
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..runs {
            times[0].extend(subject.times(1, Subject::forward));
            times[1].extend(subject.times(1, Subject::gradient));
        }
        let least = times.each_ref().map(|t| t.iter().copied().fold(f64::MAX, f64::min));
        let medians = times.map(median);
        let macs: u64 = subject.network.graph().costs().iter().map(|cost| cost.macs).sum();
        let rate = 2e-6 * macs as f64 * subject.input.dim(0).unwrap() as f64 / medians[0];
        let (name, isa, peak) = (card.name, Isa::best().name(), peak_mb());
        if options.has("--json") {
            let ms = serde_json::json!({ "first": first, "median": medians, "least": least });
            println!(
                "{}",
                serde_json::json!({ "network": name, "isa": isa, "ms": ms, "gflops": rate, "peak_mb": peak })
            );
        } else {
            let [forward, gradient] =
                [0, 1].map(|i| format!("{:.1} ms (least {:.1}, first {:.0})", medians[i], least[i], first[i]));
            println!("{name} ({isa}): {forward}, with gradient {gradient}, {rate:.0} GFLOP/s, {peak:.0} MB");
        }
        if options.has("--profile") {
            for (what, kinds) in ["forward", "reverse"].iter().zip(subject.profile(runs)) {
                let sum: f64 = kinds.values().sum();
                let mut kinds: Vec<_> = kinds.into_iter().collect();
                kinds.sort_by(|a, b| b.1.total_cmp(&a.1));
                let rows = kinds.iter().filter(|(_, ms)| ms / sum > 0.005);
                let rows: Vec<_> =
                    rows.map(|(kind, ms)| format!("{kind} {ms:.1} ({:.0}%)", 100.0 * ms / sum)).collect();
                println!("  {what} {sum:.1} ms: {}", rows.join(", "));
            }
        }
    }
}
