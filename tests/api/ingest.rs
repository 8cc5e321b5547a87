//! `pennypress ingest`: files, exports and sitemaps into a running service, and what is hostile among them.

use std::io::Write;
use std::path::Path;
use std::process::Output;

use serde_json::json;

use crate::app::{App, settings, until};
use crate::web::Web;

impl App {
    /// The command beside the running service, on the same store.
    pub async fn ingest(&self, arguments: &[&str]) -> Ingested {
        let mut all = vec!["ingest", "--site", "site_a"];
        all.extend(arguments);
        let mut command = settings().command(self.directory(), &all);
        let output = tokio::task::spawn_blocking(move || command.output());
        Ingested(output.await.expect("no panic").expect("the binary runs"))
    }

    pub async fn knows(&self, question: &str, words: &str) {
        until(&format!("{words} to be known"), async || {
            self.ask(question).whole().await.text.contains(words)
        })
        .await;
    }
}

pub struct Ingested(pub Output);

impl Ingested {
    /// What it says at its end.
    #[track_caller]
    pub fn came_to(&self, summary: &str) -> &Self {
        assert!(
            self.out().contains(summary),
            "{summary} in {}{}",
            self.out(),
            self.lines()
        );
        self
    }

    #[track_caller]
    pub fn complains(&self, about: &str, why: &str) -> &Self {
        let lines = self.lines();
        assert!(
            lines.lines().any(|line| line.contains(about) && line.contains(why)),
            "{about}: {why} in {lines}"
        );
        assert!(!lines.contains("panicked"), "{lines}");
        self
    }

    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub fn lines(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("to make it");
    std::fs::write(path, bytes).expect("to write");
}

fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .expect("to begin");
        zip.write_all(bytes).expect("to write");
    }
    zip.finish().expect("to end").into_inner()
}

/// A PDF of one line a page, written by hand as ISO 32000-1, section 7.5, has it; `extra` goes into the trailer.
pub fn pdf(pages: &[&str], extra: &str) -> Vec<u8> {
    let mut objects = vec!["<</Type/Catalog/Pages 2 0 R>>".to_owned(), String::new()];
    objects.push("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned());
    let mut kids = String::new();
    for words in pages {
        let text = format!("BT /F1 12 Tf 72 720 Td ({words}) Tj ET");
        objects.push(format!("<</Length {}>>stream\n{text}\nendstream", text.len()));
        let contents = objects.len();
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>/Contents {contents} 0 R>>"
        ));
        kids += &format!("{} 0 R ", objects.len());
    }
    objects[1] = format!("<</Type/Pages/Kids[{kids}]/Count {}>>", pages.len());
    if !extra.is_empty() {
        objects.push(format!(
            "<</Filter/Standard/V 1/R 2/Length 40/P -4/O<{}>/U<{}>>>",
            "5a".repeat(32),
            "a5".repeat(32)
        ));
    }
    let (mut out, mut places) = (String::from("%PDF-1.4\n"), Vec::new());
    for (n, object) in objects.iter().enumerate() {
        places.push(out.len());
        out += &format!("{} 0 obj\n{object}\nendobj\n", n + 1);
    }
    let start = out.len();
    out += &format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for place in places {
        out += &format!("{place:010} 00000 n \n");
    }
    let extra = if extra.is_empty() {
        String::new()
    } else {
        format!("/Encrypt {} 0 R/ID[<00><00>]", objects.len())
    };
    out += &format!(
        "trailer<</Size {}/Root 1 0 R{extra}>>\nstartxref\n{start}\n%%EOF\n",
        objects.len() + 1
    );
    out.into_bytes()
}

