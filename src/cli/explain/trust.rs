//! Which method to trust on a folder: mean deletion and insertion areas of several methods (Petsiuk, Das and Saenko 2018).

use crate::{
    Error, Result,
    engine::Run,
    methods::{CAMS, METHODS, Method, Question, Settings, Target, curves},
    watch::Watch,
};
use serde::Serialize;

/// Steps of the curves.
const STEPS: usize = 20;

/// One method over the folder.
#[derive(Clone, Serialize)]
pub(super) struct TrustRow {
    pub method: &'static str,
    /// Mean area below the deletion curve: small is good.
    pub deletion: f64,
    pub deletion_std: f64,
    /// Mean area below the insertion curve: large is good.
    pub insertion: f64,
    pub insertion_std: f64,
    /// Pictures that the method has an answer for.
    pub pictures: usize,
}

/// The methods to compare, with the areas found so far.
pub(super) struct Trust {
    methods: Vec<&'static Method>,
    areas: Vec<Vec<[f64; 2]>>,
}

impl Trust {
    /// The methods called `names`; 'all' stands for those that take few passes.
    pub fn of(names: &[String]) -> Result<Self> {
        let all = || METHODS.iter().chain(CAMS);
        let mut methods: Vec<&'static Method> = Vec::new();
        for name in names {
            match name.as_str() {
                "all" => methods.extend(all().filter(|method| !method.slow)),
                name => methods.push(all().find(|method| method.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
                    crate::error::unknown("method", name, all().map(|method| method.name), "or 'all'")
                })?),
            }
        }
        let areas = vec![Vec::new(); methods.len()];
        Ok(Trust { methods, areas })
    }

    pub fn is_empty(&self) -> bool {
        self.methods.is_empty()
    }

    /// Tests every method on one picture. A method without an answer is passed over there.
    pub fn test(&mut self, run: &Run, target: Target, watch: &Watch) -> Result<()> {
        let count = self.methods.len();
        for (slot, method) in self.methods.iter().enumerate() {
            let watch = watch.part(slot, count);
            let settings = Settings::new();
            let question = Question { trace: &run.trace, target, layers: &[], settings: &settings, watch: &watch };
            let tested = method.ask(&question).and_then(|heatmap| curves(&question, &heatmap, STEPS));
            match tested {
                Ok(found) => self.areas[slot].push([found.deletion.area.into(), found.insertion.area.into()]),
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// The table, the method with the best difference of insertion and deletion first.
    pub fn rows(&self) -> Vec<TrustRow> {
        let row = |(method, areas): (&&'static Method, &Vec<[f64; 2]>)| {
            let moments = |part: usize| {
                let count = areas.len().max(1) as f64;
                let mean = areas.iter().map(|area| area[part]).sum::<f64>() / count;
                let variance = areas.iter().map(|area| (area[part] - mean).powi(2)).sum::<f64>() / count;
                (mean, variance.sqrt())
            };
            let ((deletion, deletion_std), (insertion, insertion_std)) = (moments(0), moments(1));
            let (method, pictures) = (method.name, areas.len());
            TrustRow { method, deletion, deletion_std, insertion, insertion_std, pictures }
        };
        let mut rows: Vec<TrustRow> =
            self.methods.iter().zip(&self.areas).map(row).filter(|row| row.pictures > 0).collect();
        rows.sort_by(|a, b| (b.insertion - b.deletion).total_cmp(&(a.insertion - a.deletion)));
        rows
    }
}
