//! A cache with one threshold, as others have it: any stored question that is so close gives its answer.

use pennypress::cache::near::{Phrase, Vectors};
use pennypress::replay::Asked;

/// The lowest threshold that is tried, and the steps upwards.
const LOWEST: f32 = 0.80;
const STEP: f32 = 0.0025;
/// Neighbours of a question that are looked at. At these thresholds few have more.
const NEIGHBOURS: usize = 400;

/// Hits of all questions and wrong ones among the hits, by threshold.
pub struct Curve(Vec<(f64, f64)>);

impl Curve {
    /// With one of [`thresholds`], by its place among them.
    pub fn at(&self, place: usize) -> (f64, f64) {
        self.0[place]
    }

    /// The most hits of any threshold whose hits are wrong no more often; 0 when there is none.
    pub fn best(&self, wrong: f64) -> f64 {
        let allowed = self.0.iter().filter(|one| one.1 <= wrong);
        allowed.map(|one| one.0).fold(0.0, f64::max)
    }
}

/// Each question's neighbours by similarity, in whatever order the stream comes.
pub type Neighbours = Vec<Vec<(f32, usize)>>;

pub fn neighbours(list: &[Asked]) -> Neighbours {
    let phrases: Vec<Phrase> = list.iter().map(|one| Phrase::of(&one.text)).collect();
    let mut vectors = Vectors::default();
    phrases.iter().for_each(|phrase| vectors.push(phrase.vector.as_bytes()));
    let near = phrases.iter();
    near.map(|phrase| vectors.nearest_of_all(phrase.vector.as_bytes(), LOWEST, NEIGHBOURS))
        .collect()
}

/// Those that are tried, the lowest first.
pub fn thresholds() -> impl Iterator<Item = f32> {
    let steps = ((1.0 - LOWEST) / STEP) as usize;
    (0..=steps).map(|step| LOWEST + STEP * step as f32)
}

pub fn curve(list: &[Asked], order: &[usize], near: &Neighbours) -> Curve {
    Curve(
        thresholds()
            .map(|threshold| run(list, order, near, threshold))
            .collect(),
    )
}

fn run(list: &[Asked], order: &[usize], near: &Neighbours, threshold: f32) -> (f64, f64) {
    let mut stored = vec![false; list.len()];
    let (mut hits, mut wrong) = (0u32, 0u32);
    for &at in order {
        let close = near[at].iter().take_while(|one| one.0 >= threshold);
        let nearest = close.map(|one| one.1).find(|other| stored[*other]);
        match nearest {
            Some(other) => {
                hits += 1;
                wrong += u32::from(list[other].category != list[at].category);
            }
            None => stored[at] = true,
        }
    }
    (
        f64::from(hits) / list.len() as f64,
        f64::from(wrong) / f64::from(hits.max(1)),
    )
}
