package tth.client;

import java.util.Optional;
import tth.v1.Converse.PlaybackPosition;
import tth.v1.TthServiceOuterClass.CreateSessionResponse;

/**
 * What a conversation begins with, and what another program needs to go on with it.
 *
 * @param resumeHandle a secret
 * @param lastSeq every event up to here was taken; 0 for a new session
 * @param clientSeq number of the last message that was sent
 * @param playback where the player stood
 */
public record Session(
    String id, String resumeHandle, long lastSeq, long clientSeq, Optional<PlaybackPosition> playback) {

  /** The session that CreateSession has made. */
  public static Session of(CreateSessionResponse reply) {
    return new Session(reply.getSessionId(), reply.getResumeHandle(), 0, 0, Optional.empty());
  }

  /** Leaves the secret out. */
  @Override
  public String toString() {
    return "Session[lastSeq=" + lastSeq + "]";
  }
}
