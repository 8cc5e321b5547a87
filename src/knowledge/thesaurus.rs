//! Words that people who ask for help use for one another, in English.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::language::Language;
use super::terms::stem;

/// Each line: words that may stand for one another. Kept to words whose other senses do no harm.
const GROUPS: &[&str] = &[
    "install installation setup",
    "uninstall remove delete erase",
    "cost price pricing fee money pay charge bill expensive cheap",
    "free gratis licence license",
    "error problem fail failure issue wrong broken trouble",
    "start begin run launch",
    "stop quit exit shutdown",
    "change edit modify adjust customise customize configure",
    "settings options preferences configuration config configure",
    "picture image photo",
    "password passphrase login signin",
    "update upgrade",
    "backup restore",
    "limit quota restrict throttle maximum",
    "budget spend spending",
    "question ask",
    "answer reply respond response",
    "rating thumb thumbs feedback vote",
    "colour color",
    "language locale translation translate",
    "privacy gdpr personal",
    "secure security safe",
    "page website site webpage blog",
    "model llm ai",
    "widget chat chatbot bot bubble",
    "provider vendor openai",
    "key token secret",
    "fast speed slow latency performance optimize optimise optimization",
    "cache caching cached",
    "test check verify",
    "export csv download",
    "cancel abort",
    "log logs logging",
    "monitor monitoring metrics prometheus",
    "docs documentation manual handbook",
    "wordpress wp",
    "requirements require prerequisites",
    "fallback failover",
    "store database sqlite db mysql mariadb",
    "computer laptop pc desktop",
    "folder directory subfolder subdirectory",
    "move migrate migration relocate transfer",
    "email mail",
    "enable activate allow",
    "disable deactivate off prevent block",
    "hide suppress",
    "administrator admin",
    "css stylesheet style",
    "javascript js",
    "local localhost lan",
    "delivery shipping postage dispatch",
    "refund return reimburse",
    "buy purchase order",
    "account user member",
    "phone telephone call",
    "contact reach",
    "address location url",
    "subdomain domain",
    "duplicate copy clone",
    "create add new",
    "share common",
    "restrict limit",
    "wrong incorrect",
    "blank empty white",
    "big large size",
    "visitor reader guest",
    "show display view",
    "schedule cron",
    "hack attack compromise malware",
    "firewall waf",
    "mfa 2fa",
    "redirect forward",
    "spam junk",
    "role capability",
    "permission chmod permissions rights",
    "ssl https tls certificate",
    "multisite network",
    "theme template",
    "article post",
];

static BESIDE: LazyLock<HashMap<String, Vec<String>>> = LazyLock::new(|| {
    let mut beside: HashMap<String, Vec<String>> = HashMap::new();
    for group in GROUPS {
        let mut stems: Vec<String> = group
            .split_whitespace()
            .map(|word| stem(word, Language::ENGLISH))
            .collect();
        stems.sort_unstable();
        stems.dedup();
        for one in &stems {
            let others = stems.iter().filter(|other| *other != one).cloned();
            beside.entry(one.clone()).or_default().extend(others);
        }
    }
    beside
});

/// Stems that may stand for this one.
pub(super) fn beside(stem: &str) -> &'static [String] {
    BESIDE.get(stem).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn a_word_finds_its_neighbours_but_not_itself() {
        assert!(beside("cost").contains(&"price".to_owned()));
        assert!(!beside("cost").contains(&"cost".to_owned()));
        assert!(beside("giraffe").is_empty());
    }
}
