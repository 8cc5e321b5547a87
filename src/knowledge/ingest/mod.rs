//! Content from where no plugin sends it: files, exports, sitemaps. Each source is read as a whole; the next reading writes what
//! changed and removes what is gone.

mod crawl;
mod fetch;
mod files;
mod intake;
mod sitemap;
mod uploads;
mod wxr;

use std::path::Path;

use url::Url;

use crate::store::StoreError;
use crate::store::syncs::Sync;

pub use intake::{Intake, Nobody, Onlooker, Shelves};
pub use uploads::{Upload, upload};

/// What is to be read, and how.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Where visitors find the files of a folder.
    pub base_url: Option<Url>,
    /// Pages of a sitemap may be at private addresses.
    pub allow_private: bool,
}

/// Why a source cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, String),
    #[error(
        "{0} is of no known kind; files of Markdown (.md), HTML (.html), text (.txt), PDF, DOCX and WordPress exports (.xml) are read"
    )]
    UnknownKind(String),
    #[error("there are more than {0} files; ingest the folders below it one by one")]
    TooMany(usize),
    #[error("{0} is no address that can be read: {1}")]
    Address(String, String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("something failed inside: {0}")]
    Inside(String),
}

/// Whether it names a sitemap, and not a file.
pub fn is_address(what: &str) -> bool {
    what.starts_with("http://") || what.starts_with("https://")
}

/// Whether a sitemap could be read there, as far as its address tells.
pub fn check_address(what: &str, wanted: &Wanted) -> Result<(), IngestError> {
    match is_address(what) {
        true => crawl::start(what, wanted).map(drop),
        false => Err(IngestError::Address(
            what.to_owned(),
            "it must begin with http:// or https://".to_owned(),
        )),
    }
}

/// Reads a file, a folder, an export or, if it is an address, a sitemap into a site's content. The end of it tells what came of it;
/// what went wrong with single documents stands in the log.
pub async fn ingest(
    shelves: Shelves,
    site: &str,
    what: &str,
    wanted: &Wanted,
    onlooker: Box<dyn Onlooker>,
) -> Result<Sync, IngestError> {
    if is_address(what) {
        let start = crawl::start(what, wanted)?;
        let mut intake = Intake::begin(shelves, site, &format!("sitemap:{start}"), onlooker).await?;
        return Ok(match crawl::read(&start, wanted, &mut intake).await? {
            Ok(note) => intake.finish(&note).await?,
            Err(why) => intake.give_up(&why).await?,
        });
    }
    let place = files::Place::new(Path::new(what))?;
    if place.is_export() {
        let exported = wxr::site_of(place.path())
            .await
            .unwrap_or_else(|| place.path().display().to_string());
        let mut intake = Intake::begin(shelves, site, &format!("wxr:{exported}"), onlooker).await?;
        return Ok(match wxr::read(place.path(), &mut intake).await? {
            Ok(()) => intake.finish("").await?,
            Err(why) => intake.give_up(&why.to_string()).await?,
        });
    }
    let mut intake = Intake::begin(shelves, site, &place.source(), onlooker).await?;
    match files::read(&place, wanted.base_url.as_ref(), &mut intake).await {
        Ok(true) => Ok(intake.finish("").await?),
        Ok(false) => Ok(intake
            .give_up("Not everything in the folder could be read; nothing was removed. See the lines below.")
            .await?),
        Err(IngestError::Store(error)) => Err(error.into()),
        Err(error) => Ok(intake.give_up(&error.to_string()).await?),
    }
}
