//! Whether a question points at the page on which it is asked ("How much is this?"): an answer to it is good for that page only.
//!
//! A question may be in another language than its page, so the words of all languages count, save those that are something common in
//! another one: Polish `to` is nothing in English, and German `das` is a pronoun only where no noun follows.

use std::sync::LazyLock;

use hashbrown::HashMap;

/// Words that point, in whatever language they are read; by language, for whoever looks after them.
#[rustfmt::skip]
const POINTING: &[(&str, &str)] = &[
    ("en", "it its this that these those here page article post"),
    ("de", "dies diese dieser dieses diesen diesem hier hierfür hierzu seite"),
    ("fr", "ce cet cette ces ça cela ceci celui celle ici page"),
    ("es", "este esta esto estos estas ese esa eso esos esas aquello aquí página"),
    ("it", "questo questa questi queste quest quello quella ciò pagina"),
    ("nl", "dit deze dat hier hiervan hiervoor hiermee pagina"),
    ("pt", "este esta isto estes estas esse essa isso esses essas deste desta disto desse dessa disso neste nesta nisto nesse nessa \
            nisso aqui página"),
    ("ca", "això aquest aquesta aquests aquestes aquí pàgina"),
    ("ro", "acest această acesta aceasta aceste aceștia acestea acestui acestei asta ăsta aici pagina pagină"),
    ("sv", "detta denna dessa här sida sidan"),
    ("da", "dette denne disse her siden"),
    ("nb", "dette denne disse her siden"),
    ("fi", "tämä tämän tätä tässä tästä tähän tällä nämä näitä täällä täältä tuon sivu sivulla sivun"),
    ("hu", "ez ezt ezek ezen ennek ezzel erre ebben itt oldal oldalon"),
    ("pl", "tego tej tym tych tutaj strona stronie stronę"),
    ("cs", "tento tato tohle toho tomto této tohoto tady zde stránka stránce stránku"),
    ("tr", "bu bunu bunun buna bunda bunlar burada burası sayfa sayfada"),
    ("id", "ini itu sini halaman"),
    ("vi", "này đây đó trang"),
    ("ru", "это этот эта эти этого этой этому этом этим этих эту оно здесь тут страница странице страницу страницы"),
    ("uk", "це цей ця ці цього цієї цьому цим цих цю тут сторінка сторінці сторінку сторінки"),
    ("bg", "това този тази тези тук страница страницата"),
    ("el", "αυτό αυτο αυτός αυτή αυτά αυτού αυτής αυτόν αυτήν εδώ εδω σελίδα σελιδα"),
    ("ar", "هذا هذه هذان هؤلاء ذلك تلك هنا بهذا لهذا وهذا بهذه لهذه صفحة الصفحة"),
    ("fa", "این اینها آن اینجا صفحه"),
    ("he", "זה זאת זו אלה אלו כאן פה הזה הזאת הזו האלה לזה בזה דף הדף עמוד"),
    ("hi", "यह ये इस इसे इसका इसकी इसके इसमें इन वह यहाँ यहां पेज"),
    ("ko", "이 이것 이것은 이것도 이거 이건 이게 이걸 그것 그거 그건 그게 여기 여기서 여기에 여긴 페이지"),
];

/// Of these the last word of a question only: before others they are articles, or stand for nothing.
#[rustfmt::skip]
const POINTING_AT_THE_END: &[(&str, &str)] = &[
    ("de", "das es den die"),
    ("nl", "het die"),
    ("sv", "det den"),
    ("da", "det den"),
    ("fi", "se sen sitä"),
    ("hu", "az"),
    ("it", "qui"),
    ("fr", "ce"),
];

/// Words of Polish and Czech that are others elsewhere, and the words by which these languages ask.
const SLAVIC: &str = "to ten ta te tę toto";
const SLAVIC_ASKING: &str =
    "ile czy jak jaki jaka jakie kiedy gdzie dlaczego czemu kto kolik kdy kde proč jaký jaká jaké";

