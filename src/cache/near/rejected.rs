//! What visitors said was no answer: never again for that pair, and closer from now on for its neighbours.

use std::collections::HashMap;

use super::phrase::Phrase;
use crate::embeddings::{Vector, embed};

/// Of a site, this many rejected pairs are remembered, the latest.
const MOST_REJECTED: usize = 500;
/// Questions so close to a rejected one are of its neighbourhood.
const NEIGHBOURHOOD: f32 = 0.80;
/// By how much the next must be closer there.
const RAISED: f32 = 0.02;
/// Closer than that two questions are one.
const SAME: f32 = 0.999;

/// Rejected pairs by site.
#[derive(Default)]
pub(super) struct Rejections(HashMap<String, Vec<Rejected>>);

struct Rejected {
    asked: Box<str>,
    asked_vector: Vector,
    kept_vector: Vector,
    similarity: f32,
}

impl Rejections {
    /// False: it was known.
    pub fn add(&mut self, site: &str, asked: &str, kept: &str) -> bool {
        let (asked_vector, kept_vector) = (embed(asked).vector, embed(kept).vector);
        let here = self.0.entry(site.to_owned()).or_default();
        let is_it = |one: &Rejected| &*one.asked == asked && one.kept_vector == kept_vector;
        if here.iter().any(is_it) {
            return false;
        }
        if here.len() >= MOST_REJECTED {
            here.remove(0);
        }
        here.push(Rejected {
            asked: asked.into(),
            similarity: asked_vector.similarity(&kept_vector),
            asked_vector,
            kept_vector,
        });
        true
    }

    pub fn is_empty(&self, site: &str) -> bool {
        self.0.get(site).is_none_or(Vec::is_empty)
    }

    /// From which similarity on a pair is sure there, 0 when nothing was learned; `None`: the pair itself was rejected.
    pub fn bar(&self, site: &str, asked: &Phrase, kept: &Vector) -> Option<f32> {
        let mut bar = 0f32;
        for one in self.0.get(site).into_iter().flatten() {
            let near_kept = one.kept_vector.similarity(kept);
            if near_kept < NEIGHBOURHOOD {
                continue;
            }
            let near_asked = one.asked_vector.similarity(&asked.vector);
            if near_kept > SAME && near_asked > SAME {
                return None;
            }
            if near_asked >= NEIGHBOURHOOD {
                bar = bar.max(one.similarity + RAISED);
            }
        }
        Some(bar)
    }
}
