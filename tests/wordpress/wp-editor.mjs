// The block editor, as a person writes in it, and the list of posts.
export class Editor {
  constructor(page, site) {
    this.page = page;
    this.site = site;
  }

  /** Opens a new post, or the one with this id. */
  async open(id = null, type = "post") {
    const path = id ? `post.php?post=${id}&action=edit` : `post-new.php?post_type=${type}`;
    await this.page.goto(`${this.site.url}/wp-admin/${path}`);
    await this.page.waitForFunction(() => window.wp?.data?.select("core/editor")?.getCurrentPostId());
    // The tour of the first visit lies over everything; the panel to the right may be closed.
    await this.page.evaluate(() => {
      for (const scope of ["core/edit-post", "core"]) wp.data.dispatch("core/preferences")?.set(scope, "welcomeGuide", false);
      wp.data.dispatch("core/edit-post").openGeneralSidebar("edit-post/document");
    });
    await (await this.title()).waitFor();
  }

  /** Newer versions write in a frame. */
  async title() {
    const field = "h1.wp-block-post-title";
    const framed = "iframe[name=editor-canvas]";
    await this.page.locator(`${field}, ${framed}`).first().waitFor();
    return (await this.page.locator(framed).count()) ? this.page.frameLocator(framed).locator(field) : this.page.locator(field);
  }

  async write(title, text) {
    if (title !== null) {
      await (await this.title()).click();
      await this.page.keyboard.press("ControlOrMeta+a");
      await this.page.keyboard.type(title);
    }
    // The text goes in as blocks, as if it were pasted.
    await this.page.evaluate((text) => {
      const blocks = text.split("\n").map((line) => wp.blocks.createBlock("core/paragraph", { content: line }));
      wp.data.dispatch("core/block-editor").resetBlocks(blocks);
    }, text);
  }

  id() {
    return this.page.evaluate(() => wp.data.select("core/editor").getCurrentPostId());
  }

  /** Presses Publish, and Publish once more in the panel that asks; when WordPress has said that it is done. */
  async publish() {
    await this.page.locator(".editor-post-publish-panel__toggle, .editor-post-publish-button__button").first().click();
    await this.page.locator(".editor-post-publish-panel .editor-post-publish-button").click();
    await this.saved();
    return Date.now();
  }

  /** Presses Update (Save in newer versions). */
  async update() {
    await this.page.locator(".edit-post-header, .editor-header").getByRole("button", { name: /^(Update|Save)$/ }).click();
    await this.saved();
    return Date.now();
  }

  /** Goes away from what is not saved. */
  async leave() {
    this.page.asksForConsent = true;
    await this.page.goto("about:blank");
    this.page.asksForConsent = false;
  }

  async saved() {
    await this.page.waitForFunction(() => {
      const editor = wp.data.select("core/editor");
      return !editor.isSavingPost() && !editor.isEditedPostDirty() && editor.getCurrentPost().status === "publish";
    });
  }
}

/** The list of posts, with what stands under each when the mouse is over it. */
export class PostList {
  constructor(page, site) {
    this.page = page;
    this.url = `${site.url}/wp-admin/edit.php`;
  }

  async row(id) {
    await this.page.goto(this.url);
    const row = this.page.locator(`#post-${id}`);
    await row.hover();
    return row;
  }

  async trash(id) {
    await (await this.row(id)).locator(".row-actions .trash a").click();
    await this.page.locator("#message").waitFor();
    return Date.now();
  }

  async quickEdit(id, { status, slug, password }) {
    await (await this.row(id)).locator(".row-actions .inline button").click();
    const form = this.page.locator(`#edit-${id}`);
    if (slug) await form.locator("input[name=post_name]").fill(slug);
    if (password) await form.locator("input[name=post_password]").fill(password);
    if (status) await form.locator("select[name=_status]").selectOption(status);
    await form.locator("button.save").click();
    await form.waitFor({ state: "detached" });
    return Date.now();
  }

  async bulkEdit(ids, { status }) {
    await this.page.goto(this.url);
    for (const id of ids) await this.page.check(`#cb-select-${id}`);
    await this.page.selectOption("#bulk-action-selector-top", "edit");
    await this.page.click("#doaction");
    await this.page.locator("#bulk-edit select[name=_status]").selectOption(status);
    await this.page.locator("#bulk-edit #bulk_edit").click();
    await this.page.locator("#message").waitFor();
    return Date.now();
  }
}
