//! Gradients averaged over noisy copies of the picture: SmoothGrad (Smilkov et al. 2017), its square (Hooker et al.
//! 2019) and their variance, VarGrad (Adebayo et al. 2018).

use super::{
    attribution::Attribution, integrated::gradients, method::Method, noise::Noise, question::Question,
    settings::Parameter,
};
use crate::{Result, kernels::to_vec};
use candle_core::{DType, Device, Tensor};

const SAMPLES: Parameter = Parameter::count("samples", "Noisy copies of the picture", [1, 1000], 50, "copies");
const SIGMA: Parameter = Parameter::number(
    "sigma",
    "Deviation of the noise, as a share of the input's range",
    [0.0, 1.0],
    0.15,
    "of the range",
);
const SEED: Parameter =
    Parameter::count("seed", "Seed of the noise: the same seed gives the same picture", [0, 9999], 0, "");
const PARAMETERS: &[Parameter] = &[SAMPLES, SIGMA, SEED];

pub(super) const SMOOTHGRAD: Method = Method {
    name: "smoothgrad",
    title: "SmoothGrad",
    formula: "A = mean over n of ∂S(x + noise)/∂x",
    paper: "Smilkov, Thorat, Kim, Viegas and Wattenberg 2017",
    about: "The gradient averaged over copies of the picture with noise added. What the score reacts to only by \
            accident of one pixel averages out.",
    parameters: PARAMETERS,
    slow: true,
    run: |question| Attribution::new(&moments(question)?[0], true),
    ..Method::BLANK
};

pub(super) const SMOOTHGRAD_SQUARED: Method = Method {
    name: "smoothgrad-squared",
    title: "SmoothGrad squared",
    formula: "A = mean over n of (∂S(x + noise)/∂x)²",
    paper: "Hooker, Erhan, Kindermans and Kim 2019",
    about: "The squared gradient averaged over copies of the picture with noise added, summed over the colours: where \
            the score is sensitive, whichever way.",
    parameters: PARAMETERS,
    slow: true,
    run: |question| Attribution::new(&moments(question)?[1].sum_keepdim(1)?, false),
    ..Method::BLANK
};

pub(super) const VARGRAD: Method = Method {
    name: "vargrad",
    title: "VarGrad",
    formula: "A = variance over n of ∂S(x + noise)/∂x",
    paper: "Adebayo, Gilmer, Goodfellow and Kim 2018",
    about: "The variation of the gradient over copies of the picture with noise added: its variance, summed over the \
            colours.",
    parameters: PARAMETERS,
    slow: true,
    run: |question| {
        let [mean, square] = moments(question)?;
        Attribution::new(&(square - mean.sqr()?)?.sum_keepdim(1)?, false)
    },
    ..Method::BLANK
};

/// The gradient's mean and mean square over the noisy copies, `(1, channels, height, width)` in float64: a variance
/// is a small difference of large numbers.
fn moments(question: &Question) -> Result<[Tensor; 2]> {
    let settings = question.settings;
    let picture = question.trace.output(0).narrow(0, 0, 1)?;
    let values = to_vec(&picture)?;
    let (low, high) = values.iter().fold((f32::MAX, f32::MIN), |(low, high), &v| (low.min(v), high.max(v)));
    let sigma = settings.number(&SIGMA) * f64::from(high - low);
    let make = |start: usize, end: usize| {
        let copy = |sample: usize| {
            let noise = Noise::new(settings.count(&SEED) as u64, sample as u64).normal(values.len(), sigma);
            let noise = Tensor::from_vec(noise, picture.shape(), picture.device())?.to_dtype(picture.dtype())?;
            &picture + noise
        };
        Ok(Tensor::cat(&(start..end).map(copy).collect::<Result<Vec<_>, _>>()?, 0)?)
    };
    let samples = settings.count(&SAMPLES).max(1);
    let zero = Tensor::zeros(picture.shape(), DType::F64, &Device::Cpu)?;
    let mut sums = [zero.clone(), zero];
    gradients(question, samples, make, |_, gradients| {
        let gradients = gradients.to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
        sums[0] = (&sums[0] + gradients.sum_keepdim(0)?)?;
        sums[1] = (&sums[1] + gradients.sqr()?.sum_keepdim(0)?)?;
        Ok(())
    })?;
    let mean = |sum: &Tensor| sum / samples as f64;
    Ok([mean(&sums[0])?, mean(&sums[1])?])
}
