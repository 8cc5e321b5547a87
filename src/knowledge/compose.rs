//! An answer without a model: the best passages, quoted, with their sources; or the honest word that there is none.

use super::chunk::{Block, Kind, blocks};
use super::index::Index;
use super::language::Language;
use super::search::{Hit, Question, search};
use super::wording::wording;
use super::{ABSTAIN_BELOW, Composed, Passage, Query};
use crate::domain::Source;

/// Passages are compared this deep.
const LOOKED_AT: usize = 6;

/// At least this share of what the question's words tell must a passage hold to be shown beside the best.
const ENOUGH_COVERED: f32 = 0.5;
/// What a page holds of the question at least to be named as near where none answers.
const NEAR: f32 = 0.15;

/// A second passage is added when it scores at least this much of the first, in standard scores, and tells something new.
const NEARLY_AS_GOOD: f32 = 0.75;

/// A passage up to this many words is quoted wholly.
const QUOTED_WHOLLY: usize = 120;

/// A line that heads others has no more words.
const HEADING_WORDS: usize = 6;

/// Sources' quotes end at the word before this many characters.
const QUOTE_CHARACTERS: usize = 220;

pub(super) fn compose(index: &Index, query: &Query<'_>) -> Composed {
    let found = search(index, query, LOOKED_AT);
    let told: Vec<Told> = found.hits.iter().filter_map(|hit| Told::of(index, hit)).collect();
    let Some(best) = told.first().filter(|_| found.confidence >= ABSTAIN_BELOW) else {
        return not_found(&told, query);
    };
    let mut shown = vec![best];
    let second = told.get(1).filter(|second| {
        second.passage.score >= best.passage.score * NEARLY_AS_GOOD
            && second.covered >= ENOUGH_COVERED
            && second.passage.url != best.passage.url
    });
    shown.extend(second);
    let mut parts = Vec::new();
    let mut sources = Vec::new();
    for (told, n) in shown.into_iter().zip(1_u32..) {
        let blocks = told.chosen(index, &found.question);
        parts.push(format!("**{}** [{n}]", plain(&told.place())));
        parts.extend(blocks.iter().map(|block| block.markdown.clone()));
        sources.push(told.source(n, &blocks));
    }
    Composed {
        text: parts.join("\n\n"),
        sources,
        found: true,
    }
}

/// See [`super::Knowledge::decline`].
pub(super) fn decline(index: &Index, query: &Query<'_>) -> Composed {
    let found = search(index, query, LOOKED_AT);
    let told: Vec<Told> = found.hits.iter().filter_map(|hit| Told::of(index, hit)).collect();
    not_found(&told, query)
}

fn not_found(told: &[Told], query: &Query<'_>) -> Composed {
    let wording = wording(match query.speaks {
        "" => query.locale,
        language => language,
    });
    let mut near: Vec<&Told> = Vec::new();
    for one in told.iter().filter(|one| one.covered >= NEAR) {
        if near.len() < 3 && near.iter().all(|other| other.passage.url != one.passage.url) {
            near.push(one);
        }
    }
    let mut text = wording.not_found.to_owned();
    if !near.is_empty() {
        text.push_str(&format!(" {}\n", wording.nearest));
        for (one, n) in near.iter().zip(1..) {
            text.push_str(&format!("\n- {} [{n}]", plain(&one.place())));
        }
    }
    let sources = near.into_iter().zip(1_u32..).map(|(one, n)| one.source(n, &one.blocks));
    Composed {
        text,
        sources: sources.collect(),
        found: false,
    }
}

/// A passage that may be shown.
struct Told {
    passage: Passage,
    number: u32,
    covered: f32,
    blocks: Vec<Block>,
}

impl Told {
    fn of(index: &Index, hit: &Hit) -> Option<Self> {
        let passage = index.passage(hit.passage, hit.score)?;
        Some(Self {
            blocks: shown(&passage.text),
            number: hit.passage,
            covered: hit.covered,
            passage,
        })
    }

    fn place(&self) -> String {
        if self.passage.section.is_empty() {
            self.passage.title.clone()
        } else {
            format!("{} › {}", self.passage.title, self.passage.section)
        }
    }

    fn source(&self, n: u32, blocks: &[Block]) -> Source {
        let sentences = blocks.iter().flat_map(|block| &block.sentences).map(String::as_str);
        Source {
            n,
            title: self.place(),
            url: self.passage.url.clone(),
            quote: shortened(&sentences.collect::<Vec<_>>().join(" "), QUOTE_CHARACTERS),
        }
    }

    /// The blocks that answer: a short passage wholly, otherwise its best block with what belongs to it.
    fn chosen(&self, index: &Index, question: &Question) -> Vec<Block> {
        let blocks = &self.blocks;
        let words: usize = blocks.iter().map(Block::words).sum();
        if words <= QUOTED_WHOLLY {
            return self.finished(index, blocks.clone());
        }
        let language = index
            .stored(self.number)
            .map_or(Language::UNKNOWN, |stored| stored.language);
        let fit = |sentence: &String| question.fit(index, language, sentence);
        let scores: Vec<Vec<f32>> = blocks
            .iter()
            .map(|block| block.sentences.iter().map(fit).collect())
            .collect();
        let best = scores
            .iter()
            .map(|all| all.iter().copied().fold(0.0, f32::max))
            .enumerate();
        let at = best
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
            .map_or(0, |(at, _)| at);
        let announces = |at: usize| blocks.get(at).is_some_and(announces);
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
        self.finished(index, taken)
    }

    /// Ends blocks where they make sense: what the last one announces comes with it, though it may stand in the next passage; a line
    /// that heads what is not shown goes.
    fn finished(&self, index: &Index, mut taken: Vec<Block>) -> Vec<Block> {
        while taken.len() > 1 && taken.last().is_some_and(is_heading) {
            taken.pop();
        }
        if taken.last().is_some_and(announces) && taken.len() == self.blocks.len() {
            let next = index.passage(self.number + 1, 0.0);
            let next =
                next.filter(|next| next.document == self.passage.document && next.section == self.passage.section);
            taken.extend(next.and_then(|next| shown(&next.text).into_iter().next()));
        }
        taken
    }
}

/// A passage's blocks without those that are but a picture: here they would be an address.
fn shown(text: &str) -> Vec<Block> {
    let all = blocks(text);
    let is_picture = |block: &Block| {
        let line = block.markdown.trim();
        (line.starts_with("![") || line.starts_with("[!["))
            && line.ends_with(')')
            && !line.contains(") ")
            && !line.contains('\n')
    };
    if all.iter().all(is_picture) {
        return all;
    }
    all.into_iter().filter(|block| !is_picture(block)).collect()
}

/// A line that ends with a colon announces the block after it.
fn announces(block: &Block) -> bool {
    block.markdown.trim_end().ends_with([':', '：'])
}

/// A line of a few words that ends like no sentence, or wholly in bold.
fn is_heading(block: &Block) -> bool {
    let line = block.markdown.trim().trim_matches(['*', '_']);
    let ends = line.ends_with(['.', '!', '?', ':', '。', '！', '？', '：', '।', '؟', '…', ')', '"']);
    block.kind == Kind::Paragraph && !ends && block.words() <= HEADING_WORDS
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
