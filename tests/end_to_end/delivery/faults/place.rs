//! Places to report to that have a fault until it is mended.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::misbehaviour::{Talk, answering, hanging};
use crate::delivery::authority::Authority;
use crate::delivery::peer::{Peer, answer, lead_to};
use crate::delivery::reporter::Reporter;

/// A site that only a proxy can reach, in the open and not.
const OPEN_SITE: &str = "http://api.test";
const SECURE_SITE: &str = "https://api.test";

/// A place to report to.
pub struct Place {
    /// As long as the fault lasts.
    pub reporter: Reporter,
    /// What reports find another way by, once the fault is mended.
    detour: Option<(&'static str, String)>,
    /// Who all is led to by then.
    api: Peer,
    front: Option<Front>,
    /// Others that are needed.
    _servers: Vec<Peer>,
    _authority: Option<Authority>,
}

/// A server that misbehaves a number of times, and leads whoever comes to another one after that.
struct Front {
    peer: Peer,
    /// How many times it misbehaves yet.
    faults_left: Arc<AtomicUsize>,
    faults: Arc<AtomicUsize>,
}

impl Front {
    fn new(misbehave: Talk, lead_on: Talk) -> Self {
        let (faults_left, faults) = (Arc::new(AtomicUsize::new(usize::MAX)), Arc::<AtomicUsize>::default());
        let peer = Peer::start({
            let (faults_left, faults) = (Arc::clone(&faults_left), Arc::clone(&faults));
            move |stream, heard| {
                let take_one = |left: usize| left.checked_sub(1);
                if faults_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take_one).is_err() {
                    return lead_on(stream, heard);
                }
                faults.fetch_add(1, Ordering::Relaxed);
                misbehave(stream, heard)
            }
        });
        Self { peer, faults_left, faults }
    }
}

impl Place {
    /// The API, without TLS, misbehaves.
    pub fn open(misbehave: Talk) -> Self {
        let api = accepting();
        let front = Front::new(misbehave, leading_to(api.address()));
        let reporter = Reporter::to(front.peer.url());
        Self { reporter, detour: None, api, front: Some(front), _servers: Vec::new(), _authority: None }
    }

    /// The API answers with a redirection to another server.
    pub fn redirecting(status: &str) -> Self {
        let api = accepting();
        let location = format!("location: {}/api/v1/events\r\n", api.url());
        let front = Front::new(answering(status, &location), leading_to(api.address()));
        let reporter = Reporter::to(front.peer.url());
        Self { reporter, detour: None, api, front: Some(front), _servers: Vec::new(), _authority: None }
    }

    /// `other`, which is not to be trusted, stands for the API. `other` is given who is trusted.
    pub fn secure(other: impl FnOnce(&Authority) -> Peer) -> Self {
        let authority = Authority::new();
        let other = other(&authority);
        let place = Self::secure_of(authority, leading_to(other.address()));
        Self { _servers: vec![other], ..place }
    }

    /// The API, with TLS, misbehaves before a connection is secure.
    pub fn secure_but(misbehave: Talk) -> Self {
        Self::secure_of(Authority::new(), misbehave)
    }

    fn secure_of(authority: Authority, misbehave: Talk) -> Self {
        let api = authority.server();
        let front = Front::new(misbehave, leading_to(api.address()));
        let url = format!("https://{}", front.peer.address());
        let reporter = Reporter::to(url).variable("SSL_CERT_FILE", authority.file());
        let front = Some(front);
        Self { reporter, detour: None, api, front, _servers: Vec::new(), _authority: Some(authority) }
    }

    /// Nobody is at `site`, until a proxy stands in for it.
    pub fn deserted(site: &str) -> Self {
        let api = accepting();
        let detour = Some(("HTTP_PROXY", api.url()));
        Self { reporter: Reporter::to(site), detour, api, front: None, _servers: Vec::new(), _authority: None }
    }

    /// The proxy of an open site is said to be where none is.
    pub fn with_proxy_at(url: &str) -> Self {
        let place = Self::deserted(OPEN_SITE);
        Self { reporter: place.reporter.clone().variable("HTTP_PROXY", url), ..place }
    }

    /// The proxy of a secure site is said to be where none is.
    pub fn with_tunnel_at(url: &str) -> Self {
        let place = Self::behind_tunnel(hanging());
        let front = place.front.expect("there is a proxy");
        front.faults_left.store(0, Ordering::Relaxed);
        let detour = Some(("HTTPS_PROXY", front.peer.url()));
        let reporter = place.reporter.clone().variable("HTTPS_PROXY", url);
        Self { reporter, detour, front: None, _servers: vec![front.peer], ..place }
    }

    /// The proxy of an open site misbehaves.
    pub fn behind_proxy(misbehave: Talk) -> Self {
        let place = Self::open(misbehave);
        let proxy = place.reporter.api();
        Self { reporter: Reporter::to(OPEN_SITE).variable("HTTP_PROXY", proxy), ..place }
    }

    /// The proxy of a secure site misbehaves.
    pub fn behind_tunnel(misbehave: Talk) -> Self {
        let authority = Authority::new();
        let api = authority.server_of("api.test");
        let address = api.address();
        let front = Front::new(
            misbehave,
            Box::new(move |mut client, heard| {
                heard.listen(&client)?;
                client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
                lead_to(&client, address)
            }),
        );
        let reporter = Reporter::to(SECURE_SITE).variable("SSL_CERT_FILE", authority.file());
        let reporter = reporter.variable("HTTPS_PROXY", front.peer.url());
        let front = Some(front);
        Self { reporter, detour: None, api, front, _servers: Vec::new(), _authority: Some(authority) }
    }

    /// Mends the fault.
    pub fn mended(&self) -> Reporter {
        self.passes_after(0);
        let detour = self.detour.clone();
        detour.into_iter().fold(self.reporter.clone(), |reporter, (name, value)| reporter.variable(name, value))
    }

    /// Has the fault pass by itself after `number` attempts, and returns whether that can be.
    pub fn passes_after(&self, number: usize) -> bool {
        self.front.as_ref().inspect(|front| front.faults_left.store(number, Ordering::Relaxed)).is_some()
    }

    /// How many attempts have met the fault; none where they cannot be counted.
    pub fn attempts_that_failed(&self) -> Option<usize> {
        self.front.as_ref().map(|front| front.faults.load(Ordering::Relaxed))
    }

    /// The requests that the API has got.
    pub fn delivered(&self) -> Vec<String> {
        self.api.heard()
    }
}

fn accepting() -> Peer {
    Peer::answering(|_| answer("202 Accepted", "", ""))
}

fn leading_to(address: SocketAddr) -> Talk {
    Box::new(move |client, _| lead_to(&client, address))
}