/// Where words are not set apart, or take along what is said of them: stretches that point wherever they stand.
const STRETCHES: &[&str] = &[
    "这",
    "這",
    "此",
    "它",
    "本页",
    "本文",
    "页面", // Chinese
    "これ",
    "この",
    "ここ",
    "こちら",
    "それ",
    "その", // Japanese
    "นี้",
    "นี่", // Thai
    "இந்த",
    "இது",
    "இங்கே",
    "இதன்",
    "இதை", // Tamil
];

/// A question of nothing but these asks the price of what it does not name, so of what the page is about.
#[rustfmt::skip]
const NAMELESS: &[(&str, &str)] = &[
    ("en", "how much what whats is s the a does do cost costs price prices please pls are and"),
    ("de", "was wie viel wieviel teuer kostet kosten der die preis ist bitte"),
    ("fr", "combien coûte coute quel est le prix c il elle s'il vous plaît"),
    ("es", "cuánto cuanto cuesta cuestan vale cuál cual es el precio qué que por favor"),
    ("it", "quanto costa costano viene qual è il prezzo per favore"),
    ("pt", "quanto custa custam qual é o preço"),
    ("nl", "hoeveel wat kost kosten is de prijs"),
    ("ca", "quant costa el preu quin és"),
    ("ro", "cât cat costă costa care este prețul pretul"),
    ("sv", "vad hur mycket kostar är priset pris"),
    ("da", "hvad hvor meget koster er prisen pris"),
    ("nb", "hva hvor mye koster er prisen pris"),
    ("fi", "paljonko mitä maksaa mikä on hinta"),
    ("hu", "mennyi mennyibe kerül mi az ára ár"),
    ("pl", "ile kosztuje kosztują jaka jest cena"),
    ("cs", "kolik stojí jaká je cena"),
    ("tr", "ne kadar kaç para fiyat fiyatı nedir"),
    ("id", "berapa harga harganya"),
    ("vi", "bao nhiêu tiền giá là"),
    ("ru", "сколько стоит стоят какая цена цены почём почем"),
    ("uk", "скільки коштує коштують яка ціна"),
    ("bg", "колко струва каква е цената цена"),
    ("el", "πόσο ποσο κάνει κοστίζει ποια είναι η τιμή"),
    ("ar", "كم السعر سعر الثمن بكم ما هو"),
    ("fa", "چند قیمت چقدر است"),
    ("he", "כמה עולה המחיר מה מחיר"),
    ("hi", "कितने कितना का की है दाम कीमत क्या"),
    ("ko", "얼마 얼마예요 얼마에요 얼마인가요 얼마입니까 가격 가격이 가격은"),
    ("th", "ราคา เท่าไหร่ เท่าไร ราคาเท่าไหร่ ราคาเท่าไร"),
    ("zh", "多少钱 价格 价格多少 价格是多少 多少錢 價格"),
    ("ja", "いくら いくらですか 値段 値段は 価格 価格は 値段はいくらですか 価格はいくらですか"),
];

/// The languages of which no word is known here: there nobody can tell what points.
pub fn is_unheard_of(locale: &str) -> bool {
    let language = locale.split(['-', '_']).next().unwrap_or_default();
    let is_known = |known: &str| known == language;
    let all = POINTING.iter().chain(NAMELESS).map(|(known, _)| *known);
    !language.is_empty() && !all.chain(["ta", "no", "nn"]).any(is_known)
}

/// Of a question in the form in which questions are compared.
pub fn points_at_page(normalised: &str) -> bool {
    if !normalised.is_ascii() && STRETCHES.iter().any(|stretch| normalised.contains(stretch)) {
        return true;
    }
    let words = normalised
        .split(|c: char| !is_of_a_word(c))
        .filter(|word| !word.is_empty());
    let (mut every, mut any, mut last, mut before) = (NAMES_NOTHING, 0, 0, "");
    for word in words {
        last = WORDS.get(word).copied().unwrap_or_default();
        // French asks with `est-ce que`, which is of no page.
        if last & POINTS != 0 && !(word == "ce" && before == "est") {
            return true;
        }
        every &= last;
        any |= last;
        before = word;
    }
    let is_slavic = any & SLAVIC_POINTS != 0 && any & SLAVIC_ASKS != 0;
    !before.is_empty() && (every != 0 || last & POINTS_AT_THE_END != 0 || is_slavic)
}

