//! The sites that may ask: those of the settings, and those that were made in the operator's pages, by whichever service.

use std::sync::Arc;
use std::time::Duration;

use crate::access::Sites;
use crate::domain::Site;
use crate::knowledge::Library;
use crate::store::{Store, StoreError};

/// How often another service's changes are looked for.
const LOOK: Duration = Duration::from_secs(1);

/// Keeps the sites of this service in step with the store.
pub struct SiteFollower {
    store: Arc<dyn Store>,
    of_settings: Vec<Site>,
    sites: Arc<Sites>,
    /// The store's revision that is in memory.
    revision: i64,
}

impl SiteFollower {
    pub async fn open(store: Arc<dyn Store>, of_settings: Vec<Site>) -> Result<Self, StoreError> {
        // First the number: what changes in between is read once more.
        let revision = store.sites_revision().await?;
        let all = all(&*store, &of_settings).await?;
        Ok(Self {
            store,
            of_settings,
            sites: Arc::new(Sites::new(all)),
            revision,
        })
    }

    pub fn sites(&self) -> Arc<Sites> {
        self.sites.clone()
    }

    pub async fn follow(mut self, library: Arc<Library>) {
        loop {
            tokio::time::sleep(LOOK).await;
            match self.read(&library).await {
                // The store says so itself.
                Ok(()) | Err(StoreError::Away | StoreError::Closed) => {}
                Err(error) => tracing::warn!(%error, "the sites cannot be read"),
            }
        }
    }

    async fn read(&mut self, library: &Library) -> Result<(), StoreError> {
        let revision = self.store.sites_revision().await?;
        if revision != self.revision {
            let changes = self.sites.changes();
            let all = all(&*self.store, &self.of_settings).await?;
            // Otherwise they are read again at the next look.
            if let Some(gone) = self.sites.replace(all, changes) {
                gone.iter().for_each(|site| library.forget(site));
                self.revision = revision;
            }
        }
        Ok(())
    }
}

/// What stands in the settings wins over what was made in the operator's pages.
async fn all(store: &dyn Store, of_settings: &[Site]) -> Result<Vec<Site>, StoreError> {
    let mut sites = store.sites().await?;
    sites.extend(of_settings.iter().cloned());
    Ok(sites)
}
