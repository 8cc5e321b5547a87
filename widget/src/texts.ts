/**
 * Every word that the widget shows, by key: `texts/en.json` and its translations. A site overrides
 * them with `texts` in its configuration.
 */
import { KEYS, TABLES } from 'pennypress:texts';
import type en from './texts/en.json';

export type Key = keyof typeof en;
export type Texts = (key: Key) => string;

/** The words for `locale`; a site's own (from its configuration) come first. */
export function texts(locale: string, own: Record<string, unknown>): Texts {
  const table = (TABLES[locale.slice(0, 2).toLowerCase()] ?? TABLES.en!).split('|');
  return (key) => {
    const mine = own[key];
    return typeof mine === 'string' && mine ? mine : table[KEYS.indexOf(key)]!;
  };
}

/** What a visitor is told about a problem with this code. */
export function problemKey(code: string): Key {
  if (/^(origin_not_allowed|unknown_site|bad_signature|invalid_token)$/.test(code)) return 'e_setup';
  const key = `e_${code}`;
  return KEYS.includes(key as Key) ? (key as Key) : 'e_other';
}
