package tth.example;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import tth.client.Conversation;
import tth.client.Event;
import tth.client.Session;
import tth.client.TthClient;
import tth.client.TthException;
import tth.v1.ControlsOuterClass.Character;
import tth.v1.ControlsOuterClass.Controls;
import tth.v1.ControlsOuterClass.Emotion;
import tth.v1.ControlsOuterClass.EmotionLabel;
import tth.v1.Converse.ConverseResponse;
import tth.v1.Converse.PlaybackPosition;
import tth.v1.Converse.TextMode;
import tth.v1.Converse.UserText;
import tth.v1.Media.AudioChunk;
import tth.v1.Media.MediaPreferences;
import tth.v1.Media.VideoCodec;
import tth.v1.TthServiceOuterClass.CreateSessionRequest;
import tth.v1.TthServiceOuterClass.CreateSessionResponse;

/**
 * Holds a conversation of three turns: one with controls, one that is interrupted, and one behind a connection that was
 * lost. Saves sound and pictures of each, and tells what happens.
 */
public final class Talk {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final long REPORT_EVERY_US = 300_000;

  private Talk() {}

  public static void main(String[] arguments) {
    String target = option(arguments, "--target", "localhost:50051");
    String text = option(arguments, "--text", "Hello, my name is Robin. Who are you?");
    try {
      talk(target, text, Path.of(option(arguments, "--output", "out")));
    } catch (TthException error) {
      System.err.println("talk: " + explained(error, target));
      System.exit(1);
    } catch (IOException error) {
      System.err.println("talk: " + error);
      System.exit(1);
    }
  }

  private static String option(String[] arguments, String name, String otherwise) {
    int at = Arrays.asList(arguments).indexOf(name) + 1;
    return at > 0 && at < arguments.length ? arguments[at] : otherwise;
  }

  private static void talk(String target, String text, Path output) throws IOException {
    String token = System.getenv("TTH_TOKEN");
    try (TthClient client =
        token == null ? TthClient.connect(target) : TthClient.connect(target, TthClient.token(token))) {
      Emotion happy = Emotion.newBuilder().setLabel(EmotionLabel.EMOTION_LABEL_HAPPY).setIntensity(0.6f).build();
      CreateSessionResponse reply =
          client.createSession(
              CreateSessionRequest.newBuilder()
                  .setControls(Controls.newBuilder().setEmotion(happy))
                  .setMedia(MediaPreferences.newBuilder().setVideoCodec(VideoCodec.VIDEO_CODEC_JPEG))
                  .build());
      Session session = Session.of(reply);
      try (Conversation conversation = client.converse(session)) {
        System.out.println("1. a turn with controls of its own");
        Character lively = Character.newBuilder().setSpeechRate(1.1f).setExpressivity(0.9f).build();
        UserText question =
            UserText.newBuilder().setText(text).setControls(Controls.newBuilder().setCharacter(lively)).build();
        follow(conversation, question, Optional.empty(), output.resolve("1"));

        System.out.println("2. a turn that is interrupted after two seconds");
        UserText count =
            UserText.newBuilder()
                .setText("One, two, three, four, five, six, seven. ".repeat(4))
                .setMode(TextMode.TEXT_MODE_SAY)
                .build();
        follow(conversation, count, Optional.of(Duration.ofSeconds(2)), output.resolve("2"));
        session = conversation.session();
      } // closed as if the network had gone; while a program runs, this library comes back by itself
      try (Conversation conversation = client.converse(session)) {
        System.out.println("3. a turn on another stream: this could be another program as well");
        UserText memory = UserText.newBuilder().setText("What is my name?").build();
        follow(conversation, memory, Optional.empty(), output.resolve("3"));
      }
      client.endSession(reply.getSessionId());
    }
  }

  /** Says a text, saves what comes of it, and interrupts it when the listener has heard `interruptAfter` of it. */
  private static void follow(
      Conversation conversation, UserText text, Optional<Duration> interruptAfter, Path output) throws IOException {
    try (Recorder recorder = new Recorder(output)) {
      String turnId = conversation.say(text);
      Player player = new Player(turnId);
      long interruptAtUs = interruptAfter.map(after -> after.toNanos() / 1000).orElse(Long.MAX_VALUE);
      long reportAtUs = 0;
      for (Event event : conversation.turn(turnId, LIMIT)) {
        if (event.response().getTurnId().equals(turnId)) {
          recorder.take(event.response());
          player.take(event.response());
        }
        tell(event, turnId);
        if (!player.isPlaying() || player.playedUs() < reportAtUs) {
          continue;
        }
        reportAtUs = player.playedUs() + REPORT_EVERY_US;
        conversation.reportPlayback(player.position());
        if (player.playedUs() >= interruptAtUs) {
          interruptAtUs = Long.MAX_VALUE;
          conversation.interrupt(turnId, Optional.of(player.position()));
        }
      }
      System.out.printf(
          "   %d frames, %.1f s of sound in %s%n", recorder.frameCount(), recorder.soundSeconds(), output);
    }
  }

  /** Prints an event; fails when it means that the turn cannot be. */
  private static void tell(Event event, String turnId) {
    ConverseResponse response = event.response();
    switch (response.getPayloadCase()) {
      case TEXT_DELTA -> {
        String end = response.getTextDelta().getLast() ? System.lineSeparator() : "";
        System.out.print(response.getTextDelta().getText() + end);
      }
      case TURN_METRICS -> response.getTurnMetrics().getControlReport().getResultsList().forEach(result ->
          System.out.printf("   %s = %s: %s%n", result.getPath(), result.getEffective(), result.getOutcome()));
      case TURN_STOPPED -> System.out.printf("   stopped (%s); heard: \"%s\"%n",
          response.getTurnStopped().getOutcome(), response.getTurnStopped().getHeardText());
      case SESSION_STATE -> {
        if (response.getSessionState().getResumed()) {
          System.out.println("   the session goes on; events were lost: " + response.getSessionState().getGap());
        }
      }
      case ERROR -> {
        TthException error = TthException.of(response.getError());
        if (event.ends().contains(turnId)) {
          throw error;
        }
        System.out.println("   " + error);
      }
      default -> {}
    }
  }

  /** Stands for one that has a loudspeaker: it begins with the first sound and plays without a stop. */
  private static final class Player {
    private final String turnId;
    private Optional<Long> startedNs = Optional.empty();
    private long startUs;
    private long endUs;

    Player(String turnId) {
      this.turnId = turnId;
    }

    void take(ConverseResponse response) {
      if (response.hasAudioChunk()) {
        AudioChunk chunk = response.getAudioChunk();
        if (startedNs.isEmpty()) {
          startedNs = Optional.of(System.nanoTime());
          startUs = chunk.getPtsUs();
        }
        endUs = chunk.getPtsUs() + chunk.getDurationUs();
      }
    }

    boolean isPlaying() {
      return startedNs.isPresent();
    }

    long playedUs() {
      return (System.nanoTime() - startedNs.orElseThrow()) / 1000;
    }

    PlaybackPosition position() {
      return PlaybackPosition.newBuilder()
          .setTurnId(turnId)
          .setAudioPtsUs(Math.min(startUs + playedUs(), endUs))
          .build();
    }
  }

  /** What to do about an error. */
  private static String explained(TthException error, String target) {
    if (error.reason.equals("UNREACHABLE")) {
      return "no connection to " + target + ": " + error.getMessage();
    }
    String advice = error.retryable ? "\n  try again later" : "";
    return error + error.retryAfter.map(wait -> "\n  try again in " + wait.toSeconds() + " s").orElse(advice);
  }
}
