//! Talks to a TTH server: text and controls go in, a person who speaks comes out.
//!
//! [`Client::converse`] gives two halves: a [`Conversation`] that sends and never waits, and [`Events`], a stream that
//! comes back by itself when its connection breaks, hands on each event once, and leaves out the media of turns that were
//! interrupted. Every failure is an [`Error`].

mod error;
mod line;
#[cfg(test)]
mod tests;
mod turns;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use tokio::sync::{mpsc, watch};
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
#[cfg(feature = "tls")]
use tonic::transport::ClientTlsConfig;
use tonic::transport::{Channel, Endpoint};

pub use error::{Error, Violation, code_name};
use proto::converse_request::Payload as Asked;
use proto::tth_service_client::TthServiceClient;
use proto::{ConverseRequest, ConverseResponse, PlaybackPosition, UserText};
use turns::Turns;

/// The contract, made from proto/tth/v1.
pub mod proto {
    tonic::include_proto!("tth.v1");
}

const SCHEMA_VERSION: &str = "1.0";
/// For calls that answer at once.
const DEADLINE: Duration = Duration::from_secs(15);
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);
/// What the transport may hold while nobody reads: about a second of H.264. All of it is stale after an interrupt.
const WINDOW_BYTES: u32 = 256 * 1024;
/// Messages that the server has not acknowledged; one more is refused.
const OUTBOX_MESSAGES: usize = 256;
/// Events that wait for their reader: about 0.8 s. A slower one slows the server down, by flow control.
const INBOX_MESSAGES: usize = 64;

/// The generated client, which shows the token.
pub type Service = TthServiceClient<InterceptedService<Channel, Token>>;

/// One connection to one server. Clones share it.
#[derive(Clone, Debug)]
pub struct Client {
    service: Service,
    /// How long a lost conversation is tried to be resumed. The server keeps a session for 300 s.
    pub reconnect_for: Duration,
    /// A stream that brings nothing for so long is taken as lost; a server shows a sign of life every 15 s.
    pub silent_for: Duration,
}

impl Client {
    /// Connects in plain text to "host:port". Reason UNREACHABLE: nobody answered within 10 s.
    pub async fn connect(target: &str, token: Token) -> Result<Self, Error> {
        let endpoint = Endpoint::from_shared(format!("http://{target}")).map_err(|error| Error::unreachable(&error))?;
        let channel = tuned(endpoint).connect().await.map_err(|error| Error::unreachable(&error))?;
        Ok(Self::over(channel, token))
    }

    /// The same over TLS: `ClientTlsConfig::new().ca_certificate(ca)`, with `.identity(..)` where the server wants to see a
    /// certificate of yours.
    #[cfg(feature = "tls")]
    pub async fn connect_tls(target: &str, tls: ClientTlsConfig, token: Token) -> Result<Self, Error> {
        let endpoint = Endpoint::from_shared(format!("https://{target}")).and_then(|endpoint| endpoint.tls_config(tls));
        let endpoint = endpoint.map_err(|error| Error::unreachable(&error))?;
        let channel = tuned(endpoint).connect().await.map_err(|error| Error::unreachable(&error))?;
        Ok(Self::over(channel, token))
    }

    /// Uses a channel of your own; make it from a [`tuned`] endpoint.
    pub fn over(channel: Channel, token: Token) -> Self {
        let service = TthServiceClient::with_interceptor(channel, token);
        Self { service, reconnect_for: Duration::from_secs(60), silent_for: Duration::from_secs(45) }
    }

    /// The generated client, for every other call; give it a request that is [`bounded`].
    pub fn service(&self) -> Service {
        self.service.clone()
    }

    pub async fn create_session(
        &self,
        request: proto::CreateSessionRequest,
    ) -> Result<proto::CreateSessionResponse, Error> {
        Ok(self.service().create_session(bounded(request)).await?.into_inner())
    }

    pub async fn end_session(&self, session_id: &str) -> Result<proto::EndSessionResponse, Error> {
        let request = proto::EndSessionRequest { session_id: session_id.into() };
        Ok(self.service().end_session(bounded(request)).await?.into_inner())
    }

