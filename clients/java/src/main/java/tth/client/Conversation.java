package tth.client;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import tth.v1.Converse.ControlUpdate;
import tth.v1.Converse.ConverseRequest;
import tth.v1.Converse.ConverseResponse;
import tth.v1.Converse.GoAwayAction;
import tth.v1.Converse.Interrupt;
import tth.v1.Converse.Ping;
import tth.v1.Converse.PlaybackPosition;
import tth.v1.Converse.PlaybackReport;
import tth.v1.Converse.Resume;
import tth.v1.Converse.UserText;
import tth.v1.TthServiceGrpc;

/**
 * The stream of one session, over as many connections as it takes: it comes back by itself when its connection breaks,
 * hands on each event once, and leaves out the media of turns that were interrupted.
 *
 * <p>Any thread may send, one at a time may receive. Sending never waits: it fails when the conversation is over, or
 * when the server has left 256 messages unacknowledged. Every wait to receive has a limit.
 */
public final class Conversation implements AutoCloseable {
  private static final String SCHEMA_VERSION = "1.0";

  /** Messages that the server has not acknowledged; one more is refused. */
  private static final int OUTBOX_MESSAGES = 256;

  /** Events that wait for their reader: about 0.8 s. A slower one slows the server down, by flow control. */
  private static final int INBOX_MESSAGES = 64;

  /** Before the first and, each time twice as long, before later tries to come back. */
  private static final long FIRST_PAUSE_MS = 100, LONGEST_PAUSE_MS = 5_000;

  private final TthClient client;
  private final String sessionId;

  // What follows is guarded by this object's lock, which is never held while waiting for the network.
  private final ArrayDeque<ConverseResponse> inbox = new ArrayDeque<>();
  private final ArrayList<ConverseRequest> pending = new ArrayList<>(); // not acknowledged; those before `sent` went up
  private final Turns turns = new Turns();
  private int sent;
  private String resumeHandle;
  private Optional<PlaybackPosition> playback;
  private long clientSeq;
  private long takenSeq; // every event up to here was handed on
  private long receivedSeq; // ... or waits in the inbox
  private int connections;
  private boolean finished; // no further message
  private boolean isFinal; // no further connection
  private boolean ended; // no further event
  private TthException error;
  private Line line;
  private Optional<Long> lostAtNs = Optional.empty();
  private long pauseMs = FIRST_PAUSE_MS;

  Conversation(TthClient client, Session session) {
    this.client = client;
    sessionId = session.id();
    resumeHandle = session.resumeHandle();
    playback = session.playback();
    clientSeq = session.clientSeq();
    takenSeq = receivedSeq = session.lastSeq();
    boolean resumes = session.lastSeq() > 0;
    if (!resumes) { // the first message attaches: pictures come before anything is said
      send(ConverseRequest.newBuilder().setPing(Ping.getDefaultInstance()));
    }
    connect(resumes);
  }

  // ---- what is said

  /** Begins a turn and returns its id. With `partial` more of its text follows by {@link #sayMore}. */
  public String say(UserText text) {
    String turnId = "c_" + UUID.randomUUID().toString().substring(0, 13);
    sayMore(turnId, text);
    return turnId;
  }

  /** Adds text to a partial turn; a part without `partial` is its last. */
  public void sayMore(String turnId, UserText text) {
    send(ConverseRequest.newBuilder().setTurnId(turnId).setUserText(text));
  }

  /** Changes controls now, also while the person speaks. The answer is a control_ack event. */
  public void update(ControlUpdate update) {
    send(ConverseRequest.newBuilder().setControlUpdate(update));
  }

  /**
   * Stops a turn: nothing more of its media is handed on.
   *
   * @param playback where the player stood, so that the conversation remembers only what was heard; empty: the server
   *     estimates
   */
  public synchronized void interrupt(String turnId, Optional<PlaybackPosition> playback) {
    turns.interrupt(turnId);
    Interrupt.Builder interrupt = Interrupt.newBuilder();
    playback.ifPresent(interrupt::setPlayback);
    send(ConverseRequest.newBuilder().setTurnId(turnId).setInterrupt(interrupt));
  }

