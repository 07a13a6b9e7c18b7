//! A method's parameters as sliders and pickers, made from what the method says of them.

use crate::{
    methods::{Kind, Method, Parameter, Settings},
    ui::widgets::controls::combo,
};
use eframe::egui::{self, RichText, Ui};
use std::collections::BTreeMap;

/// The user's settings by the names of method and parameter, as they are kept between sessions.
pub type KeptSettings = BTreeMap<String, BTreeMap<String, f64>>;

/// The settings of a method. Values that are out of range, from an older version, are left out.
pub fn settings(method: &Method, kept: &KeptSettings) -> Settings {
    let mut settings = Settings::new();
    for parameter in method.parameters {
        let value = kept.get(method.name).and_then(|values| values.get(parameter.name));
        if let Some(&value) = value.filter(|value| takes(parameter, **value)) {
            settings.set_number(parameter, value);
        }
    }
    settings
}

fn takes(parameter: &Parameter, value: f64) -> bool {
    match parameter.kind {
        Kind::Number { low, high, .. } => (low..=high).contains(&value),
        Kind::Count { low, high, .. } => (f64::from(low)..=f64::from(high)).contains(&value),
        Kind::Choice(options) => (0.0..options.len() as f64).contains(&value),
    }
}

/// A row a parameter, and a way back to the defaults.
pub fn parameters(ui: &mut Ui, method: &Method, kept: &mut KeptSettings) {
    if method.parameters.is_empty() {
        return;
    }
    ui.label(RichText::new(format!("{}:", method.title)).small().weak());
    let settings = settings(method, kept);
    for parameter in method.parameters {
        let mut value = settings.number(parameter);
        let before = value;
        row(ui, parameter, &mut value);
        if value != before {
            kept.entry(method.name.into()).or_default().insert(parameter.name.into(), value);
        }
    }
    if kept.contains_key(method.name) && ui.small_button("defaults").clicked() {
        kept.remove(method.name);
    }
}

/// A parameter's name with its slider or picker.
pub fn row(ui: &mut Ui, parameter: &Parameter, value: &mut f64) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(parameter.name).small()).on_hover_text(parameter.about);
        ui.spacing_mut().slider_width = 96.0;
        // Far ranges by their order of magnitude.
        let far = |low: f64, high: f64| low > 0.0 && high / low >= 50.0;
        let slider = match parameter.kind {
            Kind::Number { low, high, .. } => egui::Slider::new(value, low..=high).logarithmic(far(low, high)),
            Kind::Count { low, high, .. } => {
                let (low, high) = (f64::from(low), f64::from(high));
                egui::Slider::new(value, low..=high).integer().logarithmic(far(low, high))
            }
            Kind::Choice(options) => {
                let mut index = (*value as usize).min(options.len().saturating_sub(1));
                combo(ui, parameter.name, options.get(index).copied().unwrap_or_default(), 96.0, |ui| {
                    for (other, option) in options.iter().enumerate() {
                        ui.selectable_value(&mut index, other, *option);
                    }
                });
                *value = index as f64;
                return;
            }
        };
        let unit = if parameter.unit.is_empty() { String::new() } else { format!(" {}", parameter.unit) };
        let response = ui.add(slider.suffix(unit)).on_hover_text(parameter.about);
        response.accessible_name(parameter.name);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::{CAMS, METHODS};

    #[test]
    fn what_is_kept_is_set_and_what_is_out_of_range_is_not() {
        for method in METHODS.iter().chain(CAMS) {
            for parameter in method.parameters {
                let keep = |value: f64| {
                    KeptSettings::from([(method.name.to_owned(), BTreeMap::from([(parameter.name.to_owned(), value)]))])
                };
                let (inside, outside) = match parameter.kind {
                    Kind::Number { low, high, .. } => (low, high + 1.0),
                    Kind::Count { low, high, .. } => (f64::from(low), f64::from(high) + 1.0),
                    Kind::Choice(options) => (options.len() as f64 - 1.0, options.len() as f64),
                };
                let name = format!("{} {}", method.name, parameter.name);
                assert_eq!(settings(method, &keep(inside)).number(parameter), inside, "{name}");
                assert_eq!(settings(method, &keep(outside)).number(parameter), parameter.default(), "{name}");
            }
        }
    }
}
