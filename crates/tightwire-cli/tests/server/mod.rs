//! The chat server in a thread, for commands that talk to one.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use tightwire_chat::settings::Settings;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A chat server that ends when this is dropped.
pub(crate) struct Chat {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Chat {
    /// Starts one on a free port, with these flags.
    pub(crate) fn start(flags: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0".parse().expect("an address"), flags)
    }

    /// Starts one there.
    pub(crate) fn start_at(address: SocketAddr, flags: &[&str]) -> Self {
        let flags = ["tightwire-chat"].iter().chain(flags).map(|flag| (*flag).to_owned()).collect::<Vec<_>>();
        let (started, address_of) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind(address).await.expect("a free port");
                started.send(listener.local_addr().expect("an address")).expect("somebody waits");
                let settings = Settings::read(flags).expect("the flags are right");
                tightwire_chat::run(settings, listener, async { drop(stopped.await) }).await.expect("it serves");
            });
        });
        let address = address_of.recv_timeout(Duration::from_secs(30)).expect("it starts");
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(ended.is_none_or(|ended| ended.is_ok()) || std::thread::panicking(), "the server failed");
    }
}
