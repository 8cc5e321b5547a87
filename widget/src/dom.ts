/** Builds elements. Text only ever becomes text nodes; there is no way from here to innerHTML. */

type Attributes = Record<string, string | number | boolean | undefined>;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value as string);
  }
  made.append(...children);
  return made;
}

/** The 24 × 24 line icon in `at`. */
export function draw(at: Element, d: string): void {
  at.querySelector('path')!.setAttribute('d', d);
}

/** A button that shows words, or an icon with the words as its name. */
export function button(words: string, onClick: () => void, kind = '', shape?: string): HTMLButtonElement {
  const made = el('button', { type: 'button', class: kind });
  if (shape) {
    // The launcher has drawn one already.
    made.append(window.Pennypress!.launcher.firstChild!.cloneNode(true));
    draw(made, shape);
    made.setAttribute('aria-label', words);
    made.title = words;
  } else made.textContent = words;
  made.addEventListener('click', onClick);
  return made;
}

/** A link that leaves the page alone: new tab, no opener, no search engine credit. */
export function outward(href: string, link = el('a')): HTMLAnchorElement {
  link.href = href;
  link.target = '_blank';
  link.rel = 'noopener nofollow';
  return link;
}

/** `address` as an absolute URL if it is one that a visitor may be sent to, else undefined. */
export function safeUrl(address: string, base?: string): string | undefined {
  // Relative to a base, nothing would be the base itself.
  if (!address) return undefined;
  try {
    const url = new URL(address, base);
    return /^(https?|mailto):$/.test(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

export function write(into: Node, text: string): void {
  if (!text) return;
  const last = into.lastChild;
  if (last instanceof Text) last.appendData(text);
  else into.appendChild(new Text(text));
}