const DOCUMENT: &str = r#"<?xml version="1.0"?><w:document xmlns:w="x"><w:body>
<w:p><w:pPr><w:pStyle w:val="Titel"/></w:pPr><w:r><w:t>Stove manual</w:t></w:r></w:p>
<w:p><w:pPr><w:pStyle w:val="berschrift1"/></w:pPr><w:r><w:t>Lighting the stove</w:t></w:r></w:p>
<w:p><w:r><w:t xml:space="preserve">Open the damper &amp; use </w:t></w:r><w:r><w:t>birch bark.</w:t></w:r></w:p>
<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Wood</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Heat</w:t></w:r></w:p></w:tc></w:tr>
<w:tr><w:tc><w:p><w:r><w:t>Beech</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>4.2 kWh</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
</w:body></w:document>"#;
const STYLES: &str = r#"<w:styles><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="Titel"><w:name w:val="Title"/></w:style></w:styles>"#;

#[tokio::test]
async fn a_folder_is_answered_from_with_links_and_the_next_reading_sends_what_differs() {
    let app = settings().start().await;
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        "guide/install.md",
        "---\ntitle: Installing\n---\n# Installing\n\n## On Windows\n\nRun the setup wizard twice.\n",
    );
    write(
        folder.path(),
        "hours.html",
        "<title>Hours</title><nav>Menu</nav><h2 id='open'>Opening hours</h2><p>We open at seven in the morning.</p>",
    );
    write(folder.path(), "notes.txt", "The cellar key hangs behind the clock.");
    write(
        folder.path(),
        "stove.docx",
        zip(&[
            ("word/document.xml", DOCUMENT.as_bytes()),
            ("word/styles.xml", STYLES.as_bytes()),
        ]),
    );
    write(
        folder.path(),
        "paper.pdf",
        pdf(
            &["The first page is about ducks.", "Geese sleep on the second page."],
            "",
        ),
    );
    write(folder.path(), ".hidden.md", "Never read this");
    write(folder.path(), "picture.png", b"\x89PNG");
    let path = folder.path().to_str().expect("a path");
    let arguments = [path, "--base-url", "https://a.example/docs/"];
    app.ingest(&arguments)
        .await
        .came_to("5 new or changed, 0 unchanged, 0 removed, 0 not read");
    for (question, words, url) in [
        (
            "What do I run on Windows?",
            "setup wizard twice",
            "https://a.example/docs/guide/install/#on-windows",
        ),
        (
            "When do you open in the morning?",
            "seven",
            "https://a.example/docs/hours.html#open",
        ),
        (
            "Where does the cellar key hang?",
            "behind the clock",
            "https://a.example/docs/notes.txt",
        ),
        (
            "How do I light the stove with birch bark?",
            "birch bark",
            "https://a.example/docs/stove.docx#lighting-the-stove",
        ),
        (
            "Where do geese sleep?",
            "second page",
            "https://a.example/docs/paper.pdf#page=2",
        ),
    ] {
        app.knows(question, words).await;
        let told = app.ask(question).whole().await;
        assert_eq!(told.sources[0]["url"], url, "{told:#?}");
        let foreign = app.ask(question).of_site_b().whole().await;
        assert!(!foreign.text.contains(words), "{foreign:#?}");
    }
    app.ingest(&arguments)
        .await
        .came_to("0 new or changed, 5 unchanged, 0 removed");
    write(folder.path(), "notes.txt", "The cellar key hangs in the kitchen.");
    std::fs::remove_file(folder.path().join("hours.html")).expect("to remove");
    app.ingest(&arguments)
        .await
        .came_to("1 new or changed, 3 unchanged, 1 removed");
    app.knows("Where does the cellar key hang?", "kitchen").await;
    until("the hours to be gone", async || {
        !app.ask("When do you open in the morning?")
            .whole()
            .await
            .text
            .contains("seven")
    })
    .await;
}

