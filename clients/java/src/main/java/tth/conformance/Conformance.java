package tth.conformance;

import com.google.gson.Gson;
import io.grpc.ClientInterceptor;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tth.client.Conversation;
import tth.client.Event;
import tth.client.Session;
import tth.client.TthClient;
import tth.client.TthException;
import tth.example.Recorder;
import tth.v1.ControlsOuterClass.Character;
import tth.v1.ControlsOuterClass.ControlResult;
import tth.v1.ControlsOuterClass.Controls;
import tth.v1.ControlsOuterClass.Emotion;
import tth.v1.ControlsOuterClass.EmotionLabel;
import tth.v1.Converse.ControlUpdate;
import tth.v1.Converse.ConverseResponse;
import tth.v1.Converse.PlaybackPosition;
import tth.v1.Converse.TextMode;
import tth.v1.Converse.UserText;
import tth.v1.Media.AudioCodec;
import tth.v1.Media.MediaPreferences;
import tth.v1.Media.VideoCodec;
import tth.v1.Media.WordTiming;
import tth.v1.TthServiceOuterClass.CreateSessionRequest;

/** Does one case of clients/conformance/README.md and prints what came of it as one JSON object. */
public final class Conformance {
  private static final String SHORT_TEXT = "One two three four five.";
  private static final String LONG_TEXT = "One two three four five six seven eight nine ten. ".repeat(4);
  private static final Set<String> MEDIA =
      Set.of("text_delta", "audio_chunk", "video_frame", "motion_frame", "word_timing");
  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** For so long the application does not read, so that events wait in the library. */
  private static final Duration BUSY = Duration.ofMillis(500);

  private final TthClient client;
  private final String target;

  private Conformance(String target, TthClient client) {
    this.target = target;
    this.client = client;
  }

  public static void main(String[] arguments) {
    try {
      if (arguments.length == 0) {
        throw new IllegalArgumentException("usage: Conformance CASE --target HOST:PORT --output DIR");
      }
      String target = option(arguments, "--target", "localhost:50051");
      Conformance program = new Conformance(target, TthClient.connect(target));
      Map<String, ?> answer =
          switch (arguments[0]) {
            case "turn" -> program.turn();
            case "controls" -> program.controls();
            case "interrupt" -> program.interrupt();
            case "playback" -> program.playback();
            case "resume" -> program.resume();
            case "lost" -> program.lost();
            case "errors" -> program.errors();
            case "secure" -> program.secure(Path.of(option(arguments, "--output", ".")));
            case "save" -> program.save(Path.of(option(arguments, "--output", ".")));
            default -> throw new IllegalArgumentException("there is no case " + arguments[0]);
          };
      program.client.close();
      System.out.println(new Gson().toJson(answer));
    } catch (TthException | IllegalArgumentException | IOException | InterruptedException error) {
      System.err.println("conformance: " + error);
      System.exit(1);
    }
  }

  private static String option(String[] arguments, String name, String otherwise) {
    int at = Arrays.asList(arguments).indexOf(name) + 1;
    return at > 0 && at < arguments.length ? arguments[at] : otherwise;
  }

  private static Conversation open(TthClient client, Controls controls) {
    MediaPreferences media =
        MediaPreferences.newBuilder()
            .setAudioCodec(AudioCodec.AUDIO_CODEC_PCM_S16LE)
            .setAudioSampleRateHz(24_000)
            .setVideoCodec(VideoCodec.VIDEO_CODEC_JPEG)
            .build();
    CreateSessionRequest request = CreateSessionRequest.newBuilder().setControls(controls).setMedia(media).build();
    return client.converse(Session.of(client.createSession(request)));
  }

  private static Conversation open(TthClient client) {
    return open(client, Controls.getDefaultInstance());
  }

  private static UserText said(String text) {
    return UserText.newBuilder().setText(text).setMode(TextMode.TEXT_MODE_SAY).build();
  }

  /** The name of the payload's field in the contract. */
  private static String kind(Event event) {
    return event.response().getPayloadCase().name().toLowerCase(Locale.ROOT);
  }

  private static Map<String, ?> row(Event event) {
    ConverseResponse response = event.response();
    return Map.of("seq", response.getSeq(), "turn_id", response.getTurnId(), "generation", event.generation(),
        "kind", kind(event));
  }

