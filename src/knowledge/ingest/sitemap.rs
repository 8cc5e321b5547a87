//! What a sitemap, or an index of sitemaps, lists (https://www.sitemaps.org/protocol.html).

use std::io::Read;

use quick_xml::XmlVersion;
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
    let mut listed = Listed::default();
    let (mut is_one, mut words, mut place, mut time) = (false, String::new(), String::new(), String::new());
    // What comes before the file breaks counts.
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(tag) => {
                words.clear();
                match local(tag.name().as_ref()) {
                    "urlset" | "sitemapindex" => is_one = true,
                    "url" | "sitemap" => {
                        place.clear();
                        time.clear();
                    }
                    _ => {}
                }
            }
            Event::Text(text) => words.push_str(&text.xml_content(XmlVersion::Explicit1_0)),
            Event::CData(text) => words.push_str(&text.xml_content(XmlVersion::Explicit1_0)),
            Event::GeneralRef(reference) => match (&*reference, reference.resolve_char_ref()) {
                ("amp", _) => words.push('&'),
                (_, Ok(Some(c))) => words.push(c),
                _ => {}
            },
            Event::End(tag) => match tag.name().as_ref() {
                // Not `image:loc`, which is of a picture.
                "loc" => place = words.trim().to_owned(),
                "lastmod" => time = words.trim().to_owned(),
                "url" if !place.is_empty() => listed.pages.push((place.clone(), time.clone())),
                "sitemap" if !place.is_empty() => listed.sitemaps.push(place.clone()),
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
        if listed.pages.len() + listed.sitemaps.len() >= MOST {
            break;
        }
    }
    is_one.then_some(listed)
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
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
}
