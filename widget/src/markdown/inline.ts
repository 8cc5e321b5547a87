/**
 * The inline half of Markdown: bold, italic, struck, code, links, citations. It draws only what is
 * certain: an opening mark is held back until its partner has come, so that nothing already drawn
 * ever changes, and a mark without a partner stays what it was: text.
 */
import { el, outward, safeUrl, write } from '../dom';

/** Called for each citation `[n]`, whose address is known only when the sources come. */
export type OnCite = (n: number, link: HTMLAnchorElement) => void;

export interface Where {
  into: Node;
  cite: OnCite;
  /** How many marks we are inside of. */
  depth?: number;
  /** Inside a link no other link begins. */
  linked?: boolean;
}

/** Characters that a mark may wait for its partner before it counts as text. */
const PATIENCE = 800;
/** How deep marks may stand in marks; deeper is text. */
const DEPTH = 6;

const SPECIAL = /[\\`*_~![\nh]/g;
const WORD = /[\p{L}\p{N}]/u;
const ESCAPABLE = /[\\`*_{}[\]()#+\-.!|~>]/;

/** What a mark turned out to be: something drawn, so many characters long; plain text; or not yet known. */
type Found = number | typeof TEXT | typeof WAIT;
const TEXT = 0;
const WAIT = -1;

/**
 * Draws as much of `s` as is certain and returns how many characters that was. `before` is the
 * character in front of `s` (or empty), `final` says that nothing follows in this block.
 */
export function inline({ into, cite, depth = 0, linked = false }: Where, s: string, before: string, final: boolean): number {
  let drawn = 0;

  /** Length of the run of one and the same character. */
  const run = (at: number) => {
    let end = at;
    while (s[end] === s[at] && end < s.length) end++;
    return end - at;
  };
  const cut = (end: number) => end >= s.length && !final;
  const nested = (inner: HTMLElement, outer: HTMLElement, text: string, last: string, linked: boolean) => {
    inline({ into: inner, cite, depth: depth + 1, linked }, text, last, true);
    into.appendChild(outer);
  };
  const flush = (to: number) => {
    write(into, s.slice(drawn, to));
    drawn = to;
  };

  /** Where the code span that begins at `at` ends: after its last mark, or TEXT or WAIT. */
  const codeEnd = (at: number): Found => {
    const k = run(at);
    for (let p = at + k; ; ) {
      const open = s.indexOf('`', p);
      if (open > at + PATIENCE) return TEXT;
      if (open < 0) return final ? TEXT : WAIT;
      const r = run(open);
      if (cut(open + r)) return WAIT;
      if (r === k) return open + r;
      p = open + r;
    }
  };

  const code = (at: number): Found => {
    const end = codeEnd(at);
    if (end <= 0) return end;
    const k = run(at);
    let text = s.slice(at + k, end - k).replace(/\n/g, ' ');
    if (/^ .*\S.* $/.test(text)) text = text.slice(1, -1);
    flush(at);
    into.appendChild(el('code', {}, text));
    return end - at;
  };

  const emphasis = (at: number): Found => {
    const c = s[at]!;
    const k = run(at);
    if (cut(at + k)) return WAIT;
    if (k > 3 || (c === '~' && k !== 2) || depth >= DEPTH) return TEXT;
    if (!/\S/.test(s[at + k] ?? '') || (c === '_' && WORD.test(s[at - 1] ?? before))) return TEXT;
    let codes = true;
    for (let p = at + k; p < s.length && p < at + PATIENCE; ) {
      const r = run(p);
      if (s[p] === '\\') p += 2;
      else if (s[p] === '`' && codes) {
        const end = codeEnd(p);
        if (end === WAIT) return WAIT;
        codes = end > 0;
        p = codes ? end : p + r;
      } else if (s[p] !== c) p++;
      else {
        const end = p + r;
        if ((r === k || r === 3) && /\S/.test(s[p - 1]!)) {
          // One character more tells whether the run is complete, and whether a word goes on.
          if (cut(end)) return WAIT;
          if (c !== '_' || !WORD.test(s[end] ?? '')) {
            flush(at);
            const outer = el(c === '~' ? 'del' : k === 1 ? 'em' : 'strong');
            const inner = k === 3 ? outer.appendChild(el('em')) : outer;
            nested(inner, outer, s.slice(at + k, end - k), c, linked);
            return end - at;
          }
        }
        p = end;
      }
    }
    return final ? TEXT : WAIT;
  };

  /** Where the bracket that opens at `at` closes, counting pairs, or TEXT or WAIT. */
  const closing = (at: number, open: string, close: string): Found => {
    let level = 0;
    for (let p = at; p < s.length && p < at + PATIENCE; p++) {
      if (s[p] === '\\') p++;
      else if (s[p] === open) level++;
      else if (s[p] === close && !--level) return p;
    }
    return final || s.length >= at + PATIENCE ? TEXT : WAIT;
  };

  /** `[n]`, `[words](address)`, and `![words](address)` as a link too: no picture is ever fetched. */
  const link = (at: number): Found => {
    const from = s[at] === '!' ? at + 1 : at;
    if (cut(from)) return WAIT;
    if (s[from] !== '[' || linked) return TEXT;
    const end = closing(from, '[', ']');
    if (end <= 0) return end;
    if (cut(end + 1)) return WAIT;
    if (s[end + 1] === '(') {
      const stop = closing(end + 1, '(', ')');
      if (stop < 0) return WAIT;
      const address = /^\s*<?([^\s<>]+)>?(\s+(["']).*\3)?\s*$/.exec(s.slice(end + 2, stop || end + 2))?.[1];
      const href = address && safeUrl(address);
      if (!href) return TEXT;
      flush(at);
      const made = outward(href);
      nested(made, made, s.slice(from + 1, end), '[', true);
      return stop + 1 - at;
    }
    const n = from === at && /^[1-9]\d?$/.exec(s.slice(at + 1, end));
    if (!n) return TEXT;
    flush(at);
    const mark = el('a', { class: 'cite' }, s.slice(at, end + 1));
    into.appendChild(mark);
    cite(Number(n[0]), mark);
    return end + 1 - at;
  };

  /** An address that stands in the text as it is. */
  const bare = (at: number): Found => {
    if (linked || WORD.test(s[at - 1] ?? before)) return TEXT;
    const rest = s.slice(at, at + PATIENCE);
    if (!final && ('https://'.startsWith(rest) || 'http://'.startsWith(rest))) return WAIT;
    let address = /^https?:\/\/[^\s<>"`]+/.exec(rest)?.[0];
    if (!address) return TEXT;
    if (cut(at + address.length)) return WAIT;
    address = address.replace(/[.,;:!?'*_~\])]+$/, (tail) => (tail[0] === ')' && address!.includes('(') ? ')' : ''));
    const href = safeUrl(address);
    if (!href) return TEXT;
    flush(at);
    const made = outward(href);
    made.textContent = address;
    into.appendChild(made);
    return address.length;
  };

  const mark = (at: number): Found => {
    switch (s[at]) {
      case '\n':
        flush(at);
        into.appendChild(el('br'));
        return 1;
      case '\\':
        if (cut(at + 1)) return WAIT;
        if (!ESCAPABLE.test(s[at + 1] ?? '')) return TEXT;
        flush(at);
        write(into, s[at + 1]!);
        return 2;
      case '`':
        return cut(at + run(at)) ? WAIT : code(at);
      case '!':
      case '[':
        return link(at);
      case 'h':
        return bare(at);
      default:
        return emphasis(at);
    }
  };

  for (let at = 0; ; ) {
    SPECIAL.lastIndex = at;
    const next = SPECIAL.exec(s);
    if (!next) break;
    at = next.index;
    const found = mark(at);
    if (found === WAIT && !final && s.length - at < PATIENCE) {
      flush(at);
      return at;
    }
    if (found > 0) drawn = at += found;
    else at += '`*_~'.includes(s[at]!) ? run(at) : 1;
  }
  flush(s.length);
  return s.length;
}
