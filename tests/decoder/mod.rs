//! What the decoder's tests share: the contract cases and one call for both directions.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::fs;
use std::path::Path;

use serde_json::Value;
use tightwire::proto::inbound::{Inbound, Rejection};
use tightwire_chat::chat::{ClientFrame, ClientFrameView, ServerFrame, ServerFrameView};

/// Which way a frame travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// A decoded frame of either direction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decoded {
    /// What the server receives.
    Client(Inbound<ClientFrame>),
    /// What the client receives.
    Server(Inbound<ServerFrame>),
}

impl Direction {
    /// The fast path.
    pub(crate) fn fast(self, frame: &[u8]) -> Option<Decoded> {
        match self {
            Self::ToServer => ClientFrame::decode_fast(frame).map(Decoded::Client),
            Self::ToClient => ServerFrame::decode_fast(frame).map(Decoded::Server),
        }
    }

    /// The view, and the frame that is made of it.
    pub(crate) fn view(self, frame: &[u8]) -> Option<Decoded> {
        match self {
            Self::ToServer => {
                let view = ClientFrameView::read(frame)?;
                let topic = view.topic.clone();
                let owned = view.map(|frame| frame.into_frame(&topic).expect("a topic of the message"));
                Some(Decoded::Client(owned.into()))
            }
            Self::ToClient => {
                let view = ServerFrameView::read(frame)?;
                let topic = view.topic.clone();
                let owned = view.map(|frame| frame.into_frame(&topic).expect("a topic of the message"));
                Some(Decoded::Server(owned.into()))
            }
        }
    }

    /// The reference path.
    pub(crate) fn reference(self, frame: &[u8]) -> Result<Decoded, Rejection> {
        match self {
            Self::ToServer => ClientFrame::decode_reference(frame).map(Decoded::Client),
            Self::ToClient => ServerFrame::decode_reference(frame).map(Decoded::Server),
        }
    }
}

/// A contract case.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The message and the case's own name.
    pub(crate) name: String,
    /// Which way the frame travels.
    pub(crate) direction: Direction,
    /// Whether it is to be accepted.
    pub(crate) accept: bool,
    /// Whether the fast path leaves it to the reference path although it is proper.
    pub(crate) irregular: bool,
    /// The keyword that it is about.
    pub(crate) keyword: String,
    /// The place that it is about.
    pub(crate) pointer: String,
    /// The frame as it goes over the wire.
    pub(crate) text: String,
}

/// All cases under `contracts/cases/`.
pub(crate) fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts/cases");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}; `make regen-ws-code` writes it", folder.display()))
        .map(|entry| entry.expect("readable").path())
        .collect();
    files.sort();
    files.iter().flat_map(|file| cases_in(file)).collect()
}

fn cases_in(file: &Path) -> Vec<Case> {
    let text = fs::read_to_string(file).expect("readable");
    let content: Value = serde_json::from_str(&text).expect("JSON");
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let direction = match content["direction"].as_str() {
        Some("to_server") => Direction::ToServer,
        Some("to_client") => Direction::ToClient,
        other => panic!("{}: direction {other:?}", file.display()),
    };
    let case = |case: &Value| Case {
        name: format!("{}: {}", text(&content, "message"), text(case, "name")),
        direction,
        accept: case["verdict"] == "accept",
        irregular: case["irregular"] == true,
        keyword: text(case, "keyword"),
        pointer: text(case, "pointer"),
        text: case.get("text").map_or_else(|| case["frame"].to_string(), |_| text(case, "text")),
    };
    content["cases"].as_array().expect("cases").iter().map(case).collect()
}
