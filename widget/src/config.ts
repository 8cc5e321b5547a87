/** What the site's operator set for the widget, checked field by field: the network is not trusted. */
import { json, type Api } from './api';
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

export async function loadConfig(api: Api, tab: Kept<Tab>): Promise<Config> {
  const { config, configAt } = tab.get();
  if (config && Date.now() - (configAt ?? 0) < FRESH) return checked(config);
  try {
    const fetched = await json(await api.call('widget', { anonymous: true }));
    tab.set({ config: fetched, configAt: Date.now() });
    return checked(fetched);
  } catch {
    // The chat works without: our own words and colours.
    return checked(config ?? {});
  }
}

function checked(raw: unknown): Config {
  const from = record(raw);
  const colours = record(from.colours);
  const accent = colour(colours.accent) ?? '#1d4ed8';
  const onAccent = colour(colours.on_accent) ?? '#ffffff';
  const list: unknown[] = Array.isArray(from.suggestions) ? from.suggestions : [];
  return {
    name: text(from.name),
    greeting: text(from.greeting),
    suggestions: list.map(text).filter((s) => s.trim()).slice(0, 6),
    accent,
    onAccent: contrast(accent, onAccent) >= 4.5 ? onAccent : contrast(accent, '#ffffff') >= 4.5 ? '#ffffff' : '#000000',
    locale: text(from.locale),
    texts: record(from.texts),
  };
}

function record(value: unknown): Record<string, unknown> {
  return value && typeof value === 'object' ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** `#rrggbb` from `#rgb` or `#rrggbb`; anything else is no colour. */
function colour(value: unknown): string | undefined {
  const hex = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(text(value))?.[1];
  if (!hex) return undefined;
  return `#${hex.length === 3 ? hex.replace(/./g, '$&$&') : hex}`;
}

/** Contrast ratio as in WCAG 2, so that letters on the accent can be read whatever was set. */
function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const part = (at: number) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}
