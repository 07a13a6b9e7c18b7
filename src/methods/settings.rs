//! Parameters of methods as data: sliders, pickers, flags and help texts are made from them.

use crate::{Error, Result, error::unknown};
use std::{collections::BTreeMap, fmt};

/// A parameter of a method that the user may set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Its name in `--set NAME=VALUE`.
    pub name: &'static str,
    /// Its effect, in a sentence.
    pub about: &'static str,
    /// Its possible values.
    pub kind: ParameterKind,
    /// The unit of a number, such as "pixels"; empty for pure numbers and choices.
    pub unit: &'static str,
}

/// The values of a [`Parameter`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParameterKind {
    /// Any number from `low` to `high`.
    Number {
        /// Smallest.
        low: f64,
        /// Largest.
        high: f64,
        /// The value when nothing is set.
        default: f64,
    },
    /// A whole number from `low` to `high`.
    Count {
        /// Smallest.
        low: u32,
        /// Largest.
        high: u32,
        /// The value when nothing is set.
        default: u32,
    },
    /// One of some words; the first when nothing is set.
    Choice(&'static [&'static str]),
}

impl ParameterKind {
    /// A choice's word for its index.
    fn word(self, index: f64) -> Option<&'static str> {
        let ParameterKind::Choice(options) = self else { return None };
        options.get((index.round().max(0.0) as usize).min(options.len() - 1)).copied()
    }
}

/// The default and the possible values: `7 (2 to 32 cells)`, `on (or off)`.
impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) };
        match self.kind {
            ParameterKind::Number { low, high, default } => write!(f, "{default} ({low} to {high}{unit})"),
            ParameterKind::Count { low, high, default } => write!(f, "{default} ({low} to {high}{unit})"),
            ParameterKind::Choice(options) => write!(f, "{} (or {})", options[0], options[1..].join(", ")),
        }
    }
}

impl Parameter {
    /// Any number in a range.
    pub const fn number(
        name: &'static str,
        about: &'static str,
        [low, high]: [f64; 2],
        default: f64,
        unit: &'static str,
    ) -> Self {
        Parameter { name, about, kind: ParameterKind::Number { low, high, default }, unit }
    }

    /// A whole number in a range.
    pub const fn count(
        name: &'static str,
        about: &'static str,
        [low, high]: [u32; 2],
        default: u32,
        unit: &'static str,
    ) -> Self {
        Parameter { name, about, kind: ParameterKind::Count { low, high, default }, unit }
    }

    /// One of some words, the first by default.
    pub const fn choice(name: &'static str, about: &'static str, options: &'static [&'static str]) -> Self {
        Parameter { name, about, kind: ParameterKind::Choice(options), unit: "" }
    }

    /// The default as a number; a choice's index.
    pub fn default(&self) -> f64 {
        match self.kind {
            ParameterKind::Number { default, .. } => default,
            ParameterKind::Count { default, .. } => f64::from(default),
            ParameterKind::Choice(_) => 0.0,
        }
    }

    /// A value as a number; for a choice, its index.
    fn parse(&self, text: &str) -> Result<f64> {
        let name = self.name;
        let within = |low: f64, high: f64, what: &str, whole: bool| {
            let number = text.parse::<f64>().ok().filter(|n| (low..=high).contains(n) && (!whole || n.fract() == 0.0));
            number.ok_or_else(|| Error::Usage(format!("{name} takes {what} from {low} to {high}, not '{text}'")))
        };
        match self.kind {
            ParameterKind::Number { low, high, .. } => within(low, high, "a number", false),
            ParameterKind::Count { low, high, .. } => within(f64::from(low), f64::from(high), "a whole number", true),
            ParameterKind::Choice(options) => {
                let index = options.iter().position(|option| option.eq_ignore_ascii_case(text));
                let index = index
                    .ok_or_else(|| Error::Usage(format!("{name} is one of {}, not '{text}'", options.join(", "))))?;
                Ok(index as f64)
            }
        }
    }
}

