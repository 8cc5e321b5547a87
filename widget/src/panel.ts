/**
 * The panel: a dialog that stands beside the page on a wide screen and covers it on a phone (then
 * modal, so that the focus cannot get lost behind it). Knows nothing about answers.
 */
import { button, draw, el } from './dom';
import { BUBBLE, type Handover } from './handover';
import type { Texts } from './texts';

/** Characters (code points) that the service takes. */
export const LONGEST = 4000;
/** From here on the visitor sees how many there are. */
const COUNT_FROM = 3500;

const CLOSE = 'M6 6l12 12M18 6 6 18';
const NEW = 'M12 5v14M5 12h14';
const SEND = 'M12 19V5M6 11l6-6 6 6';
const STOP = 'M7 7h10v10H7z';
const DOWN = 'M12 5v14M6 13l6 6 6-6';

const narrow = () => matchMedia('(max-width: 640px), (max-height: 460px)').matches;

export interface Wishes {
  send(text: string): void;
  stop(): void;
  /** Deletes the conversation; rejects if it still exists. */
  renew(): Promise<void>;
  draft(text: string): void;
  shown(open: boolean): void;
}

export class Panel {
  readonly log: HTMLElement;
  readonly #dialog: HTMLDialogElement;
  readonly #field: HTMLTextAreaElement;
  readonly #count: HTMLElement;
  readonly #go: HTMLButtonElement;
  readonly #halt: HTMLButtonElement;
  readonly #jump: HTMLButtonElement;
  readonly #status = el('div', { class: 'vh', role: 'status' });
  readonly #ask = el('div', { class: 'ask', role: 'group', hidden: true });
  /** What the launcher was told last. (The browser may have closed the dialog since.) */
  shown = false;
  #busy = false;
  /** The visitor reads further up: leave the scroll position alone. */
  #away = false;
  /** Where the log was scrolled to when we last looked. */
  #top = 0;

  readonly #host: Handover;
  readonly #t: Texts;
  readonly #wishes: Wishes;

