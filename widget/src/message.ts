/** One message as the visitor sees it: the question, or an answer with all that belongs to it. */
import type { Source } from './answer';
import { problemOf } from './api';
import { button, el, outward, safeUrl } from './dom';
import { Markdown } from './markdown';
import { problemKey, type Texts } from './texts';

const COPY = 'M9 9V5a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-4M5 9h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2Z';
const THUMB = 'M7 11v9H4a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1h3Zm0 0 4-8a2.5 2.5 0 0 1 2.5 2.5V9H19a2 2 0 0 1 2 2.3l-1.2 7A2 2 0 0 1 17.800 20H7';

const RATINGS = ['up', 'down'] as const;

export interface Ways {
  t: Texts;
  /** Sends a rating; rejects if it was not taken. */
  rate(answer: string, rating: 'up' | 'down', comment?: string): Promise<void>;
  /** Says something to a screen reader. */
  say(words: string): void;
  /** Addresses in sources may be relative to this. */
  base: string;
}

export function question(t: Texts, text: string): HTMLElement {
  return el('div', { class: 'q', dir: 'auto' }, el('span', { class: 'vh' }, `${t('you')}: `), el('span', { class: 'text' }, text));
}

export class AnswerView {
  readonly element: HTMLElement;
  answer: string | undefined;
  text = '';
  readonly body = el('div', { class: 'md', dir: 'auto' });
  readonly #foot = el('div', { class: 'foot' });
  readonly #dots: HTMLElement;
  readonly #markdown: Markdown;
  readonly #cites: [number, HTMLAnchorElement][] = [];
  #list: Source[] = [];
  #timer = 0;

  readonly #ways: Ways;

