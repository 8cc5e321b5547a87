//! What is compared when a question is compared with a text: stems of words, and pairs of characters where words are not spaced.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use super::language::Language;

/// Longer words are cut: nobody types them, and hostile pages have them.
const LONGEST_WORD: usize = 64;

/// Calls `see` with each word of a text in its order: lower case, folded, without stop words; a pair of characters each where words
/// are not spaced.
pub(super) fn each_word(text: &str, language: Language, see: &mut dyn FnMut(&str)) {
    let text = folded(text);
    // A stretch of a script without spaces.
    let mut run: Vec<char> = Vec::new();
    let mut run_end = 0;
    for (at, word) in text.unicode_word_indices() {
        if word.chars().all(is_unspaced) {
            if at != run_end {
                pairs(&mut run, see);
            }
            run.extend(word.chars());
            run_end = at + word.len();
            continue;
        }
        pairs(&mut run, see);
        // What is left of `won't` without its end is another word.
        if word.ends_with("n't") {
            continue;
        }
        // `public_url` and `widget.js` are found by their parts.
        for part in word.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c)) {
            if !part.is_empty() && !language.leaves_out(part) {
                see(cut(part));
            }
        }
    }
    pairs(&mut run, see);
}

/// The stems of a text in their order.
pub(super) fn stems(text: &str, language: Language) -> Vec<String> {
    let mut all = Vec::new();
    each_word(text, language, &mut |word| all.push(stem(word, language)));
    all
}

/// The stem of a word that [`each_word`] gave, without accents.
pub(super) fn stem(word: &str, language: Language) -> String {
    if word.chars().all(is_unspaced) || word.starts_with(|c: char| c.is_ascii_digit()) {
        return word.to_owned();
    }
    let stem = language.stem(word);
    if stem.is_ascii() || !stem.chars().all(is_latin_or_greek) {
        return stem;
    }
    let plain: String = stem.nfd().filter(|c| !is_combining_mark(*c)).collect();
    plain.replace('ß', "ss")
}

/// How long a text is, in words; where words are not spaced, by the usual length of one.
pub(super) fn words_in(text: &str) -> usize {
    let spaced = text.split_whitespace().count();
    let quarters: usize = text.chars().map(quarters_of_a_word).sum();
    spaced + quarters / 4
}

/// How much of a word a character is where words are not spaced. A word of Chinese has about two characters, one in Kana or Thai letters
/// about four: so parallel texts are about as long in every language.
pub(super) fn quarters_of_a_word(c: char) -> usize {
    match c {
        '\u{3040}'..='\u{30ff}' => 1,
        // Korean words are spaced.
        '\u{ac00}'..='\u{d7af}' => 0,
        _ if is_south_east_asian(c) => 1,
        _ if is_unspaced(c) => 2,
        _ => 0,
    }
}

/// One form for what is written in several: compatibility forms, case, and what each script leaves to taste.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(text.to_ascii_lowercase()),
            false => Cow::Borrowed(text),
        };
    }
    let lower = text.nfkc().flat_map(char::to_lowercase);
    Cow::Owned(lower.filter_map(same_letter).collect())
}

/// The letter that stands for this one; `None` for marks that readers do without.
fn same_letter(c: char) -> Option<char> {
    Some(match c {
        // Arabic: vowel signs and the stretching line are optional; the seats of hamza, and the final forms of ya and ta, are mixed up.
        '\u{064b}'..='\u{0652}' | '\u{0670}' | '\u{0640}' => return None,
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' => 'ي',
        // Persian keyboards write their own kaf and ya.
        'ک' => 'ك',
        'ی' => 'ي',
        // Devanagari: the dot below of borrowed sounds is often left out, and the two nasal signs stand for each other.
        '\u{093c}' | '\u{200c}' | '\u{200d}' => return None,
        'ँ' => 'ं',
        'ё' => 'е',
        '’' | '‘' => '\'',
        other => other,
    })
}

fn cut(word: &str) -> &str {
    match word.char_indices().nth(LONGEST_WORD) {
        Some((end, _)) => &word[..end],
        None => word,
    }
}

fn pairs(run: &mut Vec<char>, see: &mut dyn FnMut(&str)) {
    let mut buffer = String::new();
    match run.as_slice() {
        [] => {}
        [single] => see(single.encode_utf8(&mut [0; 4])),
        several => several.windows(2).for_each(|two| {
            buffer.clear();
            buffer.extend(two);
            see(&buffer);
        }),
    }
    run.clear();
}

