// A service's process as a bench looks at it.
import { readFileSync } from "node:fs";
import { request } from "node:http";

/** Whether `/readyz` of the service at this address answers 200. */
export function isReady(url) {
  return new Promise((done) => {
    const asked = request(`${url}/readyz`, { agent: false }, (response) => {
      response.resume();
      done(response.statusCode === 200);
    });
    asked.on("error", () => done(false));
    asked.end();
  });
}

/** Its resident memory, in megabytes of 1,000,000 bytes. */
export function resident(pid) {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1];
  return (Number(kib) * 1024) / 1e6;
}
