/** Calls of the service: addresses, the visitor's token, and problems as one kind of error. */
import { isRecord } from './record';
import type { Kept, Site } from './store';

/** What went wrong, by the contract's stable code; words for the visitor are in `texts.ts`. */
export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly status = 0,
    /** Seconds after which another try makes sense. */
    readonly retryAfter?: number,
  ) {
    super(code);
  }
}

/** What was thrown, as a problem. */
export function problemOf(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem('other');
}

export interface Call {
  /** Unless named: POST where there is a body, else GET. */
  method?: string;
  body?: object;
  /** Without one the call is patient for a while only. */
  signal?: AbortSignal;
  /** The last event seen of the answer that is resumed. */
  lastEvent?: number;
  /** Call without the visitor's token (it is what the call is for, or not needed). */
  anonymous?: boolean;
}

/** Longest wait for what comes in one piece (milliseconds). */
const PATIENCE = 15_000;

/** For a call that gives up by itself. (`AbortSignal.timeout` needs Safari 16.) */
export function patient(): AbortController {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), PATIENCE);
  return controller;
}

/** A token that ends sooner than this is renewed first (milliseconds). */
const MARGIN = 600_000;

export class Api {
  readonly #kept: Kept<Site>;
  #renewing: Promise<string> | undefined;

  constructor(
    readonly base: string,
    readonly site: string,
    kept: Kept<Site>,
  ) {
    this.#kept = kept;
  }

  /** `base` may hold a query already (WordPress with plain permalinks), so further ones are appended. */
  url(path: string): string {
    const url = this.base + path;
    if (!this.site) return url;
    return `${url}${url.includes('?') ? '&' : '?'}site=${encodeURIComponent(this.site)}`;
  }

  /** True while the kept token is accepted, and with it the kept conversation can be read. */
  known(): boolean {
    const { token, expires } = this.#kept.get();
    return !!token && (expires ?? 0) > Date.now() + 5000;
  }

  /** The visitor's token, asked for or renewed when need be. */
  token(): Promise<string> {
    const { token, expires } = this.#kept.get();
    if (token && (expires ?? 0) > Date.now() + MARGIN) return Promise.resolve(token);
    return (this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined)));
  }

  async #renew(): Promise<string> {
    // One that has run out still tells the service for a day who it was.
    const response = await this.#once('visitors', { body: {} }, this.#kept.get().token);
    const made = await json(response);
    if (typeof made.token !== 'string') throw new Problem('unavailable');
    const expires = Date.now() + (Number(made.expires_in) || 3600) * 1000;
    this.#kept.set({ token: made.token, expires });
    return made.token;
  }

  /** One call; an outdated token is replaced once. A response that is not a success is thrown as a `Problem`. */
  async call(path: string, call: Call = {}): Promise<Response> {
    for (let again = false; ; again = true) {
      const token = call.anonymous ? undefined : await this.token();
      try {
        return await this.#once(path, call, token);
      } catch (error) {
        if (again || call.anonymous || !(error instanceof Problem) || error.code !== 'invalid_token') throw error;
        if (this.#kept.get().token === token) this.#kept.set({ expires: 0 });
      }
    }
  }

  async #once(path: string, call: Call, token?: string): Promise<Response> {
    const { body, method = body ? 'POST' : 'GET', signal = patient().signal, lastEvent } = call;
    const headers: Record<string, string> = {};
    if (token) headers['X-Pennypress-Visitor'] = token;
    if (body) headers['Content-Type'] = 'application/json';
    if (lastEvent !== undefined) headers['Last-Event-ID'] = String(lastEvent);
    let response: Response;
    try {
      response = await fetch(body ? this.base + path : this.url(path), {
        method,
        headers,
        cache: 'no-store',
        ...(body && { body: JSON.stringify(this.site ? { site: this.site, ...body } : body) }),
        signal,
      });
    } catch (error) {
      if (call.signal?.aborted) throw error;
      throw new Problem(signal.aborted ? 'unavailable' : 'offline');
    }
    if (!response.ok) throw await problem(response);
    return response;
  }
}

export async function json(response: Response): Promise<Record<string, unknown>> {
  // What is not JSON is the same as any other answer that is not the service's.
  const value: unknown = await response.json().catch(() => {});
  if (isRecord(value)) return value;
  throw new Problem('unavailable', response.status);
}

async function problem(response: Response): Promise<Problem> {
  const { status } = response;
  const body = await json(response).catch((): Record<string, unknown> => ({}));
  const guess = status === 429 ? 'rate_limited' : status === 413 ? 'too_long' : status >= 500 ? 'unavailable' : 'refused';
  const after = Number(body.retry_after ?? response.headers.get('Retry-After') ?? NaN);
  return new Problem(typeof body.code === 'string' ? body.code : guess, status, after > 0 ? Math.ceil(after) : undefined);
}
