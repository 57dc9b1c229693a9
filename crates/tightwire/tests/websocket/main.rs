//! WebSocket itself over real sockets: our own port of the case families of the Autobahn test suite, against an echo
//! server on the accept loop, the reader and the writer of every server. `scripts/autobahn.sh` runs the suite itself.

mod cases;
mod echo;
mod frames;
