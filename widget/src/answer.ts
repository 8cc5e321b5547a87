/**
 * One answer, from the question to the last word. A connection that is cut is taken up again where it
 * ended, so that no word is lost or doubled; only when that fails for good does the visitor hear of it.
 */
import { Problem, type Api } from './api';
import { record, records } from './record';
import { readEvents, type ServerEvent } from './sse';

/** The fields `n`, `title`, `url` and `quote`, as they came. */
export type Source = Record<string, unknown>;

/** What is told while an answer comes in. */
export interface Listener {
  started(conversation: string, answer: string): void;
  text(words: string): void;
  sources(list: Source[]): void;
  /** True while a cut connection is being taken up again. */
  reconnecting(now: boolean): void;
}

export type Request = { body: object } | { answer: string };

/** Nothing at all for so long (pings come every second): the connection is dead. Milliseconds. */
const SILENCE = 20_000;
/** Longest wait for the first byte of a reply. Milliseconds. */
const PATIENCE = 60_000;
/** Attempts in a row that bring nothing new before we give up; waits double from 0.4 s to 6.4 s. */
const ATTEMPTS = 6;
/** Status of a problem told by the stream: the answer ends here, no use in asking for the rest. */
const ENDED = -1;

/** Resolves with the answer's `finish`, or `stopped`; throws a `Problem`. */
export async function follow(api: Api, request: Request, listener: Listener, signal: AbortSignal): Promise<string> {
  let answer = 'answer' in request ? request.answer : undefined;
  /** The last event's id; for text it is the answer's length in bytes of UTF-8. */
  let last = 0;
  let failures = 0;
  let finish: string | undefined;
  const encoder = new TextEncoder();

  const hear = ({ event, data, id }: ServerEvent) => {
    const at = id === undefined ? NaN : Number(id);
    if (event === 'start') {
      const start = parsed(data);
      if (typeof start.answer !== 'string') throw new Problem('unavailable');
      if (answer !== start.answer) listener.started(String(start.conversation), (answer = start.answer));
    } else if (event === 'error') {
      const { code, retry_after } = parsed(data);
      throw new Problem(String(code), ENDED, Number(retry_after) || undefined);
    } else if (at <= last) return;
    else if (event === 'delta') {
      let words = String(parsed(data).text ?? '');
      // A replay may be cut into other pieces than we had: take only what is new.
      const bytes = encoder.encode(words);
      const known = last - (at - bytes.length);
      if (known > 0) words = new TextDecoder().decode(bytes.subarray(known));
      listener.text(words);
    } else if (event === 'sources') {
      listener.sources(records(JSON.parse(data)));
    } else if (event === 'done') finish = String(parsed(data).finish ?? 'stop');
    else return;
    if (at > last) last = at;
    failures = 0;
    listener.reconnecting(false);
  };

  for (;;) {
    let wait = Math.min(400 * 2 ** failures, 6400);
    try {
      await attempt(api, answer ? { answer, last } : (request as { body: object }), hear, signal);
      if (finish) return finish;
    } catch (error) {
      if (signal.aborted) return 'stopped';
      if (error instanceof Problem) {
        const passing = error.status === 0 || error.status === 429 || error.status >= 500;
        if (!answer || error.status === ENDED) throw error;
        if (!passing || error.code === 'budget_spent') throw new Problem('interrupted');
        wait = Math.max(wait, Math.min(error.retryAfter ?? 0, 15) * 1000);
      }
      if (finish) return finish;
    }
    if (!answer || failures++ >= ATTEMPTS) throw new Problem(answer ? 'interrupted' : 'offline');
    listener.reconnecting(true);
    await pause(wait, signal);
    if (signal.aborted) return 'stopped';
  }
}

async function attempt(api: Api, what: { answer: string; last: number } | { body: object }, hear: (e: ServerEvent) => void, signal: AbortSignal): Promise<void> {
  const watch = new AbortController();
  // (An attempt that is over is not harmed by it.)
  const stop = () => watch.abort();
  let timer = setTimeout(stop, PATIENCE);
  signal.addEventListener('abort', stop);
  const call = { signal: watch.signal };
  const response =
    'body' in what
      ? await api.call('chat', { ...call, body: what.body })
      : await api.call(`answers/${encodeURIComponent(what.answer)}/events`, { ...call, lastEvent: what.last });
  if (!response.body || !response.headers.get('Content-Type')?.includes('event-stream')) throw new Problem('unavailable', 502);
  await readEvents(response.body, hear, () => {
    clearTimeout(timer);
    timer = setTimeout(stop, SILENCE);
  });
}

function parsed(data: string): Record<string, unknown> {
  return record(JSON.parse(data));
}

/** Waits, but goes on at once when the device is back online. */
function pause(ms: number, signal: AbortSignal): Promise<unknown> {
  return new Promise((go) => {
    setTimeout(go, navigator.onLine ? ms : Math.max(ms, 10_000));
    addEventListener('online', go, { once: true });
    signal.addEventListener('abort', go);
  });
}
