package tth.client;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import tth.v1.Converse.ConverseResponse;
import tth.v1.Errors.ErrorScope;
import tth.v1.Media.VideoCodec;

/** Which turns there are, which of them have ended, and what of them is stale. Guarded by its conversation's lock. */
final class Turns {
  private final Map<String, Turn> turns = new HashMap<>();
  private int generation;
  private int stale;
  private boolean needsKeyframe;

  private static final class Turn {
    final int generation;
    final List<Long> asked = new ArrayList<>(); // client_seq of its texts
    boolean started;
    boolean interrupted;

    Turn(int generation) {
      this.generation = generation;
    }
  }

  /** A text of the turn is on its way. */
  void ask(String turnId, long clientSeq) {
    turns.computeIfAbsent(turnId, id -> new Turn(generation)).asked.add(clientSeq);
  }

  void interrupt(String turnId) {
    generation++;
    if (turns.containsKey(turnId)) {
      turns.get(turnId).interrupted = true;
    }
  }

  int stale() {
    return stale;
  }

  /** Notes what an event says of its turn; empty when the caller is not to see it. */
  Optional<Event> judge(ConverseResponse response) {
    Turn turn = turns.get(response.getTurnId());
    Event event = new Event(response, turn == null ? generation : turn.generation, endedBy(response));
    turns.keySet().removeAll(event.ends());
    boolean isH264 = response.getVideoFrame().getCodec() == VideoCodec.VIDEO_CODEC_H264;
    if (turn != null && turn.interrupted && isMedia(response)) {
      stale++;
      needsKeyframe |= isH264;
      return Optional.empty();
    }
    if (isH264 && needsKeyframe) { // what refers to a frame that was left out cannot be decoded
      needsKeyframe = !response.getVideoFrame().getKeyframe();
      return needsKeyframe ? Optional.empty() : Optional.of(event);
    }
    return Optional.of(event);
  }

  private Set<String> endedBy(ConverseResponse response) {
    switch (response.getPayloadCase()) {
      case TURN_STARTED -> {
        if (turns.containsKey(response.getTurnId())) {
          turns.get(response.getTurnId()).started = true;
        }
        return Set.of();
      }
      case TURN_COMPLETE, TURN_STOPPED -> {
        return Set.of(response.getTurnId());
      }
      case ERROR -> {
        boolean isRefusal = response.getError().getScope() == ErrorScope.ERROR_SCOPE_MESSAGE;
        long refused = response.getError().getClientSeq();
        return where(turn -> isRefusal && !turn.started && turn.asked.contains(refused));
      }
      case SESSION_STATE -> { // every turn of the lost stream has ended, even if its end was lost as well
        boolean isResumed = response.getSessionState().getResumed();
        return where(turn -> isResumed && (turn.started || turn.asked.get(0) <= response.getAckClientSeq()));
      }
      default -> {
        return Set.of();
      }
    }
  }

  private Set<String> where(Predicate<Turn> isMeant) {
    return turns.entrySet().stream()
        .filter(entry -> isMeant.test(entry.getValue()))
        .map(Map.Entry::getKey)
        .collect(Collectors.toUnmodifiableSet());
  }

  private static boolean isMedia(ConverseResponse response) {
    return switch (response.getPayloadCase()) {
      case TEXT_DELTA, AUDIO_CHUNK, VIDEO_FRAME, MOTION_FRAME, WORD_TIMING -> true;
      default -> false;
    };
  }
}
