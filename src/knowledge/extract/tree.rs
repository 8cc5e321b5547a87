//! HTML into a tree whose depth and size are bounded.
//!
//! The tokenizer is the standard's; the tree is built by the few of its rules that decide where words stand. The standard's full
//! tree construction takes time and memory in the square of what a hostile page sends (unclosed `<b>`s are opened anew in every
//! paragraph, and every tag searches the whole stack); here each tag costs at most one walk over [`DEEPEST`] open elements.

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

/// Elements within each other; what is deeper belongs to the last one that was opened.
const DEEPEST: usize = 160;
/// Elements and texts of a page; what follows is left out. A long page has some ten thousand.
const MOST_NODES: usize = 400_000;
/// Bytes of an attribute's value that are kept.
const LONGEST_VALUE: usize = 2_000;

pub type Id = usize;

#[derive(Debug, Default)]
pub struct Node {
    /// Empty: a text.
    pub name: Box<str>,
    pub text: String,
    attributes: Vec<(&'static str, Box<str>)>,
    pub parent: Id,
    pub children: Vec<Id>,
}

impl Node {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(one, _)| *one == name);
        found.map(|(_, value)| &**value)
    }

    pub fn is_text(&self) -> bool {
        self.name.is_empty()
    }
}

/// A page. The node 0 holds everything; children come after their parent and in the order of the page.
#[derive(Debug)]
pub struct Tree {
    pub nodes: Vec<Node>,
    /// A whole page, and not what stands within one.
    pub is_page: bool,
    /// Of the whole page.
    pub locale: Option<String>,
    /// Something was left out because there was too much.
    pub is_cut: bool,
}

/// Attributes that matter here.
const KEPT: [&str; 19] = [
    "id",
    "class",
    "name",
    "href",
    "alt",
    "role",
    "hidden",
    "aria-hidden",
    "aria-modal",
    "style",
    "lang",
    "type",
    "start",
    "content",
    "property",
    "itemprop",
    "src",
    "colspan",
    "open",
];

const VOID: [&str; 13] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
];

/// Before these an open paragraph ends.
pub const BLOCKS: [&str; 40] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "search",
    "section",
    "summary",
    "table",
    "ul",
    "html",
];

/// An end tag does not reach out of these (https://html.spec.whatwg.org/multipage/parsing.html#has-an-element-in-scope).
const SCOPES: [&str; 5] = ["table", "td", "th", "caption", "template"];

/// Which open elements a start tag ends: the nearest of `ends`, unless one of `within` is nearer.
struct Implied {
    of: &'static [&'static str],
    ends: &'static [&'static str],
    within: &'static [&'static str],
}

const IMPLIED: [Implied; 6] = [
    Implied {
        of: &["li"],
        ends: &["li"],
        within: &["ul", "ol", "menu", "table", "td", "th"],
    },
    Implied {
        of: &["dt", "dd"],
        ends: &["dt", "dd"],
        within: &["dl", "table", "td", "th"],
    },
    Implied {
        of: &["td", "th"],
        ends: &["td", "th"],
        within: &["tr", "table"],
    },
    Implied {
        of: &["tr"],
        ends: &["tr"],
        within: &["table"],
    },
    Implied {
        of: &["thead", "tbody", "tfoot"],
        ends: &["thead", "tbody", "tfoot"],
        within: &["table"],
    },
    Implied {
        of: &["option", "optgroup"],
        ends: &["option"],
        within: &["select"],
    },
];

struct Builder {
    tree: Tree,
    /// The open elements, outermost first.
    open: Vec<Id>,
    /// Open `svg` and `math`, in which a tag may close itself.
    foreign: usize,
}

/// Takes time in proportion to the text.
pub fn parse(html: &str) -> Tree {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut builder = Builder {
        tree: Tree {
            nodes: vec![Node {
                name: "root".into(),
                ..Node::default()
            }],
            is_page: false,
            locale: None,
            is_cut: false,
        },
        open: vec![0],
        foreign: 0,
    };
    for token in Tokenizer::new_with_emitter(html, emitter).flatten() {
        match token {
            Token::StartTag(tag) => builder.start(tag),
            Token::EndTag(tag) => builder.end(&String::from_utf8_lossy(&tag.name)),
            Token::String(text) => builder.text(&String::from_utf8_lossy(&text.value)),
            Token::Doctype(_) => builder.tree.is_page = true,
            Token::Comment(_) | Token::Error(_) => {}
        }
        if builder.tree.nodes.len() >= MOST_NODES {
            builder.tree.is_cut = true;
            break;
        }
    }
    builder.tree
}

