//! The faults, one line each, with what is to be expected of them.

use super::misbehaviour::{Talk, answering, endless, hanging, resetting, saying, trickling, without_tls};
use super::place::Place;
use crate::delivery::authority::Authority;
use crate::delivery::peer::Peer;

/// What is to be expected of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// It may pass by itself, and delivery is tried again while there is time.
    Passing,
    /// It keeps each attempt waiting for as long as there is time.
    Slow,
    /// It will not pass by itself, and the event is kept at once.
    Lasting,
    /// The event will never be accepted, and is set aside at once.
    Final,
}

use Course::{Final, Lasting, Passing, Slow};

pub struct Fault {
    pub name: &'static str,
    pub course: Course,
    /// A regular expression for the whole reason that is given.
    pub reason: String,
    pub place: Box<dyn Fn() -> Place + Send + Sync>,
}

impl Fault {
    /// What is wrong wherever `place` is.
    fn of(
        place: impl Fn() -> Place + Send + Sync + 'static,
        name: &'static str,
        course: Course,
        reason: impl Into<String>,
    ) -> Self {
        Self { name, course, reason: reason.into(), place: Box::new(place) }
    }

    /// The API does not talk as it should.
    fn api(
        talk: impl Fn() -> Talk + Send + Sync + 'static,
        name: &'static str,
        course: Course,
        reason: &'static str,
    ) -> Self {
        Self::of(move || Place::open(talk()), name, course, reason)
    }

    /// The API answers with a status, and with `fields` in the head.
    fn status(status: &'static str, fields: &'static str, course: Course, reason: &'static str) -> Self {
        Self::api(move || answering(status, fields), status, course, reason)
    }

    /// The API shows the certificate of another server.
    fn certificate(
        other: impl Fn(&Authority) -> Peer + Send + Sync + 'static,
        name: &'static str,
        reason: &'static str,
    ) -> Self {
        Self::of(move || Place::secure(&other), name, Lasting, format!("no secure connection: {reason}"))
    }

    /// A proxy cannot be used.
    fn proxy(
        place: impl Fn() -> Place + Send + Sync + 'static,
        name: &'static str,
        course: Course,
        reason: &'static str,
    ) -> Self {
        Self::of(place, name, course, format!("the proxy {reason}"))
    }
}

/// All faults there are.
pub fn faults() -> Vec<Fault> {
    // A resolver may take its time.
    let unresolvable = "the host name is not known|no connection in time";
    let nobody = "does not let us through: (?i)connection refused.*";
    let tunnel = |status: &'static str| move || Place::behind_tunnel(answering(status, ""));
    vec![
        Fault::of(|| Place::deserted("http://127.0.0.1:1"), "refused", Passing, "connection refused"),
        Fault::of(|| Place::deserted("http://nobody.invalid"), "unresolvable", Passing, unresolvable),
        Fault::certificate(
            |authority| authority.server_between(2001, 2001),
            "expired",
            "the server's certificate has expired",
        ),
        Fault::certificate(|_| Authority::new().server(), "untrusted", "this system does not trust the issuer .+"),
        Fault::certificate(|authority| authority.server_of("another.test"), "wrong name", ".+not valid for name.+"),
        Fault::of(|| Place::secure_but(without_tls()), "no TLS", Passing, "no secure connection: .+"),
        Fault::of(|| Place::secure_but(hanging()), "no handshake", Slow, "no connection in time"),
        Fault::proxy(|| Place::with_proxy_at("http://127.0.0.1:1"), "proxy down", Passing, nobody),
        Fault::proxy(|| Place::with_tunnel_at("http://127.0.0.1:1"), "tunnel down", Passing, nobody),
        Fault::proxy(
            || Place::with_proxy_at("socks5://127.0.0.1:1"),
            "proxy of another kind",
            Lasting,
            "cannot be used.+",
        ),
        Fault::proxy(tunnel("407 No"), "tunnel 407", Lasting, "cannot be used: .*\\(407\\).*"),
        Fault::proxy(tunnel("502 Bad"), "tunnel 502", Passing, "does not let us through: .+"),
        Fault::of(|| Place::behind_tunnel(hanging()), "tunnel hangs", Slow, "no connection in time"),
        Fault::of(|| Place::behind_proxy(answering("407 No", "")), "proxy 407", Lasting, "407 Proxy Authent.+"),
        Fault::of(|| Place::redirecting("302 Found"), "302", Lasting, "302 Found"),
        Fault::of(|| Place::redirecting("307 There"), "307", Lasting, "307 Temporary Redirect"),
        Fault::status("400 Bad", "", Final, "400 Bad Request"),
        Fault::status("401 No", "", Lasting, "the API does not accept the key: 401 Unauthorized"),
        Fault::status("403 No", "", Lasting, "the API does not accept the key: 403 Forbidden"),
        Fault::status("404 Where", "", Lasting, "404 Not Found"),
        Fault::status("408 Late", "", Passing, "408 Request Timeout"),
        Fault::status("413 Big", "", Final, "413 Payload Too Large"),
        Fault::status("429 Many", "", Passing, "429 Too Many Requests"),
        Fault::status("429 Many for long", "x-ratelimit-reset: 60\r\n", Lasting, "429 Too Many Requests"),
        Fault::status("500 Oops", "", Passing, "500 Internal Server Error"),
        Fault::status("502 Oops", "", Passing, "502 Bad Gateway"),
        Fault::status("503 Later", "", Passing, "503 Service Unavailable"),
        Fault::status("503 Much later", "retry-after: 60\r\n", Lasting, "503 Service Unavailable"),
        Fault::api(hanging, "no answer", Slow, "no answer in time"),
        Fault::api(|| trickling("HTTP/1.1 202 Yes\r\nx: "), "trickled head", Slow, "no answer in time"),
        Fault::api(|| trickling("HTTP/1.1 500 No\r\n\r\n"), "trickled body", Slow, "500 Internal Server Error"),
        Fault::api(|| endless("HTTP/1.1 500 No\r\n\r\n"), "endless body", Passing, "500 Internal Server Error"),
        Fault::api(|| resetting(""), "reset", Passing, "(?i)connection reset.*"),
        Fault::api(|| resetting("HTTP/1.1 202 Y"), "reset in the head", Passing, "(?i)connection reset.*"),
        Fault::api(|| resetting(BEGINNING_OF_500), "reset in the body", Passing, "500 Internal Server Error"),
        Fault::api(|| saying(BEGINNING_OF_500), "closed in the body", Passing, "500 Internal Server Error"),
        Fault::api(|| saying(""), "closed", Passing, "the connection was closed before an answer"),
        Fault::api(|| saying("HTTP/1.1 202 Y"), "closed in the head", Passing, "the connection was closed .+"),
        Fault::api(|| saying("SSH-2.0-OpenSSH_9.2\r\n"), "garbage", Passing, "the answer is not HTTP"),
    ]
}

const BEGINNING_OF_500: &str = "HTTP/1.1 500 No\r\ncontent-length: 99\r\n\r\n{";
