//! A WordPress export (WXR): published posts, pages, products and other types that visitors see. Read as a stream, since exports
//! can be larger than memory.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, Event};
use quick_xml::reader::Reader;
use tokio::sync::mpsc;

use super::intake::Intake;
use crate::knowledge::extract;
use crate::knowledge::{Incoming, Text, read_time};
use crate::store::StoreError;

/// Bytes of one post with everything that the export says of it, its comments too.
const LONGEST_ITEM: u64 = 64 * 1_024 * 1_024;
/// Bytes of one post's text.
const LONGEST_TEXT: usize = 10 * 1_024 * 1_024;

/// Types that are no pages.
const INTERNAL: [&str; 22] = [
    "attachment",
    "nav_menu_item",
    "revision",
    "custom_css",
    "customize_changeset",
    "oembed_cache",
    "user_request",
    "wp_block",
    "wp_template",
    "wp_template_part",
    "wp_global_styles",
    "wp_navigation",
    "wp_font_family",
    "wp_font_face",
    "acf-field",
    "acf-field-group",
    "elementor_library",
    "shop_order",
    "shop_order_refund",
    "shop_coupon",
    "scheduled-action",
    "wpcf7_contact_form",
];

/// A post as the export has it.
#[derive(Default)]
struct Item {
    title: String,
    link: String,
    published: String,
    content: String,
    excerpt: String,
    id: String,
    modified: String,
    date: String,
    status: String,
    password: String,
    kind: String,
    price: String,
    sku: String,
    stock: String,
}

/// A post, and the language of the export.
type Found = (Box<Item>, String);

/// Why an export was not read to its end; for whoever reads the log.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    #[error("This XML file is no WordPress export; there is no <rss> with a <channel> in it.")]
    NoExport,
    /// There may be more in it than was read.
    #[error("{0}")]
    Broken(String),
}

/// The address of the site that was exported, which names the source.
pub async fn site_of(path: &Path) -> Option<String> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || {
        let file = File::open(path).ok()?;
        let mut reader = Reader::from_reader(BufReader::new(file.take(1_024 * 1_024)));
        let (mut buffer, mut inside) = (Vec::new(), false);
        loop {
            match reader.read_event_into(&mut buffer).ok()? {
                Event::Start(tag) => match tag.name().as_ref() {
                    "wp:base_blog_url" => inside = true,
                    "item" => return None,
                    _ => {}
                },
                Event::Text(text) if inside => {
                    return Some(text.xml_content(XmlVersion::Explicit1_0).trim().to_owned());
                }
                Event::Eof => return None,
                _ => {}
            }
            buffer.clear();
        }
    })
    .await
    .ok()
    .flatten()
    .filter(|site| super::is_address(site) && site.len() < 300)
}

/// The inner error is for a person: the export cannot be read to its end.
pub async fn read(path: &Path, intake: &mut Intake) -> Result<Result<(), Unread>, StoreError> {
    let (sender, mut found) = mpsc::channel(16);
    let path: PathBuf = path.to_owned();
    let reading = tokio::task::spawn_blocking(move || parse(&path, &sender));
    while let Some((item, locale)) = found.recv().await {
        take(*item, &locale, intake).await?;
    }
    Ok(match reading.await {
        Ok(result) => result,
        Err(error) => Err(Unread::Broken(format!("Reading the export failed: {error}."))),
    })
}

async fn take(item: Item, locale: &str, intake: &mut Intake) -> Result<(), StoreError> {
    let is_page = item.status == "publish" && item.password.is_empty() && !INTERNAL.contains(&item.kind.as_str());
    if !is_page || item.id.is_empty() {
        return Ok(());
    }
    // As the plugin names it, so that its own version takes the place of this one.
    let id = format!("wp-post-{}", item.id);
    let name = if item.title.is_empty() {
        id.clone()
    } else {
        item.title.clone()
    };
    intake.at(&name).await?;
    if item.content.len() > LONGEST_TEXT {
        let why = format!(
            "Its text has {} MB; at most {} MB are read.",
            item.content.len() / 1_048_576,
            LONGEST_TEXT / 1_048_576
        );
        intake.failed(&id, &name, &why);
        return Ok(());
    }
    let times = [&item.modified, &item.date]
        .into_iter()
        .filter_map(|time| read_time(time).ok());
    let published = || {
        jiff::fmt::rfc2822::parse(&item.published)
            .ok()
            .map(|time| time.timestamp().as_millisecond())
    };
    let modified_ms = times.max().or_else(published).unwrap_or(0);
    let html = facts(&item) + &paragraphs(&item.excerpt) + &paragraphs(&item.content);
    if html.trim().is_empty() {
        return Ok(());
    }
    intake
        .take(Incoming {
            id,
            url: if super::is_address(&item.link) {
                item.link
            } else {
                String::new()
            },
            title: item.title,
            text: Text::Html(html),
            locale: locale.to_owned(),
            kind: item.kind,
            source: intake.source().to_owned(),
            modified_ms,
        })
        .await
}

