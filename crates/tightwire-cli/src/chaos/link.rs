//! One connection through the network: two pumps, each with what it holds.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::fault::Fault;

/// So many bytes of a connection are held in a direction; then its sender has to wait, as in any network.
const CAPACITY: usize = 1 << 20;

/// How much is read at once.
const READ: usize = 16 * 1024;

/// Where bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// To the server.
    Up,
    /// To the client.
    Down,
}

/// How the network is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Network {
    pub(crate) fault: Fault,
    /// How often all connections were reset.
    pub(crate) resets: u64,
}

impl Network {
    fn is_stalled(self, way: Way) -> bool {
        match self.fault {
            Fault::Stall { up, down } => {
                if way == Way::Up {
                    up
                } else {
                    down
                }
            }
            _ => false,
        }
    }

    fn delay(self) -> Duration {
        if let Fault::Delay(delay) = self.fault { delay } else { Duration::ZERO }
    }

    /// How many bytes go at once, and how long it takes until the next ones may.
    fn pace(self, bytes: usize) -> (usize, Duration) {
        let Fault::Throttle(rate) = self.fault else { return (bytes, Duration::ZERO) };
        // Ten times a second, so that little is not held until it is much.
        let at_once = bytes.min(usize::try_from(rate / 10).unwrap_or(usize::MAX).max(1));
        (at_once, Duration::from_secs_f64(at_once as f64 / rate as f64))
    }
}

/// Runs a connection until either end has ended it, or the network has.
pub(crate) async fn run(
    mut client: TcpStream,
    upstream: &str,
    mut network: watch::Receiver<Network>,
    held: &AtomicU64,
) -> io::Result<()> {
    let before = network.borrow_and_update().resets;
    let mut server = match TcpStream::connect(upstream).await {
        Ok(server) => server,
        Err(error) => {
            let _ = client.set_zero_linger();
            return Err(error);
        }
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (up, down) = (network.clone(), network.clone());
    let ended = {
        let (from_client, into_client) = client.split();
        let (from_server, into_server) = server.split();
        tokio::select! {
            _ = network.wait_for(|now| now.resets > before) => Err(io::ErrorKind::ConnectionReset.into()),
            ended = async {
                tokio::try_join!(
                    pump(from_client, into_server, Way::Up, up, held),
                    pump(from_server, into_client, Way::Down, down, held),
                )
            } => ended,
        }
    };
    if ended.is_err() {
        // Both ends see a reset instead of an end. It only fails where the connection is gone already.
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
    Ok(())
}

/// What was read, and when.
struct Queue<'a> {
    chunks: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
    held: &'a AtomicU64,
}

impl Queue<'_> {
    fn push(&mut self, chunk: Vec<u8>) {
        self.bytes += chunk.len();
        self.held.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        self.chunks.push_back((Instant::now(), chunk));
    }

    fn forget(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.held.fetch_sub(bytes as u64, Ordering::Relaxed);
    }
}

impl Drop for Queue<'_> {
    fn drop(&mut self) {
        self.forget(self.bytes);
    }
}

