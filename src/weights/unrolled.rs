//! MMPretrain's VGG, whose `features` count a convolution with its normalisation and rectifier as one module:
//! `features.2.conv` and `features.2.bn` where torchvision has `features.4` and `features.5`.

use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The modules that stand in one of MMPretrain's, and the place of each among them.
const MODULES: [(&str, usize); 2] = [("conv", 0), ("bn", 1)];

/// `PREFIXfeatures.NUMBER.MODULE.PARAMETER` in its parts.
fn parts(name: &str) -> Option<(&str, usize, &str, &str)> {
    let (before, parameter) = name.rsplit_once('.')?;
    let (before, module) = before.rsplit_once('.')?;
    let (prefix, number) = before.rsplit_once('.')?;
    let known = MODULES.iter().any(|(known, _)| *known == module) && prefix.ends_with("features");
    Some((prefix, number.parse().ok().filter(|number| known && *number < 1000)?, module, parameter))
}

/// Names of MMPretrain's VGG and torchvision's name of each.
pub(super) fn unrolled<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(&'a str, String)> {
    let named: Vec<_> = names.filter_map(|name| Some((name, parts(name)?))).collect();
    let (mut convs, mut normalised) = (BTreeMap::<&str, BTreeSet<usize>>::new(), HashSet::new());
    for &(_, (prefix, number, module, _)) in &named {
        convs.entry(prefix).or_default().insert(number);
        if module == "bn" {
            normalised.insert(prefix);
        }
    }
    let places: BTreeMap<(&str, usize), usize> = convs
        .iter()
        .flat_map(|(prefix, numbers)| {
            // Every convolution before stands with its rectifier, and perhaps with its normalisation, for one number.
            let more = if normalised.contains(prefix) { 2 } else { 1 };
            numbers.iter().enumerate().map(move |(before, &number)| ((*prefix, number), number + before * more))
        })
        .collect();
    let other = |(name, (prefix, number, module, parameter)): (&'a str, (&str, usize, &str, &str))| {
        let place = places.get(&(prefix, number))?;
        let inner = MODULES.iter().find(|(known, _)| *known == module)?.1;
        Some((name, format!("{prefix}.{}.{parameter}", place + inner)))
    };
    named.into_iter().filter_map(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_of_vgg_get_their_number_among_all_modules() {
        let names =
            ["a.features.0.conv.weight", "a.features.2.conv.bias", "a.features.10.conv.weight", "b.0.conv.weight"];
        let found: Vec<String> = unrolled(names.into_iter()).into_iter().map(|(_, other)| other).collect();
        assert_eq!(found, ["a.features.0.weight", "a.features.3.bias", "a.features.12.weight"]);
        let names =
            ["features.0.conv.weight", "features.0.bn.weight", "features.2.conv.weight", "features.2.bn.running_var"];
        let found: Vec<String> = unrolled(names.into_iter()).into_iter().map(|(_, other)| other).collect();
        assert_eq!(found, ["features.0.weight", "features.1.weight", "features.4.weight", "features.5.running_var"]);
    }
}
