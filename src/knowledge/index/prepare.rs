//! What can be done for a document before the index is touched: chunks, words.

use super::Encoded;
use super::sequence::Writer;
use crate::embeddings::Coarse;
use crate::knowledge::chunk::{Chunk, chunks};
use crate::knowledge::language::Language;
use crate::knowledge::meaning::{is_english, meaning};
use crate::knowledge::reading::read_now;
use crate::knowledge::terms::each_word;
use crate::knowledge::{Document, DocumentVersion};

/// A language is told from at most so many bytes of a document.
const READ_FOR_LANGUAGE: usize = 2_000;

pub(in crate::knowledge) struct Prepared {
    pub id: String,
    pub url: String,
    pub version: DocumentVersion,
    pub passages: Vec<PreparedPassage>,
}

pub(in crate::knowledge) struct PreparedPassage {
    pub title: String,
    pub section: String,
    pub slug: Option<String>,
    pub text: String,
    pub language: Language,
    pub words: Words,
    /// How else it is called, or asked for.
    pub also: Option<Box<str>>,
    /// What title, headings (twice) and text mean; `None` in languages that the model does not know.
    pub meaning: Option<Box<Coarse>>,
    /// See [`super::Stored::encoded`].
    pub encoded: Option<Box<Encoded>>,
}

impl Prepared {
    /// Lets the sentence encoders read the passages before the index has them, those in English by their own where most of the site is.
    pub fn read(&mut self, is_mostly_english: bool) {
        for passage in &mut self.passages {
            let in_english = is_mostly_english && is_english(passage.language);
            let names = [
                &*passage.title,
                &*passage.section,
                passage.also.as_deref().unwrap_or_default(),
            ];
            let meant = read_now(names, &passage.text, in_english);
            passage.encoded = Some(Box::new(Encoded::new(meant, in_english)));
        }
    }
}

/// Words in their order, with the ends of names and sentences among them.
#[derive(Default)]
pub(in crate::knowledge) struct Words(String);

// No word holds these.
const END_OF_WORD: char = '\n';
const NAME: char = '\u{1}';
const SENTENCE: char = '\u{2}';

impl Words {
    fn read(&mut self, text: &str, language: Language) {
        each_word(text, language, &mut |word| {
            self.0.push_str(word);
            self.0.push(END_OF_WORD);
        });
    }

    fn end(&mut self, what: char) {
        self.0.push(what);
        self.0.push(END_OF_WORD);
    }

    /// Writes all down, with the term that `number` gives for each word.
    pub fn each(&self, writer: &mut Writer, number: &mut dyn FnMut(&str) -> u32) {
        for part in self.0.split_terminator(END_OF_WORD) {
            match part {
                "\u{1}" => writer.end_name(),
                "\u{2}" => writer.end_sentence(),
                word => writer.term(number(word)),
            }
        }
    }
}

pub(in crate::knowledge) fn prepare(document: &Document) -> Prepared {
    let language = language_of(document);
    let passages = chunks(document).into_iter().map(|chunk| passage(chunk, language));
    Prepared {
        id: document.id.clone(),
        url: document.url.clone(),
        version: document.version(),
        passages: passages.collect(),
    }
}

fn passage(chunk: Chunk, language: Language) -> PreparedPassage {
    let mut words = Words::default();
    words.read(&chunk.title, language);
    words.end(NAME);
    words.read(&chunk.section, language);
    words.end(NAME);
    for phrase in chunk.also.iter().flat_map(|also| also.split(',')) {
        words.read(phrase, language);
        words.end(NAME);
    }
    for sentence in chunk.blocks.iter().flat_map(|block| &block.sentences) {
        words.read(sentence, language);
        words.end(SENTENCE);
    }
    let text: Vec<&str> = chunk.blocks.iter().map(|block| block.markdown.as_str()).collect();
    let text = text.join("\n\n");
    let names = format!("{} {}", chunk.title, chunk.section);
    PreparedPassage {
        // Twice the names: they say in a few words what the passage is about.
        meaning: coarse_meaning(&format!("{names} {names} {text}"), language),
        text,
        title: chunk.title,
        section: chunk.section,
        slug: chunk.slug,
        language,
        words,
        also: (!chunk.also.is_empty()).then(|| chunk.also.join(". ").into()),
        encoded: None,
    }
}

fn coarse_meaning(text: &str, language: Language) -> Option<Box<Coarse>> {
    let vector = meaning(text, language)?.vector;
    (!vector.is_zero()).then(|| Box::new(Coarse::of(&vector)))
}

/// Below this the language of a text can only be guessed.
const FEW_CHARACTERS: usize = 200;

/// A page's words say more than its label, since translated sites often carry the label of the original; of a few words the
/// language is a guess, and the label says more.
fn language_of(document: &Document) -> Language {
    let text = &document.markdown;
    let end = (0..=text.len().min(READ_FOR_LANGUAGE))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    let start = &text[..end.unwrap_or(0)];
    let by_text = Language::of_text(start);
    let by_tag = document.locale.as_deref().and_then(Language::of_tag);
    let told = match text.chars().nth(FEW_CHARACTERS) {
        Some(_) => by_text.or(by_tag),
        None => by_tag.or(by_text),
    };
    // What is in none of these would be read as English is.
    told.or_else(|| Language::of_letters(start))
        .unwrap_or(Language::UNKNOWN)
}
