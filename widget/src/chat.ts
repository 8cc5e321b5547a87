/**
 * The chat itself, fetched by the loader when a visitor shows interest. This file is the way of a
 * conversation: begin, ask, follow the answer, remember, come back after a page change.
 */
import css from './chat.css';
import { Api, json, patient, Problem, problemOf } from './api';
import { follow, type Request, type Source } from './answer';
import { loadConfig } from './config';
import { button, el } from './dom';
import type { Handover } from './handover';
import { AnswerView, question, type Ways } from './message';
import { Panel } from './panel';
import { records } from './record';
import { kept, type Site, type Tab } from './store';
import { texts } from './texts';

async function begin(host: Handover): Promise<void> {
  const key = `pennypress:${host.site}`;
  const site = kept<Site>('localStorage', key);
  const tab = kept<Tab>('sessionStorage', key);
  const api = new Api(host.api, host.site, site);
  host.style(css);

  // A click meanwhile is not lost.
  let wish: Parameters<NonNullable<Handover['toggle']>> | undefined;
  host.toggle = (...asked) => {
    wish = asked;
  };
  const config = await loadConfig(api, tab);
  const own = host.root.host as HTMLElement;
  own.style.setProperty('--a', config.accent);
  own.style.setProperty('--o', config.onAccent);
  tab.set({ accent: config.accent, onAccent: config.onAccent });
  const locale = host.locale || config.locale || 'en';
  const t = texts(locale, config.texts);
  own.lang = locale;
  own.dir = /^(ar|he|fa|ur|ps|sd|ug|yi|dv|ckb)\b/i.test(locale) ? 'rtl' : 'ltr';

  let running: AbortController | undefined;
  let restored = false;
  /** What stands here is of a visitor whose token ran out too long ago: the service keeps it. */
  let lost = false;

  const panel = new Panel(host, t, config.name, {
    send: (text) => void ask(text),
    stop: () => running?.abort(),
    draft: (draft) => tab.set({ draft: draft.slice(0, 8000) }),
    shown(open) {
      tab.set({ open });
      if (open && !restored) void restore();
    },
    async renew() {
      const { conversation } = site.get();
      running?.abort();
      if (conversation) {
        await api.call(`conversations/${encodeURIComponent(conversation)}`, { method: 'DELETE' }).catch((error: unknown) => {
          if (problemOf(error).status !== 404) throw error;
          lost = true;
        });
      }
      site.set({ conversation: undefined });
      tab.set({ running: undefined });
      greet();
      if (lost) show(el('p', { class: 'error' }, t('kept')));
      lost = false;
    },
  });

  const ways: Ways = {
    t,
    base: host.api,
    say: (words) => panel.say(words),
    async rate(answer, rating, comment) {
      await api.call('feedback', { body: { answer, rating, comment } });
    },
  };

  const show = (...parts: HTMLElement[]) => {
    panel.log.append(...parts);
    panel.toEnd(true);
  };

  /** A button asked it: the focus goes on to where it is of use. */
  const again = (text: string, old?: AnswerView) => {
    panel.focus();
    void ask(text, old);
  };

  /** Shows what went wrong where no answer stands, and a way on. */
  function fail(error: unknown, retry: (view: AnswerView) => void): void {
    const view = new AnswerView(ways);
    show(view.element);
    view.fail(error, () => retry(view));
  }

  /** An empty conversation: the greeting, and questions to begin with. */
  function greet(): void {
    const view = new AnswerView(ways);
    view.write(config.greeting || t('greeting'));
    panel.log.replaceChildren(view.element);
    if (config.suggestions.length) {
      const list = el('div', { class: 'chips' });
      for (const text of config.suggestions) {
        const chip = button(text, () => again(text), 'chip');
        chip.dir = 'auto';
        list.append(chip);
      }
      panel.log.append(list);
    }
    view.settle();
  }

  /** Ends, or forgets, an answer or a history that is coming. */
  function leave(): void {
    running?.abort();
    running = undefined;
    panel.working(false);
  }

  /** Asks, and shows what comes. `old` is an earlier attempt, which makes room. */
  async function ask(text: string, old?: AnswerView): Promise<void> {
    if (running) return;
    panel.log.querySelector('.chips')?.remove();
    if (old) old.element.remove();
    else show(question(t, text));
    tab.set({ running: { question: text } });
    const body = {
      message: text,
      conversation: site.get().conversation ?? null,
      page: { url: location.href.slice(0, 2000), title: document.title.slice(0, 300) },
      locale,
      stream: true,
    };
    await answer({ body }, text);
  }

  async function answer(request: Request, text: string): Promise<void> {
    const view = new AnswerView(ways, true);
    const mine = (running = new AbortController());
    if ('answer' in request) view.answer = request.answer;
    let cameLate = false;
    panel.working(true);
    show(view.element);
    panel.say(t('typing'));
    const retry = () => again(text, view);
    try {
      const finish = await follow(
        api,
        request,
        {
          started(conversation, id) {
            view.answer = id;
            site.set({ conversation });
            tab.set({ running: { question: text, answer: id } });
          },
          text(words) {
            view.write(words);
            panel.toEnd();
          },
          sources: (list: Source[]) => view.sources(list),
          reconnecting(now) {
            if (cameLate !== now) view.reconnecting((cameLate = now));
            panel.toEnd();
          },
        },
        mine.signal,
      );
      if (running !== mine) return;
      tab.set({ running: undefined });
      view.finish(finish, undefined, retry);
      panel.say(view.body.textContent ?? '');
    } catch (error) {
      if (running !== mine) return;
      const { code } = problemOf(error);
      if (code === 'unknown_conversation' && site.get().conversation) {
        // The token ran out meanwhile: the question begins a new conversation.
        lost = true;
        site.set({ conversation: undefined });
        running = undefined;
        return ask(text, view);
      }
      // Kept, so that the next page can take it up again.
      tab.set({ running: { question: text, answer: view.answer, failed: code } });
      view.fail(error, retry);
    }
    leave();
    panel.toEnd();
  }

  /** Brings back what was said before a page change, and an answer that was still being written. */
  async function restore(): Promise<void> {
    restored = true;
    lost = false;
    const { conversation } = site.get();
    const { running: left, draft } = tab.get();
    panel.write(draft ?? '');
    greet();
    let messages = records([]);
    if (conversation && api.known()) {
      const mine = (running = patient());
      panel.working(true);
      panel.log.replaceChildren(new AnswerView(ways, true).element);
      try {
        const found = await json(await api.call(`conversations/${encodeURIComponent(conversation)}`, mine));
        if (running !== mine) return;
        messages = records(found.messages);
        greet();
      } catch (error) {
        if (running !== mine) return;
        greet();
        if (problemOf(error).status === 404) site.set({ conversation: undefined });
        else fail(error, () => void restore());
      }
      leave();
    } else if (conversation) site.set({ conversation: undefined, token: undefined });

    let asked = '';
    let answered = true;
    for (const message of messages) {
      const text = String(message.text ?? '');
      if (message.role === 'user') {
        show(question(t, (asked = text)));
        answered = false;
        continue;
      }
      if (left?.answer && message.answer === left.answer) continue;
      const view = new AnswerView(ways);
      view.answer = message.answer as string;
      view.write(text);
      view.sources(records(message.sources));
      view.finish(String(message.finish), message.rating as string);
      show(view.element);
      answered = true;
    }
    if (messages.length || left) panel.log.querySelector('.chips')?.remove();
    if (!left) return;
    if (answered || asked !== left.question) show(question(t, left.question));
    if (left.answer) return answer({ answer: left.answer }, left.question);
    fail(new Problem(left.failed ?? 'interrupted'), (view) => again(left.question, view));
  }

  // The token lives an hour; while a conversation stands here it must not run out.
  setInterval(() => {
    if (restored && site.get().conversation) api.token().catch(() => {});
  }, 240_000);
  // Back and forward may bring a page as it was left; since then more was said, or all was deleted.
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    leave();
    restored = false;
    if (panel.shown) void restore();
  });
  host.toggle = (shown, quiet) => (shown ? panel.show(quiet) : panel.hide());
  if (wish) host.toggle(...wish);
}

const host = window.Pennypress;
if (host && !host.toggle) void begin(host);
