//! Shared by `maximise` and `invert`: flags made from the parameters, and a run with its progress.

use super::console::Console;
use crate::{
    Error, Result,
    engine::{Model, Run},
    figures::ClassFacts,
    methods::{Parameter, ParameterKind, Settings},
    synthesis::{self, Canvas, Images, PARAMETERS, PRESETS, Preset, Recipe, Term, in_words, in_words_of},
};
use clap::{Arg, ArgMatches, Command, FromArgMatches};
use std::{marker::PhantomData, sync::Arc};

/// A sum of goals with the words for it.
pub(super) struct NamedGoal {
    pub terms: Vec<Term>,
    pub words: String,
}

/// A command with a preset of its own where `--preset` is not given.
pub(super) trait Usual {
    /// Its name.
    const PRESET: &'static str;
}

/// `--preset` and a flag for every parameter, with the defaults of a command.
pub(super) struct SynthesisArgs<U> {
    preset: Option<&'static Preset>,
    set: Vec<(&'static Parameter, String)>,
    usual: PhantomData<U>,
}

impl<U: Usual> SynthesisArgs<U> {
    /// The preset that was asked for, or the command's own.
    pub fn preset(&self) -> Result<&'static Preset> {
        self.preset.map_or_else(|| synthesis::find(U::PRESET), Ok)
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
    let about = |preset: &Preset| {
        let settings = preset.settings().map(|settings| in_words(&settings)).unwrap_or_default();
        format!("  {} ({})\n      {}\n      {settings}\n", preset.name, preset.paper, preset.about)
    };
    let list = PRESETS.iter().map(about).collect::<String>();
    format!("The flags above state the values of the default preset. Presets, with what they set:\n{list}")
}

/// The present pictures of a run, as the network reads them, clipped and rounded as a file holds them.
pub(super) fn run(
    canvas: &mut Canvas,
    model: &Model,
    console: &Console,
    mut frame: impl FnMut(&Canvas) -> Result<()>,
) -> Result<Images> {
    canvas.finish(console.watch(), |canvas, measure| {
        // The outputs of an untrained network are no probabilities.
        let probability = measure.probability.filter(|_| !model.is_untrained());
        let probability = probability.map_or_else(String::new, |p| format!("  p {p:.3}"));
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

/// The class's score and probability on the first picture as it is saved. Says so when the network sees another class.
pub(super) fn class_facts(model: &Arc<Model>, images: &Images, class: usize, console: &Console) -> Result<ClassFacts> {
    let first = images.tensor(model.network.device())?.narrow(0, 0, 1)?;
    let run = Run::tensor(model, first, console.watch())?;
    let higher = |best: usize, other: usize| if run.scores[other] > run.scores[best] { other } else { best };
    let best = (0..run.scores.len()).fold(class, higher);
    if best != class && !model.is_untrained() {
        let [wanted, seen] = [class, best].map(|class| (model.class_name(class), run.probabilities[class]));
        console.note(&format!(
            "the picture does not reach {}: its probability is {:.4}, that of {} is {:.4}",
            wanted.0, wanted.1, seen.0, seen.1
        ));
    }
    Ok(ClassFacts::of(&run, class))
}

impl<U: Usual> clap::Args for SynthesisArgs<U> {
    fn augment_args(command: Command) -> Command {
        let names = PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ");
        let preset = Arg::new("preset")
            .long("preset")
            .value_name("PRESET")
            .value_parser(synthesis::find)
            .help(format!("Published settings, or Striate's own: {names} [default: {}]", U::PRESET));
        let used = synthesis::find(U::PRESET).and_then(Preset::settings).unwrap_or_default();
        let flags = PARAMETERS.iter().map(|parameter| flag(parameter, &used));
        command.next_help_heading("Synthesis").arg(preset).args(flags)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<U: Usual> FromArgMatches for SynthesisArgs<U> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given =
            |parameter: &'static Parameter| Some((parameter, matches.get_one::<String>(parameter.name)?.clone()));
        let set = PARAMETERS.iter().filter_map(given).collect();
        Ok(SynthesisArgs { preset: matches.get_one::<&'static Preset>("preset").copied(), set, usual: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The flag of a parameter; its help states the value that the command uses without it.
fn flag(parameter: &'static Parameter, used: &Settings) -> Arg {
    let value = in_words_of(parameter, used);
    let (name, values) = match parameter.kind {
        ParameterKind::Number { low, high, .. } => ("X", format!("{low} to {high}; {value}")),
        ParameterKind::Count { low, high, .. } => ("N", format!("{low} to {high}; {value}")),
        ParameterKind::Choice(options) => ("WORD", format!("{}; {value}", options.join(", "))),
    };
    let unit = if parameter.unit.is_empty() { String::new() } else { format!(" {}", parameter.unit) };
    let check = move |text: &str| -> Result<String, Error> {
        Settings::new().set(parameter, text)?;
        Ok(text.to_owned())
    };
    let help = format!("{} [{values}{unit}]", parameter.about);
    Arg::new(parameter.name).long(parameter.name).value_name(name).value_parser(check).help(help)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Usually<const INDEX: usize>;
    impl<const INDEX: usize> Usual for Usually<INDEX> {
        const PRESET: &'static str = PRESETS[INDEX].name;
    }

    fn states_its_preset<const INDEX: usize>() {
        let command = <SynthesisArgs<Usually<INDEX>> as clap::Args>::augment_args(Command::new("test"));
        let settings = PRESETS[INDEX].settings().unwrap();
        let help = |name: &str| {
            let arg = command.get_arguments().find(|arg| arg.get_id() == name).unwrap();
            arg.get_help().unwrap().to_string()
        };
        assert!(help("preset").ends_with(&format!("[default: {}]", PRESETS[INDEX].name)));
        for parameter in PARAMETERS {
            let used = format!("; {}", in_words_of(parameter, &settings));
            let unit = if parameter.unit.is_empty() { String::new() } else { format!(" {}", parameter.unit) };
            assert!(help(parameter.name).ends_with(&format!("{used}{unit}]")), "{}", help(parameter.name));
        }
    }

    #[test]
    fn help_states_the_values_that_are_used() {
        states_its_preset::<0>();
        states_its_preset::<1>();
        states_its_preset::<{ PRESETS.len() - 1 }>();
    }
}
