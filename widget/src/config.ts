/** What the site's operator set for the widget, checked field by field: the network is not trusted. */
import { json, type Api } from './api';
import { record } from './record';
import type { Kept, Tab } from './store';

export interface Config {
  name: string;
  greeting: string;
  suggestions: string[];
  accent: string;
  onAccent: string;
  locale: string;
  texts: Record<string, unknown>;
}

/** A page change within this time uses what was fetched before (milliseconds). */
const FRESH = 5 * 60_000;
/** A visitor who clicked waits no longer for it (milliseconds). */
const PATIENCE = 2000;

/** Does not fail, and not wait for long: the chat works without, in our own words and colours. */
export async function loadConfig(api: Api, tab: Kept<Tab>): Promise<Config> {
  const { config, configAt } = tab.get();
  if (config && Date.now() - (configAt ?? 0) < FRESH) return checked(config);
  const fetched = api.call('widget', { anonymous: true }).then(json).then((config) => {
    // If it is late, the next page has it.
    tab.set({ config, configAt: Date.now() });
    return config;
  });
  return checked(await Promise.race([fetched.catch(() => config), new Promise((late) => setTimeout(late, PATIENCE, config))]));
}

function checked(raw: unknown): Config {
  const from = record(raw);
  const colours = record(from.colours);
  const list: unknown[] = Array.isArray(from.suggestions) ? from.suggestions : [];
  return {
    name: text(from.name),
    greeting: text(from.greeting),
    suggestions: list.map(text).filter((s) => s.trim()).slice(0, 6),
    accent: colour(colours.accent, '#1d4ed8'),
    onAccent: colour(colours.on_accent, '#fff'),
    locale: text(from.locale),
    texts: record(from.texts),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function colour(value: unknown, usual: string): string {
  return /^#([\da-f]{3}){1,2}$/i.test(text(value)) ? text(value) : usual;
}
