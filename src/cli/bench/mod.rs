//! `striate bench`: how fast networks run on this machine.

mod clock;
mod profile;
mod subject;

use super::{
    args::{ComputeArgs, path},
    choice::NetworkChoice,
    console::Console,
    output::check_picture,
    table::Table,
};
use crate::{
    Error, Result,
    figures::{ChartAxis, Series, line_chart, to_json, words::thousands},
    kernels::blocked::Isa,
    paint::write_picture,
    weights::Source,
    zoo::DEFAULT,
};
use clock::{median, peak_megabytes};
use image::RgbaImage;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::PathBuf,
};
use subject::{BenchSubject, TASKS, Task};

/// Measure how fast networks run here
#[derive(clap::Args)]
pub(super) struct Args {
    /// The networks: names, or files (ONNX, torch.export, Keras)
    #[arg(value_name = "NETWORK|FILE", value_parser = NetworkChoice::from_user, default_value = DEFAULT.name)]
    networks: Vec<NetworkChoice>,
    #[arg(long, value_name = "TASK", value_delimiter = ',', value_parser = subject::find, default_value = "forward,gradient",
        help = format!("What to measure: {}", TASKS.iter().map(|task| task.name).collect::<Vec<_>>().join(", ")))]
    tasks: Vec<&'static Task>,
    /// How often each task runs, after one run that is not counted
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Threads that compute [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Pictures at once, for forward and gradient; several numbers are measured one after the other
    #[arg(long, value_name = "N,...", value_delimiter = ',', default_value = "1", value_parser = clap::value_parser!(u16).range(1..=256))]
    batch: Vec<u16>,
    /// Draw the time of a picture in the forward pass against the pictures at once
    #[arg(long, value_name = "CHART.png", value_parser = path())]
    plot: Option<PathBuf>,
    /// Weights from a file, or made up from a seed: speed does not depend on them
    #[arg(long, value_name = "FILE|synthetic:SEED", default_value = "synthetic:0", value_parser = str::parse::<Source>)]
    weights: Source,
    #[command(flatten)]
    compute: ComputeArgs,
    /// The instruction set of the fast engine: avx512, avx2 or portable [default: the best this CPU has]
    #[arg(long, value_name = "NAME", value_parser = Isa::named)]
    isa: Option<Isa>,
    /// Add the time by kind of layer
    #[arg(long)]
    profile: bool,
    /// Count the CPU time of all threads, not the clock's: for a machine that others use too
    #[arg(long)]
    cpu: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// For benches/against_pytorch.py: a line with a count in, a line with the times of as many runs out
    #[arg(long, hide = true)]
    turns: bool,
}

#[derive(Serialize)]
struct BenchRow {
    network: String,
    engine: &'static str,
    isa: Option<&'static str>,
    size: usize,
    batch: u16,
    /// By task.
    milliseconds: BTreeMap<&'static str, Times>,
    /// Of the forward pass: two operations a multiply-add.
    gflops: Option<f64>,
    /// The most memory that the process held for this network, its weights included.
    peak_megabytes: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<[profile::Profile; 2]>,
}

#[derive(Serialize)]
struct Times {
    /// Of the run that is not counted: it prepares weights.
    first: f64,
    median: f64,
    least: f64,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    if let Some(threads) = args.threads {
        let built = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
        built.map_err(|error| Error::Failed(format!("cannot compute on {threads} threads: {error}")))?;
    }
    check_picture("--plot", args.plot.as_deref())?;
    if args.plot.is_some() && !args.tasks.iter().any(|task| task.name == "forward") {
        return Err(Error::Usage("--plot draws the forward pass, which --tasks leaves out".into()));
    }
    let mut rows = Vec::new();
    for (choice, &batch) in args.networks.iter().flat_map(|choice| args.batch.iter().map(move |batch| (choice, batch)))
    {
        clock::forget_peak();
        let subject = BenchSubject::new(choice, batch, args, console)?;
        if args.turns {
            return take_turns(&subject, console);
        }
        rows.push(measure(choice, batch, &subject, args, console)?);
    }
    if let Some(path) = &args.plot {
        let texts = [("Shows", "milliseconds of a picture in the forward pass by pictures at once".into())];
        write_picture(path, &plotted(&rows)?, &texts)?;
    }
    if args.json { to_json(&serde_json::json!({ "rows": rows })) } else { Ok(text(&rows)) }
}