  constructor(ways: Ways, waiting = false) {
    const { t } = ways;
    this.#ways = ways;
    this.#dots = el('div', { class: 'dots', hidden: !waiting }, el('i'), el('i'), el('i'), el('span', { class: 'vh' }, t('typing')));
    this.element = el('div', { class: 'a', 'aria-live': 'off' }, el('span', { class: 'vh' }, `${t('bot')}: `), this.body, this.#dots, this.#foot);
    this.#markdown = new Markdown(this.body, (n, link) => {
      this.#cites.push([n, link]);
      this.#point(n, link);
    });
  }

  write(words: string): void {
    this.text += words;
    this.#dots.hidden = true;
    this.#markdown.write(words);
  }

  sources(list: Source[]): void {
    this.#list = list;
    for (const [n, link] of this.#cites) this.#point(n, link);
  }

  /** Gives a citation its address, once the source is known. */
  #point(n: number, link: HTMLAnchorElement): void {
    const source = this.#list.find((s) => s.n === n);
    const href = source && safeUrl(String(source.url), this.#ways.base);
    if (href) outward(href, link).title = String(source.title);
  }

  reconnecting(now: boolean): void {
    this.#foot.replaceChildren(...(now ? [el('p', { class: 'note' }, this.#ways.t('reconnecting'))] : []));
  }

  /** Everything has come, or nothing more will. */
  finish(finish: string, rating?: string, retry?: () => void): void {
    const { t } = this.#ways;
    this.settle();
    const notes: Record<string, string> = { stopped: t('stopped'), aborted: t('stopped'), length: t('cut') };
    const note = notes[finish];
    const bar = el('div', { class: 'bar' });
    const parts: Node[] = [];
    if (this.#list.length) parts.push(this.#sourceList());
    if (note) parts.push(el('p', { class: 'note' }, note));
    if (this.text) {
      bar.append(this.#copyButton());
      if (this.answer) parts.push(bar, ...this.#feedback(bar, this.answer, rating));
      else parts.push(bar);
    }
    if (retry && note) parts.push(button(t('retry'), retry, 'retry'));
    this.#foot.replaceChildren(...parts);
  }

  /** What was written stays; below it stands what went wrong, and a way on. */
  fail(error: unknown, retry: () => void): void {
    const { t } = this.#ways;
    const problem = problemOf(error);
    const key = problemKey(problem.code);
    const words = t(key);
    this.settle();
    const again = button(t('retry'), () => this.#timer || retry(), 'retry');
    const note = el('p', { class: 'error' }, words);
    this.#foot.replaceChildren(note, ...(key === 'e_setup' ? [] : [again]));
    this.#ways.say(words);
    if (problem.retryAfter) this.#countDown(again, problem.retryAfter);
  }

  #countDown(again: HTMLButtonElement, seconds: number): void {
    const { t } = this.#ways;
    const until = Date.now() + seconds * 1000;
    const tick = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      if (left > 0 && again.isConnected) {
        // Symbols of the SI: the same in every language.
        const time = left < 100 ? `${left} s` : left < 5400 ? `${Math.ceil(left / 60)} min` : `${Math.ceil(left / 3600)} h`;
        again.textContent = `${t('retry')} (${time})`;
        again.setAttribute('aria-disabled', 'true');
        return;
      }
      clearInterval(this.#timer);
      this.#timer = 0;
      again.textContent = t('retry');
      again.removeAttribute('aria-disabled');
    };
    this.#timer = window.setInterval(tick, 250);
    requestAnimationFrame(tick);
  }

  settle(): void {
    this.#markdown.end();
    this.#dots.hidden = true;
  }

  #sourceList(): HTMLElement {
    const items = this.#list.slice(0, 20).map((source) => {
      const href = safeUrl(String(source.url), this.#ways.base);
      const name = String(source.title || source.url);
      const title = href ? outward(href) : el('span');
      title.append(name);
      title.dir = 'auto';
      const item = el('li', { value: Number(source.n) || undefined }, title);
      if (source.quote) item.append(el('span', { class: 'quote', dir: 'auto' }, String(source.quote)));
      return item;
    });
    return el('div', { class: 'sources' }, el('p', {}, this.#ways.t('sources')), el('ol', {}, ...items));
  }

  #copyButton(): HTMLButtonElement {
    const { t, say } = this.#ways;
    const made = button(t('copy'), async () => {
      await copy(this.text, this.element);
      made.classList.add('done');
      say(t('copied'));
      setTimeout(() => made.classList.remove('done'), 1500);
    }, 'ic', COPY);
    return made;
  }

  #feedback(bar: HTMLElement, answer: string, rating?: string): Node[] {
    const { t, rate, say } = this.#ways;
    const more = el('div', { class: 'more' });
    const thumbs = RATINGS.map((way) => button(t(way), () => choose(way), `ic ${way}`, THUMB));
    const press = (way?: string) => thumbs.forEach((b, i) => b.setAttribute('aria-pressed', String(way === RATINGS[i])));
    const told = (words: string, kind: string) => {
      more.replaceChildren(el('p', { class: kind }, words));
      say(words);
    };
    const choose = async (way: 'up' | 'down') => {
      press(way);
      try {
        await rate(answer, way);
      } catch {
        press(rating);
        return told(t('e_other'), 'error');
      }
      rating = way;
      const words = t('comment');
      const field = el('textarea', { rows: 2, maxlength: 2000, 'aria-label': words, placeholder: words, dir: 'auto' });
      const send = button(t('commentSend'), async () => {
        const comment = field.value.trim();
        try {
          if (comment) await rate(answer, way, comment);
          const held = more.contains((more.getRootNode() as ShadowRoot).activeElement);
          told(t('thanks'), 'note');
          // The button that had the focus is gone: it goes back to the thumb.
          if (held) thumbs[RATINGS.indexOf(way)]!.focus();
        } catch {
          more.append(el('p', { class: 'error' }, t('e_other')));
          say(t('e_other'));
        }
      }, 'small');
      more.replaceChildren(el('p', { class: 'note' }, t('thanks')), field, send);
      // Below the last answer there may be no room for it. (Its end comes to the edge.)
      more.scrollIntoView(false);
      say(`${t('thanks')} ${words}`);
    };
    press(rating);
    bar.append(...thumbs);
    return [more];
  }
}

async function copy(text: string, near: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Not a secure page, or not allowed: the old way.
    const field = el('textarea', { class: 'vh', 'aria-hidden': 'true' });
    field.value = text;
    near.append(field);
    field.select();
    document.execCommand('copy');
    field.remove();
  }
}