#[tokio::test]
async fn what_is_broken_gives_a_line_and_the_rest_goes_on() {
    let app = settings().start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let zeros = vec![b' '; 60 * 1024 * 1024];
    write(folder.path(), "a-bomb.docx", zip(&[("word/document.xml", &zeros)]));
    write(folder.path(), "b-locked.pdf", pdf(&["secret"], "encrypted"));
    write(folder.path(), "c-locked.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 rest");
    write(folder.path(), "d-no.docx", b"PK\x03\x04 no zip");
    write(folder.path(), "e-no.pdf", b"%PDF-1.7 and nothing more");
    write(folder.path(), "f-huge.html", "<p>word</p>".repeat(5 * 1024 * 1024));
    write(folder.path(), "g-empty.html", "<script>nothing</script>");
    write(
        folder.path(),
        "h-broken.html",
        b"<p>\xff\xfe\x00<div<<a href=<b>In the garden the badger digs at night.<table><li></p></html>",
    );
    write(folder.path(), "i-no.xml", "<?xml version='1.0'?><feed/>");
    write(folder.path(), "z-good.md", "In the pond the heron fishes at dawn.");
    let told = app.ingest(&[folder.path().to_str().expect("a path")]).await;
    told.came_to("2 new or changed")
        .complains("a-bomb.docx", "bomb")
        .complains("b-locked.pdf", "password")
        .complains("c-locked.docx", "password")
        .complains("d-no.docx", "no DOCX")
        .complains("e-no.pdf", "PDF cannot be read")
        .complains("f-huge.html", "at most 10 MB")
        .complains("g-empty.html", "Nothing is left")
        .complains("i-no.xml", "no WordPress export");
    app.knows("What does the heron do in the pond?", "at dawn").await;
    // Files that stand nowhere are told by their title, without an address.
    let heron = app.ask("What does the heron do in the pond?").whole().await;
    assert_eq!(heron.sources[0]["url"], "", "{heron:#?}");
    assert_eq!(heron.sources[0]["title"], "z-good.md", "{heron:#?}");
    app.knows("What does the badger do in the garden?", "at night").await;
    assert!(told.0.status.success(), "{}", told.out());
    // Of a file alone, or of a folder, nothing of which can be read, a script sees it.
    std::fs::remove_file(folder.path().join("z-good.md")).expect("to remove");
    std::fs::remove_file(folder.path().join("h-broken.html")).expect("to remove");
    for alone in [folder.path().join("e-no.pdf"), folder.path().to_owned()] {
        let told = app.ingest(&[alone.to_str().expect("a path")]).await;
        told.came_to("0 new or changed, 0 unchanged")
            .complains("e-no.pdf", "PDF cannot be read");
        assert!(!told.0.status.success(), "{}", told.out());
    }
}

const EXPORT: &str = r#"<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:content="c" xmlns:wp="w" xmlns:excerpt="e"><channel><title>A</title><language>en-US</language>
<wp:base_blog_url>https://a.example</wp:base_blog_url>
<item><title><![CDATA[Bread &amp; <em>butter</em>]]></title><link>https://a.example/bread/</link><wp:post_id>7</wp:post_id>
<content:encoded><![CDATA[<!-- wp:paragraph --><p>Rye bread rises for nine hours.</p><!-- /wp:paragraph -->
<!-- wp:heading --><h2 id="crust">Crust</h2><!-- /wp:heading --><p>[su_note]Spray water for a crisp crust.[/su_note] [gallery ids="1,2"]</p>]]></content:encoded>
<wp:post_modified_gmt>2026-01-02 03:04:05</wp:post_modified_gmt><wp:status>publish</wp:status><wp:post_type>page</wp:post_type>
<wp:post_password></wp:post_password><wp:comment><wp:comment_content>Spam cake</wp:comment_content></wp:comment></item>
<item><title>Draft</title><wp:post_id>8</wp:post_id><content:encoded>Draft marmalade</content:encoded><wp:status>draft</wp:status><wp:post_type>post</wp:post_type></item>
<item><title>Locked</title><wp:post_id>9</wp:post_id><content:encoded>Locked marmalade</content:encoded><wp:status>publish</wp:status><wp:post_password>x</wp:post_password><wp:post_type>post</wp:post_type></item>
<item><title>Menu</title><wp:post_id>10</wp:post_id><content:encoded>Menu marmalade</content:encoded><wp:status>publish</wp:status><wp:post_type>nav_menu_item</wp:post_type></item>
<item><title>Toaster</title><link>https://a.example/toaster/</link><wp:post_id>11</wp:post_id><content:encoded>Toasts both sides.

