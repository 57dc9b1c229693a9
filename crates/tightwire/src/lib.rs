//! The runtime of a Tightwire server: accept loop, connections, hub, brokers, HTTP.
