//! The visitor's address: the peer's, or what a proxy that is trusted says of its peer.

use std::net::IpAddr;

use ipnet::IpNet;

/// `forwarded` are the values of `X-Forwarded-For` in their order. Read from the right, because each proxy adds at the
/// end and only the trusted ones' words count; the first address that is no trusted proxy's is the visitor's.
pub fn client_address<'a>(
    peer: IpAddr,
    forwarded: impl DoubleEndedIterator<Item = &'a str>,
    trusted: &[IpNet],
) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let mut client = peer.to_canonical();
    for said in forwarded.rev().flat_map(|value| value.rsplit(',')) {
        if !is_trusted(client) {
            break;
        }
        let Some(address) = parse(said.trim()) else { break };
        client = address;
    }
    client
}

/// Also with a port or in brackets, as some proxies write it.
fn parse(text: &str) -> Option<IpAddr> {
    let address = text
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<std::net::SocketAddr>().map(|socket| socket.ip()))
        .ok()
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        client_address(peer.parse().unwrap(), forwarded.iter().copied(), &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(of("203.0.113.9", &["198.51.100.1"], &["127.0.0.1/32"]), "203.0.113.9");
        assert_eq!(of("127.0.0.1", &["198.51.100.1"], &["127.0.0.1/32"]), "198.51.100.1");
        assert_eq!(
            of("127.0.0.1", &["6.6.6.6, 198.51.100.1"], &["127.0.0.1/32"]),
            "198.51.100.1"
        );
        let two = ["127.0.0.1/32", "10.0.0.0/8"];
        assert_eq!(
            of("127.0.0.1", &["6.6.6.6, 198.51.100.1", "10.1.1.1"], &two),
            "198.51.100.1"
        );
        assert_eq!(
            of("127.0.0.1", &["[2001:db8::1]:443"], &["127.0.0.1/32"]),
            "2001:db8::1"
        );
        assert_eq!(of("::ffff:127.0.0.1", &["nonsense"], &["127.0.0.1/32"]), "127.0.0.1");
    }
}
