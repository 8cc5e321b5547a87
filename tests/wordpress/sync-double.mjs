// The service's documents, played by the recorder: what a test can look into, count, and break.
import { json, problem, signatureFor } from "./recorder.mjs";

/** Takes documents as /api/v1/documents of the service does. `documents` are those it has now, by id. */
export class ContentDouble {
  documents = new Map();
  /** Everything that was ever sent, in order, also what was refused. */
  sent = [];
  /** How many calls of each method came. */
  calls = { GET: 0, POST: 0 };
  /** Ids that are never to be taken. */
  refuses = new Set();
  /** How many batches of many documents are still answered; the others wait until there is leave. */
  leave = Infinity;
  /** Bytes of a body that are taken. What is longer, a web server in front of the service refuses, in HTML. */
  longest = Infinity;
  /** Bytes of the longest body of more than one document that came. */
  longestBatch = 0;
  /** Set to a function to answer in another way, as a service that is in trouble does. */
  trouble = null;
  /** Requests whose signature was wrong. */
  unsigned = [];

  constructor(recorder, secret) {
    this.secret = secret;
    recorder.answer = (request, response, seen) => this.answer(request, response, seen);
  }

  async answer(request, response, seen) {
    const url = new URL(seen.url, "http://double");
    if (url.pathname !== "/api/v1/documents") return problem(response, 404, "not_found", "There is nothing here.");
    if (seen.headers["webhook-signature"] !== signatureFor(this.secret, seen)) {
      this.unsigned.push(seen);
      return problem(response, 401, "bad_signature", "The signature does not fit.");
    }
    this.calls[seen.method] += 1;
    if (this.trouble) return this.trouble(response);
    if (seen.method === "GET") return this.list(url, response);
    const { documents } = JSON.parse(seen.body);
    const bytes = Buffer.byteLength(seen.body);
    if (documents.length > 1) this.longestBatch = Math.max(this.longestBatch, bytes);
    if (bytes > this.longest) {
      response.writeHead(413, { "content-type": "text/html" });
      return response.end("<html><head><title>413 Request Entity Too Large</title></head></html>");
    }
    if (documents.length > 2) { // A page that someone saves may come with the menus.
      while (this.leave <= 0) await new Promise((done) => setTimeout(done, 10));
      this.leave -= 1;
    }
    json(response, 200, { documents: documents.map((document) => this.take(document)) });
  }

  list(url, response) {
    const after = url.searchParams.get("after") ?? "";
    const limit = Number(url.searchParams.get("limit") ?? 5000);
    const ids = [...this.documents.keys()].sort().filter((id) => id > after).slice(0, limit);
    const documents = ids.map((id) => ({ id, modified: this.documents.get(id).modified, version: "0" }));
    json(response, 200, { documents, next: ids.length === limit ? ids.at(-1) : null });
  }

  take(document) {
    const { id, deleted, modified } = document;
    this.sent.push(document);
    if (this.refuses.has(id)) return { id, outcome: "refused", detail: "This page is not wanted here." };
    const kept = this.documents.get(id);
    if (kept && kept.modified > modified) return { id, outcome: "older" };
    if (deleted) return { id, outcome: this.documents.delete(id) ? "deleted" : "absent" };
    this.documents.set(id, document);
    return { id, outcome: "stored" };
  }

  /** The document of a post, if the service has it. */
  of(post) {
    return this.documents.get(`wp-post-${post}`);
  }

  /** Forgets what was sent and how often it was called, not what it has. */
  forget() {
    this.sent = [];
    this.calls = { GET: 0, POST: 0 };
  }
}
