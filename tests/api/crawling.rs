//! Sitemaps as the web has them: packed, nested, hostile; and servers that ask for patience.

use std::io::Write;

use crate::app::settings;
use crate::web::Web;

fn page(words: &str) -> String {
    format!("<html><body><main><h1>Page</h1><p>{words}</p></main></body></html>")
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes).expect("to pack");
    packer.finish().expect("to end")
}

fn pages(paths: &[&str]) -> String {
    let urls = paths.iter().map(|path| format!("<url><loc>{path}</loc></url>"));
    format!("<urlset>{}</urlset>", urls.collect::<String>())
}

fn index(paths: &[String]) -> String {
    let maps = paths.iter().map(|path| format!("<sitemap><loc>{path}</loc></sitemap>"));
    format!("<sitemapindex>{}</sitemapindex>", maps.collect::<String>())
}

fn names(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[tokio::test]
async fn packed_and_nested_sitemaps_are_read_and_circles_end() {
    let web = Web::start().await;
    web.put("/a.xml", "text/xml", index(&names(&["/b.xml", "/a.xml", "/c.xml.gz"])));
    web.put(
        "/b.xml",
        "text/xml",
        index(&names(&["/a.xml", "/b.xml", "/c.xml.gz", "/d.xml"])),
    );
    web.put("/c.xml.gz", "application/gzip", packed(pages(&["/otter"]).as_bytes()));
    web.put("/d.xml", "text/xml", pages(&["/otter", "/heron"]));
    web.put("/otter", "text/html", page("The otter cracks mussels on a stone."));
    web.put("/heron", "text/html", page("The heron waits in the reeds."));
    let app = settings().start().await;
    app.ingest(&[&web.url("/a.xml"), "--allow-private"])
        .await
        .came_to("2 new or changed, 0 unchanged, 0 removed, 0 not read");
    for map in ["/a.xml", "/b.xml", "/c.xml.gz", "/d.xml", "/otter", "/heron"] {
        assert_eq!(web.asked(map), 1, "{map}");
    }
    app.knows("What does the otter crack?", "mussels").await;
}

#[tokio::test]
async fn a_sitemap_that_breaks_off_removes_nothing() {
    let web = Web::start().await;
    let animals = ["/otter", "/heron", "/lynx"];
    for animal in animals {
        web.put(animal, "text/html", page(&format!("Here the {animal} sleeps at noon.")));
    }
    web.put("/owl?a=1&b=2", "text/html", page("The owl hunts mice near the barn."));
    let (app, map) = (settings().start().await, web.url("/map.xml"));
    let ingest = async |body: String| {
        web.put("/map.xml", "text/xml", body);
        app.ingest(&[&map, "--allow-private"]).await
    };
    ingest(pages(&animals)).await.came_to("3 new or changed");
    let begun = "<urlset><url><loc>/otter</loc></url>";
    for (body, seen, why) in [
        (format!("{begun}<url><lo"), 1, "broken after"),
        (begun.to_owned(), 1, "breaks off"),
        (
            format!("{begun}<br />\n<b>Fatal error</b>: Allowed memory & more"),
            1,
            "breaks off",
        ),
        (pages(&[]), 0, "lists no page"),
        (pages(&["https://elsewhere.example/"]), 0, "another site"),
    ] {
        let told = ingest(body.clone()).await;
        told.came_to(&format!("0 new or changed, {seen} unchanged, 0 removed"))
            .came_to("nothing was removed");
        assert!(!told.0.status.success(), "{body}: {}", told.out());
        let log = told.out() + &told.lines();
        assert!(log.contains(why), "{body}: {log}");
    }
    // What is only written sloppily is read all the same: an `&` as it is, and a prefix.
    let sloppy = pages(&["/otter", "/owl?a=1&b=2", "/heron", "/lynx"]);
    let told = ingest(sloppy).await;
    told.came_to("1 new or changed, 3 unchanged, 0 removed, 0 not read");
    let prefixed = animals.map(|animal| format!("<s:url><s:loc>{animal}</s:loc></s:url>"));
    let told = ingest(format!("<s:urlset>{}</s:urlset>", prefixed.concat())).await;
    told.came_to("0 new or changed, 3 unchanged, 1 removed, 0 not read");
    assert!(told.0.status.success(), "{}", told.out());
}

#[tokio::test]
async fn every_sitemap_that_robots_txt_names_is_read() {
    let web = Web::start().await;
    let robots = format!("Sitemap: {}\nSitemap: {}\n", web.url("/a.xml"), web.url("/b.xml"));
    web.put(
        "/robots.txt",
        "text/plain",
        format!("User-agent: *\nAllow: /\n{robots}"),
    );
    web.put("/a.xml", "text/xml", pages(&["/otter"]));
    web.put("/b.xml", "text/xml", pages(&["/heron"]));
    // Not named, so not needed.
    web.put("/sitemap.xml", "text/xml", pages(&["/lynx"]));
    for animal in ["/otter", "/heron", "/lynx"] {
        web.put(animal, "text/html", page(&format!("Here the {animal} sleeps at noon.")));
    }
    let (app, home) = (settings().start().await, web.url("/"));
    let told = app.ingest(&[&home, "--allow-private"]).await;
    told.came_to("2 new or changed, 0 unchanged, 0 removed, 0 not read");
    assert_eq!((web.asked("/sitemap.xml"), web.asked("/lynx")), (0, 0));
    // One of them in trouble, even the first, does not make the other the whole.
    web.busy("/a.xml", "500 Internal Server Error", 1);
    let told = app.ingest(&[&home, "--allow-private"]).await;
    told.came_to("1 unchanged, 0 removed").complains("/a.xml", "500");
    assert!(!told.0.status.success(), "{}", told.out());
}

#[tokio::test]
async fn what_is_hostile_on_a_site_gives_a_line_and_the_rest_goes_on() {
    let web = Web::start().await;
    let (bomb, mib) = (packed(&vec![b'a'; 64 << 20]), vec![b'a'; 1 << 20]);
    web.put(
        "/map.xml",
        "text/xml",
        index(&names(&[
            "/map.xml",
            "/bomb.xml.gz",
            "http://127.0.0.1:1/map.xml",
            "/pages.xml",
        ])),
    );
    web.put("/bomb.xml.gz", "application/gzip", bomb.clone());
    web.put(
        "/pages.xml",
        "text/xml",
        pages(&[
            "/long",
            "/packed-bomb",
            "/locked.pdf",
            "/broken",
            "/empty",
            "http://127.0.0.1/admin",
            "/good",
        ]),
    );
    web.put_long("/long", "content-type: text/html", &mib, 50);
    web.put_long(
        "/packed-bomb",
        "content-type: text/html\r\ncontent-encoding: gzip",
        &bomb,
        1,
    );
    web.put(
        "/locked.pdf",
        "application/pdf",
        crate::ingest::pdf(&["secret"], "encrypted"),
    );
    web.put(
        "/broken",
        "text/html",
        b"<p>\xff\xfe\x00<div<<a href=<b>The badger digs at night.<table><li></p></html>".to_vec(),
    );
    web.put("/empty", "text/html", "<script>nothing</script>");
    web.put("/good", "text/html", page("The heron fishes at dawn."));
    let app = settings().start().await;
    let told = app.ingest(&[&web.url("/map.xml"), "--allow-private"]).await;
    told.complains("/bomb.xml.gz", "no sitemap")
        .complains("http://127.0.0.1:1/map.xml", "another site")
        .complains("http://127.0.0.1/admin", "another site")
        .complains("/long", "more than 10 MB")
        .complains("/packed-bomb", "more than 10 MB")
        .complains("/locked.pdf", "password")
        .complains("/empty", "Nothing is left");
    // One of its sitemaps could not be read, so it is no success, and nothing is removed.
    assert!(!told.0.status.success(), "{}", told.out());
    told.came_to("2 new or changed").came_to("nothing was removed");
    assert_eq!(web.asked("/map.xml"), 1);
    app.knows("When does the heron fish?", "at dawn").await;
    app.knows("When does the badger dig?", "at night").await;
}

#[tokio::test]
async fn a_server_in_trouble_is_left_alone_and_a_busy_one_is_waited_for() {
    let web = Web::start().await;
    web.put("/robots.txt", "text/plain", "User-agent: *\nAllow: /\n");
    web.put("/map.xml", "text/xml", pages(&["/good", "/later"]));
    web.put("/good", "text/html", page("The heron fishes at dawn."));
    web.put("/later", "text/html", page("The lynx sleeps under the spruce."));
    web.busy("/robots.txt", "500 Internal Server Error", 1);
    web.busy("/good", "503 Service Unavailable\r\nretry-after: 1", 1);
    web.busy("/later", "429 Too Many Requests\r\nretry-after: 86400", 1);
    let app = settings().start().await;
    let map = web.url("/map.xml");
    let told = app.ingest(&[&map, "--allow-private"]).await;
    assert!(!told.0.status.success(), "{}", told.out());
    told.came_to("Nothing is read");
    assert_eq!((web.asked("/robots.txt"), web.asked("/map.xml")), (1, 0));
    let told = app.ingest(&[&map, "--allow-private"]).await;
    told.came_to("1 new or changed").complains("/later", "429");
    assert_eq!((web.asked("/good"), web.asked("/later")), (2, 1));
    app.ingest(&[&map, "--allow-private"])
        .await
        .came_to("1 new or changed, 1 unchanged, 0 removed, 0 not read");
}

#[tokio::test]
async fn an_index_without_end_is_read_to_its_bound() {
    let web = Web::start().await;
    let many: Vec<String> = (0..600).map(|n| format!("/{n}.xml")).collect();
    web.put("/map.xml", "text/xml", index(&many));
    for path in &many {
        web.put(path, "text/xml", pages(&[]));
    }
    let strangers: Vec<String> = (0..3_000).map(|n| format!("https://elsewhere.example/{n}")).collect();
    let strangers: Vec<&str> = strangers.iter().map(String::as_str).chain(["/good"]).collect();
    web.put("/0.xml", "text/xml", pages(&strangers));
    web.put("/good", "text/html", page("The heron fishes at dawn."));
    let app = settings().start().await;
    let told = app.ingest(&[&web.url("/map.xml"), "--allow-private"]).await;
    told.came_to("1 new or changed")
        .complains("/map.xml", "more than 500 sitemaps");
    assert!(told.lines().lines().count() < 1_100, "{}", told.lines().lines().count());
    assert_eq!((web.asked("/498.xml"), web.asked("/500.xml")), (1, 0));
}
