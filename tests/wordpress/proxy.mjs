// A host whose web server reaches others only through a proxy that wp-config.php names, and a service that speaks TLS.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createProxy } from "node:http";
import { createServer as createService } from "node:https";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { assert, eventually } from "./check.mjs";
import { json } from "./recorder.mjs";

const HOST = "service.test";

export async function proxyChecks(checks, { processes, site, setService, ask }) {
  await checks.check("through the proxy of wp-config.php, by TLS, the answer is the service's and not the proxy's", async () => {
    const { service, proxy, certificate, asked } = await start(processes);
    const bundle = join(site.root, "wp-includes/certificates/ca-bundle.crt");
    const before = existsSync(bundle) ? readFileSync(bundle, "utf8") : null;
    const folder = join(site.root, "wp-content/mu-plugins");
    for (const one of [dirname(bundle), folder]) mkdirSync(one, { recursive: true });
    writeFileSync(bundle, (before ?? "") + certificate);
    writeFileSync(join(folder, "proxy.php"), `<?php define( 'WP_PROXY_HOST', '127.0.0.1' ); define( 'WP_PROXY_PORT', '${proxy.address().port}' ); header( 'X-Proxy: yes' );`);
    try {
      await setService(`https://${HOST}`);
      // PHP may go on for two seconds with what it remembers of the folder.
      await eventually(async () => assert.equal((await fetch(site.url)).headers.get("x-proxy"), "yes"));
      const response = await ask();
      assert.deepEqual([response.status, response.headers.get("content-type"), await response.json()], [200, "application/json", { ok: true }]);
      assert.deepEqual(asked, [`${HOST}:443`]);
    } finally {
      rmSync(folder, { recursive: true });
      if (before === null) rmSync(bundle);
      else writeFileSync(bundle, before);
      for (const server of [service, proxy]) {
        server.closeAllConnections();
        server.close();
      }
    }
  });
}

/** A service with a certificate of its own for HOST, and a proxy that leads every tunnel to it; `asked` is where they were to lead. */
async function start(processes) {
  const [keyFile, certificateFile] = [join(processes.dir, "service.key"), join(processes.dir, "service.crt")];
  await processes.run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", `/CN=${HOST}`, "-addext", `subjectAltName=DNS:${HOST}`, "-keyout", keyFile, "-out", certificateFile]);
  const certificate = readFileSync(certificateFile, "utf8");
  const service = createService({ key: readFileSync(keyFile), cert: certificate }, (request, response) => json(response, 200, { ok: true }));
  const proxy = createProxy();
  const asked = [];
  proxy.on("connect", (request, socket) => {
    asked.push(request.url);
    const tunnel = connect(service.address().port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\nProxy-Agent: test\r\n\r\n");
      tunnel.pipe(socket).pipe(tunnel);
    });
    for (const end of [socket, tunnel]) end.on("error", () => {});
  });
  for (const server of [service, proxy]) await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { service, proxy, certificate, asked };
}
