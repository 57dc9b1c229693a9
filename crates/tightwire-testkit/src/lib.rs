//! Tests for WebSocket protocols: a harness that checks every frame against the contract.
