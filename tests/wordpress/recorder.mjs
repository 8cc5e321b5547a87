// A server in the service's place: it writes down what the plugin sends, and answers as a test wants.
import { createHmac } from "node:crypto";
import { createServer } from "node:http";

export async function startRecorder(processes) {
  const requests = [];
  const recorder = { requests, answer: null };
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const seen = { method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString(), left: null };
      requests.push(seen);
      response.on("close", () => { if (!response.writableFinished) seen.left = Date.now(); });
      if (recorder.answer) recorder.answer(request, response, seen);
      else json(response, 200, { ok: true });
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  recorder.url = `http://127.0.0.1:${server.address().port}`;
  processes.children.push({ name: "recorder", log: "", end: async () => { server.closeAllConnections(); server.close(); } });
  return recorder;
}

export function json(response, status, body, headers = {}) {
  response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json", ...headers });
  response.end(JSON.stringify(body));
}

export function problem(response, status, code, detail, headers) {
  json(response, status, { type: "about:blank", title: code, status, code, detail }, headers);
}

/** The signature that a request should carry (standard-webhooks: id, time and body, signed together). */
export function signatureFor(secret, seen) {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : secret;
  return `v1,${createHmac("sha256", key).update(`${seen.headers["webhook-id"]}.${seen.headers["webhook-timestamp"]}.${seen.body}`).digest("base64")}`;
}