    /// Opens the conversation of a session, or goes on with one that was open elsewhere (`last_seq > 0`). It lasts until
    /// `Events` is dropped or the server ends it; a refusal comes out of `Events`.
    ///
    /// Must be called within a Tokio runtime.
    pub fn converse(&self, session: Session) -> (Conversation, Events) {
        let resumes = session.last_seq > 0;
        let state = State { received_seq: session.last_seq, session, ..State::default() };
        let shared = Arc::new(Shared { state: Mutex::new(state), wake: watch::Sender::new(()) });
        let (inbox, events) = mpsc::channel(INBOX_MESSAGES);
        let conversation = Conversation { shared: shared.clone() };
        if !resumes {
            // The first message attaches: pictures come before anything is said. An empty outbox has room for it.
            conversation.send("", Asked::Ping(proto::Ping::default())).ok();
        }
        tokio::spawn(line::run(self.clone(), shared.clone(), inbox, resumes));
        (conversation, Events { shared, inbox: events })
    }
}

/// Shown with every call, where the server wants one (`server.tokens`). Without TLS it can be read on the way.
#[derive(Clone, Debug, Default)]
pub struct Token(Option<AsciiMetadataValue>);

impl Token {
    pub fn none() -> Self {
        Self::default()
    }

    /// Error: a token consists of visible ASCII characters.
    pub fn new(token: &str) -> Result<Self, Error> {
        let bad = |_| Error::own(tonic::Code::InvalidArgument, "INVALID_REQUEST", "a token is visible ASCII");
        let mut value: AsciiMetadataValue = format!("Bearer {token}").parse().map_err(bad)?;
        value.set_sensitive(true);
        Ok(Self(Some(value)))
    }
}

impl Interceptor for Token {
    fn call(&mut self, mut request: tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

/// The transport as a conversation needs it: small windows, signs of life, deadlines.
pub fn tuned(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(CONNECT_DEADLINE)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .http2_keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(10))
        .keep_alive_while_idle(true)
}

/// A request with a deadline of 15 s.
pub fn bounded<T>(message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(DEADLINE);
    request
}

/// What a conversation begins with, and what another program needs to go on with it.
#[derive(Clone, Default)]
pub struct Session {
    pub id: String,
    /// A secret.
    pub resume_handle: String,
    /// Every event up to here was taken; 0 for a new session.
    pub last_seq: i64,
    /// Number of the last message that was sent.
    pub client_seq: i64,
    /// Where the player stood.
    pub playback: Option<PlaybackPosition>,
}

impl From<&proto::CreateSessionResponse> for Session {
    fn from(reply: &proto::CreateSessionResponse) -> Self {
        Self { id: reply.session_id.clone(), resume_handle: reply.resume_handle.clone(), ..Self::default() }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Session {{ last_seq: {}, .. }}", self.last_seq) // without the secret
    }
}

/// What both halves of a conversation and its connections share. The lock is never held over an await.
struct Shared {
    state: Mutex<State>,
    /// Something is to be sent.
    wake: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    session: Session,
    /// Every event up to here has been taken or waits in the inbox.
    received_seq: i64,
    /// Not acknowledged; those before `sent` are with the server.
    pending: std::collections::VecDeque<ConverseRequest>,
    sent: usize,
    /// No further message.
    finished: bool,
    /// No further connection.
    is_final: bool,
    turns: Turns,
    connections: u32,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding this lock")
    }
}

/// The half that sends. Sending never waits: it fails when the conversation is over, or when the server has left 256
/// messages unacknowledged.
#[derive(Clone)]
pub struct Conversation {
    shared: Arc<Shared>,
}

impl Conversation {
    /// Begins a turn and returns its id. With `partial` more of its text follows by [`Self::say_more`].
    pub fn say(&self, text: UserText) -> Result<String, Error> {
        let turn_id = format!("c_{:016x}", random());
        self.say_more(&turn_id, text)?;
        Ok(turn_id)
    }

    /// Adds text to a partial turn; a part without `partial` is its last.
    pub fn say_more(&self, turn_id: &str, text: UserText) -> Result<(), Error> {
        self.send(turn_id, Asked::UserText(text))
    }

    /// Changes controls now, also while the person speaks. The answer is a control_ack event.
    pub fn update(&self, update: proto::ControlUpdate) -> Result<(), Error> {
        self.send("", Asked::ControlUpdate(update))
    }

