//! The command line: one file a subcommand, over the same engine as the window.
//!
//! A subcommand computes, writes its files and returns the text for standard output; printing, error messages and
//! exit codes are here alone. Exit code 2 is a mistake in what was asked, 1 everything else that went wrong.
//!
//! Architecture invariant: this room knows no window; `main.rs` hands one in.

mod ablate;
mod activations;
mod args;
mod bench;
mod board;
mod cam;
mod checks;
mod choice;
mod classify;
mod console;
mod dataset;
mod deconvnet;
mod evaluate;
mod evolve;
mod examples;
mod explain;
mod fetch;
mod filters;
mod invariance;
mod invert;
mod labelled;
mod layers;
mod manual;
mod maximise;
mod networks;
mod object;
mod output;
mod panic_hook;
mod prepare;
mod saliency;
mod sheet;
mod synthesis;
mod table;
mod target;
mod tiles;
mod tour;
mod train;
mod transfer;
mod units;
mod window;

pub use window::{Wanted, Window};

use crate::{Error, Result, paths::printable};
use clap::{FromArgMatches, Parser, Subcommand, error::ErrorKind};
use console::Console;
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// See, layer by layer, what a convolutional network does with a picture.
///
/// Without a subcommand a window opens. IMAGE is a file or sample:NAME.
#[derive(Parser)]
#[command(name = "striate", version, args_conflicts_with_subcommands = true, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Option<CliCommand>,
    #[command(flatten)]
    window: window::Args,
    /// Print nothing on standard error but errors: no progress bar, no notes
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Subcommand)]
enum CliCommand {
    Networks(networks::Args),
    Layers(layers::Args),
    Classify(classify::Args),
    Activations(activations::Args),
    Filters(filters::Args),
    Saliency(saliency::Args),
    Cam(cam::Args),
    Units(units::Args),
    Deconvnet(deconvnet::Args),
    Maximise(maximise::Args),
    Invariance(invariance::Args),
    Invert(invert::Args),
    Tour(tour::Args),
    Evaluate(evaluate::Args),
    Ablate(ablate::Args),
    Index(dataset::IndexArgs),
    Top(dataset::TopArgs),
    Atlas(dataset::AtlasArgs),
    Probe(dataset::ProbeArgs),
    Nearest(dataset::NearestArgs),
    Embed(dataset::EmbedArgs),
    Train(train::Args),
    Transfer(transfer::Args),
    Evolve(evolve::Args),
    Fetch(fetch::Args),
    Board(board::Args),
    Bench(bench::Args),
    Completions(manual::CompletionsArgs),
    Man(manual::ManArgs),
}

impl CliCommand {
    /// Runs it; the text is what goes to standard output.
    fn run(&self, console: &Console) -> Result<String> {
        match self {
            CliCommand::Networks(args) => networks::run(args),
            CliCommand::Layers(args) => layers::run(args, console),
            CliCommand::Classify(args) => classify::run(args, console),
            CliCommand::Activations(args) => activations::run(args, console),
            CliCommand::Filters(args) => filters::run(args, console),
            CliCommand::Saliency(args) => saliency::run(args, console),
            CliCommand::Cam(args) => cam::run(args, console),
            CliCommand::Units(args) => units::run(args, console),
            CliCommand::Deconvnet(args) => deconvnet::run(args, console),
            CliCommand::Maximise(args) => maximise::run(args, console),
            CliCommand::Invariance(args) => invariance::run(args, console),
            CliCommand::Invert(args) => invert::run(args, console),
            CliCommand::Tour(args) => tour::run(args, console),
            CliCommand::Evaluate(args) => evaluate::run(args, console),
            CliCommand::Ablate(args) => ablate::run(args, console),
            CliCommand::Index(args) => dataset::index(args, console),
            CliCommand::Top(args) => dataset::top(args, console),
            CliCommand::Atlas(args) => dataset::atlas(args, console),
            CliCommand::Probe(args) => dataset::probe(args, console),
            CliCommand::Nearest(args) => dataset::nearest(args, console),
            CliCommand::Embed(args) => dataset::embed(args, console),
            CliCommand::Train(args) => train::run(args, console),
            CliCommand::Transfer(args) => transfer::run(args, console),
            CliCommand::Evolve(args) => evolve::run(args, console),
            CliCommand::Fetch(args) => fetch::run(args, console),
            CliCommand::Board(args) => board::run(args, console),
            CliCommand::Bench(args) => bench::run(args, console),
            CliCommand::Completions(args) => manual::completions(args),
            CliCommand::Man(args) => manual::man(args),
        }
    }
}

/// Reads the arguments, does what they say and returns the exit code. `window` shows the window, in builds that have
/// one.
pub fn main(window: Option<Window>) -> ExitCode {
    panic_hook::hold_panics();
    let done = panic_hook::catching(|| {
        let command = manual::command();
        let arguments = prepare::without_double_meaning(&command, std::env::args_os());
        let parsed = command.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
        let cli = match parsed {
            Ok(cli) => cli,
            Err(error) => return refuse(&error),
        };
        let text = match cli.command {
            None => window::run(cli.window, window).map(|()| String::new()),
            Some(command) => {
                let console = Console::new(cli.quiet);
                let text = command.run(&console);
                console.clear();
                text
            }
        };
        text.and_then(|text| print(&text)).map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS)
    });
    done.unwrap_or_else(|panicked| {
        complain(&panicked);
        ExitCode::FAILURE
    })
}

/// Writes to standard output. A reader that closes it early, as `head` does, is no error.
fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(printable(text).as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::Failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

fn fail(error: &Error) -> ExitCode {
    complain(&error.to_string());
    match error {
        Error::Usage(_) => ExitCode::from(2),
        Error::Cancelled => ExitCode::from(console::CANCELLED as u8),
        _ => ExitCode::FAILURE,
    }
}

/// Prints one line on standard error; a failure to print it is ignored.
fn complain(message: &str) {
    let line = printable(&message.split_whitespace().collect::<Vec<_>>().join(" "));
    let _ = writeln!(io::stderr(), "striate: {line}");
}

/// Prints clap's answer where there are no arguments to run: help, the version, or an error as one line.
fn refuse(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    // A value that this crate's own parsers refuse: their sentence stands alone.
    if let Some(own) = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Error>()) {
        return fail(own);
    }
    let text = error.render().to_string();
    let lines = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    let noise = |line: &&str| line.is_empty() || line.starts_with("For more") || line.starts_with("tip: to pass");
    let said: Vec<&str> = lines.filter(|line| !noise(line)).collect();
    complain(&said.join(" ").trim_start_matches("error: ").replace(" tip: ", "; "));
    ExitCode::from(2)
}
