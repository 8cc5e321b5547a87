//! Pages as they are found, and pages that nobody would write.

use super::*;

fn fragment(text: &str) -> String {
    html(text, "https://a.example/docs/page").markdown
}

const PAGE: &str = r##"<!doctype html><html lang="de-AT"><head><title>Öfen – Graz AG</title><style>p{}</style>
<script>var x = "<p>script words</p>";</script></head><body class="has-sidebar">
<a class="skip-link" href="#c">Skip to content</a>
<header><nav><ul><li><a href="/">Home words</a></li></ul></nav></header>
<div id="cookie-notice">We use cookies words</div>
<main id="c"><article><header class="entry-header"><h1>Unsere Öfen</h1></header>
<div class="entry-content"><p>Wir <strong>bauen</strong> Öfen, siehe <a href="../preise">Preise</a>.</p>
<h2 id="pflege">Pflege &amp; Reinigung</h2><p>Mit der <code>Bürste</code>.<br>Einmal im Jahr.</p>
<h3>Ohne Anker</h3><ul><li>Asche<ul><li>kalt</li></ul></li><li><p>Ruß</p></li></ul>
<table><tr><th>Modell</th><th>Preis</th></tr><tr><td>A|1</td><td><del>10</del> 8</td></tr></table>
<pre><code class="language-php">if ($a &lt; 1) {
  echo "`";
}</code></pre></div>
<div class="sharedaddy">Share words</div></article>
<section class="comments-area"><h2>Comments words</h2><form>Leave a reply words</form></section></main>
<aside>Aside words</aside><footer>Footer words</footer></body></html>"##;

