// A WordPress as hosts run it: MariaDB, php-fpm with opcache, nginx with its usual buffering; installed by its own installer.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./processes.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const asRoot = process.getuid() === 0;

export const ADMIN = { user: "owner", password: "correct horse battery 9" };

/** A PHP without these is a PHP without curl, as far as a plugin can see. */
const CURL = ["curl_init", "curl_exec", "curl_setopt", "curl_setopt_array", "curl_multi_init", "curl_multi_exec", "curl_version"];

/** Starts all of it; `version` is `newest` or `oldest`. */
export async function startWordPress(processes, version) {
  const root = join(processes.dir, "site");
  const number = (await processes.run(join(here, "tree.sh"), [version, root])).trim();
  const socket = await startDatabase(processes);
  const sql = (query) => processes.run("mariadb", ["--no-defaults", `--socket=${socket}`, "--user=root", "-N", "-B", "wordpress"], { input: query });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  writeFileSync(join(root, "wp-config.php"), wpConfig(socket, join(processes.dir, "php.log")));
  // Where php-fpm may not write it, its messages go to nginx instead: nobody would read them, and many of them break an answer.
  writeFileSync(join(processes.dir, "php.log"), "");
  giveTo("www-data", join(processes.dir, "php.log"));
  giveTo("www-data", root);
  await startPhp(processes);
  const barePort = await freePort();
  await startNginx(processes, root, port, barePort);
  await install(url);
  const phpLog = () => (existsSync(join(processes.dir, "php.log")) ? readFileSync(join(processes.dir, "php.log"), "utf8") : "");
  return { number, version, root, url, withoutCurl: `http://127.0.0.1:${barePort}`, sql, phpLog };
}

/** Runs PHP inside of WordPress, as `wp eval` would; what it prints. `ini` are settings such as `memory_limit=64M`. */
export function inWordPress(processes, site, php, ini = []) {
  const file = join(processes.dir, "eval.php");
  writeFileSync(file, `<?php\n$_SERVER['HTTP_HOST'] = '${new URL(site.url).host}';\n$_SERVER['REQUEST_URI'] = '/';\nrequire '${site.root}/wp-load.php';\n${php}\n`);
  return processes.run("php", ["display_errors=stderr", ...ini].flatMap((one) => ["-d", one]).concat(file));
}

function giveTo(user, path) {
  if (asRoot) execFileSync("chown", ["-R", `${user}:`, path]);
}

async function startDatabase(processes) {
  const data = join(processes.dir, "mysql");
  const socket = join(data, "mysql.sock");
  const user = asRoot ? "mysql" : userInfo().username;
  mkdirSync(data);
  giveTo(user, data);
  await processes.run("mariadb-install-db", ["--no-defaults", `--datadir=${data}`, `--user=${user}`, "--skip-test-db", "--auth-root-authentication-method=normal"]);
  await processes.start("mariadbd", "mariadbd", [
    "--no-defaults", `--datadir=${data}`, `--socket=${socket}`, `--user=${user}`, "--skip-networking", "--innodb-buffer-pool-size=64M",
    "--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4", `--pid-file=${data}/mariadbd.pid`,
  ], { ready: /ready for connections/ });
  await processes.run("mariadb", ["--no-defaults", `--socket=${socket}`, "--user=root"], { input: "CREATE DATABASE wordpress CHARACTER SET utf8mb4; CREATE USER wp@localhost IDENTIFIED BY 'wp'; GRANT ALL ON wordpress.* TO wp@localhost;" });
  return socket;
}

