/**
 * What the widget remembers in the browser. Per site: the visitor's token (an hour long) and the
 * conversation, for all tabs. Per tab: whether the panel is open, and an answer that is still
 * running when the page changes. Where storage is forbidden or full, memory has it until the page ends.
 */
import { record } from './record';

export interface Site {
  token?: string;
  /** When the token ends, in milliseconds since 1970. */
  expires?: number;
  conversation?: string;
}

export interface Tab {
  open?: boolean;
  accent?: string;
  onAccent?: string;
  /** A question without its whole answer. `answer`: the service has begun one; `failed`: the problem's code. */
  running?: { question: string; answer?: string | undefined; failed?: string };
  draft?: string;
  config?: unknown;
  configAt?: number;
}

export interface Kept<T> {
  get(): T;
  set(change: { [K in keyof T]?: T[K] | undefined }): void;
}

export function kept<T extends object>(which: 'localStorage' | 'sessionStorage', key: string): Kept<T> {
  /** What could not be written. It is newer than what is stored. */
  let memory: T | undefined;
  return {
    get() {
      try {
        return memory ?? (record(JSON.parse(window[which].getItem(key)!)) as T);
      } catch {
        return {} as T;
      }
    },
    set(change) {
      memory = { ...this.get(), ...change };
      try {
        window[which].setItem(key, JSON.stringify(memory));
        memory = undefined;
      } catch {
        // Forbidden or full: this page's memory has it.
      }
    },
  };
}
