//! Which turns there are, which of them have ended, and what of them is stale.

use std::collections::HashMap;

use crate::Event;
use crate::proto::converse_response::Payload;
use crate::proto::{ConverseResponse, ErrorScope, VideoCodec};

#[derive(Default)]
pub(crate) struct Turns {
    turns: HashMap<String, Turn>,
    generation: u32,
    pub(crate) stale: u32,
    needs_keyframe: bool,
}

#[derive(Default)]
struct Turn {
    generation: u32,
    /// client_seq of its texts.
    asked: Vec<i64>,
    started: bool,
    interrupted: bool,
}

impl Turns {
    /// A text of the turn is on its way.
    pub(crate) fn ask(&mut self, turn_id: &str, client_seq: i64) {
        let fresh = || Turn { generation: self.generation, ..Turn::default() };
        self.turns.entry(turn_id.into()).or_insert_with(fresh).asked.push(client_seq);
    }

    pub(crate) fn interrupt(&mut self, turn_id: &str) {
        self.generation += 1;
        if let Some(turn) = self.turns.get_mut(turn_id) {
            turn.interrupted = true;
        }
    }

    /// Notes what an event says of its turn; None when the caller is not to see it.
    pub(crate) fn judge(&mut self, response: ConverseResponse) -> Option<Event> {
        let turn = self.turns.get(&response.turn_id);
        let generation = turn.map_or(self.generation, |turn| turn.generation);
        let is_stale = turn.is_some_and(|turn| turn.interrupted) && is_media(&response);
        let ends = self.ended_by(&response);
        self.turns.retain(|turn_id, _| !ends.contains(turn_id));
        let h264 = match &response.payload {
            Some(Payload::VideoFrame(frame)) if frame.codec() == VideoCodec::H264 => Some(frame.keyframe),
            _ => None,
        };
        if is_stale {
            self.stale += 1;
            self.needs_keyframe |= h264.is_some();
            return None;
        }
        if let Some(keyframe) = h264.filter(|_| self.needs_keyframe) {
            self.needs_keyframe = !keyframe; // what refers to a frame that was left out cannot be decoded
            if !keyframe {
                return None;
            }
        }
        Some(Event { response, generation, ends })
    }

    fn ended_by(&mut self, response: &ConverseResponse) -> Vec<String> {
        match &response.payload {
            Some(Payload::TurnStarted(_)) => {
                if let Some(turn) = self.turns.get_mut(&response.turn_id) {
                    turn.started = true;
                }
                Vec::new()
            }
            Some(Payload::TurnComplete(_) | Payload::TurnStopped(_)) => vec![response.turn_id.clone()],
            Some(Payload::Error(error)) if error.scope() == ErrorScope::Message => {
                self.all_where(|turn| !turn.started && turn.asked.contains(&error.client_seq))
            }
            // Every turn of the lost stream has ended, even if its end was lost as well.
            Some(Payload::SessionState(state)) if state.resumed => {
                self.all_where(|turn| turn.started || turn.asked[0] <= response.ack_client_seq)
            }
            _ => Vec::new(),
        }
    }

    fn all_where(&self, is_meant: impl Fn(&Turn) -> bool) -> Vec<String> {
        self.turns.iter().filter(|(_, turn)| is_meant(turn)).map(|(turn_id, _)| turn_id.clone()).collect()
    }
}

fn is_media(response: &ConverseResponse) -> bool {
    use Payload::{AudioChunk, MotionFrame, TextDelta, VideoFrame, WordTiming};
    matches!(response.payload, Some(TextDelta(_) | AudioChunk(_) | VideoFrame(_) | MotionFrame(_) | WordTiming(_)))
}