async function startPhp(processes) {
  const program = ["/usr/sbin", "/usr/bin"].flatMap((dir) => readdirSync(dir).filter((name) => /^php-fpm[0-9.]*$/.test(name)).map((name) => join(dir, name))).sort().at(-1);
  if (!program) throw new Error("there is no php-fpm on this machine");
  const user = asRoot ? "user = www-data\ngroup = www-data\nlisten.owner = www-data\nlisten.group = www-data\n" : "";
  writeFileSync(join(processes.dir, "php-fpm.conf"), `[global]
error_log = ${join(processes.dir, "php-fpm.errors.log")}
daemonize = no
[www]
${user}listen = ${join(processes.dir, "php.sock")}
pm = static
pm.max_children = 8
catch_workers_output = yes
php_admin_value[opcache.enable] = 1
php_admin_value[sendmail_path] = /bin/true
php_admin_value[upload_max_filesize] = 16M
php_admin_value[post_max_size] = 16M
[bare]
${user}listen = ${join(processes.dir, "bare.sock")}
pm = static
pm.max_children = 2
catch_workers_output = yes
php_admin_value[opcache.enable] = 1
php_admin_value[disable_functions] = ${CURL.join(",")}
`);
  await processes.start("php-fpm", program, ["--nodaemonize", "--fpm-config", join(processes.dir, "php-fpm.conf")], { ready: () => ["php", "bare"].every((pool) => existsSync(join(processes.dir, `${pool}.sock`))), kill: "SIGQUIT" });
}

async function startNginx(processes, root, port, barePort) {
  const dir = processes.dir;
  // One site, seen through a PHP with curl and through one without.
  const server = (listen, pool) => `server {
    listen 127.0.0.1:${listen};
    root ${root};
    index index.php;
    client_max_body_size 16m;
    location / { try_files $uri $uri/ /index.php?$args; }
    location ~ \\.php$ {
      include /etc/nginx/fastcgi_params;
      # Debian passes the host without its port, which only suits ports 80 and 443; the last one named counts.
      fastcgi_param HTTP_HOST 127.0.0.1:${port};
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_pass unix:${dir}/${pool}.sock;
    }
  }`;
  // As Debian sets it up: gzip on, FastCGI answers buffered. Nothing here knows of streams.
  writeFileSync(join(dir, "nginx.conf"), `daemon off;
${asRoot ? "user www-data;" : ""}
worker_processes 1;
pid ${dir}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  include /etc/nginx/mime.types;
  access_log ${dir}/access.log;
  client_body_temp_path ${dir}/nginx-body;
  fastcgi_temp_path ${dir}/nginx-fastcgi;
  proxy_temp_path ${dir}/nginx-proxy;
  uwsgi_temp_path ${dir}/nginx-uwsgi;
  scgi_temp_path ${dir}/nginx-scgi;
  gzip on;
  ${server(port, "php")}
  ${server(barePort, "bare")}
}
`);
  const answers = () => fetch(`http://127.0.0.1:${port}/wp-includes/css/buttons.css`).then((response) => response.ok, () => false);
  await processes.start("nginx", "/usr/sbin/nginx", ["-p", dir, "-e", "stderr", "-c", join(dir, "nginx.conf")], { ready: answers });
}

/** What a person fills in at the first visit. */
async function install(url) {
  const response = await fetch(`${url}/wp-admin/install.php?step=2`, {
    method: "POST",
    body: new URLSearchParams({
      weblog_title: "Corner Shop", user_name: ADMIN.user, admin_password: ADMIN.password, admin_password2: ADMIN.password,
      pw_weak: "on", admin_email: "owner@example.com", blog_public: "0", language: "", Submit: "Install WordPress",
    }),
  });
  const page = await response.text();
  if (!page.includes("wp-login.php") || !response.ok) throw new Error(`WordPress's installer said (${response.status}):\n${page.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ").slice(0, 1500)}`);
}

function wpConfig(socket, log) {
  const keys = ["AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT"];
  return `<?php
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'wp' );
define( 'DB_PASSWORD', 'wp' );
define( 'DB_HOST', 'localhost:${socket}' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
${keys.map((key) => `define( '${key}', 'tests only ${key}' );`).join("\n")}
$table_prefix = 'wp_';
define( 'WP_DEBUG', true );
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', '${log}' );
define( 'DISABLE_WP_CRON', true );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'FS_METHOD', 'direct' );
defined( 'ABSPATH' ) || define( 'ABSPATH', __DIR__ . '/' );
require ABSPATH . 'wp-settings.php';
`;
}
