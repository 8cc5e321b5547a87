// Documents of every kind: what blocks and shortcodes make of a page, products, menus, and what a person leaves out.
import { assert } from "./check.mjs";

export async function kindChecks(checks, { double, php, site, within, settings }) {
  const insert = async (fields) => Number(await php(`echo wp_insert_post(wp_slash(json_decode('${JSON.stringify({ post_status: "publish", ...fields }).replaceAll("\\", "\\\\").replaceAll("'", "\\'")}', true)));`));

  await checks.check("a page of several parts, with blocks, is one document", async () => {
    const pattern = await insert({ post_type: "wp_block", post_title: "Our promise", post_content: "<!-- wp:paragraph --><p>Money back within 30 days.</p><!-- /wp:paragraph -->" });
    const id = await insert({
      post_title: "Fish &amp; chips <em>today</em>",
      post_content: `<!-- wp:heading --><h2 class="wp-block-heading" id="prices">Prices</h2><!-- /wp:heading -->\n<!-- wp:table --><figure class="wp-block-table"><table><tbody><tr><td>Small</td><td>4 €</td></tr></tbody></table></figure><!-- /wp:table -->\n<!-- wp:more --><!--more--><!-- /wp:more -->\n<!-- wp:nextpage --><!--nextpage--><!-- /wp:nextpage -->\n<!-- wp:latest-posts {"postsToShow":1} /-->\n<!-- wp:block {"ref":${pattern}} /-->\n<p>Only on the second page.</p>`,
    });
    const { html, title } = double.of(id);
    assert.equal(title, "Fish & chips today");
    for (const text of ["<td>4 €</td>", 'id="prices"', "Only on the second page.", "wp-block-latest-posts", "Money back within 30 days."]) assert.ok(html.includes(text), `${text} is not in ${html}`);
    assert.ok(!/<!--|nextpage/.test(html), html);
    await php(`wp_update_post(array('ID' => ${pattern}, 'post_content' => '<!-- wp:paragraph --><p>Money back within 60 days.</p><!-- /wp:paragraph -->'));`);
    assert.ok(double.of(id).html.includes("within 60 days"), "a pattern changed, but not the page that shows it");
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
    return `saved in ${saved} ms`;
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
    await php(`update_post_meta(${id}, '_sale_price', '');`);
    assert.ok(double.of(id).html.includes("Price: 12,50 €"), double.of(id).html);
    const coat = await insert({ post_type: "product", post_title: "Coat", meta_input: { _type: "variable", _regular_price: "80", _sale_price: "" } });
    const small = await insert({ post_type: "product_variation", post_title: "Size: S", post_parent: coat, meta_input: { _regular_price: "80", _sale_price: "", _stock_status: "outofstock" } });
    await php(`do_action('woocommerce_update_product_variation', ${small});`);
    assert.match(double.of(coat).html, /Price: From 80,00 €.*Size: S; 80,00 €; Out of stock/s);
    await php(`update_post_meta(${coat}, '_visibility', 'hidden'); wp_update_post(array('ID' => ${coat}));`);
    assert.ok(!double.of(coat), "a product that the shop hides is still known");
  });

  await checks.check("menus: titles and addresses, without pages that are not public", async () => {
    await php(`
      $menu = wp_create_nav_menu('Main menu');
      wp_update_nav_menu_item($menu, 0, array('menu-item-title' => 'Where we are', 'menu-item-url' => 'https://example.com/map', 'menu-item-status' => 'publish'));
      $hidden = wp_insert_post(array('post_type' => 'page', 'post_title' => 'HIDDEN TITLE', 'post_status' => 'draft'));
      wp_update_nav_menu_item($menu, 0, array('menu-item-object' => 'page', 'menu-item-type' => 'post_type', 'menu-item-object-id' => $hidden, 'menu-item-status' => 'publish'));
      set_theme_mod('nav_menu_locations', array('primary' => $menu));
      wp_insert_post(array('post_type' => 'wp_navigation', 'post_status' => 'publish', 'post_title' => 'Header', 'post_content' => '<!-- wp:navigation-link {"label":"Team","url":"/team"} /--><!-- wp:navigation-submenu {"label":"Shop","url":"/shop"} --><!-- wp:navigation-link {"label":"Teas & more","url":"/shop/teas"} /--><!-- /wp:navigation-submenu -->'));
      do_action('wp_update_nav_menu', $menu);`);
    const { html, title, url, kind } = double.documents.get("wp-menus");
    assert.deepEqual([url, kind], [`${site.url}/`, "menu"]);
    assert.match(title, /Corner Shop/);
    for (const text of ["Where we are", "https://example.com/map", "Team", "Teas &amp; more", "/shop/teas"]) assert.ok(html.includes(text), `${text} is not in ${html}`);
    assert.ok(!html.includes("HIDDEN TITLE"), html);
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
    const change = async (php_array) => { await settings(php_array); await php("Pennypress\\Comparison::begin(); Pennypress\\Worker::on_cron();"); };
    await change(`array('learn_exclude_terms' => array(${news}), 'learn_types' => array('post', 'page', 'product'), 'learn_exclude' => array(2))`);
    assert.deepEqual([double.of(inNews), double.of(2), [...double.documents.values()].filter(({ kind }) => kind === "recipe")], [undefined, undefined, []]);
    await change("array('learn_exclude_terms' => array(), 'learn_types' => null, 'learn_exclude' => array(), 'learn_noindex' => true)");
    assert.ok(double.of(inNews) && double.of(2) && double.of(noindex) && [...double.documents.values()].some(({ kind }) => kind === "recipe"));
  });
}