/// Lets bytes through one way as the network is, until their sender has ended and everything is through.
async fn pump<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    mut from: R,
    mut into: W,
    way: Way,
    mut network: watch::Receiver<Network>,
    held: &AtomicU64,
) -> io::Result<()> {
    let mut queue = Queue { chunks: VecDeque::new(), bytes: 0, held };
    let mut buffer = vec![0; READ];
    let mut is_over = false;
    // Nothing goes before: what went has taken that long.
    let mut free_at = Instant::now();
    while !(is_over && queue.bytes == 0) {
        let now = *network.borrow_and_update();
        let due = queue.chunks.front().map_or(free_at, |(at, _)| free_at.max(*at + now.delay()));
        tokio::select! {
            biased;
            changed = network.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                free_at = Instant::now();
            }
            () = sleep_until(due), if queue.bytes > 0 && !now.is_stalled(way) => {
                let Some((_, chunk)) = queue.chunks.front_mut() else { continue };
                let (count, pause) = now.pace(chunk.len());
                into.write_all(&chunk[..count]).await?;
                chunk.drain(..count);
                if chunk.is_empty() {
                    queue.chunks.pop_front();
                }
                queue.forget(count);
                free_at = Instant::now() + pause;
            }
            read = from.read(&mut buffer), if !is_over && queue.bytes < CAPACITY => match read? {
                0 => is_over = true,
                count => queue.push(buffer[..count].to_vec()),
            },
        }
    }
    into.shutdown().await
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};
    use tokio::time::timeout;

    use super::*;

    static HELD: AtomicU64 = AtomicU64::new(0);

    /// A pump that runs: where to write, where what comes through can be read, and what the network does.
    fn start(way: Way, fault: Fault) -> (DuplexStream, DuplexStream, watch::Sender<Network>) {
        let (sender, from) = duplex(1 << 22);
        let (into, receiver) = duplex(1 << 22);
        let (control, network) = watch::channel(Network { fault, resets: 0 });
        tokio::spawn(pump(from, into, way, network, &HELD));
        (sender, receiver, control)
    }

    /// Reads so many bytes, and says how long it took.
    async fn read(receiver: &mut DuplexStream, bytes: usize) -> Duration {
        let before = Instant::now();
        receiver.read_exact(&mut vec![0; bytes]).await.expect("they come");
        before.elapsed()
    }

    async fn is_silent(receiver: &mut DuplexStream) -> bool {
        timeout(Duration::from_secs(3600), receiver.read_u8()).await.is_err()
    }

    fn set(control: &watch::Sender<Network>, fault: Fault) {
        control.send_modify(|network| network.fault = fault);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_held_comes_when_all_is_well_again_and_in_order() {
        let both = Fault::Stall { up: true, down: true };
        let (mut sender, mut receiver, control) = start(Way::Up, both);
        sender.write_all(b"held").await.unwrap();
        assert!(is_silent(&mut receiver).await);
        set(&control, Fault::Pass);
        sender.write_all(b", then said").await.unwrap();
        drop(sender);
        let mut all = String::new();
        receiver.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "held, then said");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stall_of_one_way_leaves_the_other_one() {
        let (mut sender, mut receiver, control) = start(Way::Down, Fault::Stall { up: true, down: false });
        sender.write_all(b"1").await.unwrap();
        assert_eq!(read(&mut receiver, 1).await, Duration::ZERO);
        set(&control, Fault::Stall { up: false, down: true });
        sender.write_all(b"2").await.unwrap();
        assert!(is_silent(&mut receiver).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_delay_is_added_once_however_much_is_on_its_way() {
        let delay = Duration::from_millis(300);
        let (mut sender, mut receiver, _control) = start(Way::Up, Fault::Delay(delay));
        sender.write_all(b"1").await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        sender.write_all(b"2").await.unwrap();
        assert_eq!(read(&mut receiver, 1).await, Duration::from_millis(200));
        assert_eq!(read(&mut receiver, 1).await, Duration::from_millis(100));
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_kept_and_ends_with_it() {
        let (mut sender, mut receiver, control) = start(Way::Up, Fault::Throttle(1000));
        sender.write_all(&[0; 3000]).await.unwrap();
        let took = read(&mut receiver, 2000).await;
        assert!((Duration::from_millis(1850)..Duration::from_millis(2100)).contains(&took), "{took:?}");
        set(&control, Fault::Pass);
        assert_eq!(read(&mut receiver, 1000).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_is_held_than_there_is_room_for() {
        static OWN: AtomicU64 = AtomicU64::new(0);
        let (mut sender, from) = duplex(1024);
        let (into, receiver) = duplex(1024);
        let (control, network) = watch::channel(Network { fault: Fault::Stall { up: true, down: true }, resets: 0 });
        let pump = tokio::spawn(pump(from, into, Way::Up, network, &OWN));
        let much = vec![0; 3 * CAPACITY];
        assert!(timeout(Duration::from_secs(60), sender.write_all(&much)).await.is_err(), "the sender has to wait");
        let held = OWN.load(Ordering::Relaxed);
        assert!((CAPACITY as u64..=(CAPACITY + READ) as u64).contains(&held), "{held}");
        drop((receiver, control));
        pump.await.unwrap().unwrap();
        assert_eq!(OWN.load(Ordering::Relaxed), 0);
    }
}