  /** Tells where the player stands; every 250 to 500 ms while it plays. How far the caller has read is filled in. */
  public synchronized void reportPlayback(PlaybackPosition position) {
    PlaybackPosition told = position.toBuilder().setLastSeq(takenSeq).build();
    playback = Optional.of(told);
    send(ConverseRequest.newBuilder().setPlaybackReport(PlaybackReport.newBuilder().setPosition(told)));
  }

  /** Sends any message of the contract, such as pause_turn; the envelope is filled in. */
  public synchronized void send(ConverseRequest.Builder message) {
    if (finished) {
      throw TthException.own(Status.Code.UNAVAILABLE, "STREAM_ENDED", "the conversation is over");
    }
    if (pending.size() == OUTBOX_MESSAGES) {
      String text = "the server has not acknowledged " + OUTBOX_MESSAGES + " messages";
      throw TthException.own(Status.Code.RESOURCE_EXHAUSTED, "LIMIT_EXCEEDED", text);
    }
    message.setSchemaVersion(SCHEMA_VERSION).setSessionId(sessionId);
    message.setClientSeq(++clientSeq).setTimestampMs(System.currentTimeMillis());
    if (message.hasUserText()) {
      turns.ask(message.getTurnId(), clientSeq);
    }
    pending.add(message.build());
    flush();
  }

  /** Nothing more will be said: what runs is finished, then there are no more events. */
  public synchronized void finish() {
    finished = true;
    flush();
  }

  /** Ends the conversation at once; the session can be resumed. Events that were not read are not lost with it. */
  @Override
  public synchronized void close() {
    end(null);
    inbox.clear();
    if (line != null) {
      line.leave();
    }
  }

  /** What another program needs to go on from here. */
  public synchronized Session session() {
    return new Session(sessionId, resumeHandle, takenSeq, clientSeq, playback);
  }

  /** Events of interrupted turns that were left out. */
  public synchronized int stale() {
    return turns.stale();
  }

  /** Streams so far. */
  public synchronized int connections() {
    return connections;
  }

  // ---- what comes

  /**
   * Waits for the next event; empty when the server has ended the stream well.
   *
   * @throws TthException what ended the stream; DEADLINE_EXCEEDED when nothing came in time, and nothing is lost then
   */
  public synchronized Optional<Event> next(Duration limit) throws InterruptedException {
    long untilNs = System.nanoTime() + limit.toNanos();
    while (true) {
      while (!inbox.isEmpty()) {
        ConverseResponse response = inbox.remove();
        takenSeq = response.getSeq();
        line.ask();
        Optional<Event> event = turns.judge(response);
        if (event.isPresent()) {
          return event;
        }
      }
      if (ended && error != null) {
        throw error;
      }
      if (ended) {
        return Optional.empty();
      }
      long leftMs = TimeUnit.NANOSECONDS.toMillis(untilNs - System.nanoTime());
      if (leftMs <= 0) {
        throw TthException.own(Status.Code.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "no event within " + limit);
      }
      wait(leftMs);
    }
  }

