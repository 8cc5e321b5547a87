//! What is said when there is no answer: that there is none, and where a person can be asked, in the visitor's language.

/// The sentence in this language (ISO 639-1), English when we have none in it; `contact` is the operator's, or empty.
pub fn no_answer(language: &str, contact: &str) -> String {
    let (sorry, write_to_us, reach_us) = words(language);
    match contact {
        "" => joined(&[sorry, write_to_us]),
        contact => joined(&[sorry, reach_us, contact]),
    }
}

/// With a space between, except where the script writes none.
fn joined(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() && !text.ends_with(['。', '：']) {
            text.push(' ');
        }
        text.push_str(part);
    }
    text
}

/// That there is no answer; what to do when no contact is known; what to do, up to the contact.
fn words(language: &str) -> (&'static str, &'static str, &'static str) {
    match language {
        "de" => (
            "Das kann ich gerade leider nicht beantworten.",
            "Bitte versuchen Sie es später noch einmal, oder schreiben Sie uns direkt.",
            "Bitte versuchen Sie es später noch einmal, oder wenden Sie sich direkt an uns:",
        ),
        "fr" => (
            "Je ne peux malheureusement pas répondre à cette question pour le moment.",
            "Réessayez plus tard ou écrivez-nous directement.",
            "Réessayez plus tard ou contactez-nous directement :",
        ),
        "es" => (
            "Lo siento, ahora mismo no puedo responder a eso.",
            "Inténtelo más tarde o escríbanos directamente.",
            "Inténtelo más tarde o contáctenos directamente:",
        ),
        "it" => (
            "Mi dispiace, al momento non posso rispondere a questa domanda.",
            "Riprovi più tardi o ci scriva direttamente.",
            "Riprovi più tardi o ci contatti direttamente:",
        ),
        "nl" => (
            "Dat kan ik op dit moment helaas niet beantwoorden.",
            "Probeer het later nog eens, of schrijf ons rechtstreeks.",
            "Probeer het later nog eens, of neem rechtstreeks contact met ons op:",
        ),
        "pt" => (
            "Infelizmente não consigo responder a isso agora.",
            "Tente novamente mais tarde ou escreva-nos diretamente.",
            "Tente novamente mais tarde ou contacte-nos diretamente:",
        ),
        "pl" => (
            "Niestety nie mogę teraz na to odpowiedzieć.",
            "Proszę spróbować później albo napisać bezpośrednio do nas.",
            "Proszę spróbować później albo skontaktować się bezpośrednio z nami:",
        ),
        "ru" => (
            "К сожалению, сейчас я не могу на это ответить.",
            "Попробуйте позже или напишите нам напрямую.",
            "Попробуйте позже или свяжитесь с нами напрямую:",
        ),
        "uk" => (
            "На жаль, зараз я не можу на це відповісти.",
            "Спробуйте пізніше або напишіть нам безпосередньо.",
            "Спробуйте пізніше або зв’яжіться з нами безпосередньо:",
        ),
        "tr" => (
            "Üzgünüm, şu anda bunu yanıtlayamıyorum.",
            "Lütfen daha sonra tekrar deneyin ya da doğrudan bize yazın.",
            "Lütfen daha sonra tekrar deneyin ya da doğrudan bize ulaşın:",
        ),
        "ar" => (
            "عذرًا، لا يمكنني الإجابة عن ذلك الآن.",
            "يرجى المحاولة لاحقًا أو مراسلتنا مباشرة.",
            "يرجى المحاولة لاحقًا أو التواصل معنا مباشرة:",
        ),
        "hi" => (
            "क्षमा करें, मैं अभी इसका उत्तर नहीं दे सकता।",
            "कृपया बाद में फिर कोशिश करें या हमें सीधे लिखें।",
            "कृपया बाद में फिर कोशिश करें या हमसे सीधे संपर्क करें:",
        ),
        "th" => (
            "ขออภัย ขณะนี้ยังตอบคำถามนี้ไม่ได้",
            "โปรดลองใหม่ภายหลังหรือเขียนถึงเราโดยตรง",
            "โปรดลองใหม่ภายหลังหรือติดต่อเราโดยตรง:",
        ),
        "zh" => (
            "抱歉，我现在无法回答这个问题。",
            "请稍后再试，或直接给我们留言。",
            "请稍后再试，或直接联系我们：",
        ),
        "ja" => (
            "申し訳ありませんが、今はお答えできません。",
            "しばらくしてからもう一度お試しいただくか、直接ご連絡ください。",
            "しばらくしてからもう一度お試しいただくか、こちらまで直接ご連絡ください：",
        ),
        "ko" => (
            "죄송하지만 지금은 답변해 드릴 수 없습니다.",
            "나중에 다시 시도하시거나 직접 문의해 주세요.",
            "나중에 다시 시도하시거나 다음으로 직접 문의해 주세요:",
        ),
        _ => (
            "I cannot answer that right now, sorry.",
            "Please try again later, or write to us directly.",
            "Please try again later, or contact us directly:",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_the_widget_speaks_to_is_told_in_their_language() {
        // The tables from which the widget takes its words.
        let spoken = concat!(env!("CARGO_MANIFEST_DIR"), "/widget/src/texts");
        let mut languages = 0;
        for file in std::fs::read_dir(spoken).expect("the widget's words") {
            let path = file.expect("a file").path();
            let language = path.file_stem().and_then(|name| name.to_str()).expect("a language");
            languages += 1;
            if language != "en" {
                assert_ne!(no_answer(language, ""), no_answer("en", ""), "{language}");
                let not_found = crate::knowledge::not_found(language);
                assert_ne!(not_found, crate::knowledge::not_found("en"), "{language}");
            }
        }
        assert!(languages >= 4, "{languages}");
        assert!(no_answer("ja", "help@a.example").ends_with("：help@a.example"));
    }
}
