//! The balancer: TCP, one node after the other, and those that do not take connections are left out.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// How long a node may take to take a connection.
const PATIENCE: Duration = Duration::from_secs(1);

/// Serves until it is dropped.
pub(crate) async fn serve(listener: TcpListener, nodes: &[SocketAddr]) {
    let mut turn = 0;
    loop {
        let Ok((mut client, _)) = listener.accept().await else {
            // There are no file descriptors left, for instance.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let in_turn: Vec<_> = (0..nodes.len()).map(|offset| nodes[(turn + offset) % nodes.len()]).collect();
        turn = (turn + 1) % nodes.len();
        tokio::spawn(async move {
            let Some(mut node) = first_that_lives(&in_turn).await else { return };
            // Small frames are to be passed on at once. It is slower without, and nothing worse.
            let _ = (client.set_nodelay(true), node.set_nodelay(true));
            // Either side may end it, however it likes.
            let _ = copy_bidirectional(&mut client, &mut node).await;
        });
    }
}

async fn first_that_lives(nodes: &[SocketAddr]) -> Option<TcpStream> {
    for node in nodes {
        if let Ok(Ok(stream)) = timeout(PATIENCE, TcpStream::connect(node)).await {
            return Some(stream);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// A node that says one letter to everyone, or one that is not there.
    async fn node(letter: Option<u8>) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        if let Some(letter) = letter {
            tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    stream.write_all(&[letter]).await.expect("somebody reads");
                }
            });
        }
        address
    }

    #[tokio::test]
    async fn nodes_take_turns_and_the_dead_are_left_out() {
        let nodes = [node(Some(b'a')).await, node(None).await, node(Some(b'c')).await];
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { serve(listener, &nodes).await });
        let mut said = String::new();
        for _ in 0..6 {
            let mut client = TcpStream::connect(address).await.expect("it listens");
            client.read_to_string(&mut said).await.expect("a letter");
        }
        assert_eq!(said, "accacc");
    }
}
