//! What is said when there is no answer: that there is none, and where a person can be asked, in the visitor's language.

/// The sentence for this locale, English when we have none in its language; `contact` is the operator's, or empty.
pub fn no_answer(locale: &str, contact: &str) -> String {
    let (sorry, write_to_us, reach_us) = words(locale.split('-').next().unwrap_or_default());
    match contact {
        "" => format!("{sorry} {write_to_us}"),
        contact => format!("{sorry} {reach_us} {contact}"),
    }
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
        _ => (
            "I cannot answer that right now, sorry.",
            "Please try again later, or write to us directly.",
            "Please try again later, or contact us directly:",
        ),
    }
}
