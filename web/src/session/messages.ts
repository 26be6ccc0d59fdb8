/** The messages of a conversation, by the names that are used here. */
export {
  type ConverseResponse,
  type PlaybackPosition,
  PlaybackPositionSchema,
  type TextDelta,
  TextMode,
  type TurnMetrics,
  TurnOutcome,
} from "../contract/tth/v1/converse_pb";
export type { Error } from "../contract/tth/v1/errors_pb";
export { FrameKind, type WordTiming } from "../contract/tth/v1/media_pb";
