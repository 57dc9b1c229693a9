//! The generated decoder of the chat: whatever the fast path accepts, the reference path accepts with the same value.

use std::fmt::Debug;

use tightwire::proto::inbound::{Arrival, Heartbeat, Inbound, Rejection};
use tightwire_chat::chat::{ClientFrame, ClientFrameView, ServerFrame, ServerFrameView};

/// The first byte says which way the frame goes: even ones to the server, odd ones to a client.
pub fn run(data: &[u8]) {
    let Some((&direction, frame)) = data.split_first() else { return };
    if direction.is_multiple_of(2) {
        let view = ClientFrameView::read(frame).map(|view| {
            let topic = view.topic.clone();
            view.map(|view| view.into_frame(&topic).expect("a topic of the message")).into()
        });
        agree(frame, view, ClientFrame::decode_fast(frame), ClientFrame::decode_reference(frame));
        arrive(frame);
    } else {
        let view = ServerFrameView::read(frame).map(|view| {
            let topic = view.topic.clone();
            view.map(|view| view.into_frame(&topic).expect("a topic of the message")).into()
        });
        agree(frame, view, ServerFrame::decode_fast(frame), ServerFrame::decode_reference(frame));
    }
}

/// A view is what the fast path makes, or nothing; and that is what the reference path makes, or nothing.
fn agree<F: Debug + PartialEq>(
    frame: &[u8],
    view: Option<Inbound<F>>,
    fast: Option<Inbound<F>>,
    reference: Result<Inbound<F>, Rejection>,
) {
    let shown = String::from_utf8_lossy(frame);
    if let Some(view) = view {
        assert_eq!(Some(&view), fast.as_ref(), "the view differs on {shown}");
    }
    if let Some(fast) = fast {
        assert_eq!(Ok(fast), reference, "the paths differ on {shown}");
    } else if let Err(rejection) = reference {
        assert!(!rejection.violations.is_empty(), "refused for nothing: {shown}");
    }
}

/// What a server does with a frame that the fast path accepts: it reads the same from where the frame stands.
fn arrive(frame: &[u8]) {
    let shown = String::from_utf8_lossy(frame);
    let Ok(made) = ClientFrame::decode(frame) else {
        return assert!(ClientFrame::receive(frame).is_err(), "accepted on arrival: {shown}");
    };
    let view = match ClientFrame::receive(frame) {
        Ok(Arrival::Heartbeat(view)) => view,
        Ok(Arrival::Frame(arrived)) => return assert_eq!(arrived, made, "read otherwise on arrival: {shown}"),
        Err(rejection) => panic!("refused on arrival: {rejection:?}: {shown}"),
    };
    match (&view.frame, &made.frame) {
        (Heartbeat::Ping { timestamp }, ClientFrame::Ping { data, .. }) => {
            let timestamp = timestamp.as_ref().map(|text| text.parse().expect("a point in time"));
            assert_eq!(timestamp, data.timestamp, "{shown}");
        }
        (Heartbeat::Pong { last_id }, ClientFrame::Pong { data, .. }) => assert_eq!(*last_id, data.last_id, "{shown}"),
        (heartbeat, frame) => panic!("{heartbeat:?} is not {frame:?}: {shown}"),
    }
}