Made of steel.</content:encoded><wp:status>publish</wp:status><wp:post_type>product</wp:post_type>
<wp:postmeta><wp:meta_key>_price</wp:meta_key><wp:meta_value>49.90</wp:meta_value></wp:postmeta>
<wp:postmeta><wp:meta_key>_stock_status</wp:meta_key><wp:meta_value>outofstock</wp:meta_value></wp:postmeta></item>
"#;

#[tokio::test]
async fn of_an_export_only_what_visitors_see_is_taken() {
    let app = settings().start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let export = folder.path().join("export.xml");
    let path = export.to_str().expect("a path");
    std::fs::write(&export, format!("{EXPORT}</channel></rss>")).expect("to write");
    app.ingest(&[path])
        .await
        .came_to("2 new or changed, 0 unchanged, 0 removed, 0 not read");
    app.knows("How long does rye bread rise?", "nine hours").await;
    let told = app.ask("How do I get a crisp crust?").whole().await;
    assert_eq!(told.sources[0]["url"], "https://a.example/bread/#crust", "{told:#?}");
    assert!(
        told.sources[0]["title"]
            .as_str()
            .is_some_and(|title| title.contains("Bread & butter")),
        "{told:#?}"
    );
    assert!(!told.text.contains('[') || !told.text.contains("gallery"), "{told:#?}");
    app.knows("What is the price of the toaster?", "49.90").await;
    let told = app.ask("Is there marmalade?").whole().await;
    assert!(!told.text.contains("marmalade"), "{told:#?}");
    // One that breaks off is read as far as it goes, and removes nothing.
    std::fs::write(
        &export,
        EXPORT
            .replace("nine hours", "ten hours")
            .split("<item><title>Draft")
            .next()
            .expect("a beginning"),
    )
    .expect("to write");
    let broken = app.ingest(&[path]).await;
    assert!(
        !broken.0.status.success() && broken.out().contains("1 new or changed, 0 unchanged, 0 removed"),
        "{}",
        broken.out()
    );
    app.knows("How long does rye bread rise?", "ten hours").await;
    app.knows("What is the price of the toaster?", "49.90").await;
    // Nor does one that lies in a folder.
    let folder = folder.path().to_str().expect("a path");
    std::fs::write(&export, format!("{EXPORT}</channel></rss>")).expect("to write");
    app.ingest(&[folder]).await.came_to("2 new or changed");
    let cut = EXPORT.split("<item><title>Toaster").next().expect("a beginning");
    std::fs::write(&export, cut).expect("to write");
    let broken = app.ingest(&[folder]).await;
    broken
        .came_to("0 new or changed, 1 unchanged, 0 removed, 0 not read")
        .came_to("nothing was removed")
        .complains("export.xml", "breaks off");
    // What the plugin sent later stays, however old the export is.
    let newer =
        |text: &str| json!({"site": "site_a", "title": "Bread", "text": text, "modified": "2026-11-20T00:00:00Z"});
    app.put_document("wp-post-7", newer("Rye bread rises for eleven hours."))
        .await;
    std::fs::write(&export, format!("{EXPORT}</channel></rss>")).expect("to write");
    let told = app.ingest(&[path]).await;
    told.came_to("1 new or changed, 1 unchanged, 0 removed, 0 not read")
        .complains("wp-post-7", "newer version");
    assert!(told.0.status.success(), "{}", told.out());
    app.knows("How long does rye bread rise?", "eleven hours").await;
}

