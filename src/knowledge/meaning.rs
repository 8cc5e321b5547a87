//! What a text means, as far as the model in the binary can tell in its language.

use super::language::Language;
use super::terms::{each_word, stem};
use crate::embeddings::{self, Embedding, EnglishTokens, Glossary, embed_for_search};

/// Words that are looked at, from the start of a text.
const MOST_WORDS: usize = 512;

/// `None` in a language that the model knows nothing of.
pub(super) fn meaning(text: &str, language: Language) -> Option<Embedding> {
    if is_english(language) {
        return Some(embed_for_search(text));
    }
    let glossary = glossary(language)?;
    let counted = counted(text, language);
    let counted = counted.iter().map(|(stem, count)| (stem.as_str(), *count));
    Some(glossary.embed(counted, language.joins_words()))
}

/// What the English encoder reads of a question, and the share of its words that something is known of; `None` in a language that
/// it cannot be asked in.
pub(super) fn in_english(text: &str, language: Language) -> Option<(EnglishTokens, f32)> {
    if is_english(language) {
        return Some((EnglishTokens::of(text), embed_for_search(text).known));
    }
    let glossary = glossary(language).filter(|_| READ_BY_WORDS.contains(&language.code()))?;
    let mut stems: Vec<String> = Vec::new();
    each_word(text, language, &mut |word| {
        if stems.len() < MOST_WORDS {
            stems.push(stem(word, language));
        }
    });
    Some(glossary.tokens(stems.iter().map(String::as_str), language.joins_words()))
}

/// Languages in which English passages are asked for by what a glossary makes of the words. In Hindi that ranked passages worse; the others
/// that have one are not measured.
const READ_BY_WORDS: [&str; 6] = ["de", "es", "fr", "pl", "ru", "zh"];

/// Whether anything tells what words of a language mean.
pub(super) fn has_meaning(language: Language) -> bool {
    is_english(language) || glossary(language).is_some()
}

fn glossary(language: Language) -> Option<&'static Glossary> {
    Glossary::of(language.code()).filter(|_| language.means_by_words())
}

/// What [`meaning`] averages: rows of the model's table, and how much each counts. What the table is trained with.
pub(super) fn bag(text: &str, language: Language) -> Vec<(u16, f32)> {
    if is_english(language) {
        return embeddings::bag(text);
    }
    let counted = counted(text, language);
    let counted = counted.iter().map(|(stem, count)| (stem.as_str(), *count));
    Glossary::of(language.code()).map_or_else(Vec::new, |glossary| glossary.bag(counted, language.joins_words()))
}

/// Whether a text is read as English is; one of which the language is not known may be.
pub(super) fn is_english(language: Language) -> bool {
    matches!(language, Language::ENGLISH | Language::UNKNOWN)
}

/// The stems of a text, each with how often it stands there.
fn counted(text: &str, language: Language) -> Vec<(String, u32)> {
    let mut words: Vec<String> = Vec::new();
    each_word(text, language, &mut |word| {
        if words.len() < MOST_WORDS {
            words.push(word.to_owned());
        }
    });
    // The same word is looked up once.
    words.sort_unstable();
    let same = words.chunk_by(|a, b| a == b);
    same.map(|same| (stem(&same[0], language), same.len() as u32)).collect()
}

/// Words of a language that mean what this stem means, as translations show.
pub(super) fn alike(stem: &str, language: Language) -> impl Iterator<Item = &'static str> {
    let glossary = Glossary::of(language.code());
    glossary.into_iter().flat_map(move |glossary| glossary.alike(stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_means_the_same_in_other_languages() {
        let known = |tag: &str, text: &str| {
            let language = Language::of_tag(tag).expect("a language that we know");
            meaning(text, language).expect("a language that the model knows")
        };
        let english = known("en", "change my password").vector;
        for (tag, same, other) in [
            ("de", "Kennwort ändern", "Bild drucken"),
            ("ru", "изменить пароль", "печать рисунка"),
            ("fr", "modifier le mot de passe", "imprimer une image"),
            ("zh", "更改密码", "打印图片"),
        ] {
            let same = known(tag, same).vector.similarity(&english);
            let other = known(tag, other).vector.similarity(&english);
            assert!(same > 0.5 && same > other + 0.3, "{tag}: {same} {other}");
        }
        assert!(meaning("ตั้งรหัสผ่าน", Language::of_tag("th").expect("Thai")).is_none());
    }
}
