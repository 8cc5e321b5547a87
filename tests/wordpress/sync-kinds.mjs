// Documents of every kind: what blocks and shortcodes make of a page, products, menus, and what a person leaves out.
import { assert } from "./check.mjs";

export async function kindChecks(checks, { double, php, site, within, settings }) {
  const insert = async (fields) => Number(await php(`echo wp_insert_post(wp_slash(json_decode('${JSON.stringify({ post_status: "publish", ...fields }).replaceAll("\\", "\\\\").replaceAll("'", "\\'")}', true)));`));

  // Of posts that fail a batch lacks some at first: the checks of transfers, which count, do not meet them.
  const remove = (title) => php(`foreach (get_posts(array('s' => '${title}', 'numberposts' => -1)) as $post) { wp_delete_post($post->ID, true); }`);

  await checks.check("a page of several parts, with blocks, is one document", async () => {
    const promise = await insert({ post_type: "wp_block", post_title: "Our promise", post_content: "<!-- wp:paragraph --><p>Money back within 30 days.</p><!-- /wp:paragraph -->" });
    const pattern = await insert({ post_type: "wp_block", post_title: "Our promises", post_content: `<!-- wp:block {"ref":${promise}} /-->` });
    const id = await insert({
      post_title: "Fish &amp; chips <em>today</em>",
      post_content: `<!-- wp:heading --><h2 class="wp-block-heading" id="prices">Prices</h2><!-- /wp:heading -->\n<!-- wp:table --><figure class="wp-block-table"><table><tbody><tr><td>Small</td><td>4 €</td></tr></tbody></table></figure><!-- /wp:table -->\n<!-- wp:more --><!--more--><!-- /wp:more -->\n<!-- wp:nextpage --><!--nextpage--><!-- /wp:nextpage -->\n<!-- wp:latest-posts {"postsToShow":1} /-->\n<!-- wp:block {"ref":${pattern}} /-->\n<p>Only on the second page.</p>`,
    });
    const { html, title } = double.of(id);
    assert.equal(title, "Fish & chips today");
    for (const text of ["<td>4 €</td>", 'id="prices"', "Only on the second page.", "wp-block-latest-posts", "Money back within 30 days."]) assert.ok(html.includes(text), `${text} is not in ${html}`);
    assert.ok(!/<!--|nextpage/.test(html), html);
    await php(`wp_update_post(array('ID' => ${promise}, 'post_content' => '<!-- wp:paragraph --><p>Money back within 60 days.</p><!-- /wp:paragraph -->'));`);
    assert.ok(double.of(id).html.includes("within 60 days"), "a pattern within another changed, but not the page that shows both");
  });

  await checks.check("a shortcode that fails, ends the program or fills the memory costs its own words only", async () => {
    const bad = {};
    for (const code of ["fatal", "leave", "memory"]) bad[code] = await insert({ post_title: `Bad: ${code}`, post_content: `Before it. [${code}] After it. [opening_hours]`, post_status: "draft" });
    const good = await insert({ post_title: "Good", post_content: "[print] and the rest.", post_status: "draft" });
    const from = Date.now();
    const response = await fetch(`${site.url}/?publish-all=${[...Object.values(bad), good].join(",")}`);
    const saved = Date.now() - from;
    assert.equal(await response.text(), "published");
    await within(Date.now(), () => [...Object.values(bad), good].every((id) => double.of(id)), 10);
    for (const id of Object.values(bad)) assert.match(double.of(id).html, /Before it\.\s+After it\./);
    assert.match(double.of(good).html, /Returned as it should be\. and the rest\./);
    assert.ok(!double.of(good).html.includes("PRINTED AWAY"));
    const said = await site.sql("SELECT error FROM wp_pennypress_documents WHERE error <> '' ORDER BY post_id");
    assert.match(said, /call_something_that_is_not_there/);
    assert.match(said, /ended the program/);
    assert.match(said, /memory/i);
    const after = await php(`wp_insert_post(array('post_title' => 'Bad block', 'post_content' => '<!-- wp:paragraph --><p>[fatal]</p><!-- /wp:paragraph -->', 'post_status' => 'publish'));
      echo wp_insert_post(array('post_title' => 'Classic', 'post_content' => "One.\\n\\nTwo.", 'post_status' => 'publish'));`);
    assert.match(double.of(after).html, /<p>One\.<\/p>\s*<p>Two\.<\/p>/, "a post that failed changed how the next one was rendered");
    await remove("Bad block");
    return `saved in ${saved} ms`;
  });

  await checks.check("what a page builder registers when a page is asked for is there, and one that sends strangers away does no harm", async () => {
    const page = { post_title: "Built", post_content: "[column] [opening_hours]", post_status: "draft" };
    const publish = async (id) => { // In a request that the site makes to itself.
      await fetch(`${site.url}/?publish-all=${id}`);
      await within(Date.now(), () => double.of(id), 10);
      return double.of(id).html;
    };
    const [asked, redirected, ended] = [await insert(page), await insert(page), await insert(page)];
    assert.match(await publish(asked), /Built in columns\..*half past five/s);
    await php(`wp_update_post(array('ID' => ${asked}, 'post_title' => 'Built on the command line'));`);
    assert.match(double.of(asked).html, /Built in columns\./);
    await php("update_option('test_wp_redirects', 1);");
    assert.match(await publish(redirected), /half past five/);
    await php("delete_option('test_wp_redirects'); update_option('test_wp_exits', 1);");
    assert.match(await publish(ended), /half past five/);
    await php("delete_option('test_wp_exits'); delete_transient('pennypress_wp_ends');");
    assert.equal(await site.sql(`SELECT error FROM wp_pennypress_documents WHERE post_id IN (${asked}, ${redirected}, ${ended}) AND error <> ''`), "");
  });

  await checks.check("what is kept for members stays with them on a page that fails, too", async () => {
    const hidden = "<!-- wp:paragraph {\"className\":\"members\"} --><p class=\"members\">GATED BLOCK</p><!-- /wp:paragraph -->";
    const by = (way, post_content) => insert({ post_title: `For members: ${way}`, post_content, meta_input: { _for_members: way } });
    for (const way of ["the_content", "the_post"]) assert.match(double.of(await by(way, "GATED WORDS [fatal]")).html, /^<p>Join us to read on\.<\/p>/);
    assert.match(double.of(await by("render_block", `${hidden}<p>Open to all. [fatal]</p>`)).html, /^\s*<p>Open to all\. <\/p>/);
    const foreign = double.of(await by("a block", `<!-- wp:odd/hides --><p>GATED INSIDE</p><!-- /wp:odd/hides --><!-- wp:odd/fails /--><p>Beside it.</p>${hidden}`));
    assert.match(foreign.html, /^\s*<p>Beside it\.<\/p>\s*$/);
    const closed = await by("pmpro", "GATED WORDS");
    await php(`wp_set_current_user(1); wp_update_post(array('ID' => ${closed}));`);
    assert.ok(!double.of(closed), "a membership plugin says that strangers may not read it, and it was sent");
    await php(`delete_post_meta(${closed}, '_for_members'); wp_update_post(array('ID' => ${closed}, 'post_content' => 'For everybody now.'));`);
    assert.match(double.of(closed).html, /For everybody now\./);
    const refused = await by("throws", "GATED WORDS");
    assert.ok(!double.of(refused), "it cannot be told who may read it, and it was sent");
    assert.equal(await site.sql(`SELECT state, error FROM wp_pennypress_documents WHERE post_id = ${refused}`), "2\tRendering failed: Nobody can tell who may read this.\n");
    assert.ok(!JSON.stringify(double.sent).includes("GATED"));
    await remove("For members");
  });

  await checks.check("a slow shortcode does not slow down saving", async () => {
    const id = await insert({ post_title: "Slow", post_content: "[snail] Nothing else.", post_status: "draft" });
    const from = Date.now();
    assert.equal(await (await fetch(`${site.url}/?publish-all=${id}`)).text(), "published");
    const saved = Date.now() - from;
    await within(Date.now(), () => double.of(id)?.html.includes("At last."), 10);
    const took = Date.now() - from;
    assert.ok(took > 1500 && saved < took - 1000, `saved in ${saved} ms, sent after ${took} ms`);
    return `saved in ${saved} ms, sent after ${took} ms`;
  });

  await checks.check("a product has its price, stock and attributes in words, and a new stock is news", async () => {
    await php("wp_insert_term('Teas', 'product_cat');");
    const id = await insert({
      post_type: "product", post_title: "Green tea", post_excerpt: "Fresh from the hills.", post_content: "Picked in spring.",
      meta_input: { _regular_price: "12.5", _sale_price: "9.9", _stock: "7", _sku: "TEA-1", _attributes: { weight: ["100 g", "250 g"], secret: ["hidden"] } },
    });
    await php(`wp_set_object_terms(${id}, 'Teas', 'product_cat');`);
    const { html, kind } = double.of(id);
    assert.equal(kind, "product");
    for (const text of ["Fresh from the hills.", "Picked in spring.", "Price: 9,90 € (on sale; regular price 12,50 €)", "Availability: 7 in stock", "SKU: TEA-1", "Categories: Teas", "Weight: 100 g, 250 g"]) assert.ok(html.includes(text), `${text} is not in ${html}`);
    assert.ok(!html.includes("Secret"), html);
    await php(`wc_update_product_stock(wc_get_product(${id}), 3);`);
    assert.ok(double.of(id).html.includes("Availability: 3 in stock"), double.of(id).html);
    await php(`wp_set_current_user(1); update_post_meta(${id}, '_sale_price', '');`);
    assert.ok(double.of(id).html.includes("Price: 12,50 €"), double.of(id).html);
    assert.ok(!double.of(id).html.includes("FOR USERS"), "what was added for a user who is signed in was sent");
    for (const [change, text] of [
      ["update_option('woocommerce_currency', 'GBP');", "Price: 12,50 £"],
      ["wp_update_term(get_term_by('name', 'Teas', 'product_cat')->term_id, 'product_cat', array('name' => 'Fine teas'));", "Categories: Fine teas"],
      ["update_option('woocommerce_currency', 'EUR');", "Price: 12,50 €"],
    ]) {
      await php(change);
      await php("Pennypress\\Worker::on_cron();");
      assert.ok(double.of(id).html.includes(text), `${text} is not in ${double.of(id).html}`);
    }
    const coat = await insert({ post_type: "product", post_title: "Coat", meta_input: { _type: "variable", _regular_price: "80", _sale_price: "" } });
    const small = await insert({ post_type: "product_variation", post_title: "Size: S", post_parent: coat, meta_input: { _regular_price: "80", _sale_price: "", _stock_status: "outofstock" } });
    await php(`do_action('woocommerce_update_product_variation', ${small});`);
    assert.match(double.of(coat).html, /Price: From 80,00 €.*Size: S; 80,00 €; Out of stock/s);
    await php(`update_post_meta(${coat}, '_visibility', 'hidden'); wp_update_post(array('ID' => ${coat}));`);
    assert.ok(!double.of(coat), "a product that the shop hides is still known");
  });

  await checks.check("menus: titles and addresses, without pages that are not public or kept out", async () => {
    const [marked, listed] = [await insert({ post_type: "page", post_title: "Marked page" }), await insert({ post_type: "page", post_title: "Listed page" })];
    const entries = [marked, listed].map((id) => `wp_update_nav_menu_item($menu, 0, array('menu-item-object' => 'page', 'menu-item-type' => 'post_type', 'menu-item-object-id' => ${id}, 'menu-item-status' => 'publish'));`).join("\n");
    const links = [marked, listed].map((id) => `<!-- wp:navigation-link {"label":"In the header: ${id}","kind":"post-type","id":${id},"url":"/?p=${id}"} /-->`).join("");
    await php(`
      $menu = wp_create_nav_menu('Main menu');
      wp_update_nav_menu_item($menu, 0, array('menu-item-title' => 'Where we are', 'menu-item-url' => 'https://example.com/map', 'menu-item-status' => 'publish'));
      wp_update_nav_menu_item($menu, 0, array('menu-item-title' => 'FOR USERS', 'menu-item-url' => 'https://example.com/users', 'menu-item-status' => 'publish'));
      $hidden = wp_insert_post(array('post_type' => 'page', 'post_title' => 'HIDDEN TITLE', 'post_status' => 'draft'));
      wp_update_nav_menu_item($menu, 0, array('menu-item-object' => 'page', 'menu-item-type' => 'post_type', 'menu-item-object-id' => $hidden, 'menu-item-status' => 'publish'));
      ${entries}
      set_theme_mod('nav_menu_locations', array('primary' => $menu));
      wp_insert_post(array('post_type' => 'wp_navigation', 'post_status' => 'publish', 'post_title' => 'Header', 'post_content' => '${links}<!-- wp:navigation-link {"label":"Team","url":"/team"} /--><!-- wp:navigation-submenu {"label":"Shop","url":"/shop"} --><!-- wp:navigation-link {"label":"Teas & more","url":"/shop/teas"} /--><!-- /wp:navigation-submenu -->'));
      wp_set_current_user(1);
      do_action('wp_update_nav_menu', $menu);`);
    const { html, title, url, kind } = double.documents.get("wp-menus");
    assert.deepEqual([url, kind], [`${site.url}/`, "menu"]);
    assert.match(title, /Corner Shop/);
    for (const text of ["Where we are", "https://example.com/map", "Team", "Teas &amp; more", "/shop/teas"]) assert.ok(html.includes(text), `${text} is not in ${html}`);
    assert.ok(!/HIDDEN TITLE|FOR USERS/.test(html), html);
    for (const text of ["Marked page", "Listed page", `In the header: ${marked}`, `In the header: ${listed}`]) assert.ok(html.includes(text), `${text} is not in ${html}`);
    await settings(`array('learn_exclude' => array(${listed}))`);
    await php(`update_post_meta(${marked}, '_pennypress_keep_out', '1');`);
    assert.doesNotMatch(double.documents.get("wp-menus").html, /Marked page|Listed page|In the header/);
    double.forget();
    await php("do_action('wp_update_nav_menu', 1);");
    assert.deepEqual(double.sent, [], "a menu was sent that did not change");
  });

  await checks.check("what a setting leaves out goes, and comes back with the setting", async () => {
    const news = Number(await php("echo wp_insert_term('News', 'category')['term_id'];"));
    const local = Number(await php(`echo wp_insert_term('Local', 'category', array('parent' => ${news}))['term_id'];`));
    const inNews = await insert({ post_title: "Fair on Saturday", post_content: "Come.", post_category: [local] });
    const noindex = await insert({ post_title: "Thank you", post_content: "For search engines this is nothing.", meta_input: { "_yoast_wpseo_meta-robots-noindex": "1" } });
    assert.ok(double.of(inNews) && !double.of(noindex));
    await settings(`array('learn_exclude_terms' => array(${news}))`);
    await php(`wp_update_post(array('ID' => ${inNews}));`);
    assert.ok(!double.of(inNews));
    await php(`wp_remove_object_terms(${inNews}, array(${local}), 'category');`);
    assert.ok(double.of(inNews), "it is in no category any more that is left out");
    await php(`wp_add_object_terms(${inNews}, array(${local}), 'category');`);
    const change = async (php_array) => { await settings(php_array); await php("Pennypress\\Comparison::begin(); Pennypress\\Worker::on_cron();"); };
    await change(`array('learn_exclude_terms' => array(${news}), 'learn_types' => array('post', 'page', 'product'), 'learn_exclude' => array(2))`);
    assert.deepEqual([double.of(inNews), double.of(2), [...double.documents.values()].filter(({ kind }) => kind === "recipe")], [undefined, undefined, []]);
    await change("array('learn_exclude_terms' => array(), 'learn_types' => null, 'learn_exclude' => array(), 'learn_noindex' => true)");
    assert.ok(double.of(inNews) && double.of(2) && double.of(noindex) && [...double.documents.values()].some(({ kind }) => kind === "recipe"));
  });
}
