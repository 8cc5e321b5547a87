//! Which language a text is in, and what that language needs: a stemmer, words to leave out, compounds to take apart.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{LazyLock, OnceLock};

use snowball_stemmers_rs::{Algorithm, Stemmer};
use whatlang::{Detector, Lang, Script};

use super::left_out::left_out;

/// Letters from which on a text tells its language.
const LONG_ENOUGH: usize = 30;

/// A language, or none that we know more of than its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Language(u8);

struct Kind {
    /// ISO 639-1.
    code: &'static str,
    detected: Lang,
    stemmer: Option<Algorithm>,
    /// Makes words of words: writes compounds as one, or puts so much before and after a stem that a stemmer leaves related words apart.
    joins: bool,
    /// Puts so much after a stem, and changes it so much, that a stemmer leaves forms of one word apart.
    bends: bool,
}

macro_rules! kinds {
    ($($code:literal $detected:ident $stemmer:expr, $joins:literal, $bends:literal;)+) => {
        vec![$(Kind { code: $code, detected: Lang::$detected, stemmer: $stemmer, joins: $joins, bends: $bends }),+]
    };
}

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    use Algorithm::*;
    kinds! {
        "en" Eng Some(English), false, false;
        "de" Deu Some(German), true, false;
        "fr" Fra Some(French), false, false;
        "es" Spa Some(Spanish), false, false;
        "it" Ita Some(Italian), false, false;
        "nl" Nld Some(Dutch), true, false;
        "pt" Por Some(Portuguese), false, false;
        "ru" Rus Some(Russian), true, true;
        "uk" Ukr Some(Ukrainian), true, true;
        "ar" Ara Some(Arabic), false, false;
        "hi" Hin Some(Hindi), false, false;
        "th" Tha None, false, false;
        "zh" Cmn None, false, false;
        "ja" Jpn None, false, false;
        "ko" Kor None, false, false;
        "sv" Swe Some(Swedish), true, true;
        "da" Dan Some(Danish), true, true;
        "nb" Nob Some(Norwegian), true, true;
        "fi" Fin Some(Finnish), true, true;
        "hu" Hun Some(Hungarian), true, true;
        "ro" Ron Some(Romanian), false, false;
        "tr" Tur Some(Turkish), false, false;
        "el" Ell Some(Greek), false, true;
        "pl" Pol Some(Polish), true, true;
        "cs" Ces Some(Czech), true, true;
        "fa" Pes Some(Persian), false, false;
        "he" Heb None, false, false;
        "id" Ind Some(Indonesian), false, false;
        "ca" Cat Some(Catalan), false, false;
        "vi" Vie None, false, false;
        "bg" Bul None, false, true;
        "ta" Tam Some(Tamil), false, false;
    }
});

struct Tools {
    stemmer: Option<Stemmer>,
    stop: HashSet<Cow<'static, str>>,
}

/// Made when a language is first met: most sites have one.
static TOOLS: LazyLock<Vec<OnceLock<Tools>>> = LazyLock::new(|| KINDS.iter().map(|_| OnceLock::new()).collect());

impl Language {
    pub const ENGLISH: Self = Self(0);
    /// Words as they are written.
    pub const UNKNOWN: Self = Self(u8::MAX);

