// The routes that the plugin adds: what it takes, what it refuses, what it sends on, and how it gives the answer back.
import { existsSync, readFileSync, writeFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { assert, eventually } from "./check.mjs";
import { proxyChecks } from "./proxy.mjs";
import { problem, signatureFor } from "./recorder.mjs";
import { freePort } from "./processes.mjs";
import { inWordPress } from "./stack.mjs";

const JSON_TYPE = { "content-type": "application/json" };

export async function routeChecks(checks, { processes, site, page, recorder, known }) {
  const setService = (url) => inWordPress(processes, site, `$o = get_option('pennypress'); $o['service_url'] = '${url}'; update_option('pennypress', $o);`);
  const pretty = `${site.url}/wp-json/pennypress/v1/`;
  const plain = `${site.url}/index.php?rest_route=/pennypress/v1/`;
  const post = (route, body, headers = JSON_TYPE, base = pretty) => fetch(base + route, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });
  const refused = async (response, status, code) => {
    const body = await response.json();
    assert.deepEqual([response.status, body.status, body.code], [status, status, code]);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    assert.equal(response.headers.get("cache-control"), "no-store, no-transform");
  };
  await setService(recorder.url);
  const seen = () => recorder.requests.at(-1);

  // A service that hangs, and how long this call waits for it; what comes of it is looked at in the end.
  recorder.answer = () => {};
  const since = Date.now();
  const waiting = fetch(`${pretty}widget`).then((response) => ({ response, took: Date.now() - since }));
  await eventually(() => assert.match(seen()?.url ?? "", /^\/api\/v1\/widget/));
  recorder.answer = null;

  await checks.check("a call is signed, and says who the visitor is", async () => {
    await post("chat", { site: "site_of_an_old_page", message: "Grüße 🙂 \u2028", visitor: { ip: "10.9.8.7", id: "1" }, extra: {} });
    const { method, url, headers, body } = seen();
    assert.deepEqual([method, url, headers["content-type"]], ["POST", "/api/v1/chat", "application/json"]);
    assert.deepEqual(JSON.parse(body), { site: known.key, message: "Grüße 🙂 \u2028", visitor: { ip: "127.0.0.1" }, extra: {} });
    assert.equal(headers["webhook-signature"], signatureFor(known.secret, seen()));
    assert.ok(Math.abs(Number(headers["webhook-timestamp"]) - Date.now() / 1000) < 5);
    const first = headers["webhook-id"];
    await post("chat", { message: "again" });
    assert.notEqual(seen().headers["webhook-id"], first);
  });

  await checks.check("only the headers that are meant for it are passed on", async () => {
    await post("feedback", {}, { ...JSON_TYPE, "x-pennypress-visitor": "v.token", "last-event-id": "12", cookie: "a=b", authorization: "Bearer x", "x-other": "1" });
    const { headers } = seen();
    assert.deepEqual([headers["x-pennypress-visitor"], headers["last-event-id"]], ["v.token", "12"]);
    assert.deepEqual([headers.cookie, headers.authorization, headers["x-other"]], [undefined, undefined, undefined]);
  });

  await checks.check("every route arrives, by pretty and by plain address", async () => {
    for (const base of [pretty, plain, `${site.url}/index.php/wp-json/pennypress/v1/`, `${site.url}/?rest_route=%2Fpennypress%2Fv1%2F`]) {
      for (const [method, route] of [["POST", "chat"], ["POST", "feedback"], ["POST", "visitors"], ["GET", "widget"], ["GET", "answers/a_1-x/events"], ["GET", "conversations/c_1"], ["DELETE", "conversations/c_1"]]) {
        // nginx itself refuses a DELETE of `/`; WordPress's own plain addresses name index.php for that reason.
        if (method === "DELETE" && base.startsWith(`${site.url}/?`)) continue;
        const response = await fetch(base + route + (base.includes("?") ? "&" : "?") + "site=whatever", { method, headers: method === "POST" ? JSON_TYPE : {}, ...(method === "POST" && { body: "{}" }) });
        assert.equal(response.status, 200, `${method} ${base}${route}`);
        assert.deepEqual([seen().method, seen().url], [method, `/api/v1/${route}${method === "POST" ? "" : `?site=${known.key}`}`]);
        assert.equal(JSON.parse(seen().body).visitor.ip, "127.0.0.1");
      }
    }
  });

  await checks.check("a user who is signed in is named, and a forged cookie names nobody", async () => {
    await page.goto(site.url);
    await page.evaluate((url) => fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" }), `${pretty}chat`);
    assert.deepEqual(JSON.parse(seen().body).visitor, { ip: "127.0.0.1", id: "1" });
    const cookie = (await page.context().cookies()).find(({ name }) => name.startsWith("wordpress_logged_in_"));
    await post("chat", {}, { ...JSON_TYPE, cookie: `${cookie.name}=owner%7C9999999999%7Cx%7Cy` });
    assert.deepEqual(JSON.parse(seen().body).visitor, { ip: "127.0.0.1" });
  });

  await checks.check("X-Forwarded-For counts behind a named proxy only", async () => {
    const who = (server, trusted) => inWordPress(processes, site, `
      $_SERVER = array_merge($_SERVER, ${server});
      add_filter('pennypress_trusted_proxies', function () { return ${trusted}; });
      echo Pennypress\\Visitor::current()['ip'];`);
    const request = (peer, forwarded) => `array('REMOTE_ADDR' => '${peer}', 'HTTP_X_FORWARDED_FOR' => '${forwarded}')`;
    assert.equal(await who(request("203.0.113.5", "198.51.100.1"), "array()"), "203.0.113.5");
    assert.equal(await who(request("203.0.113.5", "198.51.100.1"), "'10.0.0.0/8'"), "203.0.113.5");
    assert.equal(await who(request("10.1.2.3", "192.0.2.66, 198.51.100.1"), "'10.0.0.0/8'"), "198.51.100.1");
    assert.equal(await who(request("10.1.2.3", "198.51.100.1, 10.9.9.9"), "array('10.0.0.0/8')"), "198.51.100.1");
    assert.equal(await who(request("10.1.2.3", "nonsense"), "'10.0.0.0/8'"), "10.1.2.3");
    assert.equal(await who(request("2001:db8::1", "2001:db8:1::9"), "'2001:db8::/64, 192.0.2.0/25'"), "2001:db8:1::9");
    assert.equal(await who(request("192.0.2.128", "198.51.100.1"), "'192.0.2.0/25'"), "192.0.2.128");
    assert.equal(await who(request("10.1.2.3", "198.51.100.1:5678, 10.9.9.9:80"), "'10.0.0.0/8'"), "198.51.100.1");
    assert.equal(await who(request("10.1.2.3", "[2001:db8::7]:80"), "'10.0.0.0/8'"), "2001:db8::7");
    assert.equal(await who(request("10.1.2.3", "[2001:db8::7]"), "'10.0.0.0/8'"), "2001:db8::7");
  });

  await checks.check("what is no call of the widget's is refused, and reaches nobody", async () => {
    const before = recorder.requests.length;
    await refused(await post("chat", {}, { ...JSON_TYPE, origin: "https://evil.example" }), 403, "origin_not_allowed");
    await refused(await post("chat", {}, { ...JSON_TYPE, origin: "null" }), 403, "origin_not_allowed");
    await refused(await fetch(`${pretty}conversations/c_1`, { method: "DELETE", headers: { origin: "http://127.0.0.1.evil.example" } }), 403, "origin_not_allowed");
    await refused(await post("chat", "{}", { "content-type": "text/plain" }), 415, "invalid_request");
    await refused(await post("chat", "site=1", { "content-type": "application/x-www-form-urlencoded" }), 415, "invalid_request");
    for (const body of ["", "no json", "[1]", '"text"', "null", `{"a":"\\ud800"}`, "{\"a\":".repeat(200)]) await refused(await post("chat", body), 400, "invalid_request");
    await refused(await post("chat", { message: "x".repeat(70_000) }), 413, "too_long");
    await refused(await post("chat", { message: "x".repeat(65_500) }), 413, "too_long");
    await refused(await fetch(`${pretty}chat`), 405, "invalid_request");
    await refused(await post("widget", {}), 405, "invalid_request");
    assert.equal((await post("documents", {})).status, 404);
    assert.equal((await post("answers/../chat", {})).status, 200, "this is the address of chat, written oddly");
    assert.equal((await fetch(`${pretty}answers/${"a".repeat(65)}/events`)).status, 404);
    assert.equal((await fetch(`${pretty}conversations/c_1%2F..%2Fchat`)).status, 404);
    assert.equal(recorder.requests.length, before + 1);
    assert.equal((await post("chat", {}, { ...JSON_TYPE, origin: new URL(site.url).origin })).status, 200);
  });

  await checks.check("the service's problems come through, with Retry-After and nothing else", async () => {
    recorder.answer = (_, response) => problem(response, 429, "rate_limited", "Slow down.", { "retry-after": "7", "set-cookie": "a=b", "x-internal": "1" });
    const response = await post("chat", {});
    assert.deepEqual([response.headers.get("retry-after"), response.headers.get("set-cookie"), response.headers.get("x-internal")], ["7", null, null]);
    await refused(response, 429, "rate_limited");
    recorder.answer = (_, response) => { response.writeHead(204); response.end(); };
    const empty = await post("feedback", {});
    assert.deepEqual([empty.status, empty.headers.get("content-type"), await empty.text()], [204, null, ""]);
    recorder.answer = null;
  });

  await checks.check("what is no answer of the service's becomes 503, with nothing of the inside", async () => {
    const bad = async () => {
      const response = await post("chat", {});
      const text = await response.clone().text();
      assert.ok(!/curl|refused|127\.0\.0\.1|html|secret/i.test(text), text);
      await refused(response, 503, "unavailable");
    };
    recorder.answer = (_, response) => { response.writeHead(200, { "content-type": "text/html" }); response.end("<script>alert(1)</script>"); };
    await bad();
    recorder.answer = (_, response) => { response.writeHead(302, { location: "http://127.0.0.1/", "content-type": "application/json" }); response.end("{}"); };
    await bad();
    recorder.answer = (request) => request.socket.destroy();
    await bad();
    recorder.answer = null;
    await setService(`http://127.0.0.1:${await freePort()}`);
    await bad();
    await setService("");
    await bad();
    await setService(recorder.url);
  });

  // How many events whoever asked has got so far. Each is sent only after the one before it has arrived, so that a way that holds
  // words back fails however slow or fast the machine is.
  let arrived = () => 0;
  const eventsIn = (text) => text.split("event: delta").length - 1;
  const whole = async (response) => {
    assert.equal(response.status, 200);
    let text = "";
    arrived = () => eventsIn(text);
    for await (const chunk of response.body) text += Buffer.from(chunk).toString();
    arrived = () => 0;
    // Comments come while the service is silent, which they show; they are no events.
    return text.replaceAll(":\n\n", "");
  };
  const stream = async (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    try {
      for (let n = 0; n < 5; n += 1) {
        response.write(`id: ${n}\nevent: delta\ndata: {"text":"${n}"}\n\n`);
        await eventually(() => assert.ok(arrived() > n), { seconds: 10, every: 10 });
      }
    } catch {
      response.write("event: held\ndata: the last event did not arrive within 10 s\n\n");
    }
    response.end();
  };
  const EVENTS = [0, 1, 2, 3, 4].map((n) => `id: ${n}\nevent: delta\ndata: {"text":"${n}"}\n\n`).join("");

  await checks.check("a stream comes in pieces, its events unchanged", async () => {
    recorder.answer = stream;
    const response = await post("chat", {}, { ...JSON_TYPE, "accept-encoding": "gzip" });
    assert.match(response.headers.get("content-type"), /^text\/event-stream/);
    assert.equal(response.headers.get("content-encoding"), null);
    assert.equal(await whole(response), EVENTS);
  });

  await checks.check("where the early answer is switched off, the REST API answers the same", async () => {
    const folder = join(site.root, "wp-content/mu-plugins");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "late.php"), "<?php add_filter( 'pennypress_answer_early', '__return_false' ); header( 'X-Late: yes' );");
    try {
      // PHP may go on for two seconds with what it remembers of the folder.
      await eventually(async () => assert.equal((await fetch(site.url)).headers.get("x-late"), "yes"));
      assert.equal(await whole(await post("chat", {})), EVENTS);
      recorder.answer = null;
      assert.deepEqual(await (await fetch(`${plain}widget`)).json(), { ok: true });
      await refused(await post("chat", {}, { ...JSON_TYPE, origin: "https://evil.example" }), 403, "origin_not_allowed");
      const routes = Object.keys((await (await fetch(`${site.url}/wp-json/pennypress/v1`)).json()).routes);
      assert.ok(routes.includes("/pennypress/v1/chat"), `${routes}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  await checks.check("on a host whose PHP has no curl, words come one by one through php-fpm and nginx too", async () => {
    const probe = join(site.root, "has-curl.php");
    writeFileSync(probe, "<?php var_export( function_exists( 'curl_init' ) );");
    try {
      const has = async (base) => (await fetch(`${base}/has-curl.php`)).text();
      assert.deepEqual([await has(site.url), await has(site.withoutCurl)], ["true", "false"]);
    } finally {
      rmSync(probe);
    }
    const bare = `${site.withoutCurl}/wp-json/pennypress/v1/`;
    recorder.answer = stream;
    const response = await post("chat", { message: "Grüße" }, JSON_TYPE, bare);
    assert.match(response.headers.get("content-type"), /^text\/event-stream/);
    assert.equal(await whole(response), EVENTS);
    assert.equal(JSON.parse(seen().body).message, "Grüße");
    assert.equal(seen().headers["webhook-signature"], signatureFor(known.secret, seen()));
    recorder.answer = (_, answer) => problem(answer, 429, "rate_limited", "Slow down.", { "retry-after": "7" });
    await refused(await post("chat", {}, JSON_TYPE, bare), 429, "rate_limited");
    recorder.answer = (request) => request.socket.destroy();
    await refused(await post("chat", {}, JSON_TYPE, bare), 503, "unavailable");
    recorder.answer = null;
  });

  await checks.check("without the curl extension the words still come in pieces", async () => {
    const heard = join(processes.dir, "heard.txt");
    recorder.answer = (request, response) => {
      const streaming = stream(request, response);
      arrived = () => (existsSync(heard) ? eventsIn(readFileSync(heard, "utf8")) : 0);
      return streaming;
    };
    const told = JSON.parse(await inWordPress(processes, site, `
      $text = ''; $status = 0;
      $request = array('method' => 'POST', 'url' => '${recorder.url}/api/v1/chat', 'headers' => array('Content-Type: application/json'), 'body' => '{"a":1}', 'connect' => 5, 'total' => 20);
      $failure = (new Pennypress\\Stream_Transport())->send($request, function ($s) use (&$status) { $status = $s; return true; },
        function ($piece) use (&$text) { $text .= $piece; file_put_contents('${heard}', $text); return true; }, '__return_true');
      $refused = (new Pennypress\\Stream_Transport())->send(array('url' => 'http://127.0.0.1:${await freePort()}') + $request, '__return_true', '__return_true', '__return_true');
      echo json_encode(compact('text', 'status', 'failure', 'refused'));`));
    recorder.answer = null;
    assert.deepEqual([told.status, told.text, told.failure, told.refused.kind], [200, EVENTS, null, "refused"]);
    assert.equal(seen().body, '{"a":1}');
  });

  await proxyChecks(checks, { processes, site, setService, ask: () => post("chat", { message: "Through a proxy" }) });

  await checks.check("a service that hangs does not hold a call that is no stream for long", async () => {
    const { response, took } = await waiting;
    await refused(response, 503, "unavailable");
    assert.ok(took < 30_000, `${took} ms`);
    return `${took} ms`;
  });
  await setService(known.url);
}
