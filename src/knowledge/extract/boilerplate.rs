//! What of a page is its own, and what every page of the site has around it.

use super::tree::{Id, Node, Tree};

/// Never anybody's words.
const NEVER: [&str; 34] = [
    "script", "style", "noscript", "template", "iframe", "svg", "math", "canvas", "object", "embed", "audio", "video",
    "map", "button", "input", "select", "textarea", "option", "optgroup", "datalist", "progress", "meter", "dialog",
    "link", "meta", "base", "title", "nav", "menu", "search", "frame", "frameset", "noframes", "img",
];

/// Ids and classes by which themes, builders and plugins call what is not the page's own. `_` counts as `-`.
const NAMES: &[&str] = &[
    "ad",
    "addtoany-share-save-container",
    "ads",
    "advert",
    "advertisement",
    "author-box",
    "back-to-top",
    "breadcrumb",
    "breadcrumbs",
    "cat-links",
    "colophon",
    "comment-list",
    "comment-respond",
    "comments",
    "comments-area",
    "cookie",
    "edit-link",
    "entry-meta",
    "ez-toc-container",
    "footer",
    "gdpr",
    "header",
    "jp-relatedposts",
    "lwptoc",
    "masthead",
    "menu",
    "nav",
    "nav-links",
    "navbar",
    "navigation",
    "newsletter",
    "newsletter-signup",
    "page-footer",
    "pager",
    "pagination",
    "popup",
    "post-meta",
    "post-navigation",
    "posted-on",
    "postmetadata",
    "related",
    "related-posts",
    "related-products",
    "respond",
    "rss",
    "screen-reader-text",
    "search-form",
    "searchform",
    "share",
    "share-buttons",
    "sharedaddy",
    "sharing",
    "sidebar",
    "site-footer",
    "site-header",
    "site-navigation",
    "skip-link",
    "social",
    "social-icons",
    "social-links",
    "sr-only",
    "table-of-contents",
    "tags-links",
    "toc",
    "toc-container",
    "top-bar",
    "topbar",
    "toolbar",
    "up-sells",
    "upsells",
    "visually-hidden",
    "widget-area",
    "woocommerce-breadcrumb",
    "wp-block-comments",
    "wp-block-navigation",
    "wp-block-post-comments-form",
    "wp-block-post-navigation-link",
    "wp-block-search",
    "wp-block-social-links",
    "wp-block-table-of-contents",
    "wp-block-template-part-footer",
    "woocommerce-tabs-list",
    "wc-tabs",
];
/// The beginnings of the names that cookie bars give their parts.
const BEGINNINGS: &[&str] = &[
    "cookie-",
    "cookieconsent",
    "cookiebot",
    "cybotcookiebot",
    "cmplz",
    "cky-",
    "onetrust",
    "iubenda",
    "usercentrics",
    "gdpr-",
    "borlabs",
    "moove-gdpr",
    "wpconsent",
    "consent-",
    "didomi",
    "qc-cmp2",
];
/// Where themes put the page's own text, the surest first.
const MAIN_NAMES: [&str; 8] = [
    "main-content",
    "primary-content",
    "page-content",
    "entry-content",
    "post-content",
    "article-content",
    "content",
    "main",
];

/// What is shown of a tree, and where it begins.
pub struct Own {
    pub root: Id,
    pub left_out: Vec<bool>,
}

/// How many words a part has for it to be more than an ornament.
const FEW: usize = 6;

pub fn own(tree: &Tree) -> Own {
    let words = count(tree, &vec![false; tree.nodes.len()]);
    let mut left_out = vec![false; tree.nodes.len()];
    for (id, node) in tree.nodes.iter().enumerate().skip(1) {
        left_out[id] = left_out[node.parent] || is_foreign(tree, id, node, &words);
    }
    let root = match tree.is_page {
        true => main_part(tree, &left_out),
        false => 0,
    };
    Own { root, left_out }
}

