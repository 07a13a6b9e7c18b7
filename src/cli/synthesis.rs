//! Shared by `maximise` and `invert`: flags made from the parameters, and a run with its progress.

use super::console::Console;
use crate::{
    Error, Result,
    engine::{Model, Run},
    figures::ClassFacts,
    methods::{Kind, Parameter, Settings},
    synthesis::{self, Canvas, Images, PARAMETERS, PRESETS, Preset, Recipe, Term},
};
use clap::{Arg, ArgMatches, Command, FromArgMatches};
use std::sync::Arc;

/// A sum of goals with the words for it.
pub(super) struct NamedGoal {
    pub terms: Vec<Term>,
    pub words: String,
}

/// `--preset` and a flag for every parameter.
pub(super) struct SynthesisArgs {
    /// The preset that was asked for.
    pub preset: Option<&'static Preset>,
    set: Vec<(&'static Parameter, String)>,
}

impl SynthesisArgs {
    /// The preset, or the one called `usual`.
    pub fn preset(&self, usual: &str) -> Result<&'static Preset> {
        self.preset.map_or_else(|| synthesis::find(usual), Ok)
    }

    /// The preset's settings with `usual` over them, and over all what was asked for.
    pub fn settings(&self, preset: &Preset, usual: &[&str]) -> Result<Settings> {
        let mut settings = preset.settings()?;
        for (name, value) in usual.iter().filter_map(|text| text.split_once('=')) {
            PARAMETERS.iter().filter(|p| p.name == name).try_for_each(|parameter| settings.set(parameter, value))?;
        }
        for (parameter, value) in &self.set {
            settings.set(parameter, value)?;
        }
        Ok(settings)
    }
}

/// The presets, for help texts.
pub(super) fn about_presets() -> String {
    let about = |preset: &Preset| format!("  {} ({})\n      {}\n", preset.name, preset.paper, preset.about);
    format!("Presets:\n{}", PRESETS.iter().map(about).collect::<String>())
}

/// The present pictures of a run, as the network reads them, clipped and rounded as a file holds them.
pub(super) fn run(
    canvas: &mut Canvas,
    console: &Console,
    mut frame: impl FnMut(&Canvas) -> Result<()>,
) -> Result<Images> {
    canvas.finish(console.watch(), |canvas, measure| {
        let probability = measure.probability.map_or_else(String::new, |p| format!("  p {p:.3}"));
        let (step, steps) = (canvas.step_number(), canvas.steps());
        console.say(format!("step {step}/{steps}  score {:.3}{probability}", measure.value));
        frame(canvas)
    })?;
    Ok(canvas.saved())
}

/// The synthesis that a recipe describes.
pub(super) fn canvas(model: &Model, recipe: Recipe) -> Result<Canvas> {
    Canvas::new(recipe, model.preprocess.clone(), Arc::clone(&model.network))
}

/// The network's answer for the first picture as a file holds it.
pub(super) fn class_facts(model: &Arc<Model>, images: &Images, class: usize, console: &Console) -> Result<ClassFacts> {
    let first = images.tensor(model.network.device())?.narrow(0, 0, 1)?;
    Ok(ClassFacts::of(&Run::tensor(model, first, console.watch())?, class))
}

impl clap::Args for SynthesisArgs {
    fn augment_args(command: Command) -> Command {
        let names = PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ");
        let preset = Arg::new("preset")
            .long("preset")
            .value_name("PRESET")
            .value_parser(synthesis::find)
            .help(format!("Published settings, or Striate's own: {names}"));
        command.next_help_heading("Synthesis").arg(preset).args(PARAMETERS.iter().map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SynthesisArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given =
            |parameter: &'static Parameter| Some((parameter, matches.get_one::<String>(parameter.name)?.clone()));
        let set = PARAMETERS.iter().filter_map(given).collect();
        Ok(SynthesisArgs { preset: matches.get_one::<&'static Preset>("preset").copied(), set })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn flag(parameter: &'static Parameter) -> Arg {
    let (name, values) = match parameter.kind {
        Kind::Number { low, high, default } => ("X", format!("{low} to {high}; {default}")),
        Kind::Count { low, high, default } => ("N", format!("{low} to {high}; {default}")),
        Kind::Choice(options) => ("WORD", options.join(", ")),
    };
    let unit = if parameter.unit.is_empty() { String::new() } else { format!(" {}", parameter.unit) };
    let check = move |text: &str| -> Result<String, Error> {
        Settings::new().set(parameter, text)?;
        Ok(text.to_owned())
    };
    let help = format!("{} [{values}{unit}]", parameter.about);
    Arg::new(parameter.name).long(parameter.name).value_name(name).value_parser(check).help(help)
}