  private Map<String, ?> turn() {
    List<Map<String, ?>> rows = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    int samples = 0;
    int frames = 0;
    String terminal = "";
    try (Conversation conversation = open(client)) {
      String turnId = conversation.say(said(SHORT_TEXT));
      for (Event event : conversation.turn(turnId, LIMIT)) {
        ConverseResponse response = event.response();
        if (response.getTurnId().equals(turnId)) {
          rows.add(row(event));
          text.append(response.getTextDelta().getText());
          samples += response.getAudioChunk().getSampleCount();
          frames += response.hasVideoFrame() ? 1 : 0;
          terminal = kind(event);
        }
      }
    }
    return Map.of("events", rows, "text", text, "audio_samples", samples, "frames", frames, "terminal", terminal);
  }

  private Map<String, ?> controls() {
    Emotion happy = Emotion.newBuilder().setLabel(EmotionLabel.EMOTION_LABEL_HAPPY).setIntensity(0.8f).build();
    Character character = Character.newBuilder().setSpeechRate(1.2f).setExpressivity(0.9f).build();
    List<Map<String, ?>> report = new ArrayList<>();
    try (Conversation conversation = open(client, Controls.newBuilder().setEmotion(happy).build())) {
      Controls ofTurn = Controls.newBuilder().setCharacter(character).build();
      String turnId = conversation.say(said(SHORT_TEXT).toBuilder().setControls(ofTurn).build());
      for (Event event : conversation.turn(turnId, LIMIT)) {
        for (ControlResult item : event.response().getTurnMetrics().getControlReport().getResultsList()) {
          report.add(
              Map.of("path", item.getPath(), "outcome", item.getOutcome().name(), "requested", item.getRequested(),
                  "effective", item.getEffective(), "reason", item.getReason(), "adapter", item.getAdapter()));
        }
      }
    }
    return Map.of("control_report", report);
  }

  private Map<String, ?> interrupt() {
    List<Map<String, ?>> rows = new ArrayList<>();
    List<String> late = new ArrayList<>();
    int chunks = 0;
    String terminal = "";
    try (Conversation conversation = open(client)) {
      String turnId = conversation.say(said(LONG_TEXT));
      for (Event event : conversation.turn(turnId, LIMIT)) {
        rows.add(row(event));
        if (!event.response().getTurnId().equals(turnId)) {
          continue;
        }
        terminal = kind(event);
        if (chunks >= 3 && MEDIA.contains(terminal)) {
          late.add(terminal);
        }
        if (event.response().hasAudioChunk() && ++chunks == 3) {
          conversation.interrupt(turnId, Optional.empty());
        }
      }
      return Map.of("events", rows, "stale_dropped", conversation.stale(), "delivered_after_interrupt", late,
          "terminal", terminal);
    }
  }

  private Map<String, ?> playback() {
    List<Map<String, ?>> words = new ArrayList<>();
    long thirdEndUs = Long.MAX_VALUE;
    long soundEndUs = 0;
    long reportedUs = 0;
    String heard = "";
    try (Conversation conversation = open(client)) {
      String turnId = conversation.say(said(LONG_TEXT));
      for (Event event : conversation.turn(turnId, LIMIT)) {
        ConverseResponse response = event.response();
        heard = response.hasTurnStopped() ? response.getTurnStopped().getHeardText() : heard;
        if (response.hasWordTiming()) {
          WordTiming word = response.getWordTiming();
          words.add(Map.of("text", word.getWord(), "pts_us", word.getPtsUs(), "duration_us", word.getDurationUs()));
          thirdEndUs = words.size() == 3 ? word.getPtsUs() + word.getDurationUs() : thirdEndUs;
        } else if (response.hasAudioChunk()) {
          soundEndUs = response.getAudioChunk().getPtsUs() + response.getAudioChunk().getDurationUs();
        }
        if (reportedUs == 0 && soundEndUs >= thirdEndUs) {
          reportedUs = thirdEndUs;
          PlaybackPosition position =
              PlaybackPosition.newBuilder()
                  .setTurnId(turnId)
                  .setAudioPtsUs(reportedUs)
                  .setLastSeq(response.getSeq())
                  .build();
          conversation.reportPlayback(position);
          conversation.interrupt(turnId, Optional.of(position));
        }
      }
    }
    return Map.of("reported_us", reportedUs, "words", words, "heard_text", heard);
  }

  /** Breaks its own connection; the library does the rest. */
  /** Breaks its connection while events wait unread, and another client goes on. */
  private Map<String, ?> resume() throws InterruptedException {
    Journey seen = new Journey();
    try (Conversation broken = open(client);
        TthClient second = TthClient.connect(target)) {
      String turnId = broken.say(said(LONG_TEXT));
      while (seen.chunks < 3) {
        seen.take(broken.next(LIMIT).orElseThrow());
      }
      Thread.sleep(BUSY.toMillis());
      broken.close();
      try (Conversation conversation = second.converse(broken.session())) {
        conversation.turn(turnId, LIMIT).forEach(seen::take);
        return seen.told(broken.connections() + conversation.connections());
      }
    }
  }

