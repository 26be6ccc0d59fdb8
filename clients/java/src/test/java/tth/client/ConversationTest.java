package tth.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tth.v1.Converse.ConverseRequest;
import tth.v1.Converse.ConverseResponse;
import tth.v1.Converse.SessionState;
import tth.v1.Converse.TurnComplete;
import tth.v1.Converse.TurnStarted;
import tth.v1.Converse.UserText;
import tth.v1.Media.VideoCodec;
import tth.v1.Media.VideoFrame;
import tth.v1.TthServiceGrpc.TthServiceImplBase;

/** Against a real server on loopback that follows a script: one act for each stream. */
@Timeout(20)
class ConversationTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final Session SESSION = new Session("s_1", "first", 0, 0, Optional.empty());

  /** What a stream answers to a message. */
  private interface Act extends BiConsumer<ConverseRequest, StreamObserver<ConverseResponse>> {}

  private final ConcurrentLinkedQueue<Act> acts = new ConcurrentLinkedQueue<>();
  private Server server;
  private TthClient client;

  @BeforeEach
  void start() throws IOException {
    TthServiceImplBase service =
        new TthServiceImplBase() {
          @Override
          public StreamObserver<ConverseRequest> converse(StreamObserver<ConverseResponse> responses) {
            Act act = acts.remove();
            return new StreamObserver<>() {
              @Override
              public void onNext(ConverseRequest request) {
                act.accept(request, responses);
              }

              @Override
              public void onError(Throwable gone) {}

              @Override
              public void onCompleted() {}
            };
          }
        };
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(service)
            .build()
            .start();
    client = client(Duration.ofSeconds(10));
  }

  private TthClient client(Duration silentFor) {
    var channel = TthClient.tuned(NettyChannelBuilder.forAddress("127.0.0.1", server.getPort())).usePlaintext();
    return new TthClient(channel.build(), Duration.ofSeconds(10), silentFor);
  }

  @AfterEach
  void stop() {
    client.close();
    server.shutdownNow();
  }

  private Conversation converse() {
    return client.converse(SESSION);
  }

  private static ConverseResponse.Builder event(long seq, String turnId) {
    return ConverseResponse.newBuilder().setSeq(seq).setTurnId(turnId);
  }

  private static ConverseResponse started(long seq, String turnId) {
    return event(seq, turnId).setTurnStarted(TurnStarted.getDefaultInstance()).build();
  }

  private static ConverseResponse state(long seq, long ack, boolean resumed) {
    SessionState state = SessionState.newBuilder().setResumeHandle("second").setResumed(resumed).build();
    return event(seq, "").setAckClientSeq(ack).setSessionState(state).build();
  }

  private static ConverseResponse frame(long seq, String turnId, boolean keyframe) {
    VideoFrame frame = VideoFrame.newBuilder().setCodec(VideoCodec.VIDEO_CODEC_H264).setKeyframe(keyframe).build();
    return event(seq, turnId).setVideoFrame(frame).build();
  }

  private static List<Long> seqsToTheEnd(Conversation conversation) throws InterruptedException {
    List<Long> seqs = new ArrayList<>();
    for (var event = conversation.next(LIMIT); event.isPresent(); event = conversation.next(LIMIT)) {
      seqs.add(event.get().response().getSeq());
    }
    return seqs;
  }

  @Test
  void whatWasNotAcknowledgedIsSaidAgainWhenASilentStreamIsResumed() throws InterruptedException {
    List<ConverseRequest> second = new ArrayList<>();
    acts.add(
        (request, responses) -> {
          if (request.hasUserText()) {
            responses.onNext(state(1, 1, false)); // the ping was taken, the text was not; then silence
          }
        });
    acts.add(
        (request, responses) -> {
          second.add(request);
          if (request.hasResume()) {
            responses.onNext(state(2, 1, true));
          } else {
            responses.onNext(started(3, request.getTurnId()));
            responses.onCompleted();
          }
        });
    try (TthClient impatient = client(Duration.ofSeconds(2)); // a cold JVM takes one to connect
        Conversation conversation = impatient.converse(SESSION)) {
      conversation.say(UserText.getDefaultInstance());
      assertEquals(List.of(1L, 2L, 3L), seqsToTheEnd(conversation));
      assertEquals(2, conversation.connections());
    }
    assertEquals("second", second.get(0).getResume().getResumeHandle());
    assertEquals(1, second.get(0).getResume().getLastSeq());
    assertEquals(2, second.get(1).getClientSeq());
  }

  @Test
  void aTurnThatWasLostWithAConnectionIsOver() throws InterruptedException {
    acts.add(
        (request, responses) -> {
          if (request.hasUserText()) {
            responses.onNext(started(1, request.getTurnId()).toBuilder().setAckClientSeq(2).build());
            responses.onError(Status.UNAVAILABLE.asRuntimeException());
          }
        });
    acts.add((request, responses) -> responses.onNext(state(9, 2, true))); // its end was lost in a gap
    try (Conversation conversation = converse()) {
      String turnId = conversation.say(UserText.getDefaultInstance());
      List<Long> seqs = new ArrayList<>();
      conversation.turn(turnId, LIMIT).forEach(event -> seqs.add(event.response().getSeq()));
      assertEquals(List.of(1L, 9L), seqs);
    }
  }

  @Test
  void afterAnInterruptFramesComeAgainWithAKeyFrame() throws InterruptedException {
    acts.add(
        (request, responses) -> {
          if (request.hasUserText()) {
            responses.onNext(started(1, request.getTurnId()));
          } else if (request.hasInterrupt()) {
            responses.onNext(frame(2, request.getTurnId(), false)); // stale
            responses.onNext(frame(3, "", false)); // refers to the stale one
            responses.onNext(frame(4, "", true));
            responses.onCompleted();
          }
        });
    try (Conversation conversation = converse()) {
      String turnId = conversation.say(UserText.getDefaultInstance());
      assertTrue(conversation.next(LIMIT).isPresent());
      conversation.interrupt(turnId, Optional.empty());
      assertEquals(List.of(4L), seqsToTheEnd(conversation));
      assertEquals(1, conversation.stale());
    }
  }

  @Test
  void theSessionCountsWhatWasHandedOn() throws InterruptedException {
    acts.add(
        (request, responses) -> {
          responses.onNext(started(1, "c_1"));
          responses.onNext(event(2, "c_1").setTurnComplete(TurnComplete.getDefaultInstance()).build());
          responses.onNext(started(3, "c_2"));
          responses.onCompleted();
        });
    Conversation conversation = converse();
    conversation.turn("c_1", LIMIT).forEach(event -> {});
    conversation.close();
    assertEquals(2, conversation.session().lastSeq());
  }

  @Test
  void aRefusalIsNotTriedAgain() {
    acts.add((request, responses) -> responses.onError(Status.NOT_FOUND.asRuntimeException()));
    try (Conversation conversation = converse()) {
      TthException refusal = assertThrows(TthException.class, () -> conversation.next(LIMIT));
      assertEquals(Status.Code.NOT_FOUND, refusal.code);
      assertEquals(1, conversation.connections());
    }
  }

  @Test
  void aWaitHasALimit() throws InterruptedException {
    acts.add((request, responses) -> {});
    try (Conversation conversation = converse()) {
      TthException late = assertThrows(TthException.class, () -> conversation.next(Duration.ofMillis(50)));
      assertEquals(Status.Code.DEADLINE_EXCEEDED, late.code);
    }
  }
}
