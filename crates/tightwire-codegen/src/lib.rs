//! Turns a protocol's IR into Rust, TypeScript, JSON Schema and contract cases.