    /// By a BCP 47 tag such as `de-AT`, or WordPress' form of it, `de_AT`.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let code = tag.split(['-', '_']).next()?.to_ascii_lowercase();
        let code = if matches!(code.as_str(), "no" | "nn") {
            "nb"
        } else {
            &code
        };
        let at = KINDS.iter().position(|kind| kind.code == code)?;
        Some(Self(at as u8))
    }

    /// By the words of a text of some length.
    pub fn of_text(text: &str) -> Option<Self> {
        let found = whatlang::detect(text).filter(whatlang::Info::is_reliable)?;
        Self::of_lang(found.lang())
    }

    /// The likeliest of those that are written in its letters, however short it is; `None` in Latin ones, which most languages have.
    pub fn of_letters(text: &str) -> Option<Self> {
        let script = whatlang::detect_script(text).filter(|script| *script != Script::Latin)?;
        match Self::written_in(script).as_slice() {
            [] => None,
            [only] => Some(*only),
            several => Self::among(several, text),
        }
    }

    /// The likeliest of some languages for a text that may be short.
    pub fn among(languages: &[Self], text: &str) -> Option<Self> {
        let known = languages.iter().filter_map(|language| language.kind());
        let allowed: Vec<Lang> = known.map(|kind| kind.detected).collect();
        if let ([only], [_]) = (languages, allowed.as_slice()) {
            // Of a few words in the same letters it can hardly be told; another script is another language.
            let tells = text.chars().count() >= LONG_ENOUGH || whatlang::detect_script(text) != Some(Script::Latin);
            let other = Self::of_text(text).filter(|_| tells);
            return Some(other.unwrap_or(*only));
        }
        Self::of_lang(Detector::with_allowlist(allowed).detect_lang(text)?)
    }

    fn of_lang(lang: Lang) -> Option<Self> {
        let at = KINDS.iter().position(|kind| kind.detected == lang)?;
        Some(Self(at as u8))
    }

    fn kind(self) -> Option<&'static Kind> {
        KINDS.get(usize::from(self.0))
    }

    fn tools(self) -> Option<&'static Tools> {
        let (kind, tools) = (self.kind()?, TOOLS.get(usize::from(self.0))?);
        Some(tools.get_or_init(|| Tools {
            stemmer: kind.stemmer.map(Stemmer::create),
            stop: left_out(kind.code),
        }))
    }

    /// ISO 639-1; empty when unknown.
    pub fn code(self) -> &'static str {
        self.kind().map_or("", |kind| kind.code)
    }

    /// Its English name; empty when unknown.
    pub fn name(self) -> &'static str {
        self.kind().map_or("", |kind| match kind.detected {
            Lang::Cmn => "Chinese",
            Lang::Nob => "Norwegian",
            other => other.eng_name(),
        })
    }

    /// The languages that are written in a script.
    pub fn written_in(script: Script) -> Vec<Self> {
        script.langs().iter().filter_map(|lang| Self::of_lang(*lang)).collect()
    }

    pub fn joins_words(self) -> bool {
        self.kind().is_some_and(|kind| kind.joins)
    }

    pub fn bends_words(self) -> bool {
        self.kind().is_some_and(|kind| kind.bends)
    }

    /// Whether what its texts mean is told by what their words are translated by. Of Japanese the pairs of characters, which stand for
    /// words, tell too little of that: passages were found better without.
    pub fn means_by_words(self) -> bool {
        self.code() != "ja"
    }

    /// Whether a lower-case word says nothing about what a text is about.
    pub fn leaves_out(self, word: &str) -> bool {
        self.tools().is_some_and(|tools| tools.stop.contains(word))
    }

    /// All words that [`Language::leaves_out`] names.
    pub fn left_out(self) -> impl Iterator<Item = &'static str> {
        self.tools()
            .into_iter()
            .flat_map(|tools| tools.stop.iter().map(AsRef::as_ref))
    }

    /// The stem of a lower-case word; the word itself in a language whose stems we do not know.
    pub fn stem(self, word: &str) -> String {
        match self.tools().and_then(|tools| tools.stemmer.as_ref()) {
            Some(stemmer) => stemmer.stem(word).into_owned(),
            None => word.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tag: &str) -> Language {
        Language::of_tag(tag).expect("a language that we know")
    }

    #[test]
    fn languages_are_told_by_tag_and_by_text() {
        assert_eq!(of("de_AT").code(), "de");
        assert_eq!(of("pt-br").code(), "pt");
        assert_eq!(of("nn-NO").code(), "nb");
        assert_eq!(Language::of_tag("tlh"), None);
        let german = "Wenn die Lieferung beschädigt ankommt, melden Sie sich bitte innerhalb von zwei Wochen bei uns.";
        assert_eq!(Language::of_text(german), Some(of("de")));
        assert_eq!(
            Language::among(&[of("en"), of("de")], "Wo ist mein Paket?"),
            Some(of("de"))
        );
    }

    #[test]
    fn a_few_words_in_other_letters_have_a_language() {
        let code = |text| Language::of_letters(text).map_or("", Language::code);
        assert_eq!(code("कूरियर के डिब्बा उठाते ही आपको ईमेल मिलेगा।"), "hi");
        assert_eq!(code("車は地下に停められます。"), "ja");
        assert_eq!(code("รถจอดที่ชั้นใต้ดิน"), "th");
        assert_eq!(code("Доставка бесплатна от пятидесяти евро"), "ru");
        assert_eq!(code("A garage for cars"), "");
        assert_eq!(code("12 € — 100%"), "");
    }

    #[test]
    fn a_language_brings_its_stems_and_stop_words() {
        assert_eq!(of("de").stem("lieferungen"), of("de").stem("lieferung"));
        assert_eq!(of("ru").stem("доставки"), of("ru").stem("доставка"));
        assert!(of("de").leaves_out("nicht") && !of("de").leaves_out("lieferung"));
        assert_eq!(Language::UNKNOWN.stem("words"), "words");
    }
}
