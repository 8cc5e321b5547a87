//! A tree as Markdown: headings with the fragments under which they are reached, paragraphs, lists, tables, code.

use url::Url;

use super::boilerplate::Own;
use super::escape;
use super::inline::{Inline, longest_run};
use super::table;
use super::tree::{BLOCKS, Id, Tree};

/// Lists and quotations within each other; what is deeper is written beside the last one.
const DEEPEST: usize = 8;

pub struct Renderer<'a> {
    pub tree: &'a Tree,
    pub own: &'a Own,
    pub inline: Inline<'a>,
    /// Whether a node has a block within it.
    has_block: Vec<bool>,
    /// What a node begins with: its first child that is shown; the node itself, when none is.
    beginning: Vec<Id>,
    /// What a heading without an id is reached by.
    pub by_words: bool,
}

impl<'a> Renderer<'a> {
    pub fn new(tree: &'a Tree, own: &'a Own, base: Option<&'a Url>) -> Self {
        let mut has_block = vec![false; tree.nodes.len()];
        let mut beginning: Vec<Id> = (0..tree.nodes.len()).collect();
        // Children come after their parents.
        for id in (1..tree.nodes.len()).rev() {
            let node = &tree.nodes[id];
            if !own.left_out[id] && (has_block[id] || BLOCKS.contains(&&*node.name)) {
                has_block[node.parent] = true;
            }
            if !(own.left_out[id] || node.is_text() && node.text.trim().is_empty()) {
                beginning[node.parent] = id;
            }
        }
        Self {
            tree,
            own,
            inline: Inline { tree, own, base },
            has_block,
            beginning,
            by_words: base.is_some(),
        }
    }

    /// The blocks within a node, an empty line between them.
    pub fn blocks(&self, id: Id, depth: usize) -> String {
        let mut blocks = Vec::new();
        self.gather(id, depth, &mut blocks);
        blocks.join("\n\n")
    }

    /// The tree's depth is bounded, so this is.
    fn gather(&self, id: Id, depth: usize, blocks: &mut Vec<String>) {
        let mut line: Vec<Id> = Vec::new();
        for child in &self.tree.nodes[id].children {
            if self.own.left_out[*child] {
                continue;
            }
            let node = &self.tree.nodes[*child];
            if node.is_text() || !(BLOCKS.contains(&&*node.name) || self.has_block[*child]) {
                line.push(*child);
                continue;
            }
            self.paragraph(&mut line, blocks);
            self.block(*child, depth, blocks);
        }
        self.paragraph(&mut line, blocks);
    }

    fn paragraph(&self, line: &mut Vec<Id>, blocks: &mut Vec<String>) {
        let text = self.inline.line(line);
        line.clear();
        push(blocks, text);
    }