/// Milliseconds of a picture against the pictures at once, a line a network.
fn plotted(rows: &[BenchRow]) -> Result<RgbaImage> {
    let mut lines: Vec<Series> = Vec::new();
    for row in rows {
        let Some(times) = row.milliseconds.get("forward") else { continue };
        let point = [f64::from(row.batch), times.median / f64::from(row.batch)];
        match lines.iter_mut().find(|line| line.name == row.network) {
            Some(line) => line.points.push(point),
            None => lines.push(Series { name: row.network.clone(), points: vec![point] }),
        }
    }
    let most = lines.iter().flat_map(|line| &line.points).map(|point| point[1]).fold(0.0, f64::max);
    let x = ChartAxis { name: "pictures at once".into(), range: None };
    let y = ChartAxis { name: "milliseconds a picture, forward".into(), range: Some([0.0, most * 1.1]) };
    line_chart("Time of a picture by the pictures at once", &x, &y, &lines)
}

fn measure(
    choice: &NetworkChoice,
    batch: u16,
    subject: &BenchSubject,
    args: &Args,
    console: &Console,
) -> Result<BenchRow> {
    let mut milliseconds = BTreeMap::new();
    for task in &args.tasks {
        console.stage(&format!("{}: {}", choice.name(), task.name));
        let mut times = Vec::new();
        for run in 0..=args.runs {
            console.watch().at(run.into(), usize::from(args.runs) + 1)?;
            times.push(subject.time(task, console.watch())?);
        }
        let first = times.remove(0);
        let least = times.iter().copied().fold(f64::MAX, f64::min);
        milliseconds.insert(task.name, Times { first, median: median(&mut times), least });
    }
    let network = &subject.network;
    let operations = 2 * network.graph().costs().iter().map(|cost| cost.macs).sum::<u64>() * u64::from(batch);
    Ok(BenchRow {
        network: choice.name(),
        engine: network.backend().name(),
        isa: network.isa().map(Isa::name),
        size: network.graph().input_shape()[1],
        batch,
        gflops: milliseconds.get("forward").map(|times| operations as f64 / (1e6 * times.median)),
        milliseconds,
        peak_megabytes: peak_megabytes(),
        profile: if args.profile { Some(profile::of(subject, args.runs.into())?) } else { None },
    })
}

fn take_turns(subject: &BenchSubject, console: &Console) -> Result<String> {
    for line in io::stdin().lines() {
        let line = line.map_err(|error| Error::Failed(format!("cannot read how often to run: {error}")))?;
        let count: usize =
            line.trim().parse().map_err(|_| Error::Usage(format!("'{line}' does not say how often to run")))?;
        let times = |name| -> Result<Vec<f64>> {
            let task = subject::find(name)?;
            (0..count).map(|_| subject.time(task, console.watch())).collect()
        };
        let answer = serde_json::json!({ "forward": times("forward")?, "gradient": times("gradient")? });
        // Whoever reads this waits for the line.
        let mut out = io::stdout();
        writeln!(out, "{answer}").and_then(|()| out.flush()).map_err(|_| Error::Cancelled)?;
    }
    Ok(String::new())
}

fn text(rows: &[BenchRow]) -> String {
    let mut table = Table::new(&[
        "network",
        "task",
        ">batch",
        ">median ms",
        ">least ms",
        ">first ms",
        ">GFLOP/s",
        ">peak MB",
        "engine",
    ]);
    for row in rows {
        let engine = row.isa.map_or_else(|| row.engine.to_owned(), |isa| format!("{} {isa}", row.engine));
        for (name, times) in &row.milliseconds {
            let rate = row.gflops.filter(|_| *name == "forward").map_or_else(String::new, |rate| format!("{rate:.0}"));
            let peak = row.peak_megabytes.map_or_else(String::new, |peak| thousands(peak as u64));
            let [median, least, first] = [times.median, times.least, times.first].map(|ms| format!("{ms:.1}"));
            let name = (*name).to_owned();
            table.row([
                row.network.to_owned(),
                name,
                row.batch.to_string(),
                median,
                least,
                first,
                rate,
                peak,
                engine.clone(),
            ]);
        }
    }
    let profiles = rows.iter().filter_map(|row| {
        let [forward, reverse] = row.profile.as_ref()?;
        Some(format!("\n{}, forward\n{}\n{}, reverse\n{}", row.network, forward.text(), row.network, reverse.text()))
    });
    table.render() + &profiles.collect::<String>()
}
