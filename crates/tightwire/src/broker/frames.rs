//! What a topic's log has, for as many as want it at the same time.

use std::collections::VecDeque;
use std::sync::Arc;

use tightwire_proto::frame::OutboundFrame;
use tightwire_proto::log::{Gap, Replay};
#[cfg(feature = "redis")]
use tokio::sync::OwnedSemaphorePermit;

/// What a topic's log has after a position.
#[derive(Clone, Debug)]
pub(crate) enum History {
    /// Everything, oldest first.
    Complete(Frames),
    /// Not everything: nothing is replayed, and the client is told so.
    Gap(Gap),
}

impl From<Replay> for History {
    fn from(replay: Replay) -> Self {
        match replay {
            Replay::Complete(frames) => Self::Complete(Page::new(frames).into()),
            Replay::Gap(gap) => Self::Gap(gap),
        }
    }
}

/// Frames that follow one another in a topic. Cloning copies a pointer for each page, and whoever goes through them lets go
/// of each page when it is done with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frames {
    /// None is empty.
    pages: VecDeque<Arc<Page>>,
    /// How many of the first page are not meant.
    skipped: usize,
}

/// Some of them, which are kept together.
#[derive(Debug)]
pub(crate) struct Page {
    frames: Vec<OutboundFrame>,
    /// The room that they take, where that is bounded.
    #[cfg(feature = "redis")]
    _room: Option<OwnedSemaphorePermit>,
}

impl Page {
    pub(crate) fn new(frames: Vec<OutboundFrame>) -> Self {
        Self {
            frames,
            #[cfg(feature = "redis")]
            _room: None,
        }
    }

    /// A page that has room, until nobody has it any more.
    #[cfg(feature = "redis")]
    pub(crate) fn within(frames: Vec<OutboundFrame>, room: OwnedSemaphorePermit) -> Self {
        Self { frames, _room: Some(room) }
    }
}

impl From<Page> for Frames {
    fn from(page: Page) -> Self {
        let mut frames = Self::default();
        frames.push(page);
        frames
    }
}

impl Frames {
    /// Adds what follows.
    pub(crate) fn push(&mut self, page: Page) {
        if !page.frames.is_empty() {
            self.pages.push_back(Arc::new(page));
        }
    }

    /// The same without the first of them.
    #[cfg(feature = "redis")]
    pub(crate) fn without(&self, count: usize) -> Self {
        let mut frames = self.clone();
        frames.skipped += count;
        while let Some(first) = frames.pages.front()
            && frames.skipped >= first.frames.len()
        {
            frames.skipped -= first.frames.len();
            frames.pages.pop_front();
        }
        frames
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &OutboundFrame> {
        self.pages.iter().flat_map(|page| &page.frames).skip(self.skipped)
    }

    pub(crate) fn newest(&self) -> Option<&OutboundFrame> {
        self.pages.back().and_then(|page| page.frames.last())
    }
}

impl Iterator for Frames {
    type Item = OutboundFrame;

    fn next(&mut self) -> Option<OutboundFrame> {
        let first = self.pages.front()?;
        let frame = first.frames[self.skipped].clone();
        self.skipped += 1;
        if self.skipped == first.frames.len() {
            self.skipped = 0;
            self.pages.pop_front();
        }
        Some(frame)
    }
}
