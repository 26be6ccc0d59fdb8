//! The connections of one conversation, one after the other.

use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};
use tonic::Code;

use crate::proto::converse_request::Payload as Asked;
use crate::proto::converse_response::Payload;
use crate::proto::{ConverseRequest, ConverseResponse, GoAwayAction, Resume};
use crate::{Client, Error, SCHEMA_VERSION, Shared, random};

type Inbox = mpsc::Sender<Result<ConverseResponse, Error>>;

/// Before the first and, each time twice as long, before later tries to come back.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Makes one stream after the other, until one ends that is not followed by another, or nobody listens any more.
pub(crate) async fn run(client: Client, shared: Arc<Shared>, inbox: Inbox, mut resumes: bool) {
    let (mut lost_at, mut pause) = (Instant::now(), FIRST_PAUSE);
    loop {
        let before = shared.state().received_seq;
        let outcome = tokio::select! {
            outcome = one_stream(&client, &shared, &inbox, resumes) => outcome,
            () = inbox.closed() => Ok(()),
        };
        if shared.state().received_seq > before {
            (lost_at, pause) = (Instant::now(), FIRST_PAUSE);
        }
        let may_return = lost_at.elapsed() < client.reconnect_for && !shared.state().is_final;
        match outcome {
            Err(error) if error.is_lost() && may_return => {}
            outcome => {
                shared.state().finished = true;
                if let Err(error) = outcome {
                    inbox.send(Err(error)).await.ok(); // nobody listens: nobody wants to know
                }
                return;
            }
        }
        let jitter = Duration::from_nanos(random() % pause.as_nanos() as u64) / 2; // not all clients at once
        tokio::select! {
            () = sleep(pause / 2 + jitter) => {}
            () = inbox.closed() => return,
        }
        pause = LONGEST_PAUSE.min(2 * pause);
        resumes = true;
    }
}

/// Serves one stream to its end; Ok when the server ended it well.
async fn one_stream(client: &Client, shared: &Arc<Shared>, inbox: &Inbox, resumes: bool) -> Result<(), Error> {
    let (attached, is_attached) = watch::channel(!resumes);
    let messages = outgoing(shared.clone(), is_attached, resumes);
    let mut service = client.service();
    let mut responses = within(client, service.converse(messages)).await??.into_inner();
    while let Some(response) = within(client, responses.message()).await?? {
        let is_resumed = matches!(&response.payload, Some(Payload::SessionState(state)) if state.resumed);
        take(shared, inbox, response).await;
        if is_resumed {
            attached.send(true).ok(); // the sender may have ended with its call
        }
    }
    Ok(())
}

async fn within<T>(client: &Client, wait: impl Future<Output = T>) -> Result<T, Error> {
    let silent = |_| Error::own(Code::Unavailable, "UNREACHABLE", "the server has gone silent");
    timeout(client.silent_for, wait).await.map_err(silent)
}

/// Notes what the connection needs to know of an event, and hands it on if it was not taken before.
async fn take(shared: &Shared, inbox: &Inbox, response: ConverseResponse) {
    let seq = response.seq;
    {
        let mut state = shared.state();
        if seq <= state.received_seq {
            return;
        }
        while state.pending.front().is_some_and(|message| message.client_seq <= response.ack_client_seq) {
            state.pending.pop_front();
            state.sent = state.sent.saturating_sub(1);
        }
        match &response.payload {
            Some(Payload::SessionState(event)) => state.session.resume_handle = event.resume_handle.clone(),
            Some(Payload::GoAway(event)) => state.is_final |= event.action() != GoAwayAction::Resume,
            _ => {}
        }
    }
    if inbox.send(Ok(response)).await.is_ok() {
        shared.state().received_seq = seq; // now: what waits for room may be lost with its connection
    }
}

/// What goes up one call: `resume` where it resumes, and once that is answered all that was not acknowledged.
fn outgoing(
    shared: Arc<Shared>,
    is_attached: watch::Receiver<bool>,
    resumes: bool,
) -> impl Stream<Item = ConverseRequest> + Send + 'static {
    let connection = {
        let mut state = shared.state();
        state.connections += 1;
        state.sent = 0;
        state.connections
    };
    let first = resumes.then(|| resume_message(&shared));
    let start = (shared.wake.subscribe(), shared, is_attached);
    let others = stream::unfold(start, move |(mut wake, shared, mut is_attached)| async move {
        is_attached.wait_for(|attached| *attached).await.ok()?; // by then it is known what had been taken
        loop {
            wake.mark_unchanged();
            match next_unsent(&shared, connection) {
                Next::Message(message) => return Some((*message, (wake, shared, is_attached))),
                Next::End => return None,
                Next::Nothing => tokio::select! {
                    woken = wake.changed() => woken.ok()?,
                    left = is_attached.changed() => left.ok()?, // the call was dropped: it ends when its messages do
                },
            }
        }
    });
    stream::iter(first).chain(others)
}

fn resume_message(shared: &Shared) -> ConverseRequest {
    let state = shared.state();
    let session = state.session.clone();
    ConverseRequest {
        schema_version: SCHEMA_VERSION.into(),
        session_id: session.id,
        payload: Some(Asked::Resume(Resume {
            resume_handle: session.resume_handle,
            last_seq: state.received_seq,
            playback: session.playback,
        })),
        ..ConverseRequest::default()
    }
}

enum Next {
    Message(Box<ConverseRequest>),
    Nothing,
    End,
}

fn next_unsent(shared: &Shared, connection: u32) -> Next {
    let mut state = shared.state();
    if state.connections != connection {
        return Next::End; // another one has taken over
    }
    let sent = state.sent;
    match state.pending.get(sent).cloned() {
        None if state.finished => Next::End,
        None => Next::Nothing,
        Some(message) => {
            if matches!(message.payload, Some(Asked::Ping(_) | Asked::PlaybackReport(_))) {
                state.pending.remove(sent); // worth nothing later: never sent again
            } else {
                state.sent += 1;
            }
            Next::Message(Box::new(message))
        }
    }
}