    fn block(&self, id: Id, depth: usize, blocks: &mut Vec<String>) {
        let node = &self.tree.nodes[id];
        match &*node.name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading(id, blocks),
            "pre" => self.code(id, blocks),
            "table" => match table::render(self, id) {
                Some(table) => push(blocks, table),
                None => self.gather(id, depth, blocks),
            },
            "ul" | "ol" | "dir" if depth < DEEPEST => push(blocks, self.list(id, depth)),
            "blockquote" if depth < DEEPEST => {
                let inner = self.blocks(id, depth + 1);
                if !inner.is_empty() {
                    push(blocks, prefixed(&inner, "> ", "> "));
                }
            }
            "dt" | "summary" => {
                let words = self.inline.plain(id);
                if !words.is_empty() {
                    push(blocks, format!("**{}**", escape::inline(&words)));
                }
            }
            "hr" => {}
            _ => self.gather(id, depth, blocks),
        }
    }

    fn heading(&self, id: Id, blocks: &mut Vec<String>) {
        let words = self.inline.plain(id);
        if words.is_empty() {
            return;
        }
        let level = self.tree.nodes[id]
            .name
            .as_bytes()
            .get(1)
            .map_or(2, |digit| usize::from(digit - b'0'));
        let fragment = match self.fragment(id) {
            Some(fragment) => format!(" {{#{}}}", escape::fragment(&fragment)),
            // Without an address there is no page to scroll.
            None if self.by_words && level > 1 => format!(" {{#{}}}", escape::text_fragment(&words)),
            None => String::new(),
        };
        // A brace at the end would be taken for attributes.
        let text = escape::inline(&words).replace('{', "\\{").replace('#', "\\#");
        push(blocks, format!("{} {text}{fragment}", "#".repeat(level)));
    }

    /// The id of a heading: its own, that of an anchor in it, or that of the section that it opens.
    fn fragment(&self, id: Id) -> Option<String> {
        let given = |id: Id| {
            let node = &self.tree.nodes[id];
            let found = node
                .attribute("id")
                .or_else(|| node.attribute("name").filter(|_| &*node.name == "a"));
            found
                .map(str::trim)
                .filter(|found| !found.is_empty())
                .map(str::to_owned)
        };
        let inside = || self.within(id).find_map(given);
        let opened = || {
            let parent = self.tree.nodes[id].parent;
            let is_section = matches!(&*self.tree.nodes[parent].name, "section" | "div" | "article");
            (is_section && self.beginning[parent] == id)
                .then(|| given(parent))
                .flatten()
        };
        given(id).or_else(inside).or_else(opened)
    }

    /// What stands within a node, as far as a heading is long.
    fn within(&self, id: Id) -> impl Iterator<Item = Id> {
        let mut waiting = self.tree.nodes[id].children.clone();
        std::iter::from_fn(move || {
            let next = waiting.pop()?;
            waiting.extend(&self.tree.nodes[next].children);
            Some(next)
        })
        .take(20)
    }

    /// The blocks of an item; a list in it stands right below its words.
    fn item(&self, id: Id, depth: usize) -> String {
        let mut blocks = Vec::new();
        self.gather(id, depth, &mut blocks);
        let mut out = String::new();
        for block in blocks {
            if !out.is_empty() {
                out.push_str(if is_list(&block) { "\n" } else { "\n\n" });
            }
            out.push_str(&block);
        }
        out
    }

    fn list(&self, id: Id, depth: usize) -> String {
        let node = &self.tree.nodes[id];
        let mut number = node
            .attribute("start")
            .and_then(|start| start.parse::<u32>().ok())
            .unwrap_or(1)
            .min(900_000_000);
        let mut items = Vec::new();
        for child in &node.children {
            let text = match &*self.tree.nodes[*child].name {
                _ if self.own.left_out[*child] => continue,
                "li" => self.item(*child, depth + 1),
                // A list right within a list, as some editors write it, belongs to the item before.
                "ul" | "ol" if depth + 1 < DEEPEST => {
                    items.push(prefixed(&self.list(*child, depth + 1), "  ", "  "));
                    continue;
                }
                "" => self.inline.line(&[*child]),
                _ => self.blocks(*child, depth + 1),
            };
            if text.trim().is_empty() {
                continue;
            }
            let mark = match &*node.name {
                "ol" => format!("{number}. "),
                _ => "- ".to_owned(),
            };
            number += 1;
            items.push(prefixed(&text, &mark, &" ".repeat(mark.len())));
        }
        // Paragraphs in an item must not part the list.
        items.join("\n")
    }

    /// Code as it stands, in a fence that nothing in it can close.
    fn code(&self, id: Id, blocks: &mut Vec<String>) {
        let mut text = String::new();
        self.verbatim(id, &mut text);
        let text = text.trim_matches('\n').trim_end();
        if text.trim().is_empty() {
            return;
        }
        let fence = "`".repeat(longest_run(text, '`').max(2) + 1);
        push(blocks, format!("{fence}{}\n{text}\n{fence}", self.language(id)));
    }

    fn verbatim(&self, id: Id, out: &mut String) {
        let node = &self.tree.nodes[id];
        if self.own.left_out[id] {
            return;
        }
        out.push_str(&node.text);
        if &*node.name == "br" {
            out.push('\n');
        }
        for child in &node.children {
            self.verbatim(*child, out);
        }
    }

    fn language(&self, id: Id) -> String {
        let code = self.tree.nodes[id]
            .children
            .iter()
            .copied()
            .find(|child| &*self.tree.nodes[*child].name == "code");
        let classes = [Some(id), code].into_iter().flatten();
        let mut classes = classes
            .filter_map(|id| self.tree.nodes[id].attribute("class"))
            .flat_map(str::split_whitespace);
        let named = classes.find_map(|class| class.strip_prefix("language-").or_else(|| class.strip_prefix("lang-")));
        let plain = |name: &&str| {
            name.len() <= 20
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+'))
        };
        named.filter(plain).unwrap_or_default().to_owned()
    }
}

fn is_list(block: &str) -> bool {
    let digits = block.bytes().take_while(u8::is_ascii_digit).count();
    block.starts_with("- ") || (digits > 0 && block[digits..].starts_with(". "))
}

fn push(blocks: &mut Vec<String>, text: String) {
    if !text.trim().is_empty() {
        blocks.push(text);
    }
}

/// The first line after one mark, the others after another; empty lines stay empty.
fn prefixed(text: &str, first: &str, rest: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (n, line) in text.lines().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        let mark = if n == 0 { first } else { rest };
        out.push_str(if line.is_empty() { mark.trim_end() } else { mark });
        out.push_str(line);
    }
    out
}
