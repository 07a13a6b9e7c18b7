//! Guided Grad-CAM (Selvaraju et al. 2017): the detail of guided backpropagation where Grad-CAM says the class is.

use super::{
    attribution::Attribution,
    cam::grad_cam,
    method::Method,
    question::Question,
    resize::{Align, bilinear, nearest},
    settings::Parameter,
};
use crate::{Result, net::Rule};
use candle_core::Tensor;

const STRETCH: Parameter = Parameter::choice(
    "stretch",
    "Stretching of Grad-CAM over the picture: bilinearly as in the paper, or to nearest values as captum does",
    &["bilinear", "captum"],
);

pub(super) const GUIDED_GRAD_CAM: Method = Method {
    name: "guided-grad-cam",
    title: "Guided Grad-CAM",
    formula: "guided backprop · stretched Grad-CAM",
    caution: "The fine detail is guided backprop's, which hardly depends on the class; only the coarse place does.",
    paper: "Selvaraju, Cogswell, Das, Vedantam, Parikh and Batra 2017",
    about: "Guided backprop times Grad-CAM of a layer: sharp structures, but only where the class is seen.",
    parameters: &[STRETCH],
    run,
    ..Method::LAYERED
};

fn run(question: &Question) -> Result<Attribution> {
    let trace = question.trace;
    let graph = trace.network().graph();
    let [_, rows, columns] = graph.input_shape();
    let mut mask = vec![0f32; rows * columns];
    for layer in question.maps()? {
        let [_, height, width] = graph.node(layer).extent();
        let plane: Vec<f32> = grad_cam(question, layer)?.into_iter().map(|value| value.max(0.0) as f32).collect();
        let stretched = match question.settings.choice(&STRETCH) {
            "captum" => nearest(&plane, [height, width], [rows, columns]),
            _ => bilinear(&plane, [height, width], [rows, columns], Align::Centres),
        };
        mask.iter_mut().zip(stretched).for_each(|(sum, value)| *sum += value);
    }
    let guided = question.walk(0, Rule::Guided)?;
    let mask = Tensor::from_vec(mask, (1, 1, rows, columns), guided.device())?.to_dtype(guided.dtype())?;
    Attribution::new(&guided.broadcast_mul(&mask)?, true)
}
