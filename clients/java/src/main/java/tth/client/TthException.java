package tth.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import tth.v1.Errors;

/** What went wrong, with what the server said as data. Programs compare {@link #reason}, docs/errors.md, not texts. */
public final class TthException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public final Status.Code code;
  public final String reason;
  public final transient Map<String, String> metadata;
  public final transient List<Violation> violations;

  /** The same may succeed later. */
  public final boolean retryable;

  /** Not before. */
  public final transient Optional<Duration> retryAfter;

  /**
   * One field that was refused.
   *
   * @param field path in the message, for example "controls.emotion.intensity"
   */
  public record Violation(String field, String allowed) {}

  private TthException(
      Status.Code code,
      String reason,
      String message,
      Map<String, String> metadata,
      List<Violation> violations,
      boolean retryable,
      Optional<Duration> retryAfter) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.metadata = metadata;
    this.violations = List.copyOf(violations);
    this.retryable = retryable;
    this.retryAfter = retryAfter;
  }

  static TthException own(Status.Code code, String reason, String message) {
    return new TthException(code, reason, message, Map.of(), List.of(), isRetryable(code), Optional.empty());
  }

  /** The error that an error event tells of. */
  public static TthException of(Errors.Error event) {
    return new TthException(
        Status.fromCodeValue(event.getCode()).getCode(),
        event.getReason(),
        event.getMessage(),
        event.getMetadataMap(),
        event.getFieldViolationsList().stream().map(v -> new Violation(v.getField(), v.getDescription())).toList(),
        event.getRetryable(),
        event.hasRetryAfterMs() ? Optional.of(Duration.ofMillis(event.getRetryAfterMs())) : Optional.empty());
  }

  /** The error that ended a call, with its status and details. */
  public static TthException of(Throwable error) {
    if (error instanceof TthException known) {
      return known;
    }
    Status status = Status.fromThrowable(error);
    String reason =
        switch (status.getCode()) { // without details it was not the server who said it
          case UNAVAILABLE -> "UNREACHABLE";
          case INTERNAL, UNKNOWN -> "TRANSPORT";
          default -> status.getCode().name();
        };
    Map<String, String> metadata = Map.of();
    List<Violation> violations = new ArrayList<>();
    Optional<Duration> retryAfter = Optional.empty();
    com.google.rpc.Status rich = StatusProto.fromThrowable(error);
    try {
      for (Any detail : rich == null ? List.<Any>of() : rich.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          ErrorInfo info = detail.unpack(ErrorInfo.class);
          reason = info.getReason();
          metadata = info.getMetadataMap();
        } else if (detail.is(BadRequest.class)) {
          for (BadRequest.FieldViolation item : detail.unpack(BadRequest.class).getFieldViolationsList()) {
            violations.add(new Violation(item.getField(), item.getDescription()));
          }
        } else if (detail.is(RetryInfo.class)) {
          com.google.protobuf.Duration delay = detail.unpack(RetryInfo.class).getRetryDelay();
          retryAfter = Optional.of(Duration.ofSeconds(delay.getSeconds(), delay.getNanos()));
        }
      }
    } catch (InvalidProtocolBufferException odd) {
      violations.clear(); // details that cannot be read say nothing
    }
    boolean retryable = isRetryable(status.getCode()) || retryAfter.isPresent();
    return new TthException(
        status.getCode(), reason, textOf(status, reason), metadata, violations, retryable, retryAfter);
  }

  /** Another stream may do better: the connection or the server is gone. */
  boolean isLost() {
    return code == Status.Code.UNAVAILABLE || reason.equals("TRANSPORT");
  }

  @Override
  public String toString() {
    return violations.stream()
        .map(item -> "\n  " + item.field() + ": " + item.allowed())
        .collect(Collectors.joining("", getMessage() + " (" + reason + ")", ""));
  }

  private static boolean isRetryable(Status.Code code) {
    return code == Status.Code.UNAVAILABLE || code == Status.Code.RESOURCE_EXHAUSTED;
  }

  private static String textOf(Status status, String reason) {
    String text = Optional.ofNullable(status.getDescription()).orElse(status.getCode().name());
    text = text.startsWith(reason + ": ") ? text.substring(reason.length() + 2) : text;
    List<Throwable> causes =
        Stream.iterate(status.getCause(), Objects::nonNull, Throwable::getCause).collect(Collectors.toList());
    String told = Stream.concat(text.lines().limit(1), causes.stream().map(Throwable::getMessage).filter(Objects::nonNull))
        .distinct().collect(Collectors.joining(": "));
    if (!reason.equals("UNREACHABLE")) {
      return told;
    } else if (told.contains("not an SSL/TLS record")) {
      return "does it speak TLS? (" + told + ")";
    } else if (causes.stream().anyMatch(cause -> cause instanceof SSLException)) {
      return "is its certificate signed by the CA given here, for this name? (" + told + ")";
    } else if (causes.stream().anyMatch(cause -> cause instanceof ConnectException || cause instanceof UnknownHostException)) {
      return "is a server running there? (" + told + ")";
    }
    boolean hangsUp = Stream.of("Network closed", "io exception", "End of stream").anyMatch(told::contains);
    return hangsUp ? "it hangs up: does it want TLS, or a certificate of yours? (" + told + ")" : told;
  }
}
