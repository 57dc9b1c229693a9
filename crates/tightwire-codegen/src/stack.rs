//! Room on the stack for schemas that lead to one another.
//!
//! Emitters follow references by recursion, and meet each named schema at most once on their way down. So they never go
//! deeper than all named schemas together do: a document that chains thousands of them gets a larger stack instead of
//! overflowing it. Only what is used of a stack takes memory.

use std::thread::{Builder, Scope, ScopedJoinHandle};

use tightwire_spec::ir::Ir;
use tightwire_spec::schema::Schema;

use crate::error::Error;

/// What one step down takes at most, with the frames of all functions in between, in a debug build.
const STEP: usize = 32 * 1024;
/// What there is room for in any case, for the work at each step and for schemas that an `allOf` makes of others.
const BASE: usize = 32 << 20;
/// No stack is larger.
const MAX: usize = 2 << 30;

/// Runs `work` with room for all schemas of the protocol.
///
/// # Errors
/// If no stack is large enough, or the operating system does not give one. What `work` returns is an error, too.
pub(crate) fn with_room<T: Send>(ir: &Ir, work: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    std::thread::scope(|scope| join(spawn(scope, ir, work)?))
}

/// Starts `work` on a thread with room for all schemas of the protocol.
///
/// # Errors
/// If no stack is large enough, or the operating system does not give one.
pub(crate) fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    ir: &Ir,
    work: impl FnOnce() -> Result<T, Error> + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, Result<T, Error>>, Error> {
    let size = size(ir);
    if size > MAX {
        return Err(too_deep("its schemas may lead to one another more deeply than can be followed"));
    }
    Builder::new()
        .stack_size(size)
        .spawn_scoped(scope, work)
        .map_err(|error| too_deep(&format!("no thread with a stack of {size} bytes can be started: {error}")))
}

/// Waits for what was started. A panic goes on here.
///
/// # Errors
/// What the work returns.
pub(crate) fn join<T>(running: ScopedJoinHandle<'_, Result<T, Error>>) -> Result<T, Error> {
    running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn size(ir: &Ir) -> usize {
    let named: usize = ir.schemas.values().map(depth).sum();
    let unnamed = ir.messages.values().map(|message| depth(&message.payload)).max().unwrap_or_default();
    BASE.saturating_add(STEP.saturating_mul(named.saturating_add(unnamed)))
}

/// How many schemas stand inside of one another. The reader bounds how deep that is.
fn depth(schema: &Schema) -> usize {
    1 + schema.subschemas().map(depth).max().unwrap_or_default()
}

fn too_deep(message: &str) -> Error {
    let message = format!("{message}; describe the data with fewer schemas, or split the document");
    Error::Unsupported { place: "the document".to_owned(), message }
}