  constructor(host: Handover, t: Texts, name: string, wishes: Wishes) {
    this.#host = host;
    this.#t = t;
    this.#wishes = wishes;
    const title = name || 'Chat';
    const heading = el('h2', { id: 'pp-title', dir: 'auto' }, title);
    const face = el('span', { class: 'face', 'aria-hidden': 'true' }, [...title.trim()][0]?.toUpperCase() ?? '?');
    const renew = button(t('new'), () => this.#confirm(t('newAsk')), 'ic', NEW);
    const close = button(t('close'), () => this.hide(), 'ic', CLOSE);
    const head = el('header', {}, face, el('div', { class: 'name' }, heading, el('p', {}, t('kind'))), renew, close);

    this.log = el('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': t('log'), tabindex: 0 });
    this.#jump = button(t('latest'), () => this.toEnd(true), 'jump', DOWN);
    this.#jump.hidden = true;
    this.#field = el('textarea', { rows: 1, 'aria-label': t('placeholder'), placeholder: t('placeholder'), dir: 'auto', enterkeyhint: 'send', 'aria-describedby': 'pp-count' });
    this.#count = el('p', { class: 'count', id: 'pp-count', hidden: true });
    this.#go = button(t('send'), () => this.#submit(), 'go', SEND);
    this.#halt = button(t('stop'), () => {
      wishes.stop();
      this.focus();
    }, 'go', STOP);
    this.#halt.hidden = true;
    const form = el('div', { class: 'compose' }, this.#field, this.#go, this.#halt);
    const below = el('div', { class: 'below' }, form, this.#count, el('p', { class: 'notice' }, t('notice')));
    this.#dialog = el('dialog', { class: 'p', 'aria-labelledby': 'pp-title', tabindex: -1 }, head, this.#ask, el('div', { class: 'mid' }, this.log, this.#jump), below, this.#status);
    host.launcher.before(this.#dialog);

    this.#field.addEventListener('input', () => this.#typed());
    this.#field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit();
    });
    // What is typed here is not a shortcut of the page.
    for (const type of ['keydown', 'keypress', 'keyup']) this.#dialog.addEventListener(type, (event) => event.stopPropagation());
    const back = (event: Event) => {
      event.preventDefault();
      if (this.#ask.hidden) this.hide();
      else this.#unask();
    };
    this.#dialog.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.isComposing) back(event);
    });
    // A phone's back button. Not each one may be prevented (HTML, "close watcher"): the dialog can close without us.
    this.#dialog.addEventListener('cancel', back);
    this.#dialog.addEventListener('close', () => this.#dialog.open || this.hide());
    this.log.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    for (const type of ['resize', 'scroll']) window.visualViewport?.addEventListener(type, () => this.#fit());
    addEventListener('resize', () => this.#reshape());
    this.#submittable();
  }

  show(quiet = false): void {
    if (this.#dialog.open) return;
    const before = document.activeElement as HTMLElement | null;
    if (narrow()) this.#dialog.showModal();
    else this.#dialog.show();
    this.#tell(true);
    this.#fit();
    this.#grow();
    this.toEnd();
    if (quiet) {
      // Shown again after a page change: the focus stays where the page has it.
      if (before && before !== document.body) before.focus();
      else (this.#host.root.activeElement as HTMLElement | null)?.blur();
    }
    else this.focus();
  }

  hide(): void {
    if (!this.shown) return;
    this.#dialog.close();
    this.#host.launcher.focus();
    this.#tell(false);
  }

  /** Whether it is open, to the launcher and to the conversation. */
  #tell(open: boolean): void {
    const { launcher } = this.#host;
    this.shown = open;
    launcher.setAttribute('aria-expanded', String(open));
    launcher.setAttribute('aria-label', this.#t(open ? 'close' : 'open'));
    draw(launcher, open ? CLOSE : BUBBLE);
    this.#wishes.shown(open);
  }

  /** A phone that is turned: the dialog becomes modal, or stops being it. */
  #reshape(): void {
    if (!this.#dialog.open || this.#dialog.matches(':modal') === narrow()) return;
    this.#dialog.close();
    this.show(true);
  }

  /** Keeps a full-screen panel within what the phone's keyboard leaves free. */
  #fit(): void {
    const view = window.visualViewport;
    const full = narrow() && view && view.scale < 1.01;
    this.#dialog.style.height = full ? `${view.height}px` : '';
    this.#dialog.style.top = full ? `${view.offsetTop}px` : '';
    if (!this.#away) this.toEnd();
  }

  #grow(): void {
    const { style } = this.#field;
    style.height = '';
    if (this.#dialog.open) style.height = `${this.#field.scrollHeight}px`;
  }

  #typed(): void {
    this.#grow();
    this.#wishes.draft(this.#field.value);
    this.#submittable();
  }

  #submittable(): boolean {
    const text = this.#field.value.trim();
    const n = text.length < COUNT_FROM ? 0 : [...text].length;
    const over = n > LONGEST;
    this.#count.hidden = n < COUNT_FROM;
    this.#count.textContent = n < COUNT_FROM ? '' : `${n} / ${LONGEST}${over ? ` – ${this.#t('e_too_long')}` : ''}`;
    this.#count.classList.toggle('error', over);
    this.#field.setAttribute('aria-invalid', String(over));
    const can = !!text && !over && !this.#busy;
    this.#go.setAttribute('aria-disabled', String(!can));
    return can;
  }

  #submit(): void {
    if (!this.#submittable()) {
      if (this.#count.classList.contains('error')) this.say(this.#count.textContent ?? '');
      return;
    }
    const text = this.#field.value.trim();
    this.write('');
    this.#wishes.send(text);
  }

  write(text: string): void {
    this.#field.value = text;
    this.#typed();
  }

  focus(): void {
    if (!this.#dialog.open) return;
    // A phone's keyboard would cover half of what there is to read.
    if (matchMedia('(pointer: coarse)').matches) this.#dialog.focus();
    else this.#field.focus();
  }

  working(now: boolean): void {
    const held = [this.#go, this.#halt].includes(this.#host.root.activeElement as HTMLButtonElement);
    this.#busy = now;
    this.#go.hidden = now;
    this.#halt.hidden = !now;
    if (held) now ? this.#halt.focus() : this.focus();
    this.#submittable();
  }

  say(words: string): void {
    this.#status.textContent = '';
    // A region that changes at once is not always read.
    setTimeout(() => (this.#status.textContent = words), 50);
  }

  #scrolled(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    // Only an upward move is the visitor's: growing text leaves the position, and the gap, to us.
    if (scrollHeight - scrollTop - clientHeight < 4) this.#away = false;
    else if (scrollTop < this.#top - 1) this.#away = true;
    this.#top = scrollTop;
    this.#jump.hidden = !this.#away;
  }

  /** Follows what is written, unless the visitor is reading further up (or `force`). */
  toEnd(force = false): void {
    this.#scrolled();
    if (this.#away && !force) return;
    this.log.scrollTop = this.log.scrollHeight;
    this.#scrolled();
  }

  /** Asks before it deletes; and again, with other `words`, where that did not work. */
  #confirm(words: string): void {
    const t = this.#t;
    const ask = this.#ask;
    if (!this.log.querySelector('.q')) return this.focus();
    const yes = button(t('newYes'), () => {
      this.#unask();
      this.#wishes.renew().catch(() => this.#confirm(t('e_other')));
    }, 'small');
    ask.replaceChildren(el('p', {}, words), yes, button(t('cancel'), () => this.#unask(), 'chip'));
    ask.setAttribute('aria-label', words);
    ask.hidden = false;
    yes.focus();
    this.say(words);
  }

  #unask(): void {
    this.#ask.hidden = true;
    this.focus();
  }
}
