//! The proxy does to connections what it is told, no more and no less.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use tightwire_testbed::{ChaosProxy, Direction, until};

/// A server whose ends of connections the test holds in its hand.
struct Server {
    listener: TcpListener,
    proxy: ChaosProxy,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let proxy = ChaosProxy::start(listener.local_addr().expect("an address"));
        Self { listener, proxy }
    }

    /// A connection's two ends.
    fn connect(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.proxy.address()).expect("connected");
        let (server, _) = self.listener.accept().expect("connected");
        for end in [&client, &server] {
            end.set_read_timeout(Some(Duration::from_secs(30))).expect("it is open");
        }
        (client, server)
    }
}

#[track_caller]
fn check_passes(from: &mut TcpStream, into: &mut TcpStream, text: &str) {
    from.write_all(text.as_bytes()).expect("open");
    check_arrives(into, text);
}

#[track_caller]
fn check_arrives(into: &mut TcpStream, text: &str) {
    let mut found = vec![0; text.len()];
    into.read_exact(&mut found).expect("open");
    assert_eq!(String::from_utf8_lossy(&found), text);
}

#[track_caller]
fn check_reset(end: &mut TcpStream) {
    let found = end.read(&mut [0]).map_err(|error| error.kind());
    assert_eq!(found, Err(ErrorKind::ConnectionReset));
}

/// Nothing is there to be read, and nothing comes within a moment.
#[track_caller]
fn check_silent(end: &mut TcpStream) {
    end.set_read_timeout(Some(Duration::from_millis(30))).expect("open");
    let found = end.read(&mut [0]).map_err(|error| error.kind());
    assert_eq!(found, Err(ErrorKind::WouldBlock));
    end.set_read_timeout(Some(Duration::from_secs(30))).expect("open");
}

#[test]
fn bytes_and_ends_pass() {
    let server = Server::start();
    let (mut near, mut far) = server.connect();
    check_passes(&mut near, &mut far, "question");
    check_passes(&mut far, &mut near, "answer");
    near.shutdown(Shutdown::Write).expect("open");
    assert_eq!(far.read(&mut [0]).expect("open"), 0);
    check_passes(&mut far, &mut near, "the rest");
    drop(far);
    assert_eq!(near.read(&mut [0]).expect("open"), 0);
}

#[test]
fn much_passes() {
    let server = Server::start();
    let (mut near, mut far) = server.connect();
    let sent: Vec<u8> = (0..8_000_000_u32).map(|number| (number * 7 % 251) as u8).collect();
    let found = std::thread::scope(|scope| {
        scope.spawn(|| {
            near.write_all(&sent).expect("open");
            near.shutdown(Shutdown::Write).expect("open");
        });
        let mut found = Vec::new();
        far.read_to_end(&mut found).expect("open");
        found
    });
    assert!(found == sent);
}

#[test]
fn a_cut_resets_and_refuses() {
    let server = Server::start();
    let (mut near, mut far) = server.connect();
    server.proxy.cut();
    check_reset(&mut near);
    check_reset(&mut far);
    let refused = TcpStream::connect(server.proxy.address()).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    server.proxy.heal();
    let (mut near, mut far) = server.connect();
    check_passes(&mut near, &mut far, "again");
}

#[test]
fn a_reset_ends_only_what_there_is() {
    let server = Server::start();
    let (mut near, mut far) = server.connect();
    server.proxy.reset();
    check_reset(&mut near);
    check_reset(&mut far);
    let (mut near, mut far) = server.connect();
    check_passes(&mut near, &mut far, "again");
}

#[test]
fn a_stall_holds_one_direction_until_it_is_healed() {
    let server = Server::start();
    let (mut near, mut far) = server.connect();
    server.proxy.stall(Direction::ToServer);
    near.write_all(b"held").expect("nothing is noticed");
    server.proxy.until_held(Direction::ToServer, 4);
    check_passes(&mut far, &mut near, "the other way");
    let (mut late, mut late_far) = server.connect();
    late.write_all(b"held too").expect("nothing is noticed");
    check_silent(&mut far);
    check_silent(&mut late_far);
    server.proxy.heal();
    check_arrives(&mut far, "held");
    check_arrives(&mut late_far, "held too");
    server.proxy.stall_both();
    far.write_all(b"answer").expect("nothing is noticed");
    server.proxy.until_held(Direction::ToClient, 6);
    check_silent(&mut near);
    server.proxy.cut();
    check_reset(&mut near);
    assert_eq!(server.proxy.held(Direction::ToClient), 0, "what was held is lost");
}

/// As in a network: what was sent is on its way, whatever became of its sender.
#[test]
fn what_is_held_outlives_its_sender() {
    let server = Server::start();
    let (mut near, mut far) = server.connect();
    server.proxy.stall(Direction::ToServer);
    near.write_all(b"last words").expect("nothing is noticed");
    server.proxy.until_held(Direction::ToServer, 10);
    // Unread bytes make a reset of the close.
    far.write_all(b"unread").expect("open");
    until("the client has it", || near.peek(&mut [0]).ok());
    drop(near);
    check_silent(&mut far);
    server.proxy.heal();
    check_arrives(&mut far, "last words");
    assert_eq!(far.read(&mut [0]).expect("open"), 0);
}

#[test]
fn what_was_detached_is_delivered_late() {
    let server = Server::start();
    let (mut near, mut far) = server.connect();
    server.proxy.stall(Direction::ToServer);
    near.write_all(b"late").expect("nothing is noticed");
    server.proxy.until_held(Direction::ToServer, 4);
    server.proxy.detach();
    check_reset(&mut near);
    let (mut second, mut second_far) = server.connect();
    check_passes(&mut second, &mut second_far, "first");
    check_silent(&mut far);
    std::thread::scope(|scope| {
        scope.spawn(|| server.proxy.deliver_late());
        check_arrives(&mut far, "late");
        assert_eq!(far.read(&mut [0]).expect("open"), 0);
        far.write_all(b"nobody hears it").expect("open");
        far.shutdown(Shutdown::Both).expect("open");
    });
    check_passes(&mut second_far, &mut second, "still there");
    assert_eq!(server.proxy.held(Direction::ToServer), 0);
}

#[test]
fn a_server_that_is_gone_shows() {
    let server = Server::start();
    let (mut near, far) = server.connect();
    drop(far);
    assert_eq!(near.read(&mut [0]).expect("open"), 0);
    let Server { listener, proxy } = server;
    drop(listener);
    let mut client = TcpStream::connect(proxy.address()).expect("connected");
    check_reset(&mut client);
    let address = proxy.address();
    drop(proxy);
    until("nobody listens any more", || TcpStream::connect(address).is_err().then_some(()));
}
