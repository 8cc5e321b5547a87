//! Words that say nothing about what a text is about: those of the usual lists, and what people say around their question.

use std::borrow::Cow;
use std::collections::HashSet;

use super::terms::folded;

/// All of a language, by its ISO 639-1 code, folded as the words of texts are.
pub(super) fn left_out(code: &str) -> HashSet<Cow<'static, str>> {
    let own = OWN.iter().filter(|(of, _)| *of == code);
    let own = own.flat_map(|(_, words)| words.split_whitespace());
    // The usual list of English is not used: ours is fuller, and tells `off` and `down` from what says nothing.
    let usual = if code == "en" { None } else { stop_words::lookup(code) };
    own.chain(usual.unwrap_or_default().iter().copied())
        .map(folded)
        .collect()
}

/// Besides the usual lists, of which some are short, and some languages have none.
const OWN: &[(&str, &str)] = &[
    (
        "en",
        "a about actually after again all also am an and any anybody anyone anything are as at be because been before being but by can \
         cannot could did do does doing don done else even ever every few find for from further get gets getting give go going got had \
         has have having he hello help her here hers hey hi him his how however i if in into is it its just kind know let like ll look \
         made make many may maybe me might mine more most much must my need of okay on one only or other our ours out over own please \
         possible pls put really re s same say see shall she should show so some someone something still such sure t take tell than \
         thank thanks that the their theirs them then there these they thing things this those through to too try u under until up ur us \
         use used uses using ve very via want wanted wants was way we were what when where whether which while who whom whose why will \
         with would yes yet you your yours im ive id dont doesnt cant wont isnt whats hows theres couldnt didnt d m o",
    ),
    (
        "nl",
        "hoeveel ik jij jou jouw jullie kan kunt kon mag mogen moeten net welk welke wel wanneer waar waarbij waardoor waarin waarmee waarom \
         waarop waarvan wat weet weten wilt willen zijn zoals zullen zult mij onze ook bedankt hallo",
    ),
    (
        "ru",
        "будем буду будете будут быть весь вся все всей всем всеми ваш ваша ваше ваши вашего вашей вашем вашему вашим вашими вашу ваших \
         дать делаю делает делают делать должен должна должно должны ее её еще ещё есть знаю знает знать из-за имеет имеют иметь иначе \
         использовать использую используем использует используют используется используются используя использован использовал каждый каждая \
         каждое каждые каждого каждой каждом как какие какого какое каком какому какую каким какими каких кем ком кому кого которая \
         которого которое которой котором которому которую которые который которым которыми которых кроме либо любой любая любое любые \
         могли могла мог могу могут может можем можете можешь мог мои моего моей моем моему моим моими моих мое моё мочь найду найти \
         например наш наша наше наши нашего нашей нашем нашему нашим нашими наших нашу него некоторые некоторых нужен нужна нужно нужны \
         однако она они оно отчего подскажите пожалуйста помогите помочь получить получу почему поэтому поскольку просто ради самая \
         само самое самой самом самому самого самую самые самым самых сами самим самими сама свое своё своего своей своем своему свои \
         своим своими своих свой сделать сделаю следует сколько скажите сказать смогу смогли сможет соответственно спасибо стоит столько \
         такая также такие таких такое такого таком такому таким такими такую твой твоя твое твои твоего твоей те тех тому тогда только \
         тому той тот та те хочу хочет хотим хотите хотят хотел хотела хотелось хотеть чей чье чья чьи чему это эта эту этой этом этому \
         этих этим этими эти является являются являлся являлась являясь узнать взять увидеть вижу видеть вместо во ко обо со ото",
    ),
    (
        "uk",
        "а або адже але без би більш більше бо буде будемо будете будуть будь був була були було бути в вам вами вас ваш ваша ваше ваші \
         вашого вашої вашому вашим вашими вашу вже ви він вона вони воно від все всі всіх всім всіма всього всьому вся весь втім \
         використати використовувати використовую використовує використовують використовується використовуються де декілька деякі деяких \
         для до доки дуже дякую дати є ж же з за завжди замість зараз зі знайти знаю знати зробити і із із-за інакше інша інше інші \
         інших іншого іншої й його її їй їм їх їхній їхня їхні кожен кожна кожне кожного кожної коли кого ким кому кілька крім куди ледве \
         лише ліпше мав має мають мати мене мені ми мій моя моє мої мого моєї мною може можемо можете можна можуть можу могла могли міг \
         можливо на навіть навіщо над нам нами нас наш наша наше наші нашого нашої не нема немає нехай ні ніж ніколи ним ними них нього \
         ній неї неї ну о об один одна одне однак ось отже отримати отримаю перед по під підкажіть після потім потрібен потрібна потрібно \
         потрібні про просто при протягом раз сам сама саме самі самого самої свій своя своє свої свого своєї своєму своїм своїми своїх \
         свою скільки собі себе собою слід та так така таке такий такі такого такої таким таких також там твій твоя твоє те тебе тим тих \
         тими ті тієї тільки то тобто тобі тоді того той тому треба ту тут у усе усі усіх ти хай хоча хотів хотіла хочу хоче хочуть хто це \
         цей ця цю ці цієї цим цих цього цьому через чи чий чия чиє чим чого чому чомусь що щоб щодо щось я як яка яке який які яких \
         якого якої якому якщо яким якими яку будь-який робити роблю робить привіт допоможіть будь-ласка повинен повинна повинні",
    ),
    (
        "pl",
        "a aby albo ale ani aż bardziej bardzo bez bo bowiem by być był była było były będą będzie być chce chcę chcieć chciałbym chociaż \
         ci cię co czego czemu czy czyj czyli dać dla dlaczego dlatego do dobrze dokąd dostać dużo dzięki dziękuję gdy gdyby gdzie go \
         i ich ile im inna inne inni innych inny innego innej iż ja jak jaka jakaś jaki jakie jakiej jakiego jakich jakiś jako jakoś je \
         jeden jedna jedno jednak jego jej jemu jest jestem jeszcze jeśli jeżeli już ją każda każde każdego każdy kiedy kilka kim kogo komu \
         korzystać kto ktoś która którą które którego której który których którym którzy ku lecz lub ma mają mam mamy masz mi między mieć \
         mimo mną mnie mogą mogę moi mojego mojej moja moje mój może możemy można możliwe musi muszą muszę my na nad nam nami nas nasz \
         nasza nasze naszego naszej nawet nią nic nich nie niej niego nigdy nim nimi niż no np o ob od ona one oni ono on oraz po pod \
         podczas pomocą pomóc poza ponieważ potem powinien powinna powinno powinny poprzez proszę przed przez przy robić również sam sama \
         samo samego są się siebie skąd sobie sobą swoja swoje swojego swojej swój swoim swoich ta tą tak taka taki takie takich tam te \
         tego tej temu ten też to tobą tobie trzeba tu twoja twoje twój ty tych tylko tym u używa używać używam używane używany użyć użycie \
         w wam wami was wasz wasza wasze we wie wiem wiedzieć wiele wszystkie wszystkich wszystko wszyscy więc więcej z za zamiast zawsze \
         ze zrobić znaleźć znam został została zostać zostały żaden żadna żadne że żeby cześć witam",
    ),
    (
        "cs",
        "a aby aj ale ani ano asi až bez během bude budeme budete budou budu by byl byla byli bylo byly bych být chce chci chtít chcete \
         co což děkuji další dá dát do dobře dokud dostat hodně i jak jaká jaké jaký jakou jakého jakých jakým jako je jeho jej její jejich \
         jen jenom jestli jestliže ještě ji jí jich jim jimi jiná jiné jiný jiných již jsem jsi jsme jsou jste já k kam kde kdo kdy když ke \
         kolik komu koho kromě která které kterou který kterého které kterých kterým kteří ku kvůli má mají mám máme mate máte mě mezi mi \
         mít mně mnou mnoho moc mohl mohou moje můj může můžete můžeme mohu můžu musí musím muset my na nad najít nám námi nás náš naše \
         našeho nebo něco nějak nějaká nějaké nějaký někdo některé některý nelze nemá není než nic nich ním nimi no o od on ona oni ono \
         pak po pod podle pokud pomocí pomoci potom použít používá používat používám použití proč pro prosím proti proto protože před přede \
         přes při s se sám sama samo si sobě sebe svá své svého svém svou svůj svých svým ta tady tak taky také taková takové takový takže \
         tam tato tě tedy tehdy ten tento této těch tím to tobě toho tohoto tom tomto tomu toto touto tu tuto tvá tvé tvoje tvůj ty tyto \
         udělat dělat dělá u už v vám vámi vás váš vaše vašeho ve více viz však všechen všechno všechny všech vy vždy z za zda zde ze že \
         znát zjistit ahoj dobrý den lze nechci chtěl chtěla bych",
    ),
    (
        "hi",
        "अगर अतः अथवा अपना अपनी अपने अब अभी आदि आप आपका आपकी आपके आपको इतना इत्यादि इन इनका इनकी इनके इन्हें इस इसका इसकी इसके इसमें इसलिए इससे इसे उन \
         उनका उनकी उनके उन्हें उन्होंने उस उसका उसकी उसके उसने उसमें उससे उसे एक एवं ऐसा ऐसी ऐसे और कई कब कभी कर करता करती करते करना करने करें करूँ \
         करो कहाँ का काफी कि कितना कितनी कितने किन किया किये किस किसका किसकी किसके किसने किसी किसे की कुछ के को कोई कौन कौनसा कौनसी क्या क्यों \
         क्योंकि गई गए गया चाहता चाहते चाहिए चाहूँ जब जहाँ जा जाए जाता जाती जाते जाना जाने जिन जिनके जिस जिसका जिसकी जिसके जिसने जिसमें जिसे जैसा जैसे \
         जो तक तब तरह तो था थी थीं थे दिया दी देता देते देना देने दो द्वारा धन्यवाद न नमस्ते नहीं ना ने पता पर परंतु पाना पाने प्राप्त फिर बहुत बाद बारे \
         बिना भी मुझे मेरा मेरी मेरे में मैं मैंने यदि यह यहाँ या ये रहा रही रहे लिए लिया लेकिन लेना लेने व वह वहाँ वाला वाली वाले वे वो सकता सकती सकते सकूँ \
         सब सभी साथ से सो ही हुआ हुई हुए हूँ है हैं हो होता होती होते होना होने हम हमारा हमारी हमारे हमें कृपया मदद उपयोग इस्तेमाल",
    ),
    (
        "bg",
        "а ако ала без би бил била били било бъда бъдат бъде бяха в вас ваш ваша ваше ваши вече ви вие все всеки всички всичко всяка във въпреки \
         где да дали до докато дори друг друга други е едва един една едно ето за защо защото и или им има имат искам иска използвам \
         използва използват й как каква какво както какъв какви като кога когато което които кой коя кои който колко която къде където ли \
         ме между ми много мога може могат мой моя моят му на над намеря например нас наш не него нея ни ние никой нито нищо но някои някой \
         няколко обаче около освен от отново пак по повече под после правя прави пред преди през при с са сам само се сега си след сме според \
         сред срещу сте съм със също т така такава такива такъв там те тези ти то това тогава този той тук тя тях трябва у ще че чрез я",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_left_out_however_it_is_written() {
        // The usual list writes hamza and the last ya with care; those who ask do not.
        assert!(left_out("ar").contains("الي") && left_out("ar").contains("ان"));
        assert!(left_out("ru").contains("еще") && left_out("hi").contains("कहां"));
        assert!(left_out("cs").contains("jak") && !left_out("cs").contains("heslo"));
        assert!(left_out("tlh").is_empty());
    }
}
