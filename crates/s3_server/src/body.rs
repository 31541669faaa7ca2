//! The body of an answer: whole, cut, or stalled; a request is in flight until it is gone.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::stats::InFlight;

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct AnswerBody {
    /// What is still to be sent.
    pub(crate) bytes: Bytes,
    /// What the head promised beyond `bytes`.
    pub(crate) withheld: u64,
    pub(crate) then: Then,
    pub(crate) _in_flight: InFlight,
}

/// What happens after the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    End,
    /// Send what there is, then `Close`.
    Flush,
    Close,
    Stall,
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if !self.bytes.is_empty() {
            let bytes = std::mem::take(&mut self.bytes);
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.then {
            Then::End => Poll::Ready(None),
            // What was given so far is sent only when the body makes the connection wait.
            Then::Flush => {
                self.then = Then::Close;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Then::Close => Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
            // Nobody wakes this up: it ends with the connection.
            Then::Stall => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && self.then == Then::End
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64 + self.withheld)
    }
}