/// What a shop says of a product beside its text.
fn facts(item: &Item) -> String {
    let mut facts = String::new();
    for (name, value) in [("Price", &item.price), ("SKU", &item.sku)] {
        if !value.is_empty() && item.kind == "product" {
            facts.push_str(&format!("<p>{name}: {}</p>", escaped(value)));
        }
    }
    match item.stock.as_str() {
        "instock" => facts + "<p>In stock</p>",
        "outofstock" => facts + "<p>Out of stock</p>",
        "onbackorder" => facts + "<p>Available on backorder</p>",
        _ => facts,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Texts of the classic editor have empty lines where WordPress shows paragraphs; those of the block editor have the tags.
fn paragraphs(text: &str) -> String {
    if text.trim().is_empty() || text.contains("<!-- wp:") || text.contains("<p") {
        return text.to_owned();
    }
    let text = text.replace("\r\n", "\n");
    let parts = text.split("\n\n").filter(|part| !part.trim().is_empty());
    // A block at the beginning of a part ends the paragraph that stands before it.
    parts.map(|part| format!("<p>{}\n", part.trim())).collect()
}

/// Counts what is read since an item began, and ends the reading of an export whose items do not end.
struct Bounded {
    file: File,
    since: Rc<Cell<u64>>,
}

impl Read for Bounded {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.since.get() > LONGEST_ITEM {
            return Err(std::io::Error::other("a post in it has more than 64 MB"));
        }
        let read = self.file.read(into)?;
        self.since.set(self.since.get() + read as u64);
        Ok(read)
    }
}

fn parse(path: &Path, found: &mpsc::Sender<Found>) -> Result<(), Unread> {
    let file = File::open(path).map_err(|error| Unread::Broken(format!("The export cannot be read: {error}.")))?;
    let since = Rc::new(Cell::new(0));
    let bounded = Bounded {
        file,
        since: since.clone(),
    };
    let mut reader = Reader::from_reader(BufReader::with_capacity(64 * 1_024, bounded));
    reader.config_mut().check_end_names = false;
    let mut state = Parsing::default();
    let mut buffer = Vec::new();
    loop {
        let at = reader.buffer_position();
        let event = reader.read_event_into(&mut buffer);
        let event = event.map_err(|error| match state.is_wxr {
            true => Unread::Broken(format!(
                "The export is broken after {at} bytes: {error}. What came before was read."
            )),
            false => Unread::NoExport,
        })?;
        match event {
            Event::Start(tag) => state.open(tag.name().as_ref()),
            Event::End(tag) => {
                if let Some(item) = state.close(tag.name().as_ref()) {
                    // Nobody takes it: the reading was ended.
                    if found.blocking_send((Box::new(item), state.locale.clone())).is_err() {
                        return Ok(());
                    }
                }
            }
            Event::Text(text) => state.text(&text.xml_content(XmlVersion::Explicit1_0)),
            Event::CData(text) => state.text(&text.xml_content(XmlVersion::Explicit1_0)),
            Event::GeneralRef(reference) => state.text(&resolve(&reference)),
            Event::Eof => break,
            _ => {}
        }
        if state.item.is_none() || state.at_end {
            since.set(0);
            state.at_end = false;
        }
        buffer.clear();
    }
    if !state.is_wxr {
        return Err(Unread::NoExport);
    }
    if !state.is_whole {
        let why = "The export breaks off before its end. What came before was read, and nothing was removed.";
        return Err(Unread::Broken(why.to_owned()));
    }
    Ok(())
}

/// `&amp;` and its like; an entity that XML does not have stands for nothing.
fn resolve(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return c.to_string();
    }
    match &**reference {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => "",
    }
    .to_owned()
}

#[derive(Default)]
struct Parsing {
    item: Option<Item>,
    /// The open elements below the item or the channel.
    path: Vec<String>,
    words: String,
    meta_key: String,
    locale: String,
    is_wxr: bool,
    is_whole: bool,
    at_end: bool,
}

impl Parsing {
    fn open(&mut self, name: &str) {
        match name {
            "channel" => self.is_wxr = true,
            "item" => {
                self.item = Some(Item::default());
                self.path.clear();
                self.at_end = true;
            }
            _ => self.path.push(name.to_owned()),
        }
        self.words.clear();
    }

    fn text(&mut self, text: &str) {
        self.words.push_str(text);
    }

    /// The item, when it is whole.
    fn close(&mut self, name: &str) -> Option<Item> {
        let words = std::mem::take(&mut self.words);
        self.is_whole |= name == "channel";
        if name == "item" {
            self.at_end = true;
            return self.item.take();
        }
        let in_comment = self.path.iter().any(|open| open == "wp:comment");
        self.path.pop();
        let Some(item) = &mut self.item else {
            if name == "language" {
                self.locale = words.trim().chars().take(35).collect();
            }
            return None;
        };
        if in_comment {
            return None;
        }
        let trimmed = || words.trim().to_owned();
        match name {
            // WordPress shows markup in titles.
            "title" => item.title = extract::words(&words),
            "link" => item.link = trimmed(),
            "pubDate" => item.published = trimmed(),
            "content:encoded" => item.content = words,
            "excerpt:encoded" => item.excerpt = words,
            "wp:post_id" => item.id = words.trim().chars().filter(char::is_ascii_digit).take(20).collect(),
            "wp:post_modified_gmt" => item.modified = trimmed(),
            "wp:post_date_gmt" => item.date = trimmed(),
            "wp:status" => item.status = trimmed(),
            "wp:post_password" => item.password = words,
            "wp:post_type" => item.kind = trimmed(),
            "wp:meta_key" => self.meta_key = trimmed(),
            "wp:meta_value" => match self.meta_key.as_str() {
                "_price" => item.price = trimmed(),
                "_sku" => item.sku = trimmed(),
                "_stock_status" => item.stock = trimmed(),
                _ => {}
            },
            _ => {}
        }
        None
    }
}
