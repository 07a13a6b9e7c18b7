//! The memory of the engine while networks are opened one after another, as a person does who compares them.
#![allow(clippy::unwrap_used, clippy::panic)]
#![cfg(target_os = "linux")]

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};
use striate::{
    engine::{DeviceChoice, Engine, Event, Model, Opening, PictureSource, Request, Run},
    weights::Source,
};

/// A line of /proc/self/status, in MB.
fn status(name: &str) -> usize {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() * 1024 / 1_000_000
}

/// The engine with what a window holds of it: the newest model and run.
struct Held {
    engine: Engine,
    model: Option<Arc<Model>>,
    run: Option<Arc<Run>>,
}

impl Held {
    /// Sends a request and waits until it is done.
    fn ask(&mut self, request: Request) {
        self.engine.request(request);
        let start = Instant::now();
        loop {
            match self.engine.poll() {
                Some(Event::Model(model)) => self.model = Some(model),
                Some(Event::Run(run)) => self.run = Some(run),
                Some(Event::Failed(_, why)) => panic!("{why}"),
                Some(_) => {}
                None if self.engine.is_idle() => return,
                None => std::thread::sleep(Duration::from_millis(5)),
            }
            assert!(start.elapsed() < Duration::from_secs(200));
        }
    }
}

#[test]
fn ten_networks_one_after_another_leave_little_behind() {
    let engine = Engine::start(DeviceChoice::Cpu, || {}).unwrap();
    let mut held = Held { engine, model: None, run: None };
    let opening = |name: &str, weights| Opening { weights, ..Opening::of(name) };
    held.ask(Request::Open(opening("photonet", Source::Shipped)));
    held.ask(Request::Picture(PictureSource::Named("sample:chelsea".into())));
    // All ten take a minute; the others of the suite are shorter.
    let all = std::env::var_os("STRIATE_TEN").is_some();
    let names = [
        "alexnet",
        "zfnet",
        "vgg11",
        "resnet50",
        "wide_resnet50_2",
        "densenet121",
        "inception_v3",
        "vgg11_bn",
        "resnext50_32x4d",
        "alexnet_2012",
    ];
    let mut largest = 0;
    for name in names.into_iter().take(if all { 10 } else { 2 }).chain(["photonet"]) {
        // The peak from here on.
        fs::write("/proc/self/clear_refs", "5").unwrap();
        let before = status("VmRSS:");
        let weights = if name == "photonet" { Source::Shipped } else { Source::Synthetic(0) };
        held.ask(Request::Open(opening(name, weights)));
        // Freed memory goes back to the system a second after the last request.
        std::thread::sleep(Duration::from_millis(1300));
        let (after, peak) = (status("VmRSS:"), status("VmHWM:"));
        println!("{name}: {before} MB before, {peak} MB while it opened, {after} MB when it was open");
        largest = largest.max(after);
        if name == "photonet" {
            assert!(after < 400, "{after} MB on photonet after ten networks");
        }
        assert!(peak * 10 < largest.max(before).max(400) * 23, "{name}: {peak} MB at once, {largest} MB the largest");
    }
}
