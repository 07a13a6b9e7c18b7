//! The terms of the field as the window uses them, each with its meaning in one or two sentences.

/// A term and its meaning.
pub struct GlossaryTerm {
    /// As it is written in a sentence.
    pub word: &'static str,
    /// In one or two sentences.
    pub meaning: &'static str,
}

const fn term(word: &'static str, meaning: &'static str) -> GlossaryTerm {
    GlossaryTerm { word, meaning }
}

/// All terms, in the order of the alphabet.
pub const TERMS: &[GlossaryTerm] = &[
    term("activation", "One value of a feature map: how strongly a unit responds at one place of the picture."),
    term("attribution", "Values at places of the picture or of a layer that say how much each contributes to a score."),
    term("baseline", "The input that an attribution compares the picture with, such as a grey or black picture."),
    term(
        "batch normalisation",
        "A layer that shifts and scales each unit by its mean and deviation over the training data.",
    ),
    term("class", "One of the things that the network can take a picture for."),
    term(
        "class activation map",
        "A heatmap at the resolution of a layer: its feature maps added up, each weighted by what it means for a class.",
    ),
    term("convolution", "A layer that slides small filters over its input. Each filter gives one feature map."),
    term(
        "deconvnet",
        "Projects an activation back to the picture through the layers in reverse, to show what excited it (Zeiler and Fergus 2014).",
    ),
    term("feature map", "The output of one unit for this picture: bright where the unit finds what it looks for."),
    term("filter", "The weights of one unit: the pattern that a convolution looks for."),
    term("gradient", "How much a score changes when each value of the input changes a little."),
    term("heatmap", "A picture of an attribution: strong colours where much of it lies."),
    term("layer", "One step of the network, such as a convolution or a pooling."),
    term("logit", "Another word for a score before softmax."),
    term("overlay", "A heatmap laid over the picture."),
    term("pooling", "A layer that makes maps smaller by keeping the largest or the mean value of small windows."),
    term("preparation", "How a picture becomes the network's input: resized, cut, and its values shifted and scaled."),
    term(
        "probability",
        "A score after softmax: between 0 and 1, and all classes together make 1. A high one is no proof that the network is right.",
    ),
    term(
        "receptive field",
        "The part of the picture that a value of a layer can depend on. It grows from layer to layer.",
    ),
    term("rectifier", "A layer that sets negative values to zero (ReLU)."),
    term("residual block", "Layers whose input is added to their output, so that they learn only the difference."),
    term("reverse walk", "One pass from a layer back to the picture, which carries a gradient or a projection."),
    term("score", "The network's value for a class before softmax. Striate differentiates scores, not probabilities."),
    term("silent", "A unit is silent on a picture when its map has the same value everywhere."),
    term("softmax", "Turns the scores of all classes into probabilities."),
    term("stage", "Layers in a row whose maps have one size. Deeper stages have smaller maps and more units."),
    term("stride", "The step by which a window moves. A stride of 2 halves the size of the maps."),
    term("switch", "The place where a window of a max pooling found its maximum. A deconvnet sends values back there."),
    term("synthesis", "Making a picture, step by step, that excites a class, a unit or a layer as much as possible."),
    term("trace", "All activations and switches of one forward pass."),
    term("unit", "One channel of a layer. A convolution has one filter and one feature map for each unit."),
    term("untrained", "With made-up weights: shapes and costs are right, pictures mean nothing."),
    term("weights", "The numbers that a network learned in training."),
];

/// A part of a text.
pub enum Piece<'a> {
    /// Words that are no term.
    Plain(&'a str),
    /// A term as it is written there, which may be its plural.
    Term(&'a str, &'static GlossaryTerm),
}

/// Splits a text into its terms and what stands between them. The longest term counts where several begin at a word.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut found, mut plain, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        let begins = text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
        if let Some((term, length)) = begins.then(|| term_at(&text[at..])).flatten() {
            if plain < at {
                found.push(Piece::Plain(&text[plain..at]));
            }
            found.push(Piece::Term(&text[at..at + length], term));
            at += length;
            plain = at;
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    if plain < text.len() {
        found.push(Piece::Plain(&text[plain..]));
    }
    found
}

/// The longest term that a text begins with, and its length there.
fn term_at(text: &str) -> Option<(&'static GlossaryTerm, usize)> {
    let length = |term: &GlossaryTerm| {
        let begin = text.get(..term.word.len()).filter(|begin| begin.eq_ignore_ascii_case(term.word))?;
        let plural = usize::from(text[begin.len()..].starts_with('s') && !begin.ends_with('s'));
        let length = begin.len() + plural;
        let ends = text[length..].chars().next().is_none_or(|after| !after.is_alphanumeric() && after != '-');
        ends.then_some(length)
    };
    TERMS.iter().filter_map(|term| Some((term, length(term)?))).max_by_key(|(_, length)| *length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let word = |piece: Piece| match piece {
            Piece::Plain(_) => None,
            Piece::Term(_, term) => Some(term.word.to_owned()),
        };
        pieces(text).into_iter().filter_map(word).collect()
    }

    #[test]
    fn terms_are_found_as_whole_words_in_singular_and_plural() {
        assert_eq!(words("Feature maps of a unit, and its filters."), ["feature map", "unit", "filter"]);
        assert_eq!(words("a class activation map, player, units2, untrained"), ["class activation map", "untrained"]);
        let text = "Scores come before softmax; \u{2202}S is a gradient.";
        let joined: String = pieces(text)
            .into_iter()
            .map(|piece| match piece {
                Piece::Plain(text) | Piece::Term(text, _) => text,
            })
            .collect();
        assert_eq!(joined, text);
    }

    #[test]
    fn the_glossary_is_in_order_and_has_no_word_twice() {
        assert!(TERMS.windows(2).all(|pair| pair[0].word < pair[1].word));
    }
}
