//! HTML: a whole page, or what stands within one.

use url::Url;

use super::boilerplate;
use super::render::Renderer;
use super::tree::{self, Id, Tree};
use super::{Extracted, escape};

/// `address` is where the page stands; relative links are resolved by it. Never fails, and takes time and memory in proportion to
/// the text, whatever it is.
pub fn html(html: &str, address: &str) -> Extracted {
    let tree = tree::parse(html);
    let own = boilerplate::own(&tree);
    let base = Url::parse(address).ok();
    let renderer = Renderer::new(&tree, &own, base.as_ref());
    let heading = (0..tree.nodes.len()).find(|id| &*tree.nodes[*id].name == "h1" && !own.left_out[*id]);
    let title = heading
        .map(|id| renderer.inline.plain(id))
        .filter(|title| !title.is_empty());
    Extracted {
        title: title.or_else(|| named(&tree)),
        locale: tree
            .locale
            .clone()
            .filter(|locale| !locale.is_empty() && locale.len() <= 35),
        markdown: renderer.blocks(own.root, 0),
        is_cut: tree.is_cut,
    }
}

/// The words of a line of HTML, such as a title.
pub fn words(html: &str) -> String {
    let tree = tree::parse(html);
    let own = boilerplate::own(&tree);
    Renderer::new(&tree, &own, None).inline.plain(0)
}

/// The `<title>`, without the site's name after it.
fn named(tree: &Tree) -> Option<String> {
    let title: Id = (0..tree.nodes.len()).find(|id| &*tree.nodes[*id].name == "title")?;
    let words: String = tree.nodes[title]
        .children
        .iter()
        .map(|child| tree.nodes[*child].text.as_str())
        .collect();
    let words = escape::squeezed(&words);
    let short = [" – ", " | ", " — ", " - ", " · "]
        .iter()
        .filter_map(|sign| words.rsplit_once(sign))
        .map(|(name, _)| name);
    let short = short.max_by_key(|name| name.len()).map(str::to_owned);
    short.or(Some(words)).filter(|title| !title.is_empty())
}
