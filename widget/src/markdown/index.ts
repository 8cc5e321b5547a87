/**
 * Markdown that arrives in pieces, drawn into the page as it comes: blocks here, inline marks in
 * `inline.ts`. What is drawn stays as it is; a line's beginning is held back only until its kind is
 * certain. However the text is cut into pieces, the same elements come out.
 *
 * Not CommonMark to the letter, but what models and manuals write: a line break in a paragraph is
 * shown as one, nested lists need two spaces, tables begin with a bar, HTML is text.
 */
import { el, write } from '../dom';
import { inline, type OnCite } from './inline';

/** A quote or a list item that is open. `need`: spaces that keep a line inside, `width`: spaces it takes off. */
interface Box {
  at: HTMLElement;
  quote: boolean;
  need: number;
  width: number;
}

type Leaf =
  | { kind: 'text'; at: HTMLElement; last: string; oneLine: boolean }
  | { kind: 'code'; at: HTMLElement; fence: string; indent: number; empty: boolean }
  | { kind: 'table'; at: HTMLElement; aligns: string[] };

/** A line longer than this is not held back to find out what it is. */
const LONGEST = 2000;
/** Deeper nesting of quotes and lists is text. */
const DEEPEST = 12;
/** A line's beginning that more characters can still make into something else. */
const UNDECIDED = /^(#{1,6} *|`{1,2}|~{1,2}|\+ *|\d{1,9}([.)] *)?)?$/;

export class Markdown {
  #boxes: Box[] = [];
  #leaf: Leaf | undefined;
  /** Beginning of a line whose kind is not yet certain. */
  #line = '';
  /** How many boxes this line continues; -1: not yet found out. */
  #inside = -1;
  /** The kind is certain: the rest of the line goes straight to the leaf. */
  #flowing = false;
  /** Inline text that waits for its other half. */
  #text = '';
  /** A line with bars, which is a table's head if the next line says so. */
  #head: string | undefined;
  #level = 2;

  readonly #root: HTMLElement;
  readonly #cite: OnCite;

  constructor(root: HTMLElement, cite: OnCite) {
    this.#root = root;
    this.#cite = cite;
  }

  write(chunk: string): void {
    const parts = chunk.replace(/\r/g, '').split('\n');
    parts.forEach((part, i) => this.#take(part, i < parts.length - 1));
  }

  end(): void {
    if (!this.#flowing && (this.#line || this.#head !== undefined)) this.#take('', true);
    this.#unhead();
    this.#close();
  }

  #take(part: string, eol: boolean): void {
    if (this.#flowing) this.#pour(part);
    else {
      this.#line += part;
      if (!this.#begin(eol) && !eol) return;
    }
    if (!eol) return;
    this.#flowing = false;
    this.#line = '';
    this.#inside = -1;
  }

  /** Finds out what the line is; false: more of it is needed. */
  #begin(eol: boolean): boolean {
    if (this.#inside < 0) {
      const sure = this.#continued(eol);
      if (!sure) return false;
    }
    if (this.#leaf?.kind === 'code') {
      if (this.#inside === this.#boxes.length) return this.#codeLine(this.#leaf, eol);
      this.#close();
    }
    while (this.#opened(eol));
    return this.#block(eol);
  }

  /** Matches the line against the open boxes and takes their marks off. */
  #continued(eol: boolean): boolean {
    const code = this.#leaf?.kind === 'code';
    const line = code ? this.#line : this.#line.replace(/^[ \t]+/, (space) => space.replace(/\t/g, '    '));
    let at = 0;
    let k = 0;
    for (const box of this.#boxes) {
      let next = at;
      while (line[next] === ' ') next++;
      const open = next >= line.length && !eol;
      if (box.quote) {
        if (open) return false;
        if (line[next] !== '>') break;
        at = next + 1;
        if (at >= line.length && !eol) return false;
        if (line[at] === ' ') at++;
      } else {
        if (open && next - at < box.width) return false;
        if (!code && next < line.length && next - at < box.need) break;
        at = Math.min(next, at + box.width);
      }
      k++;
    }
    this.#inside = k;
    this.#line = line.slice(at);
    return true;
  }

  /** Opens a quote or a list item that the line begins with. */
  #opened(eol: boolean): boolean {
    const t = this.#line.trimStart();
    if (this.#boxes.length >= DEEPEST || this.#head !== undefined || this.#rule(t, eol) || (!eol && UNDECIDED.test(t))) return false;
    if (t[0] === '>') {
      this.#shut(this.#inside);
      this.#push(this.#top().appendChild(el('blockquote')), true, 0, 0);
      this.#line = t.slice(1);
      return true;
    }
    const found = /^([-*+]|(\d{1,9})[.)])( {1,4}(?=\S)| |$)/.exec(t);
    if (!found) return false;
    const running = this.#leaf?.kind === 'text' && !this.#leaf.oneLine && this.#inside === this.#boxes.length;
    // In running text only an item that has words, and a 1, can be the beginning of a list.
    if (running && (!t.slice(found[0].length).trim() || (found[2] && Number(found[2]) !== 1))) return false;
    const pad = this.#line.length - t.length;
    this.#shut(this.#inside);
    const parent = this.#top();
    const tag = found[2] ? 'ol' : 'ul';
    let list = parent.lastElementChild;
    if (list?.localName !== tag) {
      list = parent.appendChild(el(tag, { start: found[2] && found[2] !== '1' ? found[2] : undefined }));
    }
    this.#push(list.appendChild(el('li')), false, pad + 2, pad + Math.max(2, found[0].length));
    this.#line = t.slice(found[0].length);
    return true;
  }

  #push(at: HTMLElement, quote: boolean, need: number, width: number): void {
    this.#boxes.push({ at, quote, need, width });
    this.#inside = this.#boxes.length;
  }

  /** Could be, or is, a thematic break. */
  #rule(t: string, eol: boolean): boolean {
    const found = /^([-*_])[ \t]*(\1[ \t]*)*$/.test(t);
    return found && (!eol || t.replace(/\s/g, '').length > 2);
  }

  /** The block that the rest of the line begins or continues. */
  #block(eol: boolean): boolean {
    const t = this.#line.trimStart();
    const long = t.length > LONGEST;
    const whole = eol || long;
    if (!whole && (this.#rule(t, eol) || UNDECIDED.test(t))) return false;
    if (this.#head !== undefined) {
      const ruled = /^[\s|:-]*$/.test(t);
      if (ruled && !whole) return false;
      if (ruled && !long && t.includes('-') && this.#inside === this.#boxes.length) return this.#table(t);
      this.#unhead();
      return this.#begin(eol);
    }
    if (!t) {
      this.#close();
      if (this.#boxes[this.#inside]?.quote) this.#shut(this.#inside);
      return true;
    }
    if (!long && this.#rule(t, eol)) {
      this.#shut(this.#inside);
      this.#top().append(el('hr'));
      return true;
    }
    const heading = /^(#{1,6})(\s+|$)/.exec(t);
    if (heading) {
      this.#shut(this.#inside);
      // Below the panel's own heading, and never a level left out.
      this.#level = Math.min(heading[1]!.length + 2, this.#level + 1, 6);
      this.#flow(`h${this.#level}`, t.slice(heading[0].length));
      return true;
    }
    const fence = /^(`{3,}(?=[^`]*$)|~{3,})/.exec(t);
    if (fence && !long) {
      if (!whole) return false;
      const indent = this.#line.length - t.length;
      this.#shut(this.#inside);
      const at = el('code');
      this.#top().append(el('pre', { tabindex: 0 }, at));
      this.#leaf = { kind: 'code', at, fence: fence[0], indent, empty: true };
      return true;
    }
    if (t[0] === '|' && !long) {
      if (!whole) return false;
      if (this.#leaf?.kind === 'table' && this.#inside === this.#boxes.length) this.#row(this.#leaf, t, 'td');
      else {
        this.#shut(this.#inside);
        this.#head = t;
      }
      return true;
    }
    if (this.#leaf?.kind === 'text' && !this.#leaf.oneLine) this.#pour(`\n${t}`);
    else {
      this.#shut(this.#inside);
      this.#flow('p', t);
    }
    this.#flowing = true;
    return true;
  }

  #flow(tag: string, text: string): void {
    const at = document.createElement(tag);
    this.#top().append(at);
    // A heading ends with its line: the next line must not run on in it.
    this.#leaf = { kind: 'text', at, last: '', oneLine: tag !== 'p' };
    this.#flowing = true;
    this.#pour(text);
  }

  #codeLine(leaf: Leaf & { kind: 'code' }, eol: boolean): boolean {
    const t = this.#line.trim();
    const closes = [...t].every((c) => c === leaf.fence[0]);
    const short = this.#line.length < LONGEST;
    if (!eol && closes && short) return false;
    if (closes && short && t.length >= leaf.fence.length) {
      this.#leaf = undefined;
      return true;
    }
    let cut = 0;
    while (cut < leaf.indent && this.#line[cut] === ' ') cut++;
    write(leaf.at, (leaf.empty ? '' : '\n') + this.#line.slice(cut));
    leaf.empty = false;
    this.#flowing = true;
    return true;
  }

  /** The line with bars was no table's head after all. */
  #unhead(): void {
    if (this.#head === undefined) return;
    const text = this.#head;
    this.#head = undefined;
    this.#flow('p', text);
    this.#flowing = false;
  }

  #table(delimiters: string): boolean {
    const aligns = cells(delimiters).map((c) => (/:$/.test(c) ? (c[0] === ':' ? 'center' : 'end') : ''));
    const at = el('table');
    this.#top().append(el('div', { class: 'table', tabindex: 0 }, at));
    const leaf: Leaf = { kind: 'table', at, aligns };
    this.#row(leaf, this.#head!, 'th');
    this.#head = undefined;
    this.#leaf = leaf;
    return true;
  }

  #row(leaf: Leaf & { kind: 'table' }, line: string, tag: 'th' | 'td'): void {
    const row = el('tr');
    cells(line).forEach((text, i) => {
      const cell = el(tag, tag === 'th' ? { scope: 'col' } : {});
      cell.style.textAlign = leaf.aligns[i] ?? '';
      inline({ into: cell, cite: this.#cite }, text, '', true);
      row.append(cell);
    });
    leaf.at.append(row);
  }

  #pour(text: string): void {
    const leaf = this.#leaf;
    if (leaf?.kind === 'code') write(leaf.at, text);
    else if (leaf?.kind === 'text') {
      this.#text += text;
      this.#draw(leaf, false);
    }
  }

  #draw(leaf: Leaf & { kind: 'text' }, final: boolean): void {
    const used = inline({ into: leaf.at, cite: this.#cite }, this.#text, leaf.last, final);
    if (used) leaf.last = this.#text[used - 1]!;
    this.#text = this.#text.slice(used);
  }

  #top(): HTMLElement {
    return this.#boxes[this.#boxes.length - 1]?.at ?? this.#root;
  }

  #close(): void {
    if (this.#leaf?.kind === 'text') this.#draw(this.#leaf, true);
    this.#leaf = undefined;
    this.#text = '';
  }

  /** Closes the leaf, and every box beyond the first `k`. */
  #shut(k: number): void {
    this.#close();
    this.#boxes.length = k;
    this.#inside = k;
  }
}

/** The cells of a table's line; `\|` is a bar in the text. */
function cells(line: string): string[] {
  // No look-behind: Safari before 16.4 would refuse the whole script.
  const found = line.trim().replace(/\\\|/g, '\0').replace(/^\||\|$/g, '').split('|');
  return found.map((cell) => cell.replace(/\0/g, '|').trim());
}
