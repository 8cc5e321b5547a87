//! A site by its sitemap, politely: what robots.txt allows, one page at a time with a pause, only what changed.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use texting_robots::Robot;
use url::Url;

use super::fetch::{self, AGENT, FetchError, Fetcher, Page};
use super::intake::Intake;
use super::{IngestError, Wanted, sitemap};
use crate::knowledge::extract::{self, FileKind};
use crate::knowledge::{Incoming, Text, read_time};
use crate::store::StoreError;
use crate::store::syncs::Fetched;

const MOST_PAGES: usize = 20_000;
const MOST_SITEMAPS: usize = 500;
/// Bytes of all pages.
const MOST_BYTES: usize = 2 * 1_024 * 1_024 * 1_024;
/// Between pages, unless robots.txt wants longer; on a private network, where the operator asked for it, shorter.
const PAUSE: Duration = Duration::from_millis(250);
const PRIVATE_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A server that is busy is waited for so long; one that wants longer is asked at the next reading.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Failures one after another, after which a site is left alone.
const MOST_FAILURES: usize = 20;

/// The address of a sitemap, or of a site's front page, whose sitemap is looked for.
pub fn start(address: &str, wanted: &Wanted) -> Result<Url, IngestError> {
    let wrong = |why: &str| IngestError::Address(address.to_owned(), why.to_owned());
    let mut url = Url::parse(address).map_err(|error| wrong(&error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it has a user's name in it; leave that out"));
    }
    let figures = match url.host() {
        Some(url::Host::Ipv4(address)) => Some(address.into()),
        Some(url::Host::Ipv6(address)) => Some(address.into()),
        _ => None,
    };
    if figures.is_some_and(|address| !fetch::is_public(address)) && !wanted.allow_private {
        return Err(wrong("it is a private address; --allow-private reads it all the same"));
    }
    url.set_fragment(None);
    Ok(url)
}

struct Crawl<'a> {
    fetcher: Fetcher,
    home: &'a Url,
    pause: Duration,
    bytes: usize,
}

