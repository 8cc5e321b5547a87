//! A server with a certificate of its own authority.

use std::path::{Path, PathBuf};
use std::process::Command;

use pennypress::store;

use super::{number, refused};
use crate::server::{Postgres, give};

/// Starts it again with a certificate for `localhost`; where that is.
fn serve_tls(server: &mut Postgres) -> PathBuf {
    let folder: &Path = server.folder.path();
    let (certificate, key) = (folder.join("server.crt"), folder.join("server.key"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args([
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("this test needs openssl (Debian: apt install openssl)");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    give(&certificate);
    give(&key);
    for option in [
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", certificate.display()),
        format!("ssl_key_file={}", key.display()),
    ] {
        server.options.extend(["-c".to_owned(), option]);
    }
    server.stop();
    server.start_again();
    certificate
}

#[tokio::test]
async fn tls_is_used_and_the_certificate_checked_as_sslmode_says() {
    let mut server = Postgres::start(&[]);
    let certificate = serve_tls(&mut server);
    let url = server.database();
    let by_name = url.replace("127.0.0.1", "localhost");
    let own = format!("&sslrootcert={}", certificate.display());
    for good in [
        format!("{url}?sslmode=require"),
        format!("{url}?sslmode=verify-ca{own}"),
        format!("{by_name}?sslmode=verify-full{own}"),
    ] {
        let store = store::open(&good).await.unwrap_or_else(|error| panic!("{error}"));
        store.ready().await.expect("ready");
        let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
            WHERE ssl AND application_name = 'pennypress'";
        assert!(number(&url, encrypted).await > 0, "{good}");
        store.close().await;
    }
    for bad in [
        format!("{url}?sslmode=verify-full{own}"),
        format!("{by_name}?sslmode=verify-full"),
        format!("{url}?sslmode=verify-ca"),
    ] {
        let told = refused(&bad).await;
        assert!(told.contains("not by TLS as `sslmode` wants it"), "{bad}: {told}");
    }
}
