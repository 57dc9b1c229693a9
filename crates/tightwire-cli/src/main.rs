//! The `tightwire` command.

fn main() {}
