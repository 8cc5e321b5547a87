//! What a sitemap, or an index of sitemaps, lists (https://www.sitemaps.org/protocol.html).

use std::io::Read;

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;
use quick_xml::reader::Reader;

/// Addresses of one file; the protocol allows as many.
const MOST: usize = 50_000;
/// Bytes that a packed one may unfold to; the protocol allows as many.
const MOST_BYTES: u64 = 50 * 1_024 * 1_024;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Of pages, with when they were changed last, as it is written there.
    pub pages: Vec<(String, String)>,
    pub sitemaps: Vec<String>,
    /// Why it may list more than was read, for whoever reads the log; `None`: it was read to its end.
    pub left_out: Option<String>,
}

impl Listed {
    fn len(&self) -> usize {
        self.pages.len() + self.sitemaps.len()
    }
}

/// `None`: it is no sitemap.
pub fn read(body: &[u8]) -> Option<Listed> {
    let mut unpacked = Vec::new();
    let body = match body.starts_with(&[0x1f, 0x8b]) {
        false => body,
        true => {
            let packed = flate2::read::MultiGzDecoder::new(body);
            packed.take(MOST_BYTES).read_to_end(&mut unpacked).ok()?;
            unpacked.as_slice()
        }
    };
    let text = String::from_utf8_lossy(body);
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().check_end_names = false;
    // Many write the `&` of an address as it is.
    reader.config_mut().allow_dangling_amp = true;
    let mut listed = Listed::default();
    let (mut words, mut place, mut time) = (String::new(), String::new(), String::new());
    // The prefix of the root, which the elements of the protocol have as well.
    let mut root: Option<String> = None;
    let (mut is_open, mut is_closed) = (false, false);
    loop {
        let at = reader.buffer_position();
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                words.clear();
                match parts(tag.name().as_ref()) {
                    (prefix, "urlset" | "sitemapindex") => {
                        root = Some(prefix.to_owned());
                        is_closed = false;
                    }
                    (prefix, "url" | "sitemap") if is_own(prefix, root.as_deref()) => {
                        if listed.len() == MOST {
                            listed.left_out =
                                Some(format!("It lists more than {MOST} addresses; the rest is left out."));
                            break;
                        }
                        is_open = true;
                        place.clear();
                        time.clear();
                    }
                    _ => {}
                }
            }
            Ok(Event::Text(text)) => words.push_str(&text.xml_content(XmlVersion::Explicit1_0)),
            Ok(Event::CData(text)) => words.push_str(&text.xml_content(XmlVersion::Explicit1_0)),
            Ok(Event::GeneralRef(reference)) => match (resolve_xml_entity(&reference), reference.resolve_char_ref()) {
                (Some(text), _) => words.push_str(text),
                (_, Ok(Some(c))) => words.push(c),
                // `?a=1&b;` is an `&` that was left as it is, too.
                _ => words.extend(["&", &*reference, ";"]),
            },
            Ok(Event::End(tag)) => match parts(tag.name().as_ref()) {
                // Not `image:loc`, which is of a picture.
                (prefix, _) if !is_own(prefix, root.as_deref()) => {}
                (_, "loc") => place = words.trim().to_owned(),
                (_, "lastmod") => time = words.trim().to_owned(),
                (_, name @ ("url" | "sitemap")) => {
                    is_open = false;
                    match name {
                        _ if place.is_empty() => {}
                        "url" => listed.pages.push((place.clone(), time.clone())),
                        _ => listed.sitemaps.push(place.clone()),
                    }
                }
                (_, "urlset" | "sitemapindex") => is_closed = !is_open,
                _ => {}
            },
            Ok(Event::Eof) => {
                // A script that failed, or a connection that was cut, leaves a beginning.
                if !is_closed {
                    listed.left_out = Some("It breaks off before its end. What comes before was read.".to_owned());
                }
                break;
            }
            Ok(_) => {}
            Err(error) => {
                let why = format!("It is broken after {at} bytes: {error}. What comes before was read.");
                listed.left_out = Some(why);
                break;
            }
        }
    }
    root.map(|_| listed)
}

/// The prefix of a name, and what stands behind it.
fn parts(name: &str) -> (&str, &str) {
    name.rsplit_once(':').unwrap_or(("", name))
}

/// Whether an element is of the protocol, and not of one of its extensions.
fn is_own(prefix: &str, root: Option<&str>) -> bool {
    prefix.is_empty() || Some(prefix) == root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_further_sitemaps_are_told_apart() {
        let xml = br#"<?xml version="1.0"?><urlset xmlns="x"><url><loc> https://a.example/?a=1&amp;b=2 </loc><lastmod>2026-01-01</lastmod>
            <image:image><image:loc>https://a.example/x.png</image:loc></image:image></url><url><loc><![CDATA[https://a.example/b]]></loc></url>"#;
        let page = |url: &str, time: &str| (url.to_owned(), time.to_owned());
        let listed = read(xml).expect("a sitemap");
        assert_eq!(
            listed.pages,
            [
                page("https://a.example/?a=1&b=2", "2026-01-01"),
                page("https://a.example/b", "")
            ]
        );
        let index = read(b"<sitemapindex><sitemap><loc>https://a.example/s.xml</loc></sitemap></sitemapindex>")
            .expect("an index");
        assert_eq!(index.sitemaps, ["https://a.example/s.xml"]);
        assert_eq!(read(b"<html><body>404</body></html>"), None);
        assert_eq!(read(b"\x1f\x8bnot really packed"), None);
    }
    #[test]
    fn what_is_left_out_is_told() {
        let urls = |count: usize| "<url><loc>https://a.example/?a=1&b=2&c;</loc></url>".repeat(count);
        let whole = |xml: &str| {
            let listed = read(xml.as_bytes()).expect("a sitemap");
            (listed.pages.len(), listed.left_out.is_none())
        };
        for (xml, found) in [
            (format!("<urlset>{}</urlset>", urls(2)), (2, true)),
            (
                format!(
                    "<s:urlset>{}</s:urlset>",
                    urls(2).replace('<', "<s:").replace("<s:/", "</s:")
                ),
                (2, true),
            ),
            (format!("<urlset>{}<url><lo", urls(2)), (2, false)),
            (format!("<urlset>{}", urls(2)), (2, false)),
            (
                format!("<urlset>{}<br/><b>Fatal</b>: x & y of 128", urls(2)),
                (2, false),
            ),
            (format!("<urlset>{}<url><loc>/x</loc></urlset>", urls(2)), (2, false)),
            (format!("<urlset>{}</urlset>", urls(MOST)), (MOST, true)),
            (format!("<urlset>{}</urlset>", urls(MOST + 1)), (MOST, false)),
            ("<urlset></urlset>".to_owned(), (0, true)),
        ] {
            assert_eq!(whole(&xml), found, "{}", &xml[..xml.len().min(200)]);
        }
        let page = &read(format!("<urlset>{}", urls(1)).as_bytes())
            .expect("a sitemap")
            .pages[0]
            .0;
        assert_eq!(page, "https://a.example/?a=1&b=2&c;");
    }
}
