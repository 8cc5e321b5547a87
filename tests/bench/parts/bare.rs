//! `bench-bare FILE`: actix-web and nothing else. Answers every POST with the bytes of FILE, after it has read the body; the yardstick
//! of what an answer from the cache costs.

use actix_web::{App, HttpResponse, HttpServer, web};

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let file = std::env::args()
        .nth(1)
        .ok_or_else(|| std::io::Error::other("usage: bench-bare FILE"))?;
    let bytes = web::Bytes::from(std::fs::read(file)?);
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    println!("listening on http://{}", listener.local_addr()?);
    HttpServer::new(move || {
        let bytes = bytes.clone();
        let answer = move |_body: web::Bytes| {
            let bytes = bytes.clone();
            async move { HttpResponse::Ok().content_type("application/json").body(bytes) }
        };
        App::new().route("/", web::post().to(answer))
    })
    .listen(listener)?
    .run()
    .await
}
