//! Which of the best passages are shown together: none twice, and more than one page when more than one has something to say.

use super::Hit;
use crate::knowledge::index::{Index, Sequence};

/// So many of the best are considered for each that is wanted.
const CONSIDERED: usize = 3;
/// Two passages that share this much of their terms say the same.
const THE_SAME: f32 = 0.9;

/// The best `limit` of the hits, which come in their order.
pub(super) fn chosen(index: &Index, mut hits: Vec<Hit>, limit: usize) -> Vec<Hit> {
    hits.truncate(limit.saturating_mul(CONSIDERED));
    let mut kept: Vec<(Hit, Vec<u32>)> = Vec::new();
    let mut sequence = Sequence::default();
    for hit in hits {
        if kept.len() > limit {
            break;
        }
        let Some(stored) = index.stored(hit.passage) else {
            continue;
        };
        sequence.read(&stored.sequence);
        let mut terms = sequence.terms.clone();
        terms.sort_unstable();
        terms.dedup();
        if kept.iter().all(|(_, other)| alike(other, &terms) < THE_SAME) {
            kept.push((hit, terms));
        }
    }
    let mut chosen: Vec<Hit> = kept.into_iter().map(|(hit, _)| hit).collect();
    // One place is kept for another page than the first's, if the next best is of one.
    if let Some(next) = chosen.get(limit).copied()
        && limit > 2
    {
        let page = |hit: &Hit| index.document_of(hit.passage);
        let first = chosen.first().and_then(page);
        let all_one = chosen.iter().take(limit).all(|hit| page(hit) == first);
        if all_one && page(&next) != first {
            chosen[limit - 1] = next;
        }
    }
    chosen.truncate(limit);
    chosen
}

/// The share of terms that two sorted lists have in common.
fn alike(a: &[u32], b: &[u32]) -> f32 {
    let (mut i, mut j, mut both) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                both += 1;
                i += 1;
                j += 1;
            }
        }
    }
    let all = a.len() + b.len() - both;
    if all == 0 { 1.0 } else { both as f32 / all as f32 }
}
