//! DOCX: its headings, paragraphs, lists and tables. What it unfolds to is bounded before it is read.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use zip::ZipArchive;

use super::file::ExtractError;
use super::{Extracted, escape};

/// Bytes of one part, unfolded.
const MOST_UNFOLDED: u64 = 50 * 1_024 * 1_024;
const MOST_PARTS: usize = 10_000;
/// Bytes of text that are taken, with the marks of tables.
const MOST_TEXT: usize = 10 * 1_024 * 1_024;
const MOST_COLUMNS: usize = 40;

pub fn read(bytes: &[u8]) -> Result<Extracted, ExtractError> {
    // An encrypted DOCX is no zip but a compound file, as .doc is ([MS-OFFCRYPTO], section 1.3).
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(ExtractError::EncryptedDocx);
    }
    let broken = |error: &dyn std::fmt::Display| ExtractError::Docx(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    if archive.len() > MOST_PARTS {
        return Err(ExtractError::Bomb(MOST_UNFOLDED / 1_024 / 1_024));
    }
    let styles = part(&mut archive, "word/styles.xml").map(|xml| xml.map(|xml| headings(&xml)))?;
    let text = part(&mut archive, "word/document.xml")?;
    let text = text.ok_or_else(|| broken(&"it has no word/document.xml"))?;
    let mut body = Body {
        styles: styles.unwrap_or_default(),
        ..Body::default()
    };
    let is_cut = body.read(&text).map_err(|error| broken(&error))?;
    Ok(Extracted {
        title: body.title,
        locale: None,
        markdown: body.blocks.join("\n\n"),
        is_cut,
    })
}

/// A part's XML, if there is one; never more than is allowed, whatever the zip says of its size.
fn part(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Option<String>, ExtractError> {
    let file = match archive.by_name(name) {
        Ok(file) => file,
        Err(zip::result::ZipError::FileNotFound) => return Ok(None),
        Err(error) => return Err(ExtractError::Docx(error.to_string())),
    };
    let mut xml = Vec::new();
    let read = file.take(MOST_UNFOLDED + 1).read_to_end(&mut xml);
    if xml.len() as u64 > MOST_UNFOLDED {
        return Err(ExtractError::Bomb(MOST_UNFOLDED / 1_024 / 1_024));
    }
    read.map_err(|error| ExtractError::Docx(error.to_string()))?;
    Ok(Some(super::file::decoded(&xml)))
}

fn value(tag: &BytesStart<'_>) -> Option<String> {
    named(tag, "w:val")
}

fn named(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|one| one.key.as_ref() == name)?;
    Some(attribute.value.to_string())
}

