//! The sites that may ask: those of the settings and those that the operator created. Read at every request, changed seldom.

use std::sync::Arc;

use arc_swap::ArcSwap;
use hashbrown::HashMap;

use crate::domain::{Origin, Site};

/// Sites by key. Reading takes no lock.
pub struct Sites {
    by_key: ArcSwap<HashMap<String, Arc<Site>>>,
}

impl Sites {
    /// A later site takes the place of an earlier one with the same key.
    pub fn new(sites: Vec<Site>) -> Self {
        let by_key = sites.into_iter().map(|site| (site.key.clone(), Arc::new(site)));
        Self {
            by_key: ArcSwap::from_pointee(by_key.collect()),
        }
    }

    pub fn find(&self, key: &str) -> Option<Arc<Site>> {
        self.by_key.load().get(key).cloned()
    }

    /// All sites, by key.
    pub fn all(&self) -> Vec<Arc<Site>> {
        let mut sites: Vec<Arc<Site>> = self.by_key.load().values().cloned().collect();
        sites.sort_by(|a, b| a.key.cmp(&b.key));
        sites
    }

    /// Takes these in the place of all; which ones are gone.
    pub fn replace(&self, sites: Vec<Site>) -> Vec<String> {
        let now: HashMap<String, Arc<Site>> = sites
            .into_iter()
            .map(|site| (site.key.clone(), Arc::new(site)))
            .collect();
        let before = self.by_key.swap(Arc::new(now.clone()));
        before.keys().filter(|key| !now.contains_key(*key)).cloned().collect()
    }

    /// Adds a site, or takes the place of the one with its key; the next request sees it.
    pub fn put(&self, site: Site) {
        let site = Arc::new(site);
        self.by_key.rcu(|sites| {
            let mut sites = HashMap::clone(sites);
            sites.insert(site.key.clone(), site.clone());
            sites
        });
    }

    pub fn remove(&self, key: &str) {
        self.by_key.rcu(|sites| {
            let mut sites = HashMap::clone(sites);
            sites.remove(key);
            sites
        });
    }

    /// Whether any site lists this origin; what a CORS preflight asks, which does not name its site.
    pub fn any_allows(&self, origin: &str) -> bool {
        self.by_key.load().values().any(|site| allows(site, origin))
    }
}

/// Whether the site lists this origin, compared as browsers spell it.
pub fn allows(site: &Site, origin: &str) -> bool {
    site.origins.iter().map(Origin::as_str).any(|listed| listed == origin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Appearance;

    fn site(key: &str, origin: &str) -> Site {
        Site {
            key: key.to_owned(),
            secret: None,
            origins: Origin::parse(origin).into_iter().collect(),
            name: key.to_owned(),
            persona: String::new(),
            contact: String::new(),
            appearance: Appearance::default(),
        }
    }

    #[test]
    fn a_change_is_seen_by_the_next_reader() {
        let sites = Sites::new(vec![site("site_a", "https://a.example")]);
        sites.put(site("site_b", "https://b.example"));
        assert!(sites.any_allows("https://b.example") && !sites.any_allows("https://c.example"));
        sites.remove("site_a");
        assert!(sites.find("site_a").is_none());
        assert_eq!(sites.all().len(), 1);
    }
}
