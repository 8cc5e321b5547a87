use std::collections::BTreeMap;

use super::{DEMO_SITE, Settings};

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn problem(text: &str, pairs: &[(&str, &str)]) -> String {
    Settings::parse("pennypress.toml", text, &environment(pairs))
        .err()
        .map(|e| e.to_string())
        .unwrap_or_default()
}

#[test]
fn nothing_set_is_enough() {
    let settings = Settings::parse("pennypress.toml", "", &environment(&[])).unwrap();
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.sites[0].key, DEMO_SITE);
    assert!(settings.providers.is_empty());
}

#[test]
fn one_key_makes_a_provider() {
    let settings = Settings::parse("f", "", &environment(&[("OPENAI_API_KEY", "sk-1")])).unwrap();
    assert_eq!(settings.providers[0].base_url.as_str(), "https://api.openai.com/v1");
    assert_eq!(settings.routing.standard, ["gpt-4o-mini"]);
    let own = [
        ("PENNYPRESS_API_KEY", "k"),
        ("PENNYPRESS_BASE_URL", "http://127.0.0.1:1/v1"),
        ("PENNYPRESS_MODEL", "m"),
    ];
    let settings = Settings::parse("f", "", &environment(&own)).unwrap();
    assert_eq!(settings.providers[0].base_url.as_str(), "http://127.0.0.1:1/v1");
    assert_eq!(settings.routing.simple, ["m"]);
}

#[test]
fn an_error_names_file_key_finding_and_what_is_allowed() {
    let unknown = problem("[server]\nlistn = \"x\"", &[]);
    assert!(unknown.contains("pennypress.toml, key `server.listn`"), "{unknown}");
    assert!(unknown.contains("`listen`"), "{unknown}");
    let top = problem("colour = 1", &[]);
    assert!(top.contains("key `colour`"), "{top}");
    let kind = problem("[cache]\nttl_seconds = \"day\"", &[]);
    assert!(kind.contains("`cache.ttl_seconds`") && kind.contains("day"), "{kind}");
    let bound = problem("[cache]\nttl_seconds = 0", &[]);
    let model = problem("[cache]\nembedding_model = \"big\"", &[]);
    assert!(
        model.contains("`cache.embedding_model`") && model.contains("embedding"),
        "{model}"
    );
    assert!(bound.contains("found 0; allowed is 1 to"), "{bound}");
    let syntax = problem("[server]\nlisten = ", &[]);
    assert!(syntax.contains("pennypress.toml, line 2"), "{syntax}");
    let missing = problem("[[sites]]\nkey = \"a\"\nsecret_env = \"NOT_THERE\"", &[]);
    assert!(
        missing.contains("`sites[0].secret_env`") && missing.contains("NOT_THERE"),
        "{missing}"
    );
    let origin = problem("[[sites]]\nkey = \"a\"\norigins = [\"example.com\"]", &[]);
    assert!(origin.contains("`sites[0].origins[0]`"), "{origin}");
    let route = problem("[routing]\nsimple = [\"m\"]", &[]);
    assert!(route.contains("`routing.simple[0]`"), "{route}");
}

#[test]
fn the_environment_lies_over_the_file() {
    let pairs = [
        ("PENNYPRESS__SERVER__LISTEN", "127.0.0.1:9999"),
        ("PENNYPRESS__LIMITS__PER_VISITOR_PER_MINUTE", "7"),
        ("PENNYPRESS__SITES__0__KEY", "shop"),
        ("PENNYPRESS__SITES__0__ORIGINS", "[\"https://shop.example\"]"),
    ];
    let settings = Settings::parse("f", "[server]\nlisten = \"127.0.0.1:1\"", &environment(&pairs)).unwrap();
    assert_eq!(settings.server.listen.port(), 9999);
    assert_eq!(settings.limits.per_visitor_per_minute.get(), 7);
    assert_eq!(settings.sites[0].origins[0].as_str(), "https://shop.example");
    let wrong = problem("", &[("PENNYPRESS__SERVER__LISTEN", "nowhere")]);
    assert!(
        wrong.contains("environment variable PENNYPRESS__SERVER__LISTEN"),
        "{wrong}"
    );
    let unknown = problem("", &[("PENNYPRESS__SERVER__LISTN", "x")]);
    assert!(unknown.contains("PENNYPRESS__SERVER__LISTN"), "{unknown}");
}

#[test]
fn the_example_can_be_used_as_it_is() {
    let keys = environment(&[("AGGREGATOR_API_KEY", "a"), ("OPENAI_API_KEY", "b")]);
    let settings = Settings::parse("example.toml", super::EXAMPLE, &keys).unwrap();
    assert_eq!((settings.providers.len(), settings.models.len()), (3, 6));
    assert!(settings.models.iter().all(|model| !model.price_is_unknown));
    assert_eq!(settings.routing.rules.len(), 2);
    assert!(settings.routing.rules[1].pattern.fits("Ask my LAWYER, not me"));
    assert!(!settings.routing.rules[1].pattern.fits("a courtyard"));
    assert!(settings.routing.baseline_price.is_some());
}

#[test]
fn a_price_is_of_the_settings_or_the_list_or_unknown() {
    let text = "[[providers]]\nname = \"p\"\nbase_url = \"http://127.0.0.1:1/v1\"\n\
        [[models]]\nid = \"gpt-4o-mini\"\nprovider = \"p\"\n\
        [[models]]\nid = \"gpt-4.1\"\nprovider = \"p\"\ninput_usd_per_million = 0.0\n\
        [[models]]\nid = \"own\"\nprovider = \"p\"\n";
    let settings = Settings::parse("f", text, &environment(&[])).unwrap();
    let told: Vec<_> = settings
        .models
        .iter()
        .map(|model| (model.price.output_usd_per_million.to_string(), model.price_is_unknown))
        .collect();
    assert_eq!(
        told,
        [
            ("0.6".to_owned(), false),
            ("0".to_owned(), false),
            ("0".to_owned(), true)
        ]
    );
    assert_eq!(
        settings
            .routing
            .baseline_price
            .map(|price| price.output_usd_per_million.to_string()),
        Some("10".to_owned())
    );
}

#[test]
fn a_rule_is_words_or_an_expression_and_never_too_large() {
    let rule = |rule: &str| problem(&format!("[[routing.rules]]\n{rule}\ntier = \"simple\""), &[]);
    assert_eq!(rule("contains = \"refund\""), "");
    assert_eq!(rule("matches = \"^refund\\\\b\""), "");
    for (written, key) in [
        ("contains = \" \"", "`routing.rules[0].contains`"),
        ("matches = \"(\"", "`routing.rules[0].matches`"),
        ("matches = \"(a{1000}){1000}\"", "too large when compiled"),
        ("contains = \"a\"\nmatches = \"a\"", "one of the two"),
    ] {
        let told = rule(written);
        assert!(told.contains(key), "{written}: {told}");
    }
    let long = format!("matches = \"{}\"", "a".repeat(501));
    assert!(rule(&long).contains("1 to 500 characters"));
    let tier = problem("[[routing.rules]]\ncontains = \"a\"\ntier = \"cheap\"", &[]);
    assert!(
        tier.contains("`routing.rules[0].tier`") && tier.contains("simple, standard, complex"),
        "{tier}"
    );
}

#[test]
fn secrets_are_not_printed() {
    let settings = Settings::parse("f", "", &environment(&[("OPENAI_API_KEY", "sk-secret")])).unwrap();
    assert!(!format!("{settings:?}").contains("sk-secret"));
}