  /**
   * Every event up to and with the one that ends the turn; idle pictures and other turns come along. To be gone through
   * once, by the thread that receives; ends early when the stream ends, and fails as {@link #next} does.
   *
   * @param limit for each event
   */
  public Iterable<Event> turn(String turnId, Duration limit) {
    return () ->
        new Iterator<>() {
          private boolean isOver;
          private Optional<Event> ready = Optional.empty();

          @Override
          public boolean hasNext() {
            if (ready.isEmpty() && !isOver) {
              try {
                ready = Conversation.this.next(limit);
              } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw TthException.own(Status.Code.CANCELLED, "CANCELLED", "the thread was interrupted");
              }
              isOver = ready.map(event -> event.ends().contains(turnId)).orElse(true);
            }
            return ready.isPresent();
          }

          @Override
          public Event next() {
            if (!hasNext()) {
              throw new NoSuchElementException();
            }
            Event event = ready.orElseThrow();
            ready = Optional.empty();
            return event;
          }
        };
  }

  // ---- connections, one after the other

  private synchronized void connect(boolean resumes) {
    if (ended) {
      return;
    }
    connections++;
    sent = 0;
    line = new Line(resumes);
    client.channel.resetConnectBackoff(); // the pause between tries is ours
    TthServiceGrpc.newStub(client.channel).converse(line);
    if (resumes) {
      Resume.Builder resume = Resume.newBuilder().setResumeHandle(resumeHandle).setLastSeq(receivedSeq);
      playback.ifPresent(resume::setPlayback);
      line.requests.onNext(
          ConverseRequest.newBuilder()
              .setSchemaVersion(SCHEMA_VERSION)
              .setSessionId(sessionId)
              .setResume(resume)
              .build());
    }
    flush();
  }

  /** Gives what was not sent yet to the line. Until a resume is answered it is not known what had been taken. */
  private void flush() {
    if (line == null || !line.isAttached) {
      return;
    }
    while (sent < pending.size()) {
      ConverseRequest message = pending.get(sent);
      line.requests.onNext(message);
      if (message.hasPing() || message.hasPlaybackReport()) { // worth nothing later: never sent again
        pending.remove(sent);
      } else {
        sent++;
      }
    }
    if (finished && !line.isHalfClosed) {
      line.isHalfClosed = true;
      line.requests.onCompleted();
    }
  }

  private void take(ConverseResponse response) {
    if (response.getSeq() <= receivedSeq) {
      line.ask();
      return; // it was taken before
    }
    while (!pending.isEmpty() && pending.get(0).getClientSeq() <= response.getAckClientSeq()) {
      pending.remove(0);
      sent = Math.max(0, sent - 1);
    }
    if (response.hasSessionState()) {
      resumeHandle = response.getSessionState().getResumeHandle();
      line.isAttached |= response.getSessionState().getResumed();
      flush();
    } else if (response.hasGoAway()) {
      isFinal |= response.getGoAway().getAction() != GoAwayAction.GO_AWAY_ACTION_RESUME;
    }
    receivedSeq = response.getSeq();
    lostAtNs = Optional.empty();
    pauseMs = FIRST_PAUSE_MS;
    inbox.add(response);
    notifyAll();
  }

  private void lose(TthException cause) {
    lostAtNs = lostAtNs.or(() -> Optional.of(System.nanoTime()));
    boolean isInTime = System.nanoTime() - lostAtNs.get() < client.reconnectFor.toNanos();
    if (!cause.isLost() || isFinal || ended || !isInTime) {
      end(cause);
      return;
    }
    line.isAttached = false;
    long inMs = pauseMs / 2 + ThreadLocalRandom.current().nextLong(pauseMs / 2); // not all clients at once
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    try {
      client.timer.schedule(() -> connect(true), inMs, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException closed) { // the client was closed
      end(cause);
    }
  }

  private void end(TthException cause) {
    if (!ended) {
      ended = finished = true;
      error = cause;
      notifyAll();
    }
  }

  /** One stream. Its callbacks mean nothing once another one has taken its place. */
  private final class Line implements ClientResponseObserver<ConverseRequest, ConverseResponse> {
    ClientCallStreamObserver<ConverseRequest> requests;
    boolean isAttached;
    boolean isHalfClosed;
    private ScheduledFuture<?> silence;

    Line(boolean resumes) {
      isAttached = !resumes;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<ConverseRequest> stream) {
      requests = stream;
      stream.disableAutoRequestWithInitial(INBOX_MESSAGES - inbox.size());
      listen();
    }

    @Override
    public void onNext(ConverseResponse response) {
      synchronized (Conversation.this) {
        if (line == this && !ended) {
          listen();
          take(response);
        }
      }
    }

    @Override
    public void onError(Throwable cause) {
      synchronized (Conversation.this) {
        if (line == this && silence != null) {
          leave();
          lose(TthException.of(cause));
        }
      }
    }

    @Override
    public void onCompleted() {
      synchronized (Conversation.this) {
        if (line == this) {
          leave();
          end(null);
        }
      }
    }

    /** One more event may come. */
    void ask() {
      requests.request(1);
    }

    /** No more is wanted of it. Idempotent. */
    void leave() {
      if (silence != null) {
        silence.cancel(false);
        silence = null;
        requests.cancel("left", null);
      }
    }

    private void listen() {
      if (silence != null) {
        silence.cancel(false);
      }
      silence = client.timer.schedule(this::wasSilent, client.silentFor.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void wasSilent() {
      synchronized (Conversation.this) {
        if (line != this || ended) {
          return;
        }
        if (inbox.size() >= INBOX_MESSAGES) { // it is we who do not read
          listen();
          return;
        }
        leave();
        lose(TthException.own(Status.Code.UNAVAILABLE, "UNREACHABLE", "the server has gone silent"));
      }
    }
  }
}
