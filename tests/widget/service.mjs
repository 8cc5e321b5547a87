// A small stand-in for the service, as the widget sees it: the same calls, events and problems, but a
// test decides what is answered, how fast, and when a connection is cut.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = join(dirname(fileURLToPath(import.meta.url)), '../../widget/dist');

/** The default page: a heading, a field, and the script tag. */
const page = (tag, extra = '') => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">${extra}</head>
<body><main><h1>A shop</h1><p>Words of the page.</p><p><a href="/other">Another page</a></p>
<label>Search <input id="search"></label></main>${tag}</body></html>`;

export class FakeService {
  /** What the next answers are: see `Script` in `stream`. A function of the body may stand here too. */
  script = { words: ['Hello ', 'there', '.'], gap: 20 };
  config = { site: 'site_demo', name: 'Example', greeting: 'Hi! Ask me anything.', suggestions: ['How do I install it?'], colours: { accent: '#1d4ed8', on_accent: '#ffffff' }, locale: 'en', texts: {} };
  csp = undefined;
  title = undefined;
  /** Everything that was asked, oldest first: {method, path, query, body, headers, at}. */
  requests = [];
  conversations = new Map();
  answers = new Map();
  feedback = [];
  /** Problems to give instead, by the path's first part: {status, code, retry_after, times}, or {until}: no word before. */
  problems = {};
  tokens = new Set();
  tokenLife = 3600;
  tag = (origin) => `<script async src="${origin}/widget.js" data-site="site_demo"></script>`;
  sockets = new Set();
  counter = 0;

  async start() {
    this.server = createServer((request, response) => {
      this.handle(request, response).catch((error) => {
        console.error('fake service:', error);
        response.destroy();
      });
    });
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.origin = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async stop() {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }

  asked(path, method) {
    return this.requests.filter((r) => r.path.startsWith(path) && (!method || r.method === method));
  }

  async handle(request, response) {
    const url = new URL(request.url, this.origin);
    let raw = '';
    for await (const chunk of request) raw += chunk;
    let path = url.pathname;
    // The loader may lie elsewhere too, alone: as copies do that an optimiser made.
    if (path.endsWith('/widget.js') || path === '/chat.js') {
      this.requests.push({ method: 'GET', path, query: url.search, at: Date.now() });
      if (this.problems[path]) {
        response.writeHead(503).end();
        return;
      }
      response.writeHead(200, { 'Content-Type': 'text/javascript; charset=utf-8' });
      response.end(await readFile(join(dist, path.split('/').pop())));
      return;
    }
    const rest = url.searchParams.get('rest_route');
    if (rest) path = rest.replace('/pennypress/v1/', '/api/v1/');
    if (!path.startsWith('/api/v1/')) {
      const headers = { 'Content-Type': 'text/html; charset=utf-8' };
      if (this.csp) headers['Content-Security-Policy'] = this.csp(this.origin);
      response.writeHead(path === '/favicon.ico' ? 404 : 200, headers);
      response.end(path === '/favicon.ico' ? '' : page(this.tag(this.origin), this.extra ?? ''));
      return;
    }
    path = path.slice('/api/v1/'.length);
    const body = raw ? JSON.parse(raw) : undefined;
    const token = request.headers['x-pennypress-visitor'];
    const entry = { method: request.method, path, query: url.search, body, headers: request.headers, token, at: Date.now() };
    this.requests.push(entry);
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Allow-Headers', '*');
    response.setHeader('Access-Control-Allow-Methods', '*');
    if (request.method === 'OPTIONS') return void response.writeHead(204).end();
    const first = path.split('/')[0];
    const wrong = this.problems[first];
    if (wrong && (wrong.times ?? 1) > 0) {
      wrong.times = (wrong.times ?? 1) - 1;
      await wrong.until;
      if (wrong.raw) return void response.writeHead(wrong.status, { 'Content-Type': 'text/html' }).end(wrong.raw);
      if (wrong.status) return this.problem(response, wrong.status, wrong.code, wrong.retry_after);
    }
    if (first !== 'visitors' && token !== undefined && !this.tokens.has(token)) return this.problem(response, 401, 'invalid_token');
    if (first === 'widget') return this.json(response, this.config);
    if (first === 'visitors') {
      // A token that is none of ours is as good as none.
      const made = this.tokens.has(token) ? token : `t_${++this.counter}`;
      this.tokens.add(made);
      return this.json(response, { visitor: `v_${made}`, token: made, expires_in: this.tokenLife });
    }
    if (first === 'chat') return this.chat(body, token, response);
    if (first === 'answers') return this.resume(path.split('/')[1], Number(request.headers['last-event-id'] ?? -1), response);
    if (first === 'feedback') {
      this.feedback.push(body);
      return void response.writeHead(204).end();
    }
    if (first === 'conversations') {
      const id = path.split('/')[1];
      const found = this.conversations.get(id);
      if (!found || found.token !== token) return this.problem(response, 404, 'unknown_conversation');
      if (request.method === 'DELETE') {
        this.conversations.delete(id);
        return void response.writeHead(204).end();
      }
      return this.json(response, { conversation: id, messages: found.messages });
    }
    return this.problem(response, 404, 'not_found');
  }

  json(response, value) {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
  }

  problem(response, status, code, retry_after) {
    response.writeHead(status, { 'Content-Type': 'application/problem+json', ...(retry_after && { 'Retry-After': String(retry_after) }) });
    response.end(JSON.stringify({ type: 'about:blank', title: code, status, code, detail: 'detail for programmers', ...(retry_after && { retry_after }) }));
  }

  /** Script: {words, gap (ms), sources, finish, error: {after, code, retry_after}, cut: [word indexes], from}. */
  async chat(body, token, response) {
    let conversation = body.conversation;
    if (conversation && this.conversations.get(conversation)?.token !== token) return this.problem(response, 404, 'unknown_conversation');
    conversation ??= `c_${++this.counter}`;
    if (!this.conversations.has(conversation)) this.conversations.set(conversation, { token, messages: [] });
    const { messages } = this.conversations.get(conversation);
    messages.push({ role: 'user', text: body.message });
    const script = typeof this.script === 'function' ? this.script(body) : this.script;
    const id = `a_${++this.counter}`;
    const answer = { id, conversation, events: [], over: false, readers: new Set(), cuts: [...(script.cut ?? [])], gone: script.gone };
    this.answers.set(id, answer);
    this.produce(answer, script, messages);
    return this.follow(answer, -1, response);
  }

  async produce(answer, script, messages) {
    const put = (id, event, data) => {
      answer.events.push({ id, event, data });
      for (const wake of answer.readers) wake();
    };
    put(0, 'start', { conversation: answer.conversation, answer: answer.id, from: 'model' });
    await later(script.before ?? 0);
    let length = 0;
    let text = '';
    for (const [i, word] of script.words.entries()) {
      if (script.error?.after === i) {
        put(length + 2, 'error', { code: script.error.code, message: 'for programmers', retry_after: script.error.retry_after });
        answer.over = true;
        return;
      }
      text += word;
      length += Buffer.byteLength(word);
      put(length, 'delta', { text: word });
      if (script.gap) await later(script.gap);
      while (answer.paused) await later(10);
    }
    const sources = script.sources;
    if (sources) put(length + 1, 'sources', sources);
    messages.push({ role: 'assistant', text, answer: answer.id, ...(sources && { sources }) });
    put(length + 2, 'done', { finish: script.finish ?? 'stop' });
    answer.over = true;
    for (const wake of answer.readers) wake();
  }

  resume(id, after, response) {
    const answer = this.answers.get(id);
    if (!answer || answer.gone) return this.problem(response, 404, 'unknown_answer');
    return this.follow(answer, after, response);
  }

  async follow(answer, after, response) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.flushHeaders();
    let at = 0;
    let wake = () => {};
    const reader = () => wake();
    answer.readers.add(reader);
    response.on('close', () => {
      answer.readers.delete(reader);
      answer.left = Date.now();
      wake();
    });
    while (!response.destroyed) {
      const next = answer.events[at];
      if (!next) {
        if (answer.over) break;
        await new Promise((done) => {
          wake = done;
          setTimeout(done, 200);
        });
        continue;
      }
      at++;
      if (next.id <= after) continue;
      response.write(`id: ${next.id}\nevent: ${next.event}\ndata: ${JSON.stringify(next.data)}\n\n`);
      if (answer.cuts.length && answer.events.filter((e, i) => i < at && e.event === 'delta').length >= answer.cuts[0]) {
        answer.cuts.shift();
        // Let the bytes leave before the line is torn.
        await later(30);
        response.destroy();
        return;
      }
    }
    response.end();
  }
}

export const later = (ms) => new Promise((done) => setTimeout(done, ms));
