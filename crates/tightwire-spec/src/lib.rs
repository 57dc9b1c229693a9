//! Reads AsyncAPI documents: load, resolve, diagnose, lower to the IR.

pub mod ir;
pub mod schema;
