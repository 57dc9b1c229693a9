//! How the system asks a server to end.

/// Ready when the process is asked to end: by Ctrl-C, or by SIGTERM where there is such a thing. For
/// [`Server::run`](crate::Server::run).
pub async fn told_to_stop() {
    let interrupted = async {
        // Without a handler there is no way to hear Ctrl-C: then only SIGTERM ends the server.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}
