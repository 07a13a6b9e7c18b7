//! timm's blocks, which count from 0 in every stage: `blocks.2.1` is the sixth block where the stages before it hold one
//! and three. MobileNet's and MNASNet's authors count them all.

use std::collections::{BTreeMap, BTreeSet};

/// `PREFIXblocks.STAGE.BLOCK.REST` in its parts.
fn parts(name: &str) -> Option<(&str, (usize, usize), &str)> {
    let at = name.find("blocks.").filter(|at| *at == 0 || name[..*at].ends_with('.'))?;
    let (stage, rest) = name[at + "blocks.".len()..].split_once('.')?;
    let (block, rest) = rest.split_once('.')?;
    Some((&name[..at], (stage.parse().ok()?, block.parse().ok()?), rest))
}

/// Names of timm's blocks and, of each, one with the block's number among all: `blocks.2.1.conv_dw.weight` and
/// `block5.conv_dw.weight`.
pub(super) fn counted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(&'a str, String)> {
    let named: Vec<_> = names.filter_map(|name| Some((name, parts(name)?))).collect();
    let mut blocks = BTreeMap::<&str, BTreeSet<(usize, usize)>>::new();
    for &(_, (prefix, block, _)) in &named {
        blocks.entry(prefix).or_default().insert(block);
    }
    let numbers: BTreeMap<_, usize> = blocks
        .iter()
        .flat_map(|(prefix, blocks)| blocks.iter().enumerate().map(|(number, block)| ((*prefix, *block), number)))
        .collect();
    let other = |(name, (prefix, block, rest)): (&'a str, (&str, (usize, usize), &str))| {
        Some((name, format!("{prefix}block{}.{rest}", numbers.get(&(prefix, block))?)))
    };
    named.into_iter().filter_map(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_get_their_number_among_those_of_all_stages() {
        let names = [
            "blocks.0.0.bn1.weight",
            "blocks.1.0.bn1.weight",
            "blocks.1.1.bn1.weight",
            "blocks.10.0.bn1.weight",
            "blocks.2.0.se.conv_reduce.bias",
            "net.blocks.3.7.conv_dw.weight",
            "myblocks.0.1.conv_dw.weight",
            "stages.0.blocks.0.conv_dw.weight",
        ];
        let found: Vec<String> = counted(names.into_iter()).into_iter().map(|(_, other)| other).collect();
        assert_eq!(
            found,
            [
                "block0.bn1.weight",
                "block1.bn1.weight",
                "block2.bn1.weight",
                "block4.bn1.weight",
                "block3.se.conv_reduce.bias",
                "net.block0.conv_dw.weight",
            ]
        );
    }
}