    /// Stops a turn: nothing more of its media comes out of `Events`. playback: where the player stood, so that the
    /// conversation remembers only what was heard; None: the server estimates.
    pub fn interrupt(&self, turn_id: &str, playback: Option<PlaybackPosition>) -> Result<(), Error> {
        {
            self.shared.state().turns.interrupt(turn_id);
        }
        self.send(turn_id, Asked::Interrupt(proto::Interrupt { playback, ..Default::default() }))
    }

    /// Tells where the player stands; every 250 to 500 ms while it plays. `last_seq`, how far the caller has read, is
    /// filled in.
    pub fn report_playback(&self, mut position: PlaybackPosition) -> Result<(), Error> {
        {
            let mut state = self.shared.state();
            position.last_seq = state.session.last_seq;
            state.session.playback = Some(position.clone());
        }
        self.send("", Asked::PlaybackReport(proto::PlaybackReport { position: Some(position) }))
    }

    /// Sends any message of the contract, such as pause_turn; the envelope is filled in.
    pub fn send(&self, turn_id: &str, payload: Asked) -> Result<(), Error> {
        let mut state = self.shared.state();
        if state.finished {
            return Err(Error::own(tonic::Code::Unavailable, "STREAM_ENDED", "the conversation is over"));
        }
        if state.pending.len() == OUTBOX_MESSAGES {
            let text = format!("the server has not acknowledged {OUTBOX_MESSAGES} messages");
            return Err(Error::own(tonic::Code::ResourceExhausted, "LIMIT_EXCEEDED", &text));
        }
        state.session.client_seq += 1;
        let message = ConverseRequest {
            schema_version: SCHEMA_VERSION.into(),
            session_id: state.session.id.clone(),
            turn_id: turn_id.into(),
            timestamp_ms: SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis() as i64),
            client_seq: state.session.client_seq,
            payload: Some(payload),
        };
        if let Some(Asked::UserText(_)) = message.payload {
            state.turns.ask(turn_id, message.client_seq);
        }
        state.pending.push_back(message);
        self.shared.wake.send_replace(());
        Ok(())
    }

    /// Nothing more will be said: what runs is finished, then `Events` ends.
    pub fn finish(&self) {
        self.shared.state().finished = true;
        self.shared.wake.send_replace(());
    }

    /// What another program needs to go on from here.
    pub fn session(&self) -> Session {
        self.shared.state().session.clone()
    }

    /// Events of interrupted turns that were left out.
    pub fn stale(&self) -> u32 {
        self.shared.state().turns.stale
    }

    /// Streams so far.
    pub fn connections(&self) -> u32 {
        self.shared.state().connections
    }
}

/// One answer of the server.
#[derive(Clone, Debug)]
pub struct Event {
    pub response: ConverseResponse,
    /// Raised by every interrupt; a turn belongs to the one in which it was said.
    pub generation: u32,
    /// Turns that are over with this event: they ended, were refused, or were lost with a connection.
    pub ends: Vec<String>,
}

/// The half that receives: ends when the server has ended the stream well, or with an error. Dropping it ends the
/// conversation at once; the session can be resumed.
///
/// A time-out around `next()` loses nothing. Without one the wait ends at the latest with the connection: after
/// `silent_for` and `reconnect_for`.
pub struct Events {
    shared: Arc<Shared>,
    inbox: mpsc::Receiver<Result<ConverseResponse, Error>>,
}

impl Events {
    /// Every event up to and with the one that ends the turn; idle pictures and other turns come along.
    pub fn turn(&mut self, turn_id: &str) -> impl Stream<Item = Result<Event, Error>> + Unpin + '_ {
        let turn_id = turn_id.to_owned();
        let mut is_over = false;
        stream::poll_fn(move |context| {
            if is_over {
                return Poll::Ready(None);
            }
            let item = ready!(self.poll_next_unpin(context));
            is_over = item.as_ref().is_none_or(|item| item.as_ref().is_ok_and(|event| event.ends.contains(&turn_id)));
            Poll::Ready(item)
        })
    }
}

impl Stream for Events {
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match ready!(this.inbox.poll_recv(context)) {
                Some(Ok(response)) => {
                    let mut state = this.shared.state();
                    state.session.last_seq = response.seq;
                    if let Some(event) = state.turns.judge(response) {
                        return Poll::Ready(Some(Ok(event)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// Good for names and for spreading tries; not for secrets.
fn random() -> u64 {
    RandomState::new().hash_one(0)
}