  /** Has its connection broken by somebody else while events wait unread. */
  private Map<String, ?> lost() throws InterruptedException {
    Journey seen = new Journey();
    try (Conversation conversation = open(client)) {
      String turnId = conversation.say(said(LONG_TEXT));
      for (Event event : conversation.turn(turnId, LIMIT)) {
        seen.take(event);
        if (event.response().hasAudioChunk() && seen.chunks == 3) {
          Thread.sleep(BUSY.toMillis());
        }
      }
      return seen.told(conversation.connections());
    }
  }

  /** What was handed on, over more than one connection. */
  private static final class Journey {
    final List<Long> seqs = new ArrayList<>();
    int chunks;
    String last = "";

    void take(Event event) {
      seqs.add(event.response().getSeq());
      last = kind(event);
      chunks += event.response().hasAudioChunk() ? 1 : 0;
    }

    Map<String, ?> told(int connections) {
      return Map.of("seqs", seqs, "connections", connections, "terminal", last);
    }
  }

  /** Speaks to a server that wants to see a certificate and a token. */
  private Map<String, ?> secure(Path folder) throws IOException {
    ClientInterceptor token = TthClient.token(Files.readString(folder.resolve("token")));
    TlsChannelCredentials.Builder distrusts = tls(folder, "other-ca.pem"), nameless = tls(folder, "ca.pem"),
        good = tls(folder, "ca.pem");
    for (TlsChannelCredentials.Builder shows : List.of(distrusts, good)) {
      shows.keyManager(folder.resolve("client.pem").toFile(), folder.resolve("client.key").toFile());
    }
    try (TthClient closed = TthClient.connect(target, good.build(), token)) {
      List<Map<String, ?>> refused =
          List.of(
              refusal(TthClient.connect(target, distrusts.build(), token)),
              refusal(TthClient.connect(target, nameless.build(), token)),
              refusal(TthClient.connect(target, good.build())));
      return Map.of("turn", new Conformance(target, closed).turn(), "refused", refused);
    }
  }

  private static TlsChannelCredentials.Builder tls(Path folder, String ca) throws IOException {
    return TlsChannelCredentials.newBuilder().trustManager(folder.resolve(ca).toFile());
  }

  private static Map<String, ?> refusal(TthClient client) {
    try (client) {
      client.createSession(CreateSessionRequest.getDefaultInstance());
      throw new IllegalArgumentException("it was not refused");
    } catch (TthException error) {
      return Map.of("code", error.code.name(), "reason", error.reason, "message", error.toString());
    }
  }

  private Map<String, ?> errors() {
    Controls tooMuch = Controls.newBuilder().setEmotion(Emotion.newBuilder().setIntensity(7)).build();
    List<Map<String, ?>> refused = new ArrayList<>();
    boolean alive = false;
    try (Conversation impossible = open(client, tooMuch)) {
      throw new IllegalArgumentException("7 was accepted");
    } catch (TthException error) {
      refused.add(refusal(error));
    }
    try (Conversation unknown = client.converse(new Session("s_unknown", "", 0, 0, Optional.empty()))) {
      unknown.turn("", LIMIT).forEach(event -> {});
    } catch (TthException error) {
      refused.add(refusal(error));
    }
    try (Conversation conversation = open(client)) {
      conversation.update(ControlUpdate.newBuilder().setControls(tooMuch).build());
      String turnId = conversation.say(said(SHORT_TEXT));
      for (Event event : conversation.turn(turnId, LIMIT)) {
        if (event.response().hasError()) {
          refused.add(refusal(TthException.of(event.response().getError())));
        }
        alive = event.response().getTurnId().equals(turnId) && event.response().hasTurnComplete();
      }
    }
    return Map.of("errors", refused, "alive_after", alive);
  }

  private static Map<String, ?> refusal(TthException error) {
    List<String> fields = error.violations.stream().map(TthException.Violation::field).toList();
    return Map.of("code", error.code.name(), "reason", error.reason, "fields", fields, "retryable", error.retryable);
  }

  private Map<String, ?> save(Path output) throws IOException {
    try (Conversation conversation = open(client); Recorder recorder = new Recorder(output)) {
      String turnId = conversation.say(said(SHORT_TEXT));
      for (Event event : conversation.turn(turnId, LIMIT)) {
        if (event.response().getTurnId().equals(turnId)) {
          recorder.take(event.response());
        }
      }
      return Map.of("wav", "turn.wav", "video", "frames", "frames", recorder.frameCount());
    }
  }
}
