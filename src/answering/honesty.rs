//! What is said when there is no answer: that there is none, in the visitor's language.

/// The sentence for this locale; English when we have none in its language.
pub fn no_answer(locale: &str) -> &'static str {
    match locale.split('-').next().unwrap_or_default() {
        "de" => {
            "Das kann ich gerade leider nicht beantworten. Bitte versuchen Sie es später noch einmal, oder schreiben Sie uns direkt."
        }
        "fr" => {
            "Je ne peux malheureusement pas répondre à cette question pour le moment. Réessayez plus tard ou écrivez-nous directement."
        }
        "es" => "Lo siento, ahora mismo no puedo responder a eso. Inténtelo más tarde o escríbanos directamente.",
        "it" => {
            "Mi dispiace, al momento non posso rispondere a questa domanda. Riprovi più tardi o ci scriva direttamente."
        }
        "nl" => {
            "Dat kan ik op dit moment helaas niet beantwoorden. Probeer het later nog eens, of schrijf ons rechtstreeks."
        }
        "pt" => {
            "Infelizmente não consigo responder a isso agora. Tente novamente mais tarde ou escreva-nos diretamente."
        }
        _ => "I cannot answer that right now, sorry. Please try again later, or write to us directly.",
    }
}