/// The levels of the styles that make a heading: 0 for the title. Word keeps their English names in every language.
fn headings(xml: &str) -> HashMap<String, usize> {
    let mut found = HashMap::new();
    let mut reader = Reader::from_str(xml);
    let mut style = String::new();
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(tag) if tag.name().as_ref() == "w:style" => {
                style = named(&tag, "w:styleId").unwrap_or_default()
            }
            Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == "w:name" => {
                let name = value(&tag).unwrap_or_default().to_ascii_lowercase();
                if let Some(level) = level_of(&name) {
                    found.insert(style.clone(), level);
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    found
}

fn level_of(style: &str) -> Option<usize> {
    match style {
        "title" => Some(0),
        name => name
            .strip_prefix("heading")?
            .trim()
            .parse()
            .ok()
            .filter(|level| (1..=9).contains(level)),
    }
}

#[derive(Default)]
struct Body {
    styles: HashMap<String, usize>,
    title: Option<String>,
    blocks: Vec<String>,
    bytes: usize,
    /// The paragraph that is read.
    words: String,
    level: Option<usize>,
    /// How deep in a list it is.
    item: Option<usize>,
    in_text: bool,
    is_hidden: bool,
    /// Open tables; a table within a table is written as words of its cell.
    tables: usize,
    cell: String,
    row: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Body {
    /// Whether something was left out at the end.
    fn read(&mut self, xml: &str) -> Result<bool, quick_xml::Error> {
        let mut reader = Reader::from_str(xml);
        reader.config_mut().check_end_names = false;
        loop {
            match reader.read_event()? {
                Event::Start(tag) => self.start(&tag, false),
                Event::Empty(tag) => self.start(&tag, true),
                Event::End(tag) => self.end(tag.name().as_ref()),
                Event::Text(text) if self.in_text => self.text(&text.xml_content(XmlVersion::Explicit1_0)),
                Event::CData(text) if self.in_text => self.text(&text.xml_content(XmlVersion::Explicit1_0)),
                Event::GeneralRef(reference) if self.in_text => {
                    let c = match (reference.resolve_char_ref(), &*reference) {
                        (Ok(Some(c)), _) => c,
                        (_, "amp") => '&',
                        (_, "lt") => '<',
                        (_, "gt") => '>',
                        (_, "quot") => '"',
                        _ => '\'',
                    };
                    self.text(c.encode_utf8(&mut [0; 4]));
                }
                Event::Eof => return Ok(false),
                _ => {}
            }
            if self.bytes > MOST_TEXT {
                return Ok(true);
            }
        }
    }

    fn text(&mut self, text: &str) {
        if !self.is_hidden {
            self.bytes += text.len();
            self.words.push_str(text);
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, is_empty: bool) {
        match tag.name().as_ref() {
            "w:t" => self.in_text = !is_empty,
            "w:tab" | "w:br" | "w:cr" => self.words.push(' '),
            "w:noBreakHyphen" => self.words.push('-'),
            "w:r" => self.is_hidden = false,
            "w:vanish" => self.is_hidden = value(tag).is_none_or(|value| value != "0" && value != "false"),
            "w:pStyle" => {
                let style = value(tag).unwrap_or_default();
                let level = self.styles.get(&style).copied();
                self.level = level.or_else(|| level_of(&style.to_ascii_lowercase()));
            }
            "w:outlineLvl" => {
                let level = value(tag).and_then(|level| level.parse::<usize>().ok());
                self.level = self.level.or(level.filter(|level| *level < 9).map(|level| level + 1));
            }
            "w:ilvl" => self.item = value(tag).and_then(|level| level.parse().ok()),
            "w:numPr" => self.item = Some(0),
            "w:tbl" if !is_empty => {
                self.tables += 1;
                if self.tables == 1 {
                    self.rows.clear();
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "w:t" => self.in_text = false,
            "w:r" => self.is_hidden = false,
            "w:p" => self.paragraph(),
            "w:tc" if self.tables == 1 => {
                let cell = std::mem::take(&mut self.cell);
                self.row.push(cell.trim().replace('|', "\\|"));
            }
            "w:tr" if self.tables == 1 => {
                let row = std::mem::take(&mut self.row);
                if row.iter().any(|cell| !cell.is_empty()) {
                    self.rows.push(row);
                }
            }
            "w:tbl" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    self.table();
                }
            }
            _ => {}
        }
    }

    fn paragraph(&mut self) {
        let words = escape::squeezed(&std::mem::take(&mut self.words));
        let (level, item) = (self.level.take(), self.item.take());
        if words.is_empty() {
            return;
        }
        if self.tables > 0 {
            self.cell.push_str(&escape::inline(&words));
            self.cell.push(' ');
            return;
        }
        let text = match (level, item) {
            (Some(0), _) => {
                self.title.get_or_insert_with(|| words.clone());
                format!("# {}", heading(&words))
            }
            (Some(level), _) => format!("{} {}", "#".repeat((level + 1).min(6)), heading(&words)),
            (None, Some(_)) => format!("- {}", escape::inline(&words)),
            (None, None) => escape::line(&escape::inline(&words)),
        };
        // Items of a list stand right below each other.
        match self
            .blocks
            .last_mut()
            .filter(|last| item.is_some() && last.starts_with("- "))
        {
            Some(last) => {
                last.push('\n');
                last.push_str(&text);
            }
            None => self.blocks.push(text),
        }
    }

    fn table(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0).min(MOST_COLUMNS);
        if columns == 0 {
            return;
        }
        let mut lines = Vec::new();
        for (n, row) in rows.iter().enumerate() {
            if self.bytes > MOST_TEXT {
                break;
            }
            // Its words were counted when they were read.
            self.bytes += columns * " | ".len();
            let cells: Vec<&str> = (0..columns).map(|at| row.get(at).map_or("", String::as_str)).collect();
            lines.push(format!("| {} |", cells.join(" | ")));
            if n == 0 {
                lines.push(format!("|{}", " --- |".repeat(columns)));
            }
        }
        self.blocks.push(lines.join("\n"));
    }
}

fn heading(words: &str) -> String {
    escape::inline(words).replace('{', "\\{").replace('#', "\\#")
}

#[cfg(test)]
mod tests {
    use super::{Body, MOST_TEXT};

    const ROOM: usize = 1_024 * 1_024;

    fn row(cells: usize, word: &str) -> String {
        let cell = format!("<w:tc><w:p><w:t>{word}</w:t></w:p></w:tc>");
        format!("<w:tr>{}</w:tr>", cell.repeat(cells))
    }

    /// The text after so many other bytes, and whether its end was left out.
    fn table(bytes: usize, rows: &str) -> (String, bool) {
        let mut body = Body {
            bytes,
            ..Body::default()
        };
        let is_cut = body.read(&format!("<w:tbl>{rows}</w:tbl>")).expect("XML");
        (body.blocks.join("\n\n"), is_cut)
    }

    #[test]
    fn a_table_is_no_longer_than_its_words_and_the_marks_that_are_allowed() {
        let (text, is_cut) = table(
            0,
            &(row(2, "a") + &"<w:tr></w:tr>".repeat(1_000) + &row(1, "") + &row(1, "b")),
        );
        assert_eq!((text.as_str(), is_cut), ("| a | a |\n| --- | --- |\n| b |  |", false));
        // Of the narrow rows each is written as wide as the widest.
        for rows in [
            row(40, "a") + &row(1, "b").repeat(10_000),
            row(1, "b").repeat(10_000) + &row(40, "a"),
        ] {
            let (text, is_cut) = table(MOST_TEXT - ROOM, &rows);
            assert!(is_cut && text.len() < 2 * ROOM, "{is_cut} {}", text.len());
            assert!(text.len() > ROOM / 2 && text.starts_with("| "), "{}", text.len());
        }
    }
}
