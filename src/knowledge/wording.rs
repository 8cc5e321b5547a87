//! What is said beside quotations when no model speaks, in the visitor's language.

pub(super) struct Wording {
    /// The content does not hold the answer.
    pub not_found: &'static str,
    /// Pages follow.
    pub nearest: &'static str,
}

const ENGLISH: Wording = Wording {
    not_found: "I could not find an answer to that in this site's content.",
    nearest: "These pages come nearest:",
};

/// That the content does not hold the answer, in the language of a BCP 47 tag.
pub fn not_found(locale: &str) -> &'static str {
    wording(locale).not_found
}

/// By a BCP 47 tag; English when we have none in its language.
pub(super) fn wording(locale: &str) -> Wording {
    let (not_found, nearest) = match locale.split(['-', '_']).next().unwrap_or_default() {
        "de" => (
            "Dazu habe ich auf dieser Website keine Antwort gefunden.",
            "Am nächsten kommen diese Seiten:",
        ),
        "fr" => (
            "Je n’ai pas trouvé de réponse à cette question sur ce site.",
            "Voici les pages les plus proches :",
        ),
        "es" => (
            "No he encontrado una respuesta a eso en este sitio.",
            "Estas páginas son las más cercanas:",
        ),
        "it" => (
            "Non ho trovato una risposta a questa domanda in questo sito.",
            "Queste sono le pagine più vicine:",
        ),
        "nl" => (
            "Ik heb daar op deze site geen antwoord op gevonden.",
            "Deze pagina’s komen het dichtst in de buurt:",
        ),
        "pt" => (
            "Não encontrei uma resposta para isso neste site.",
            "Estas páginas são as mais próximas:",
        ),
        "pl" => (
            "Nie znalazłem odpowiedzi na to pytanie w treści tej witryny.",
            "Najbliższe są te strony:",
        ),
        "ru" => (
            "На этом сайте я не нашёл ответа на этот вопрос.",
            "Ближе всего эти страницы:",
        ),
        "uk" => (
            "На цьому сайті я не знайшов відповіді на це питання.",
            "Найближчі сторінки:",
        ),
        "tr" => ("Bu sitede bu sorunun yanıtını bulamadım.", "En yakın sayfalar şunlar:"),
        "ar" => ("لم أجد إجابة عن هذا السؤال في محتوى هذا الموقع.", "هذه أقرب الصفحات:"),
        "hi" => ("मुझे इस साइट की सामग्री में इसका उत्तर नहीं मिला।", "ये पृष्ठ सबसे निकट हैं:"),
        "th" => ("ไม่พบคำตอบของคำถามนี้ในเนื้อหาของเว็บไซต์นี้", "หน้าที่ใกล้เคียงที่สุด:"),
        "zh" => ("在本站内容中没有找到这个问题的答案。", "最接近的页面："),
        "ja" => (
            "このサイトの内容には、その答えが見つかりませんでした。",
            "近いページは次のとおりです：",
        ),
        "ko" => (
            "이 사이트의 내용에서 그 답을 찾지 못했습니다.",
            "가장 가까운 페이지입니다:",
        ),
        _ => return ENGLISH,
    };
    Wording { not_found, nearest }
}