/// Han, Hiragana, Katakana, Thai, Lao, Khmer and Myanmar are written without spaces between words; Korean words carry endings that
/// their pairs leave behind.
pub(super) fn is_unspaced(c: char) -> bool {
    is_south_east_asian(c)
        || matches!(c,
            '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '\u{3040}'..='\u{30ff}'
            | '\u{ac00}'..='\u{d7af}')
}

/// Chinese characters that hold a sentence together and say little of its subject: pronouns, question words, particles.
const GRAMMAR: &str = "的了是在和与或吗呢吧我你您他她它们这那哪什么怎如何为以把被从到于之其及请很也都就";
/// The same of Korean: what a word ends in.
const ENDINGS: &str = "은는을를의에습니까요";

/// How much a word that [`each_word`] gave tells of the subject, from 0 to 1, by its characters alone: in a pair of them there may be more
/// grammar than word. Hiragana is what Japanese is conjugated in.
pub(super) fn tells(word: &str, language: Language) -> f32 {
    if !word.chars().all(is_unspaced) {
        return 1.0;
    }
    let hiragana = word.chars().filter(|c| matches!(c, '\u{3041}'..='\u{309f}')).count();
    match hiragana {
        0 if language.code() == "zh" && word.chars().any(|c| GRAMMAR.contains(c)) => 0.2,
        0 if word.chars().any(|c| ENDINGS.contains(c)) => 0.5,
        0 => 1.0,
        1 if word.chars().count() == 2 => 0.3,
        _ => 0.05,
    }
}

fn is_south_east_asian(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

fn is_latin_or_greek(c: char) -> bool {
    matches!(c, '\0'..='\u{24f}' | '\u{300}'..='\u{36f}' | '\u{370}'..='\u{3ff}' | '\u{1e00}'..='\u{1fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stems_in(tag: &str, text: &str) -> Vec<String> {
        let language = Language::of_tag(tag).unwrap_or(Language::UNKNOWN);
        super::stems(text, language)
    }

    fn stems(text: &str) -> Vec<String> {
        stems_in("en", text)
    }

    #[test]
    fn words_are_folded_and_stop_words_left_out() {
        assert_eq!(stems("How do I install the Plugins?"), ["instal", "plugin"]);
        assert_eq!(stems("public_url and widget.js"), ["public", "url", "widget", "js"]);
        assert_eq!(stems("ＦＵＬＬ ﬁle"), ["full", "file"]);
        assert!(stems("what is this").is_empty());
        assert_eq!(stems("It won’t print, and doesn't scan"), ["print", "scan"]);
    }

    #[test]
    fn scripts_without_spaces_are_read_in_pairs() {
        assert_eq!(stems("安装插件"), ["安装", "装插", "插件"]);
        assert_eq!(stems("安装 plugin 插件"), ["安装", "plugin", "插件"]);
        assert_eq!(stems("を"), ["を"]);
        assert_eq!(stems("ติดตั้ง").len(), "ติดตั้ง".chars().count() - 1);
        assert_eq!(
            stems_in("ko", "플러그인을 설치"),
            ["플러", "러그", "그인", "인을", "설치"]
        );
    }

    #[test]
    fn what_is_left_to_taste_makes_no_difference() {
        assert_eq!(stems_in("ar", "الإعداداتُ"), stems_in("ar", "الاعدادات"));
        assert_eq!(stems_in("ru", "счёт"), stems_in("ru", "счет"));
        assert_eq!(stems_in("es", "Teléfonos"), stems_in("es", "telefono"));
        assert_eq!(stems_in("de", "Straße"), stems_in("de", "Strasse"));
        assert_eq!(stems_in("hi", "ज़रूरत"), stems_in("hi", "जरूरत"));
        assert_eq!(stems_in("hi", "प्लगइन").len(), 1);
    }

    #[test]
    fn length_is_counted_in_words_in_every_script() {
        assert_eq!(words_in("three short words"), 3);
        assert_eq!(words_in(&"安装插件".repeat(50)), 101);
        assert!(words_in(&"ติดตั้งปลั๊กอิน".repeat(20)) > 60);
        assert_eq!(words_in("플러그인을 설치합니다"), 2);
        assert_eq!(words_in("プラグインをインストールします"), 4);
    }
}