impl Builder {
    fn name(&self, id: Id) -> &str {
        &self.tree.nodes[id].name
    }

    fn top(&self) -> Id {
        self.open.last().copied().unwrap_or_default()
    }

    fn start(&mut self, tag: StartTag<()>) {
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        if matches!(name.as_str(), "html" | "head" | "body") {
            self.tree.is_page = true;
            if self.tree.locale.is_none() {
                self.tree.locale = value(&tag, "lang").map(|lang| lang.trim().to_owned());
            }
            // What stands in the head is told by the elements' names.
            return;
        }
        if BLOCKS.contains(&name.as_str()) {
            self.close_paragraph();
        }
        if let Some(rule) = IMPLIED.iter().find(|rule| rule.of.contains(&name.as_str())) {
            self.close_nearest(rule.ends, rule.within);
        }
        let is_heading = |name: &str| matches!(name.as_bytes(), [b'h', b'1'..=b'6']);
        if is_heading(&name) && is_heading(self.name(self.top())) {
            self.pop();
        }
        let attributes = KEPT
            .iter()
            .filter_map(|kept| Some((*kept, value(&tag, kept)?.into_boxed_str())));
        let attributes = attributes.collect();
        let is_leaf = VOID.contains(&name.as_str()) || (tag.self_closing && self.foreign > 0);
        let id = self.add(Node {
            name: name.into_boxed_str(),
            attributes,
            ..Node::default()
        });
        if !is_leaf && self.open.len() < DEEPEST {
            self.foreign += usize::from(matches!(self.name(id), "svg" | "math"));
            self.open.push(id);
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "br" => {
                return self.start(StartTag {
                    name: html5gum::HtmlString(b"br".to_vec()),
                    ..StartTag::default()
                });
            }
            "html" | "body" | "head" => return,
            _ => {}
        }
        let is_table = matches!(
            name,
            "table" | "td" | "th" | "tr" | "tbody" | "thead" | "tfoot" | "caption" | "template"
        );
        let is_block = is_table || BLOCKS.contains(&name);
        for at in (1..self.open.len()).rev() {
            let open = self.name(self.open[at]);
            if open == name {
                while self.open.len() > at {
                    self.pop();
                }
                return;
            }
            let reached = match (is_table, is_block) {
                (true, _) => open == "table" && name != "table",
                (false, true) => SCOPES.contains(&open),
                (false, false) => SCOPES.contains(&open) || BLOCKS.contains(&open),
            };
            if reached {
                return;
            }
        }
    }

    fn text(&mut self, text: &str) {
        let last = self.tree.nodes[self.top()].children.last().copied();
        if let Some(last) = last.filter(|last| self.tree.nodes[*last].is_text()) {
            self.tree.nodes[last].text.push_str(text);
            return;
        }
        self.add(Node {
            text: text.to_owned(),
            ..Node::default()
        });
    }

    fn add(&mut self, mut node: Node) -> Id {
        let (id, parent) = (self.tree.nodes.len(), self.top());
        node.parent = parent;
        self.tree.nodes.push(node);
        self.tree.nodes[parent].children.push(id);
        id
    }

    fn pop(&mut self) {
        if self.open.len() > 1
            && let Some(id) = self.open.pop()
        {
            self.foreign -= usize::from(matches!(self.name(id), "svg" | "math"));
        }
    }

    /// A paragraph holds only what stands in a line.
    fn close_paragraph(&mut self) {
        for at in (1..self.open.len()).rev() {
            match self.name(self.open[at]) {
                "p" => {
                    while self.open.len() > at {
                        self.pop();
                    }
                    return;
                }
                name if BLOCKS.contains(&name) || SCOPES.contains(&name) => return,
                _ => {}
            }
        }
    }

    fn close_nearest(&mut self, ends: &[&str], within: &[&str]) {
        for at in (1..self.open.len()).rev() {
            let name = self.name(self.open[at]);
            if within.contains(&name) {
                return;
            }
            if ends.contains(&name) {
                while self.open.len() > at {
                    self.pop();
                }
                return;
            }
        }
    }
}

fn value(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = &tag.attributes.get(name.as_bytes())?.value;
    let value = &value[..value.len().min(LONGEST_VALUE)];
    Some(String::from_utf8_lossy(value).into_owned())
}