/// Vowel signs and the signs that take vowels away are of the word, too: they are no letters of their own.
fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\u{93c}' | '\u{94d}' | '\u{e47}'..='\u{e4e}')
}

const POINTS: u8 = 1;
const POINTS_AT_THE_END: u8 = 2;
const NAMES_NOTHING: u8 = 4;
const SLAVIC_POINTS: u8 = 8;
const SLAVIC_ASKS: u8 = 16;

/// What each word does.
static WORDS: LazyLock<HashMap<&'static str, u8>> = LazyLock::new(|| {
    let mut all = HashMap::new();
    let mut does = |what: u8, words: &'static str| {
        for word in words.split_whitespace() {
            *all.entry(word).or_default() |= what;
        }
    };
    POINTING.iter().for_each(|(_, words)| does(POINTS, words));
    POINTING_AT_THE_END
        .iter()
        .for_each(|(_, words)| does(POINTS_AT_THE_END, words));
    NAMELESS.iter().for_each(|(_, words)| does(NAMES_NOTHING, words));
    does(SLAVIC_POINTS, SLAVIC);
    does(SLAVIC_ASKS, SLAVIC_ASKING);
    all
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_about_this_page_is_told_in_every_language() {
        for question in [
            "how much is it",
            "was kostet das hier",
            "was kostet das",
            "wie teuer ist es",
            "combien ça coûte",
            "combien est-ce",
            "¿cuánto cuesta esto",
            "quanto costa questo",
            "hoeveel kost dit",
            "hoeveel kost het",
            "quanto custa isso",
            "quant costa això",
            "cât costă asta",
            "vad kostar det",
            "hvad koster den",
            "hva koster dette",
            "paljonko tämä maksaa",
            "mennyibe kerül ez",
            "ile to kosztuje",
            "kolik to stojí",
            "bu ne kadar",
            "berapa harga ini",
            "cái này giá bao nhiêu",
            "сколько это стоит",
            "скільки це коштує",
            "колко струва това",
            "πόσο κοστίζει αυτό",
            "كم سعر هذا",
            "قیمت این چند است",
            "כמה זה עולה",
            "यह कितने का है",
            "이거 얼마예요",
            "นี่ราคาเท่าไหร่",
            "这个多少钱",
            "これはいくらですか",
            "இது எவ்வளவு",
        ] {
            assert!(points_at_page(question), "{question}");
        }
    }

    #[test]
    fn the_price_of_what_is_not_named_is_that_of_the_page() {
        for question in [
            "how much",
            "what's the price",
            "¿cuánto cuesta",
            "сколько стоит",
            "ile kosztuje",
            "多少钱",
            "いくらですか",
            "얼마예요",
            "ราคาเท่าไหร่",
        ] {
            assert!(points_at_page(question), "{question}");
        }
    }

    #[test]
    fn an_ordinary_question_is_answered_once_for_all_pages() {
        for question in [
            "how do i cancel an item",
            "how do i get to the shop",
            "do you ship to norway",
            "how much does shipping cost",
            "when do you open",
            "wie installiere ich das plugin",
            "gibt es parkplätze",
            "wo ist die rechnung",
            "qui êtes-vous",
            "est-ce que vous livrez en belgique",
            "où est ma commande",
            "¿dónde está mi pedido",
            "quanto costa la spedizione",
            "waar is het magazijn",
            "quanto custa o envio",
            "ile kosztuje wysyłka",
            "finns det parkering",
            "kargo ücreti ne kadar",
            "сколько стоит доставка",
            "скільки коштує доставка",
            "أين أجد الرقم التسلسلي",
            "डिलीवरी में कितना समय लगता है",
            "ค่าส่งเท่าไหร่",
            "多少钱以上免运费",
            "返品は何日以内ですか",
            "배송비는 얼마인가요",
        ] {
            assert!(!points_at_page(question), "{question}");
        }
    }

    #[test]
    fn only_where_no_word_is_known_every_page_has_answers_of_its_own() {
        assert!(!is_unheard_of("pt-br") && !is_unheard_of("en") && !is_unheard_of("") && !is_unheard_of("th"));
        assert!(is_unheard_of("ka") && is_unheard_of("sw-ke"));
    }
}
