//! The sites that may ask: those of the settings and those that the operator created. Read at every request, changed seldom.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use hashbrown::HashMap;

use crate::domain::{Origin, Site};

/// Sites by key. Reading takes no lock.
pub struct Sites {
    by_key: ArcSwap<HashMap<String, Arc<Site>>>,
    /// How often one was changed here. Who changes them holds it.
    changes: Mutex<u64>,
}

impl Sites {
    /// A later site takes the place of an earlier one with the same key.
    pub fn new(sites: Vec<Site>) -> Self {
        let by_key = sites.into_iter().map(|site| (site.key.clone(), Arc::new(site)));
        Self {
            by_key: ArcSwap::from_pointee(by_key.collect()),
            changes: Mutex::new(0),
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

    /// To be asked for before all sites are read from the store: see [`Sites::replace`].
    pub fn changes(&self) -> u64 {
        *self.changing()
    }

    /// Takes these in the place of all; which ones are gone. `None`: one was changed here since they were read, of which they may know nothing;
    /// a site that was deleted would be back. Then they are to be read again.
    pub fn replace(&self, sites: Vec<Site>, changes: u64) -> Option<Vec<String>> {
        let now: HashMap<String, Arc<Site>> = sites
            .into_iter()
            .map(|site| (site.key.clone(), Arc::new(site)))
            .collect();
        let changing = self.changing();
        if *changing != changes {
            return None;
        }
        let before = self.by_key.swap(Arc::new(now.clone()));
        Some(before.keys().filter(|key| !now.contains_key(*key)).cloned().collect())
    }

    /// Adds a site that is in the store, or takes the place of the one with its key; the next request sees it.
    pub fn put(&self, site: Site) {
        self.change(|sites| {
            sites.insert(site.key.clone(), Arc::new(site));
        });
    }

    /// To be called once more when it is gone from the store: meanwhile it may have been read there.
    pub fn remove(&self, key: &str) {
        self.change(|sites| {
            sites.remove(key);
        });
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<String, Arc<Site>>)) {
        let mut changing = self.changing();
        let mut sites = HashMap::clone(&self.by_key.load());
        change(&mut sites);
        self.by_key.store(Arc::new(sites));
        *changing += 1;
    }

    /// What is held is whole at any time.
    fn changing(&self) -> MutexGuard<'_, u64> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn what_was_read_before_a_change_does_not_undo_it() {
        let (a, b) = (site("site_a", "https://a.example"), site("site_b", "https://b.example"));
        let sites = Sites::new(vec![a.clone(), b.clone()]);
        let changes = sites.changes();
        sites.remove("site_a");
        assert_eq!(sites.replace(vec![a, b.clone()], changes), None);
        assert!(sites.find("site_a").is_none());
        assert_eq!(sites.replace(vec![], sites.changes()), Some(vec!["site_b".to_owned()]));
        let changes = sites.changes();
        sites.put(b);
        assert_eq!(sites.replace(vec![], changes), None);
        assert!(sites.find("site_b").is_some());
    }
}
