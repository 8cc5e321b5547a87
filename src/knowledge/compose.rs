//! An answer without a model: the best passages, quoted, with their sources; or the honest word that there is none.

use super::Composed;
use super::chunk::{Block, Kind};
use super::index::Index;
use super::search::{Asked, Hit, search};
use crate::domain::Source;

/// Passages are compared this deep.
const LOOKED_AT: usize = 6;

/// At least this share of the question's rare words must stand in one passage for an answer to be given.
const ENOUGH_COVERED: f32 = 0.5;

/// A second passage is added when it scores at least this much of the first, in standard scores, and tells something new.
const NEARLY_AS_GOOD: f32 = 0.75;

/// A passage up to this many words is quoted wholly.
const QUOTED_WHOLLY: usize = 120;

/// Sources' quotes end at the word before this many characters.
const QUOTE_CHARACTERS: usize = 220;

/// Whether the content holds the answer, as far as words can tell.
pub(super) fn is_answer(hits: &[Hit<'_>]) -> bool {
    hits.first().is_some_and(|best| best.covered >= ENOUGH_COVERED)
}

pub(super) fn compose(index: &Index, asked: &[Asked]) -> Composed {
    let hits = search(index, asked, LOOKED_AT);
    let Some(best) = hits.first().filter(|_| is_answer(&hits)) else {
        return not_found(&hits);
    };
    let mut told = vec![best];
    let second = hits.get(1).filter(|second| {
        second.score >= best.score * NEARLY_AS_GOOD
            && second.covered >= ENOUGH_COVERED
            && second.entry.passage.url != best.entry.passage.url
    });
    told.extend(second);
    let mut parts = Vec::new();
    let mut sources = Vec::new();
    for (hit, n) in told.into_iter().zip(1_u32..) {
        let blocks = chosen(hit);
        parts.push(format!("**{}** [{n}]", plain(&place(hit))));
        parts.extend(blocks.iter().map(|block| block.markdown.clone()));
        sources.push(source(n, hit, &blocks));
    }
    Composed {
        text: parts.join("\n\n"),
        sources,
        found: true,
    }
}

fn not_found(hits: &[Hit<'_>]) -> Composed {
    let mut near: Vec<&Hit<'_>> = Vec::new();
    for hit in hits.iter().filter(|hit| hit.covered >= ENOUGH_COVERED / 2.0) {
        if near.len() < 3
            && near
                .iter()
                .all(|other| other.entry.passage.url != hit.entry.passage.url)
        {
            near.push(hit);
        }
    }
    let mut text = "I could not find an answer to that in this site's content.".to_owned();
    if !near.is_empty() {
        text.push_str(" These pages come nearest:\n");
        for (hit, n) in near.iter().zip(1..) {
            text.push_str(&format!("\n- {} [{n}]", plain(&place(hit))));
        }
    }
    let sources = near
        .into_iter()
        .zip(1_u32..)
        .map(|(hit, n)| source(n, hit, &hit.entry.blocks))
        .collect();
    Composed {
        text,
        sources,
        found: false,
    }
}

fn place(hit: &Hit<'_>) -> String {
    let passage = &hit.entry.passage;
    if passage.section.is_empty() {
        passage.title.clone()
    } else {
        format!("{} › {}", passage.title, passage.section)
    }
}

/// A title's characters that Markdown would read as marks, escaped.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '&' | '~' | '|'
        ) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The blocks that answer: a short passage wholly, otherwise its best block with what belongs to it.
fn chosen(hit: &Hit<'_>) -> Vec<Block> {
    let blocks = &hit.entry.blocks;
    let words: usize = blocks.iter().map(Block::words).sum();
    if words <= QUOTED_WHOLLY {
        return blocks.clone();
    }
    let mut scores = hit.sentences.iter();
    let scores: Vec<Vec<f32>> = blocks
        .iter()
        .map(|block| scores.by_ref().take(block.sentences.len()).copied().collect())
        .collect();
    let best = scores
        .iter()
        .map(|all| all.iter().copied().fold(0.0, f32::max))
        .enumerate();
    let at = best
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        .map_or(0, |(at, _)| at);
    // A line that ends with a colon announces the block after it.
    let announces = |at: usize| blocks.get(at).is_some_and(|block| block.markdown.ends_with(':'));
    let first = if at > 0 && announces(at - 1) { at - 1 } else { at };
    let mut taken = Vec::new();
    let mut length = 0;
    for (i, block) in blocks.iter().enumerate().skip(first) {
        let must = i <= at || announces(i - 1);
        let shown = match block.kind {
            Kind::Points => best_points(block, &scores[i], QUOTED_WHOLLY.saturating_sub(length)),
            _ => block.clone(),
        };
        if !must && length + shown.words() > QUOTED_WHOLLY {
            break;
        }
        length += shown.words();
        taken.push(shown);
    }
    taken
}

/// The points of a long list that fit best, in their order.
fn best_points(block: &Block, scores: &[f32], room: usize) -> Block {
    if block.words() <= room.max(60) || block.items.len() != block.sentences.len() || scores.len() != block.items.len()
    {
        return block.clone();
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    order.truncate(3);
    order.retain(|at| scores[*at] >= scores[order_best(scores)] * 0.5);
    order.sort_unstable();
    let pick = |all: &[String]| order.iter().filter_map(|at| all.get(*at).cloned()).collect::<Vec<_>>();
    let items = pick(&block.items);
    Block {
        kind: block.kind,
        markdown: items.join("\n"),
        sentences: pick(&block.sentences),
        items,
    }
}

fn order_best(scores: &[f32]) -> usize {
    (0..scores.len())
        .max_by(|a, b| scores[*a].total_cmp(&scores[*b]))
        .unwrap_or(0)
}

fn source(n: u32, hit: &Hit<'_>, blocks: &[Block]) -> Source {
    let sentences: Vec<&str> = blocks
        .iter()
        .flat_map(|block| &block.sentences)
        .map(String::as_str)
        .collect();
    Source {
        n,
        title: place(hit),
        url: hit.entry.passage.url.clone(),
        quote: shortened(&sentences.join(" "), QUOTE_CHARACTERS),
    }
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most).collect();
    if let Some(end) = short.rfind(char::is_whitespace) {
        short.truncate(end);
    }
    short.push('…');
    short
}
