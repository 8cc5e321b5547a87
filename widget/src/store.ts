/**
 * What the widget remembers in the browser. Per site: the visitor's token (an hour long) and the
 * conversation, for all tabs. Per tab: whether the panel is open, and an answer that is still
 * running when the page changes. A browser that forbids storage gets memory that ends with the page.
 */
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
  running?: { question: string; answer?: string; failed?: string };
  draft?: string;
  config?: unknown;
  configAt?: number;
}

export interface Kept<T> {
  get(): T;
  set(change: { [K in keyof T]?: T[K] | undefined }): void;
}

export function kept<T extends object>(which: 'localStorage' | 'sessionStorage', key: string): Kept<T> {
  let memory = {} as T;
  return {
    get() {
      try {
        const found: unknown = JSON.parse(window[which].getItem(key) ?? '{}');
        if (found && typeof found === 'object') return found as T;
      } catch {
        return memory;
      }
      return {} as T;
    },
    set(change) {
      memory = { ...this.get(), ...change };
      try {
        window[which].setItem(key, JSON.stringify(memory));
      } catch {
        // Forbidden or full: this page's memory has it.
      }
    },
  };
}