/// The inner error is for a person: the site cannot be read to its end.
pub async fn read(start: &Url, wanted: &Wanted, intake: &mut Intake) -> Result<Result<String, String>, StoreError> {
    let fetcher = match Fetcher::new(wanted.allow_private) {
        Ok(fetcher) => fetcher,
        Err(error) => return Ok(Err(format!("No page can be fetched: {error}."))),
    };
    let mut crawl = Crawl {
        fetcher,
        home: start,
        pause: if wanted.allow_private { PRIVATE_PAUSE } else { PAUSE },
        bytes: 0,
    };
    if let Err(why) = crawl.ask_robots().await {
        return Ok(Err(why));
    }
    let (pages, is_whole) = match crawl.list(intake).await? {
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    if pages.is_empty() {
        // More likely a plugin is off, or the site has moved, than that every page is gone.
        return Ok(Err(
            "The sitemap lists no page that is read; nothing was removed.".to_owned()
        ));
    }
    intake.expect(pages.len());
    let mut failures = 0;
    for (url, time) in pages {
        intake.at(url.as_str()).await?;
        match crawl.page(&url, &time, intake).await? {
            Ok(()) => failures = 0,
            Err(error) => {
                intake.failed(&id(&url), url.as_str(), &error.to_string());
                let gone =
                    matches!(error, FetchError::Status(status) if status.is_client_error() && status.as_u16() != 429);
                failures = if gone { 0 } else { failures + 1 };
            }
        }
        if failures >= MOST_FAILURES {
            return Ok(Err(format!(
                "{MOST_FAILURES} pages failed one after another; the site was left alone. Try again later."
            )));
        }
        if crawl.bytes > MOST_BYTES {
            return Ok(Err(
                "The pages have more than 2 GB together; the rest was left out.".to_owned()
            ));
        }
        tokio::time::sleep(crawl.pause).await;
    }
    match is_whole {
        true => Ok(Ok(String::new())),
        // What was not listed is not gone.
        false => Ok(Err(
            "Not everything that the sitemap lists was read; nothing was removed. See the lines below.".to_owned(),
        )),
    }
}

type Pages = Vec<(Url, String)>;

impl Crawl<'_> {
    /// Who has no robots.txt allows everything; who cannot tell what is allowed allows nothing (RFC 9309, section 2.3.1).
    async fn ask_robots(&mut self) -> Result<(), String> {
        let mut url = self.home.clone();
        url.set_path("/robots.txt");
        url.set_query(None);
        let page = match self.fetch(&url, None).await {
            Ok(page) => page,
            Err(error) if error.is_of_server() => {
                return Err(format!(
                    "{url}: {error} Nothing is read as long as it cannot be asked what may be."
                ));
            }
            Err(_) => return Ok(()),
        };
        self.fetcher.robot = page
            .body
            .and_then(|body| Robot::new(AGENT, &body[..body.len().min(500_000)]).ok());
        let robot = self.fetcher.robot.as_ref();
        let wanted = robot
            .and_then(|robot| robot.delay)
            .filter(|delay| delay.is_finite() && *delay > 0.0);
        if let Some(delay) = wanted {
            self.pause = self
                .pause
                .max(Duration::from_secs_f32(delay.min(LONGEST_PAUSE.as_secs_f32())));
        }
        Ok(())
    }

    /// The page; a server that is busy is asked once more when it says that it has time.
    async fn fetch(&self, url: &Url, known: Option<(&str, &str)>) -> Result<Page, FetchError> {
        match self.fetcher.fetch(url, self.home, known).await {
            Err(FetchError::Busy(_, wait)) if wait <= LONGEST_WAIT => {
                tokio::time::sleep(wait).await;
                self.fetcher.fetch(url, self.home, known).await
            }
            other => other,
        }
    }

    /// For a front page: the sitemaps that robots.txt names, all of which count.
    fn named(&self) -> Vec<Url> {
        let robot = self.fetcher.robot.as_ref().filter(|_| self.is_front_page());
        let mut named: Vec<Url> = Vec::new();
        for place in robot.iter().flat_map(|robot| &robot.sitemaps) {
            let url = self.home.join(place).ok();
            named.extend(url.filter(|url| fetch::is_of(url, self.home) && !named.contains(url)));
        }
        named
    }

    /// Where there may be one: what was asked for; for a front page where WordPress and others have it.
    fn usual(&self) -> Vec<Url> {
        if !self.is_front_page() {
            return vec![self.home.clone()];
        }
        let places = ["/wp-sitemap.xml", "/sitemap_index.xml", "/sitemap.xml"];
        places.iter().filter_map(|place| self.home.join(place).ok()).collect()
    }

    fn is_front_page(&self) -> bool {
        self.home.path() == "/" && self.home.query().is_none()
    }

    async fn sitemap(&self, map: &Url) -> Result<sitemap::Listed, String> {
        match self.fetch(map, None).await {
            Ok(page) => page
                .body
                .and_then(|body| sitemap::read(&body))
                .ok_or_else(|| "It is no sitemap.".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The pages that the sitemap and those that it leads to list, each once; and whether that is all of them.
    async fn list(&mut self, intake: &mut Intake) -> Result<Result<(Pages, bool), String>, StoreError> {
        let (mut pages, mut seen) = (Pages::new(), HashSet::new());
        let (mut is_whole, mut has_begun, mut first_trouble) = (true, false, None);
        let mut named = self.named();
        if named.len() > MOST_SITEMAPS {
            let why = format!("Its robots.txt names more than {MOST_SITEMAPS} sitemaps; the rest is left out.");
            intake.trouble(self.home.as_str(), &why);
            named.truncate(MOST_SITEMAPS);
            is_whole = false;
        }
        let mut known: HashSet<Url> = named.iter().cloned().collect();
        let guesses: Vec<Url> = self.usual().into_iter().filter(|url| !known.contains(url)).collect();
        let mut waiting: VecDeque<Url> = named.into_iter().chain(guesses.iter().cloned()).collect();
        while let Some(map) = waiting.pop_front() {
            intake.at(map.as_str()).await?;
            let listed = match self.sitemap(&map).await {
                Ok(listed) => listed,
                Err(why) if !has_begun && guesses.contains(&map) => {
                    first_trouble.get_or_insert(format!("{map}: {why}"));
                    continue;
                }
                Err(why) => {
                    intake.trouble(map.as_str(), &why);
                    first_trouble.get_or_insert(format!("{map}: {why}"));
                    is_whole = false;
                    continue;
                }
            };
            if !has_begun {
                // The usual places were only in case that there is none here.
                waiting.retain(|url| !guesses.contains(url));
                has_begun = true;
            }
            known.insert(map.clone());
            if let Some(why) = &listed.left_out {
                intake.trouble(map.as_str(), why);
                is_whole = false;
            }
            for further in listed.sitemaps {
                let Some(url) = self.own(&map, &further, intake) else {
                    continue;
                };
                // A sitemap that leads back to itself is read once.
                if known.contains(&url) {
                    continue;
                }
                if known.len() >= MOST_SITEMAPS {
                    let why = format!("It leads to more than {MOST_SITEMAPS} sitemaps; the rest is left out.");
                    intake.trouble(map.as_str(), &why);
                    is_whole = false;
                    break;
                }
                known.insert(url.clone());
                waiting.push_back(url);
            }
            for (address, time) in listed.pages {
                let Some(mut url) = self.own(&map, &address, intake) else {
                    continue;
                };
                url.set_fragment(None);
                if pages.len() >= MOST_PAGES {
                    intake.trouble(
                        map.as_str(),
                        &format!("It lists more than {MOST_PAGES} pages; the rest is left out."),
                    );
                    return Ok(Ok((pages, false)));
                }
                if seen.insert(url.clone()) {
                    pages.push((url, time));
                }
            }
            tokio::time::sleep(self.pause).await;
        }
        match first_trouble.filter(|_| !has_begun) {
            Some(why) => Ok(Err(why)),
            None => Ok(Ok((pages, is_whole))),
        }
    }

    /// A listed address, if it is of this site and may be read.
    fn own(&self, map: &Url, address: &str, intake: &mut Intake) -> Option<Url> {
        let why = match map.join(address) {
            Err(_) => "It is no address.",
            Ok(url) if !fetch::is_of(&url, self.home) => "It is of another site.",
            Ok(url) if !self.fetcher.may(&url) => "robots.txt asks not to read it.",
            Ok(url) => return Some(url),
        };
        intake.trouble(address, why);
        None
    }

    async fn page(&mut self, url: &Url, time: &str, intake: &mut Intake) -> Result<Result<(), FetchError>, StoreError> {
        let (id, shelves, site) = (id(url), intake.shelves().clone(), intake.site().to_owned());
        let known = shelves.syncs.fetched(&site, url.as_str()).await?;
        let kept = shelves.documents.document(&site, &id).await?;
        // What another source brought since then is written anew.
        let is_ours = kept.is_some_and(|kept| kept.source == intake.source());
        let known = known.filter(|known| known.document.is_empty() || is_ours);
        let conditions = known
            .as_ref()
            .map(|known| (known.etag.as_str(), known.last_modified.as_str()));
        let page = match self.fetch(url, conditions).await {
            Ok(page) => page,
            Err(error) => return Ok(Err(error)),
        };
        let Some(body) = &page.body else {
            intake.unchanged(&id);
            return Ok(Ok(()));
        };
        self.bytes += body.len();
        let fetched = Fetched {
            url: url.to_string(),
            document: id.clone(),
            etag: page.etag.clone(),
            last_modified: page.last_modified.clone(),
        };
        let place = page.url.to_string();
        match text(page).await {
            Ok((text, said)) => {
                let times = [read_time(time).ok(), said];
                intake
                    .take(Incoming {
                        id,
                        url: place,
                        title: String::new(),
                        text,
                        locale: String::new(),
                        kind: "page".to_owned(),
                        source: intake.source().to_owned(),
                        modified_ms: times.into_iter().flatten().max().unwrap_or(0),
                    })
                    .await?;
            }
            Err(why) => intake.failed(&id, url.as_str(), &why),
        }
        // First the text, then that it need not be sent again.
        intake.write().await?;
        shelves.syncs.note_fetched(&site, fetched).await?;
        Ok(Ok(()))
    }
}

/// A page's text, and when the server says that it was changed.
async fn text(page: Page) -> Result<(Text, Option<i64>), String> {
    let kind = match page.kind.split(';').next().unwrap_or_default().trim() {
        "text/html" | "application/xhtml+xml" | "" => FileKind::Html,
        "text/markdown" => FileKind::Markdown,
        "text/plain" => FileKind::Text,
        "application/pdf" => FileKind::Pdf,
        other => return Err(format!("It is no page but {other}.")),
    };
    let modified = jiff::fmt::rfc2822::parse(&page.last_modified)
        .ok()
        .map(|time| time.timestamp().as_millisecond());
    let body = page.body.unwrap_or_default();
    // The server's word on the encoding goes before the page's own.
    let charset = page
        .kind
        .split_once("charset=")
        .map(|(_, label)| label.trim_matches(['"', ' ', ';']).to_owned());
    let encoding = charset.and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    let text = match (kind, encoding) {
        (FileKind::Html, Some(encoding)) => Text::Html(encoding.decode(&body).0.into_owned()),
        _ => extract::file(kind, body).await.map_err(|error| error.to_string())?,
    };
    Ok((text, modified))
}

/// A page is known by its address.
fn id(url: &Url) -> String {
    let address = url.as_str();
    match address.chars().count() <= 300 {
        true => address.to_owned(),
        false => format!("url:{}", blake3::hash(address.as_bytes()).to_hex()),
    }
}