#[tokio::test]
async fn a_sitemap_is_read_politely_and_only_what_changed() {
    let web = Web::start().await;
    let page = |words: &str| {
        format!(
            "<html><body><nav>menu</nav><main><h1>Page</h1><h2 id='s'>Section</h2><p>{words}</p></main></body></html>"
        )
    };
    web.put("/robots.txt", "text/plain", "User-agent: *\nDisallow: /private\n");
    web.put(
        "/index.xml",
        "text/xml",
        "<sitemapindex><sitemap><loc>/index.xml</loc></sitemap><sitemap><loc>/pages.xml</loc></sitemap></sitemapindex>",
    );
    web.put(
        "/pages.xml",
        "text/xml",
        "<urlset><url><loc>/owl</loc></url><url><loc>/private/x</loc></url><url><loc>https://elsewhere.example/</loc></url>\
         <url><loc>/gate</loc></url><url><loc>/moved</loc></url><url><loc>/loop</loc></url><url><loc>/away</loc></url><url><loc>/missing</loc></url>\
         <url><loc>/picture</loc></url><url><loc>/owl#again</loc></url></urlset>",
    );
    web.put("/owl", "text/html", page("The owl hunts mice near the barn."));
    web.put("/target", "text/html", page("The lynx sleeps under the spruce."));
    web.put("/picture", "image/png", "PNG");
    web.put("/private/y", "text/html", page("The wolf lives behind the gate."));
    web.redirect("/gate", "/private/y");
    web.redirect("/moved", "/target");
    web.redirect("/loop", "/loop");
    web.redirect("/away", "http://169.254.169.254/latest/meta-data");
    let app = settings().start().await;
    let map = web.url("/index.xml");
    // Without leave nothing at a private address is read.
    let refused = app.ingest(&[&map]).await;
    assert!(
        !refused.0.status.success() && refused.lines().contains("private"),
        "{}",
        refused.lines()
    );
    let named = app.ingest(&[&map.replace("127.0.0.1", "localhost")]).await;
    assert!(
        !named.0.status.success() && named.out().contains("private"),
        "{}{}",
        named.out(),
        named.lines()
    );
    assert_eq!(web.asked("/index.xml"), 0);

    let told = app.ingest(&[&map, "--allow-private"]).await;
    told.came_to("2 new or changed, 0 unchanged, 0 removed, 5 not read")
        .complains("/private/x", "robots.txt")
        .complains("/gate", "robots.txt")
        .complains("elsewhere.example", "another site")
        .complains("/loop", "never ends")
        .complains("/away", "another site")
        .complains("/missing", "404")
        .complains("/picture", "image/png");
    assert_eq!(
        (web.asked("/index.xml"), web.asked("/private/x"), web.asked("/owl")),
        (1, 0, 1)
    );
    assert_eq!((web.asked("/gate"), web.asked("/private/y")), (1, 0));
    app.knows("What does the owl hunt?", "mice").await;
    app.knows("Where does the lynx sleep?", "spruce").await;
    let told = app.ask("What does the owl hunt?").whole().await;
    assert_eq!(told.sources[0]["url"], web.url("/owl#s"), "{told:#?}");

    app.ingest(&[&map, "--allow-private"])
        .await
        .came_to("0 new or changed, 2 unchanged, 0 removed");
    assert_eq!(web.not_modified("/owl"), 1);
    web.put(
        "/pages.xml",
        "text/xml",
        "<urlset><url><loc>/owl</loc></url><url><loc>/moved</loc></url></urlset>",
    );
    web.put("/owl", "text/html", page("The owl hunts voles near the barn."));
    // A login page in place of everything is no reason to forget what was read.
    web.redirect("/moved", "/private/y");
    app.ingest(&[&map, "--allow-private"])
        .await
        .came_to("1 new or changed, 0 unchanged, 0 removed, 1 not read")
        .complains("/moved", "robots.txt");
    web.put("/pages.xml", "text/xml", "<urlset><url><loc>/owl</loc></url></urlset>");
    app.ingest(&[&map, "--allow-private"])
        .await
        .came_to("0 new or changed, 1 unchanged, 1 removed");
    app.knows("What does the owl hunt?", "voles").await;
    web.put("/index.xml", "text/html", "<p>Not found");
    let broken = app.ingest(&[&map, "--allow-private"]).await;
    assert!(!broken.0.status.success(), "{}", broken.out());
    broken.came_to("0 removed").came_to("no sitemap");
}
