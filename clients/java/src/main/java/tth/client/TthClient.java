package tth.client;

import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptor;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import tth.v1.TthServiceGrpc;
import tth.v1.TthServiceOuterClass.CreateSessionRequest;
import tth.v1.TthServiceOuterClass.CreateSessionResponse;
import tth.v1.TthServiceOuterClass.EndSessionRequest;
import tth.v1.TthServiceOuterClass.EndSessionResponse;

/** One connection to one server. Thread-safe. Every failure is a {@link TthException}. */
public final class TthClient implements AutoCloseable {
  /** For calls that answer at once. */
  public static final Duration DEADLINE = Duration.ofSeconds(15);

  /** What the transport may hold while nobody reads: about a second of H.264, all of it stale after an interrupt. */
  private static final int WINDOW_BYTES = 256 * 1024;

  final ManagedChannel channel;
  final Duration reconnectFor;
  final Duration silentFor;
  final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "tth-timer");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * Takes over a channel of yours, from a {@link #tuned} builder.
   *
   * @param reconnectFor how long a lost conversation is tried to be resumed; the server keeps a session for 300 s
   * @param silentFor a stream that brings nothing for so long is taken as lost; a server shows a sign of life every
   *     15 s
   */
  public TthClient(ManagedChannel channel, Duration reconnectFor, Duration silentFor) {
    this.channel = channel;
    this.reconnectFor = reconnectFor;
    this.silentFor = silentFor;
  }

  /** Prepares a connection in plain text to "host:port"; the first call makes it. */
  public static TthClient connect(String target, ClientInterceptor... interceptors) {
    return connect(target, InsecureChannelCredentials.create(), interceptors);
  }

  /** The same with credentials, such as {@link io.grpc.TlsChannelCredentials}. */
  public static TthClient connect(
      String target, ChannelCredentials credentials, ClientInterceptor... interceptors) {
    NettyChannelBuilder builder = tuned(NettyChannelBuilder.forTarget(target, credentials));
    return new TthClient(builder.intercept(interceptors).build(), Duration.ofSeconds(60), Duration.ofSeconds(45));
  }

  /** The transport as a conversation needs it: small windows and signs of life. */
  public static NettyChannelBuilder tuned(NettyChannelBuilder builder) {
    return builder
        .flowControlWindow(WINDOW_BYTES)
        .keepAliveTime(30, TimeUnit.SECONDS)
        .keepAliveTimeout(10, TimeUnit.SECONDS);
  }

  /** Shows a token with every call, where the server wants one; without TLS it can be read on the way. */
  public static ClientInterceptor token(String token) {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    return MetadataUtils.newAttachHeadersInterceptor(headers);
  }

  /** Every other call of the contract, with a deadline; it throws StatusRuntimeException. */
  public TthServiceGrpc.TthServiceBlockingStub service() {
    return TthServiceGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
  }

  public CreateSessionResponse createSession(CreateSessionRequest request) {
    try {
      return service().createSession(request);
    } catch (StatusRuntimeException error) {
      throw TthException.of(error);
    }
  }

  public EndSessionResponse endSession(String sessionId) {
    try {
      return service().endSession(EndSessionRequest.newBuilder().setSessionId(sessionId).build());
    } catch (StatusRuntimeException error) {
      throw TthException.of(error);
    }
  }

  /**
   * Opens the conversation of a session, or goes on with one that was open elsewhere (lastSeq > 0). It lasts until it
   * is closed or the server ends it; a refusal comes out of {@link Conversation#next}.
   */
  public Conversation converse(Session session) {
    return new Conversation(this, session);
  }

  /** Ends the connection and with it every call. */
  @Override
  public void close() {
    timer.shutdownNow();
    channel.shutdownNow();
  }
}
