//! A site as a form: read, checked, and shown again with what is wrong beside each field.

use std::collections::HashMap;

use serde::Deserialize;

use crate::domain::{Appearance, Origin, Site};

const NAME_MAX: usize = 100;
const PERSONA_MAX: usize = 4_000;
const ORIGINS_MAX: usize = 50;

/// As it was typed; lists have an entry a line.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct SiteForm {
    pub name: String,
    pub origins: String,
    pub persona: String,
    pub contact: String,
    pub greeting: String,
    pub suggestions: String,
    pub accent: String,
    pub locale: String,
}

/// What is wrong, by field.
#[derive(Debug, Default)]
pub(super) struct Problems(HashMap<&'static str, String>);

impl Problems {
    /// An empty text where nothing is wrong.
    pub fn of(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }
}

impl SiteForm {
    /// What a new site begins with.
    pub(super) fn new_site() -> Self {
        let usual = Appearance::default();
        Self {
            greeting: usual.greeting,
            accent: usual.accent,
            locale: usual.locale,
            ..Self::default()
        }
    }

    pub(super) fn of(site: &Site) -> Self {
        let origins: Vec<&str> = site.origins.iter().map(Origin::as_str).collect();
        Self {
            name: site.name.clone(),
            origins: origins.join("\n"),
            persona: site.persona.clone(),
            contact: site.contact.clone(),
            greeting: site.appearance.greeting.clone(),
            suggestions: site.appearance.suggestions.join("\n"),
            accent: site.appearance.accent.clone(),
            locale: site.appearance.locale.clone(),
        }
    }

    /// The site with this key; its secret is left out.
    pub(super) fn check(&self, key: &str) -> Result<Site, Problems> {
        let mut problems = Problems::default();
        let mut wrong = |field, problem: String| {
            problems.0.entry(field).or_insert(problem);
        };
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
            wrong("name", format!("A name has 1 to {NAME_MAX} characters, on one line."));
        }
        let mut origins: Vec<Origin> = Vec::new();
        for line in lines(&self.origins) {
            match Origin::parse(line).or_else(|error| page_of(line).ok_or(error)) {
                Ok(origin) if !origins.contains(&origin) => origins.push(origin),
                Ok(_) => {}
                Err(_) => wrong(
                    "origins",
                    format!("“{line}” is not an address such as https://example.com"),
                ),
            }
        }
        if origins.len() > ORIGINS_MAX {
            wrong("origins", format!("A site has at most {ORIGINS_MAX} origins."));
        }
        if self.persona.chars().count() > PERSONA_MAX {
            wrong("persona", format!("A persona has at most {PERSONA_MAX} characters."));
        }
        let persona = match self.persona.trim() {
            "" => format!("You are a helpful support assistant for {name}. Be concise and friendly."),
            text => text.replace("\r\n", "\n"),
        };
        if !Site::is_contact(self.contact.trim()) {
            let most = Site::LONGEST_CONTACT;
            wrong(
                "contact",
                format!("A contact has at most {most} characters, on one line."),
            );
        }
        let appearance = Appearance {
            greeting: self.greeting.trim().replace("\r\n", "\n"),
            suggestions: lines(&self.suggestions).map(str::to_owned).collect(),
            accent: self.accent.trim().to_ascii_lowercase(),
            locale: self.locale.trim().to_owned(),
        };
        if let Err((field, problem)) = appearance.check() {
            wrong(field, format!("This cannot be shown: {problem}."));
        }
        match problems.any() {
            true => Err(problems),
            false => Ok(Site {
                key: key.to_owned(),
                secret: None,
                origins,
                name: name.to_owned(),
                persona,
                contact: self.contact.trim().to_owned(),
                appearance,
            }),
        }
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// People paste the address of a page, or leave the scheme out.
fn page_of(line: &str) -> Option<Origin> {
    let with_scheme = match line.contains("://") {
        true => line.to_owned(),
        false => format!("https://{line}"),
    };
    let url = url::Url::parse(&with_scheme).ok()?;
    let named = url
        .host_str()
        .is_some_and(|host| host.contains('.') || host == "localhost");
    named.then(|| Origin::parse(&url.origin().ascii_serialization()).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_becomes_a_site_or_says_what_is_wrong() {
        let mut form = SiteForm {
            name: " Example ".to_owned(),
            origins: "https://example.com/shop/?a=1\r\n\r\nwww.example.com\nhttp://localhost:3000\nhttps://EXAMPLE.com"
                .to_owned(),
            suggestions: "One?\r\nTwo?\r\n".to_owned(),
            ..SiteForm::new_site()
        };
        let site = form.check("site_a").expect("good");
        let origins: Vec<_> = site.origins.iter().map(Origin::as_str).collect();
        assert_eq!(
            origins,
            [
                "https://example.com",
                "https://www.example.com",
                "http://localhost:3000"
            ]
        );
        assert_eq!(site.appearance.suggestions, ["One?", "Two?"]);
        assert!(site.persona.contains("Example"));
        assert_eq!(SiteForm::of(&site).check("site_a").expect("good"), site);

        form.name = "  ".to_owned();
        form.origins = "javascript:alert(1)\nhttps://good.example".to_owned();
        form.accent = "red\"><script>".to_owned();
        let problems = form.check("site_a").expect_err("bad");
        for field in ["name", "origins", "accent"] {
            assert!(!problems.of(field).is_empty(), "{field}");
        }
        assert!(problems.of("persona").is_empty());
    }
}
