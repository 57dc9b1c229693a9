//! A client's settings.

use std::time::Duration;

use tightwire_proto::contract::{Heartbeat, Limits};

/// A client's settings. `ClientConfig::default()` is what the contract says.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Headers of the handshake, by name. Default: none.
    pub headers: Vec<(String, String)>,
    /// The place in the contract of the route at which the client connects: what does not travel there is no frame of
    /// the server. Default: the one that the URL's path means; if that is none, every message may come.
    pub route: Option<usize>,
    /// Limits that replace the contract's `x-limits`; of these a client keeps to `max_message_bytes` in what it sends
    /// and to `max_frame_bytes` in what it receives. Default: none.
    pub limits: Option<Limits>,
    /// A heartbeat that replaces the contract's `x-heartbeat`: how often WebSocket's own ping is sent, and after how
    /// much silence the server is given up. Default: none.
    pub heartbeat: Option<Heartbeat>,
    /// How long connecting may take, the handshake included. Default: 10 s.
    pub connect_timeout: Duration,
    /// How long a request waits for its reply. Default: 30 s.
    pub request_timeout: Duration,
    /// How long the server may take to answer our close. Default: 5 s.
    pub close_timeout: Duration,
    /// How many frames wait in either direction before the other side has to. Default: 256.
    pub buffered_frames: usize,
    /// How many bytes of frames wait in either direction before the other side has to. Default: 4 MiB.
    pub buffered_bytes: u32,
    /// Which servers to believe at a `wss://` URL. Default: those with a certificate of an authority that Mozilla trusts.
    #[cfg(feature = "tls")]
    pub tls: super::Tls,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            headers: Vec::new(),
            route: None,
            limits: None,
            heartbeat: None,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            close_timeout: Duration::from_secs(5),
            buffered_frames: 256,
            buffered_bytes: 4 * 1024 * 1024,
            #[cfg(feature = "tls")]
            tls: super::Tls::default(),
        }
    }
}
