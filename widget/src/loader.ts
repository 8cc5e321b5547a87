/**
 * The loader: all that a page pays for until a visitor shows interest. It draws the launcher at
 * once, asks the network for nothing, and fetches the chat when a pointer, a finger or the focus
 * comes near: from beside its own address, or from where the tag says (optimisers keep a copy of
 * this file elsewhere, without the chat).
 */
import css from './loader.css';
import { BUBBLE, type Handover } from './handover';

/** Hash of chat.js, put in by build.mjs. */
declare const CHAT_HASH: string;

/** The launcher's name before the chat (and with it the site's own words) is there. */
const LABELS: Record<string, string> = { en: 'Open chat', de: 'Chat öffnen', fr: 'Ouvrir le chat', es: 'Abrir el chat' };

/** The script element that we are in; optimisers that join scripts leave only the attributes. */
function ownScript(): HTMLScriptElement | null {
  const current = document.currentScript as HTMLScriptElement | null;
  const marked = (script: HTMLScriptElement | null) => script?.src && (script.dataset.site ?? script.dataset.api) != null;
  return marked(current) ? current : document.querySelector('script[src][data-site],script[src][data-api]');
}

function start(script: HTMLScriptElement): void {
  const own = new URL(script.src);
  const data = script.dataset;
  // No more than who wrote `src` may do anyway: both stand in the same tag.
  const chat = new URL(data.chat || 'chat.js', own);
  chat.searchParams.set('v', CHAT_HASH);
  const page = document.documentElement;
  const locale = data.locale || page.lang || '';
  const label = LABELS[locale.slice(0, 2).toLowerCase()] ?? LABELS.en!;

  const host = document.createElement('pennypress-widget');
  const root = host.attachShadow({ mode: 'open' });
  const frame = document.createElement('aside');
  frame.setAttribute('aria-label', 'Chat');
  const launcher = document.createElement('button');
  launcher.type = 'button';
  launcher.className = 'l';
  launcher.setAttribute('aria-label', label);
  launcher.setAttribute('aria-haspopup', 'dialog');
  launcher.setAttribute('aria-expanded', 'false');
  const svg = launcher.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'svg'));
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = svg.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'path'));
  path.setAttribute('d', BUBBLE);
  frame.append(launcher);
  root.append(frame);

  let wanted = false;
  let quietly = false;
  let loading = false;

  const shared: Handover = {
    root,
    launcher,
    site: data.site ?? '',
    api: new URL(data.api || '/api/v1/', own).href,
    locale,
    style(text) {
      try {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(text);
        root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
      } catch {
        // A browser before constructable sheets (Safari 16.3 and older).
        root.appendChild(document.createElement('style')).textContent = text;
      }
    },
    open() {
      if (shared.toggle) return shared.toggle(true);
      wanted = true;
      quietly = false;
      fetchChat();
    },
  };

  function fetchChat(): void {
    if (loading || shared.toggle) return;
    loading = true;
    path.setAttribute('d', BUBBLE);
    const next = document.createElement('script');
    let address = chat.href;
    try {
      // Pages that require Trusted Types refuse a plain string here.
      const types = (window as unknown as { trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } } }).trustedTypes;
      if (types) address = types.createPolicy('pennypress', { createScriptURL: (url: string) => url }).createScriptURL(address);
    } catch {
      // The page's policy list does not name us: the plain string is tried.
    }
    next.nonce = script.nonce;
    next.src = address;
    next.onload = () => {
      loading = false;
      settle();
    };
    next.onerror = () => {
      loading = false;
      next.remove();
      // A mark of exclamation; the next click tries again.
      if (wanted) path.setAttribute('d', 'M12 5v9M12 18h.01');
      settle();
    };
    if (wanted) launcher.setAttribute('aria-busy', 'true');
    document.head.append(next);
  }

  function settle(): void {
    launcher.removeAttribute('aria-busy');
    if (wanted) shared.toggle?.(true, quietly);
    wanted = false;
  }

  for (const sign of ['pointerenter', 'focus', 'touchstart']) launcher.addEventListener(sign, fetchChat, { passive: true });
  launcher.addEventListener('click', () => {
    if (shared.toggle) return shared.toggle(launcher.getAttribute('aria-expanded') !== 'true');
    shared.open();
    if (loading) launcher.setAttribute('aria-busy', 'true');
  });

  shared.style(css);
  window.Pennypress = shared;

  // The site's colours, as the tag names them and as this tab knows them since the chat was there.
  const paint = (colours: { accent?: unknown; onAccent?: unknown }) => {
    for (const [name, value] of [['--a', colours.accent], ['--o', colours.onAccent]]) if (typeof value === 'string') host.style.setProperty(name as string, value);
  };
  paint(data);

  // A panel that stood open on the last page of this tab, or an answer that was running, comes back.
  try {
    const kept = JSON.parse(sessionStorage.getItem(`pennypress:${shared.site}`) ?? '{}');
    paint(kept);
    if (kept.open && innerWidth > 640) {
      wanted = quietly = true;
      fetchChat();
    }
  } catch {
    // No storage, or not ours: the launcher simply waits for the visitor.
  }

  const place = () => host.isConnected || document.body?.append(host);
  place();
  if (!document.body) addEventListener('DOMContentLoaded', place);
  // Sites that swap the whole body on navigation (Turbo and its like) keep their launcher.
  new MutationObserver(place).observe(page, { childList: true });
}

const script = ownScript();
if (script && !window.Pennypress?.root) start(script);