#[test]
fn a_page_is_reduced_to_its_own_words() {
    let page = html(PAGE, "https://a.example/docs/page");
    assert_eq!(page.title.as_deref(), Some("Unsere Öfen"));
    assert_eq!(page.locale.as_deref(), Some("de-AT"));
    let wanted = "# Unsere Öfen

Wir **bauen** Öfen, siehe [Preise](https://a.example/preise).

## Pflege & Reinigung {#pflege}

Mit der `Bürste`.  
Einmal im Jahr.

### Ohne Anker {#:~:text=Ohne%20Anker}

- Asche
  - kalt
- Ruß

| Modell | Preis |
| --- | --- |
| A\\|1 | ~~10~~ 8 |

```php
if ($a < 1) {
  echo \"`\";
}
```";
    assert_eq!(page.markdown, wanted);
}

#[test]
fn what_is_hidden_or_beside_the_point_is_left_out() {
    for gone in [
        "<div style='display: none'>gone</div>",
        "<p hidden>gone</p>",
        "<nav>gone</nav>",
        "<div class='cookie-banner'>gone</div>",
        "<div class=\"cmplz-cookiebanner\">gone</div>",
        "<span class='screen-reader-text'>gone</span>",
        "<script>gone</script>",
        "<style>gone</style>",
        "<noscript><img alt=gone></noscript>",
        "<form><label>gone</label></form>",
        "<!-- gone -->",
        "<svg><title>gone</title><path/></svg>",
        "<template>gone</template>",
        "<iframe>gone</iframe>",
        "<div id='ez-toc-container'>gone</div>",
        "<div aria-hidden=true>gone</div>",
        "<div aria-modal=true>gone</div>",
    ] {
        let text = fragment(&format!(
            "<p>Several words that stay where they are.</p>{gone}<p>After.</p>"
        ));
        assert_eq!(text, "Several words that stay where they are.\n\nAfter.", "{gone}");
    }
}

#[test]
fn signs_in_the_words_stay_signs() {
    assert_eq!(
        fragment("<p># no *heading* [x](y) &lt;b&gt; snake_case _a_</p>"),
        "\\# no \\*heading\\* \\[x\\](y) \\<b> snake_case \\_a\\_"
    );
    assert_eq!(fragment("<p>1. first</p><p>- dash</p>"), "1\\. first\n\n\\- dash");
    assert_eq!(fragment("<p>&amp;copy; A &amp; B</p>"), "\\&copy; A & B");
    assert_eq!(
        fragment("<h2 id='a b}c'>Use {braces} #1</h2>"),
        "## Use \\{braces} \\#1 {#a%20b%7Dc}"
    );
    assert_eq!(
        fragment("<a href='javascript:alert(1)'>x</a> <a href='data:text/html,x'>y</a>"),
        "x y"
    );
    assert_eq!(
        fragment("<a href='/a b(c)'>x</a>"),
        "[x](https://a.example/a%20b%28c%29)"
    );
    assert_eq!(
        fragment("<p>See [gallery ids=\"1\"] and [foo]that[/foo].</p>"),
        "See and that."
    );
    assert_eq!(plain("# a\n\n* b\n    c\n1) d").markdown, "\\# a\n\n\\* b\nc\n1\\) d");
}

#[test]
fn broken_html_keeps_its_words() {
    assert_eq!(fragment("<p>one<p>two<div>three"), "one\n\ntwo\n\nthree");
    assert_eq!(fragment("<ul><li>one<li>two</ul>"), "- one\n- two");
    assert_eq!(fragment("</div></p></table>words</b>"), "words");
    assert_eq!(fragment("<b><i>x</b></i>"), "***x***");
    assert_eq!(
        fragment("<table><tr><td>a<td>b<tr><td>c<td>d</table>"),
        "| a | b |\n| --- | --- |\n| c | d |"
    );
    assert_eq!(fragment("<dl><dt>Term<dd>Meaning</dl>"), "**Term**\n\nMeaning");
    assert_eq!(
        fragment("<details><summary>Why?</summary>Because.</details>"),
        "**Why?**\n\nBecause."
    );
    for broken in [
        "<",
        "<a",
        "<a href=",
        "<p \u{0}>",
        "<![CDATA[x",
        "&#xFFFFFFFF;",
        "<script",
        "<!--",
        "</",
        "<h1",
    ] {
        fragment(broken);
    }
}

#[test]
fn hostile_pages_take_time_in_proportion_and_no_stack() {
    let deep = "<div>".repeat(200_000) + "deep";
    assert_eq!(fragment(&deep), "deep");
    let nested: String = (0..50_000).map(|n| format!("<b a={n}><p>")).collect();
    fragment(&(nested + "x"));
    let lists = "<ul><li>".repeat(5_000) + "deep";
    assert!(fragment(&lists).contains("deep"));
    let quotes = "<blockquote>".repeat(5_000) + "deep";
    assert!(fragment(&quotes).ends_with("deep"));
    let cells = "<table><tr><td colspan=1000000000>".repeat(2_000);
    fragment(&cells);
    fragment(&"</p>".repeat(200_000));
    fragment(&"<a href=x>".repeat(50_000));
    fragment(&"<table>".repeat(50_000));
    fragment(&"[".repeat(500_000));
    let after_pictures = format!(
        "<div id=a>{}{}</div>",
        "<img>".repeat(20_000),
        "<h2>b</h2>".repeat(10_000)
    );
    let headings = fragment(&after_pictures);
    assert!(headings.starts_with("## b {#a}\n\n## b {#:~:text=b}"));
    assert_eq!(headings.matches("## b").count(), 10_000);
    let many = html(&"<i>a</i>".repeat(300_000), "");
    assert!(many.is_cut && many.markdown.len() > 100_000);
}

#[test]
fn front_matter_is_read_and_not_shown() {
    let page = markdown("\u{feff}---\ntitle: \"A: title\"\nlang: de\n---\n\n# H\r\n\nWords");
    assert_eq!(
        (page.title.as_deref(), page.locale.as_deref()),
        (Some("A: title"), Some("de"))
    );
    assert_eq!(page.markdown, "# H\n\nWords");
    assert_eq!(
        markdown("---\n\nNo front matter here\n\n---\nx").markdown,
        "---\n\nNo front matter here\n\n---\nx"
    );
    assert_eq!(markdown("# `Title` #\n\nx").title.as_deref(), Some("Title"));
}
