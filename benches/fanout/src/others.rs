//! How each server is started and asked for a broadcast.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use tempfile::TempDir;
use tightwire_bench_kit::cores::Cores;
use tightwire_bench_kit::process::Process;

use crate::options::Kind;
use crate::wire;

/// The files of this benchmark.
const FOLDER: &str = env!("CARGO_MANIFEST_DIR");
/// Where Debian's package puts the module.
const NCHAN: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/// A running server.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
    control: Control,
    /// Its files, if it needs any; removed after it has ended.
    _folder: Option<TempDir>,
}

enum Control {
    /// A broadcast per byte.
    Bytes(TcpStream),
    /// A broadcast per request.
    Http(TcpStream),
}

/// Why a server cannot run here, if it cannot.
pub(crate) fn missing(kind: Kind) -> Option<String> {
    match kind {
        Kind::Limit | Kind::Tightwire | Kind::Warp => None,
        Kind::Ws => {
            let module = Path::new(FOLDER).join("../../node_modules/ws");
            (!module.exists()).then(|| "npm's `ws` is not installed: `npm ci` installs it".to_owned())
        }
        Kind::Nchan => (!Path::new(NCHAN).exists())
            .then(|| format!("there is no {NCHAN}: `apt-get install libnginx-mod-nchan` installs it")),
    }
}

impl Server {
    pub(crate) fn start(cores: &Cores, kind: Kind) -> anyhow::Result<Self> {
        let (address, control) = (free_address()?, free_address()?);
        let mut folder = None;
        let mut command = match kind {
            Kind::Limit | Kind::Tightwire | Kind::Warp => {
                let mut command = Command::new(std::env::current_exe()?);
                let name = clap::ValueEnum::to_possible_value(&kind).context("every kind has a name")?;
                command.args(["serve", name.get_name(), &address.to_string(), &control.to_string()]);
                command
            }
            Kind::Ws => {
                let mut command = Command::new("node");
                command.arg(Path::new(FOLDER).join("ws.mjs"));
                let numbers = [address.port().into(), control.port().into(), wire::FRAME_BYTES, wire::PONG_BYTES];
                command.args(numbers.map(|number| number.to_string()));
                command
            }
            Kind::Nchan => nginx(address, folder.insert(tempfile::tempdir()?))?,
        };
        let mut process = Process::start(cores, command.stdin(Stdio::null()).stdout(Stdio::null()))?;
        // The control connection first: whoever listens there listens for clients, or is about to.
        let control = match kind {
            Kind::Nchan => Control::Http(process.connect(address)?),
            _ => Control::Bytes(process.connect(control)?),
        };
        drop(process.connect(address)?);
        match &control {
            Control::Bytes(stream) | Control::Http(stream) => stream.set_nodelay(true)?,
        }
        Ok(Self { kind, address, process, control, _folder: folder })
    }

    /// Asks for `count` broadcasts at once.
    pub(crate) fn broadcast(&mut self, count: usize) -> anyhow::Result<()> {
        match &mut self.control {
            Control::Bytes(stream) => stream.write_all(&vec![b'x'; count])?,
            Control::Http(stream) => {
                let body = wire::text(wire::FRAME_BYTES);
                let request =
                    format!("POST /publish HTTP/1.1\r\nHost: bench\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                stream.write_all(request.repeat(count).as_bytes())?;
            }
        }
        Ok(())
    }

    /// Takes what the server answers to a broadcast, so that nothing piles up.
    pub(crate) fn after_broadcast(&mut self) -> anyhow::Result<()> {
        if let Control::Http(stream) = &mut self.control {
            stream.set_nonblocking(true)?;
            let mut buffer = [0; 16 * 1024];
            while matches!(stream.read(&mut buffer), Ok(1..)) {}
            stream.set_nonblocking(false)?;
        }
        Ok(())
    }

    pub(crate) fn answers_pings(&self) -> bool {
        self.kind != Kind::Nchan
    }
}

/// A port that nobody listens at. Somebody else may take it before the server does; then the benchmark fails.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// nginx with Nchan, one process. Messages are kept for a minute, as by default a few are.
fn nginx(address: SocketAddr, folder: &TempDir) -> anyhow::Result<Command> {
    let folder = folder.path();
    let folder_text = folder.to_str().context("the folder for temporary files has an odd name")?;
    let config = format!(
        "load_module {NCHAN};
daemon off;
master_process off;
pid {folder_text}/pid;
error_log {folder_text}/error.log crit;
worker_rlimit_nofile 20000;
events {{ worker_connections 16000; }}
http {{
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_body_temp_path {folder_text}/body;
  proxy_temp_path {folder_text}/proxy;
  fastcgi_temp_path {folder_text}/fastcgi;
  uwsgi_temp_path {folder_text}/uwsgi;
  scgi_temp_path {folder_text}/scgi;
  nchan_max_reserved_memory 256M;
  server {{
    listen {address} backlog=4096;
    location = /ws {{
      nchan_subscriber websocket;
      nchan_subscriber_first_message newest;
      nchan_channel_id bench;
    }}
    location = /publish {{
      nchan_publisher;
      nchan_channel_id bench;
      nchan_message_buffer_length 100;
    }}
  }}
}}
"
    );
    let path = folder.join("nginx.conf");
    fs::write(&path, config)?;
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(&path).stderr(Stdio::null());
    Ok(command)
}