fn is_foreign(tree: &Tree, id: Id, node: &Node, words: &[usize]) -> bool {
    if node.is_text() {
        return false;
    }
    if NEVER.contains(&&*node.name) || is_hidden(node) || is_dialog(node) {
        return true;
    }
    let has_few = words[id] < FEW;
    if node.attribute("aria-hidden") == Some("true") && has_few {
        return true;
    }
    match &*node.name {
        // A page's header and footer; those of an article belong to it, and a header may hold its title.
        "header" | "footer" if tree.is_page => return !within(tree, id, &["article", "main", "section"]),
        // Some systems wrap the whole page in one form.
        "form" => return words[id] * 2 <= words[0],
        "aside" if tree.is_page => return true,
        _ => {}
    }
    if matches!(
        node.attribute("role"),
        Some(
            "navigation"
                | "banner"
                | "contentinfo"
                | "search"
                | "complementary"
                | "dialog"
                | "alertdialog"
                | "menu"
                | "tablist"
        )
    ) {
        return true;
    }
    // A name is only a hint: what holds half of the words is not beside the point.
    let most = words.first().copied().unwrap_or_default();
    is_named(node)
        && !matches!(
            &*node.name,
            "main" | "article" | "h1" | "h2" | "h3" | "table" | "code" | "pre"
        )
        && words[id] * 2 <= most
}

fn is_hidden(node: &Node) -> bool {
    if node.attribute("hidden").is_some_and(|how| how != "until-found") {
        return true;
    }
    let Some(style) = node.attribute("style") else {
        return false;
    };
    let style: String = style.to_ascii_lowercase().split_whitespace().collect();
    // Not `opacity:0`, which is how much that is faded in begins.
    ["display:none", "visibility:hidden", "font-size:0;", "font-size:0px"]
        .iter()
        .any(|hidden| style.contains(hidden))
        || style.ends_with("font-size:0")
}

fn is_dialog(node: &Node) -> bool {
    node.attribute("aria-modal") == Some("true")
}

fn names(node: &Node) -> impl Iterator<Item = String> {
    let all = ["class", "id"].into_iter().filter_map(|name| node.attribute(name));
    all.flat_map(str::split_whitespace)
        .map(|name| name.to_ascii_lowercase().replace('_', "-"))
}

fn is_named(node: &Node) -> bool {
    names(node).any(|name| NAMES.contains(&name.as_str()) || BEGINNINGS.iter().any(|begin| name.starts_with(begin)))
}

fn within(tree: &Tree, id: Id, names: &[&str]) -> bool {
    let mut at = tree.nodes[id].parent;
    while at != 0 {
        if names.contains(&&*tree.nodes[at].name) {
            return true;
        }
        at = tree.nodes[at].parent;
    }
    false
}

/// The part of a page that holds its own text: what says so, if it has a good part of the words.
fn main_part(tree: &Tree, left_out: &[bool]) -> Id {
    let words = count(tree, left_out);
    let whole = words[0];
    let enough = |id: Id| words[id] * 4 >= whole;
    let best = |is: &dyn Fn(&Node) -> bool| {
        let fitting = tree
            .nodes
            .iter()
            .enumerate()
            .filter(|(id, node)| !left_out[*id] && is(node));
        // The outermost of equals comes first.
        fitting
            .map(|(id, _)| id)
            .filter(|id| enough(*id))
            .rev()
            .max_by_key(|id| words[*id])
    };
    let said = best(&|node| &*node.name == "main" || node.attribute("role") == Some("main"));
    let articles = || {
        let all: Vec<Id> = (1..tree.nodes.len())
            .filter(|id| !left_out[*id] && &*tree.nodes[*id].name == "article" && !within(tree, *id, &["article"]))
            .collect();
        match all.as_slice() {
            [only] => Some(*only).filter(|id| enough(*id)),
            _ => None,
        }
    };
    let named = || {
        MAIN_NAMES
            .iter()
            .find_map(|wanted| best(&|node| names(node).any(|name| name == *wanted)))
    };
    let said = said.or_else(|| best(&|node| node.attribute("itemprop") == Some("articleBody")));
    said.or_else(articles).or_else(named).unwrap_or(0)
}

/// The words within each node. Languages that write without spaces are counted by four characters.
fn count(tree: &Tree, left_out: &[bool]) -> Vec<usize> {
    let mut words = vec![0; tree.nodes.len()];
    // Children come after their parents.
    for id in (0..tree.nodes.len()).rev() {
        let node = &tree.nodes[id];
        if left_out[id] || matches!(&*node.name, "script" | "style" | "noscript" | "template" | "svg") {
            words[id] = 0;
            continue;
        }
        if node.is_text() {
            let wide = node.text.chars().filter(|c| *c >= '\u{0e00}').count();
            words[id] = node.text.split_whitespace().count() + wide / 4;
        }
        if id > 0 {
            words[node.parent] += words[id];
        }
    }
    words
}
