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
fn a_key_goes_to_nobody_but_whom_it_is_for() {
    let own = [
        ("OPENAI_API_KEY", "sk-1"),
        ("PENNYPRESS_BASE_URL", "http://127.0.0.1:1/v1"),
    ];
    let settings = Settings::parse("f", "", &environment(&own)).unwrap();
    assert_eq!(settings.providers[0].base_url.as_str(), "http://127.0.0.1:1/v1");
    assert_eq!(settings.providers[0].api_key, None);
    let nobodys = problem("", &[("PENNYPRESS_API_KEY", "k-1"), ("OPENAI_API_KEY", "sk-1")]);
    assert!(nobodys.contains("PENNYPRESS_BASE_URL"), "{nobodys}");
    assert!(!nobodys.contains("k-1"), "{nobodys}");
}

#[test]
fn a_secret_that_holds_no_key_is_refused() {
    let site = "[[sites]]\nkey = \"a\"\nsecret_env = \"S\"";
    for wrong in ["whsec_", "whsec_not*base64"] {
        let told = problem(site, &[("S", wrong)]);
        assert!(
            told.contains("`sites[0].secret_env`") && told.contains("whsec_"),
            "{told}"
        );
        assert!(!told.contains("not*base64"), "{told}");
    }
    for right in ["a text", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
        assert_eq!(problem(site, &[("S", right)]), "");
    }
}

#[test]
fn a_text_of_the_environment_may_look_like_a_number() {
    let pairs = [
        ("PENNYPRESS__SITES__0__KEY", "shop"),
        ("PENNYPRESS__SITES__0__NAME", "2026"),
        ("PENNYPRESS__SITES__0__CONTACT", "0301234567"),
        ("PENNYPRESS__SITES__0__PERSONA", "true"),
    ];
    let settings = Settings::parse("f", "", &environment(&pairs)).unwrap();
    let site = &settings.sites[0];
    assert_eq!(
        [&*site.name, &*site.contact, &*site.persona],
        ["2026", "0301234567", "true"]
    );
}

#[test]
fn an_error_speaks_of_values_and_of_who_set_them() {
    for (text, told) in [
        (
            "[cache]\nttl_seconds = -1",
            "found integer `-1`; allowed is a whole number from 0",
        ),
        (
            "[limits]\nper_visitor_per_minute = 5000000000",
            "found integer `5000000000`; allowed is a whole number from 0 to 4294967295",
        ),
        (
            "[[sites]]\nkey = \"a\"\norigins = \"https://x.example\"",
            "allowed is a list",
        ),
        (
            "[[sites]]\nkey = \"a\"\norigins = [\"https://*.example.com\"]",
            "without `*`",
        ),
        ("server = 1", "allowed is a table of keys"),
        (
            "[server]\npublic_url = \"https://u:secret@x.example/\"",
            "found an address with `@`",
        ),
        ("[server]\npublic_url = \"https://x.example/?a#b\"", "without"),
        ("[store]\nurl = \"mysql://u:secret@x.example/\"", "found `mysql:…`"),
        (
            "[cache]\nurl = \"memcached://u:secret@x.example/\"",
            "found `memcached:…`",
        ),
        (
            "[[providers]]\nname = \"p\"\nbase_url = \"http://127.0.0.1:1/v1\"\n[[models]]\nid = \"auto:simple\"\nprovider = \"p\"",
            "lets the router choose",
        ),
    ] {
        let found = problem(text, &[]);
        assert!(found.contains(told), "{text}: {found}");
        assert!(
            !found.contains("secret") && found.starts_with("pennypress.toml"),
            "{found}"
        );
    }
    let inside = problem("", &[("PENNYPRESS__FOO__BAR", "x")]);
    assert!(
        inside.starts_with("environment variable PENNYPRESS__FOO__BAR"),
        "{inside}"
    );
    let whole = problem("", &[("PENNYPRESS__SERVER", "{ listn = 1 }")]);
    assert!(whole.starts_with("environment variable PENNYPRESS__SERVER"), "{whole}");
    let of_file = problem(
        "[foo]\nbar = 1",
        &[("PENNYPRESS__FOO__OTHER", "x"), ("PENNYPRESS__LOG__FORMAT", "json")],
    );
    assert!(of_file.starts_with("pennypress.toml"), "{of_file}");
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