/// The user's values of a method's parameters; all others have their defaults. `Display` writes it as `--set` takes
/// it, the same text for the same settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    values: BTreeMap<&'static str, (ParameterKind, f64)>,
}

impl Settings {
    /// Everything at its default.
    pub const fn new() -> Self {
        Settings { values: BTreeMap::new() }
    }

    /// Settings from texts `NAME=VALUE`.
    ///
    /// # Errors
    /// [`Error::Usage`] for a name that is not among `parameters` or a value outside its range.
    pub fn parse<'a>(parameters: &'static [Parameter], assignments: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let mut settings = Settings::default();
        for assignment in assignments {
            let (name, value) = assignment
                .split_once('=')
                .ok_or_else(|| Error::Usage(format!("'{assignment}' sets nothing: NAME=VALUE does")))?;
            let parameter = parameters.iter().find(|p| p.name.eq_ignore_ascii_case(name.trim())).ok_or_else(|| {
                let names = parameters.iter().map(|p| p.name).collect::<Vec<_>>().join(", ");
                let list = if names.is_empty() { "this method has none".into() } else { format!("it has {names}") };
                unknown("parameter", name, parameters.iter().map(|p| p.name), &list)
            })?;
            settings.set(parameter, value.trim())?;
        }
        Ok(settings)
    }

    /// Sets one parameter from text.
    ///
    /// # Errors
    /// [`Error::Usage`] when the value is not one of the parameter's.
    pub fn set(&mut self, parameter: &Parameter, text: &str) -> Result<()> {
        self.set_number(parameter, parameter.parse(text)?);
        Ok(())
    }

    /// Sets one parameter to a number (a choice to its index) without asking whether it is in range: sliders keep it.
    pub fn set_number(&mut self, parameter: &Parameter, value: f64) {
        self.values.insert(parameter.name, (parameter.kind, value));
    }

    /// A parameter's number; a choice's index.
    pub fn number(&self, parameter: &Parameter) -> f64 {
        self.values.get(parameter.name).map_or_else(|| parameter.default(), |&(_, value)| value)
    }

    /// A parameter's whole number.
    pub fn count(&self, parameter: &Parameter) -> usize {
        self.number(parameter).round().max(0.0) as usize
    }

    /// A parameter's word.
    pub fn choice(&self, parameter: &Parameter) -> &'static str {
        parameter.kind.word(self.number(parameter)).unwrap_or_default()
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |(name, (kind, value)): (&&str, &(ParameterKind, f64))| match kind.word(*value) {
            Some(word) => format!("{name}={word}"),
            None => format!("{name}={value}"),
        };
        let texts: Vec<String> = self.values.iter().map(text).collect();
        f.write_str(&texts.join(" "))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SAMPLES: Parameter = Parameter::count("samples", "", [1, 100], 50, "");
    const RULE: Parameter = Parameter::choice("rule", "", &["epsilon", "gamma"]);
    const ALL: &[Parameter] = &[SAMPLES, RULE];

    #[test]
    fn settings_are_checked_and_default() {
        let settings = Settings::parse(ALL, ["samples=7"]).unwrap();
        assert_eq!((settings.count(&SAMPLES), settings.choice(&RULE)), (7, "epsilon"));
        let gamma = Settings::parse(ALL, ["rule=gamma", "samples=9"]).unwrap();
        assert_eq!(gamma.choice(&RULE), "gamma");
        // The written form sets the same.
        assert_eq!(gamma.to_string(), "rule=gamma samples=9");
        assert_eq!(Settings::parse(ALL, gamma.to_string().split(' ')).unwrap(), gamma);
        assert_eq!((SAMPLES.to_string(), RULE.to_string()), ("50 (1 to 100)".into(), "epsilon (or gamma)".into()));
        for (text, part) in
            [("samples=0", "1 to 100"), ("samples=1.5", "whole"), ("rule=x", "epsilon, gamma"), ("sample=1", "samples")]
        {
            let error = Settings::parse(ALL, [text]).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
