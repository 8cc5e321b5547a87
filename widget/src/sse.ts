/**
 * Server-sent events from a fetch stream (the browser's own EventSource can neither POST nor send
 * a visitor's token). As in the HTML standard: lines end in CR, LF or both, wherever chunks are cut.
 */
export interface ServerEvent {
  event: string;
  data: string;
  id: string | undefined;
}

/** An event longer than this is not ours: 4 MiB. */
const LONGEST = 4 << 20;

/** Takes text as it comes and calls `onEvent` for each complete event. */
export function eventParser(onEvent: (event: ServerEvent) => void): (text: string) => void {
  let rest = '';
  /** Where the search for a line's end goes on, so that long lines are not read again and again. */
  let seen = 0;
  let skipLf = false;
  let event = '';
  let data: string[] = [];
  let size = 0;
  let id: string | undefined;

  const line = (text: string) => {
    if (!text) {
      if (data.length) onEvent({ event: event || 'message', data: data.join('\n'), id });
      event = '';
      data = [];
      size = 0;
      return;
    }
    const colon = text.indexOf(':');
    const name = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(text[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'event') event = value;
    else if (name === 'data') {
      data.push(value);
      size += value.length;
    } else if (name === 'id' && !value.includes('\0')) id = value;
  };

  return (text) => {
    rest += text;
    const end = /\r\n?|\n/g;
    let from = 0;
    if (skipLf && rest) {
      // The LF of a CRLF that was cut in two.
      if (rest[0] === '\n') from = seen = 1;
      skipLf = false;
    }
    end.lastIndex = seen;
    for (let found; (found = end.exec(rest)); ) {
      const stop = found.index;
      const next = end.lastIndex;
      skipLf = found[0] === '\r' && next === rest.length;
      line(rest.slice(from, stop));
      from = next;
    }
    rest = rest.slice(from);
    seen = rest.length;
    if (rest.length + size > LONGEST) throw new Error('event too long');
  };
}

/** Reads `body` to its end; `alive` is called whenever anything arrives, comments too. */
export async function readEvents(body: ReadableStream<Uint8Array>, onEvent: (event: ServerEvent) => void, alive: () => void): Promise<void> {
  const parse = eventParser(onEvent);
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      parse(decoder.decode(value, { stream: true }));
    }
  } finally {
    // Leaving early (an error event, a stop) must end the request too.
    reader.cancel().catch(() => {});
  }
}
