//! Which language a visitor speaks, told from a question that may be three words long, and whether the content is in it.

use unicode_segmentation::UnicodeSegmentation;
use whatlang::Script;

use super::Query;
use super::index::Index;
use super::language::Language;

/// Letters from which on the likeness of letters tells a language as well.
const LONG_ENOUGH: usize = 40;

/// What is known of a visitor's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken {
    /// ISO 639-1; empty when unknown.
    pub code: &'static str,
    /// Its English name, such as `German`; empty when unknown.
    pub name: &'static str,
    /// None of the content is in it.
    pub is_foreign: bool,
    /// The English name of the language in which most of the content is, when that is another one.
    pub main: Option<&'static str>,
}

/// The English name of the language of a BCP 47 tag, if it is one of those that we know.
pub fn language_name(tag: &str) -> Option<&'static str> {
    Language::of_tag(tag).map(Language::name)
}

pub(super) fn spoken(index: &Index, query: &Query<'_>) -> Spoken {
    let mut content = index.languages();
    content.retain(|language| *language != Language::UNKNOWN);
    let locale = Language::of_tag(query.locale);
    let language = language(query.text, locale, &content);
    let main = content
        .first()
        .filter(|main| language.is_some_and(|language| language != **main));
    Spoken {
        code: language.map_or("", Language::code),
        name: language.map_or("", Language::name),
        is_foreign: main.is_some() && language.is_some_and(|language| !content.contains(&language)),
        main: main.map(|main| main.name()),
    }
}

/// Whether a text is in another language than one of some length.
pub(super) fn is_foreign_to(text: &str, long: &str) -> bool {
    let Some(main) = Language::of_text(long) else {
        return false;
    };
    language(text, None, &[main]).is_some_and(|language| language != main)
}

/// What the words say; when they say too little, the language of the locale.
fn language(text: &str, locale: Option<Language>, content: &[Language]) -> Option<Language> {
    let script = match text.chars().any(is_kana) {
        true => Some(Script::Hiragana),
        false => whatlang::detect_script(text),
    };
    let Some(script) = script else { return locale };
    let written = Language::written_in(script);
    // Han alone is Chinese, unless Japanese is expected.
    let fits =
        |language: &Language| written.contains(language) || (script == Script::Mandarin && language.code() == "ja");
    let mut usual: Vec<Language> = locale.into_iter().chain(content.iter().copied()).filter(fits).collect();
    usual.dedup();
    match (written.as_slice(), script) {
        ([only], _) => return Some(*usual.first().unwrap_or(only)),
        (_, Script::Latin) => {}
        _ => return by_small_words(text, &written, &usual).or_else(|| by_letters(text, &usual, &written)),
    }
    let by_length = || Language::of_text(text).filter(|_| text.chars().count() >= LONG_ENOUGH);
    by_small_words(text, &written, &usual)
        .or_else(by_length)
        .or_else(|| usual.first().copied())
        .or(locale)
}

fn is_kana(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30ff}')
}

/// By the likeness of letters, among the languages that are expected if they are several.
fn by_letters(text: &str, usual: &[Language], written: &[Language]) -> Option<Language> {
    match usual {
        [] => Language::among(written, text),
        [only] => Language::of_text(text).or(Some(*only)),
        several => Language::among(several, text),
    }
}

/// The language whose small words (`the`, `wie`, `dans`) a text has most of.
fn by_small_words(text: &str, written: &[Language], usual: &[Language]) -> Option<Language> {
    let lower = text.to_lowercase().replace('’', "'");
    let mut words: Vec<&str> = lower.unicode_words().flat_map(|word| word.split('\'')).collect();
    words.sort_unstable();
    words.dedup();
    let counts: Vec<(usize, Language)> = written
        .iter()
        .map(|language| (words.iter().filter(|word| language.leaves_out(word)).count(), *language))
        .collect();
    let most = counts.iter().map(|(count, _)| *count).max().filter(|most| *most > 0)?;
    let first: Vec<Language> = counts
        .iter()
        .filter(|(count, _)| *count == most)
        .map(|(_, language)| *language)
        .collect();
    let expected: Vec<Language> = usual
        .iter()
        .filter(|language| first.contains(language))
        .copied()
        .collect();
    match (expected.as_slice(), first.as_slice()) {
        ([], [only]) => Some(*only),
        ([], several) => Language::among(several, text),
        ([only], _) => Some(*only),
        (several, _) => Language::among(several, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tag: &str) -> Language {
        Language::of_tag(tag).expect("a language that we know")
    }

    fn told(text: &str, locale: &str) -> &'static str {
        language(text, Language::of_tag(locale), &[of("en")]).map_or("", Language::code)
    }

    #[test]
    fn a_short_question_tells_its_language() {
        for (language, question) in [
            ("de", "Was kostet der Versand?"),
            ("de", "Wie installiere ich das Plugin?"),
            ("de", "Wo ist mein Paket?"),
            ("fr", "Comment installer l’extension ?"),
            ("fr", "Quels sont les frais de port ?"),
            ("fr", "Puis-je retourner un article ?"),
            ("es", "¿Cómo instalo el plugin?"),
            ("es", "¿Dónde está mi pedido?"),
            ("it", "Quanto costa la spedizione?"),
            ("nl", "Waar is mijn bestelling?"),
            ("pt", "Esqueci a minha senha"),
            ("pl", "Ile kosztuje wysyłka?"),
            ("tr", "Kargo ücreti ne kadar?"),
            ("ru", "Сколько стоит доставка?"),
            ("uk", "Скільки коштує доставка?"),
            ("ar", "أين أجد الرقم التسلسلي؟"),
            ("hi", "डिलीवरी में कितना समय लगता है?"),
            ("th", "ค่าส่งเท่าไหร่"),
            ("zh", "多少钱以上免运费？"),
            ("ja", "返品は何日以内ですか"),
            ("ko", "배송비는 얼마인가요?"),
            ("en", "My card was stolen"),
            ("en", "Are EUR exchanges allowed?"),
            ("en", "How do I install the plugin?"),
        ] {
            assert_eq!(told(question, "en"), language, "{question}");
        }
    }

    #[test]
    fn words_go_before_the_locale_and_the_locale_before_a_guess() {
        assert_eq!(told("How long does delivery take?", "de"), "en");
        assert_eq!(told("WooCommerce?", "de"), "de");
        assert_eq!(told("Versandkosten?", "en"), "en");
        assert_eq!(told("送料", "ja"), "ja");
        assert_eq!(told("Привет", "uk"), "uk");
        assert_eq!(told("???", "de"), "de");
    }

    #[test]
    fn content_is_foreign_when_none_of_it_is_in_the_visitors_language() {
        let knowledge = crate::knowledge::Knowledge::with_manual();
        let spoken = |text, locale| {
            let query = Query {
                locale,
                ..Query::of(text)
            };
            knowledge.spoken("site_demo", &query)
        };
        let german = spoken("Wie installiere ich das Plugin?", "en");
        assert_eq!((german.code, german.name), ("de", "German"));
        assert_eq!((german.is_foreign, german.main), (true, Some("English")));
        let english = spoken("How do I install the plugin?", "de");
        assert_eq!((english.is_foreign, english.main), (false, None));
    }
}
