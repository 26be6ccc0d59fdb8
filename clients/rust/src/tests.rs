use super::*;
use proto::converse_response::Payload;
use proto::{ErrorScope, VideoCodec};

fn event(seq: i64, turn_id: &str, payload: Payload) -> ConverseResponse {
    ConverseResponse { seq, turn_id: turn_id.into(), payload: Some(payload), ..Default::default() }
}

fn frame(seq: i64, turn_id: &str, keyframe: bool) -> ConverseResponse {
    let frame = proto::VideoFrame { codec: VideoCodec::H264.into(), keyframe, ..Default::default() };
    event(seq, turn_id, Payload::VideoFrame(frame))
}

fn started(seq: i64, turn_id: &str) -> ConverseResponse {
    event(seq, turn_id, Payload::TurnStarted(proto::TurnStarted::default()))
}

fn resumed(seq: i64, ack_client_seq: i64) -> ConverseResponse {
    let state = proto::SessionState { resumed: true, ..Default::default() };
    ConverseResponse { ack_client_seq, ..event(seq, "", Payload::SessionState(state)) }
}

/// Both halves, and where the events come from.
fn halves() -> (Conversation, Events, mpsc::Sender<Result<ConverseResponse, Error>>) {
    let shared = Arc::new(Shared { state: Mutex::default(), wake: watch::Sender::new(()) });
    let (line, inbox) = mpsc::channel(INBOX_MESSAGES);
    (Conversation { shared: shared.clone() }, Events { shared, inbox }, line)
}

async fn seqs_of(turn: impl Stream<Item = Result<Event, Error>>) -> Vec<i64> {
    turn.map(|item| item.expect("no error was sent").response.seq).collect().await
}

#[tokio::test]
async fn what_comes_behind_the_end_of_a_turn_is_left_for_the_next_reader() {
    let (conversation, mut events, line) = halves();
    let turn_id = conversation.say(UserText::default()).unwrap();
    for event in [
        started(1, &turn_id),
        event(2, &turn_id, Payload::TurnComplete(proto::TurnComplete::default())),
        started(3, "another"),
    ] {
        line.try_send(Ok(event)).unwrap();
    }
    assert_eq!(seqs_of(events.turn(&turn_id)).await, [1, 2]);
    assert_eq!(conversation.session().last_seq, 2, "what waits was not taken");
    assert_eq!(events.next().await.unwrap().unwrap().response.seq, 3);
}

#[tokio::test]
async fn after_an_interrupt_frames_come_again_with_a_key_frame() {
    let (conversation, events, line) = halves();
    let turn_id = conversation.say(UserText::default()).unwrap();
    conversation.interrupt(&turn_id, None).unwrap();
    let stale = frame(1, &turn_id, false);
    let (refers_to_it, key, next) = (frame(2, "", false), frame(3, "", true), frame(4, "", false));
    for event in [stale, refers_to_it, key, next] {
        line.try_send(Ok(event)).unwrap();
    }
    drop(line);
    assert_eq!(seqs_of(events).await, [3, 4]);
    assert_eq!(conversation.stale(), 1);
}

#[tokio::test]
async fn a_resumed_stream_ends_the_turns_that_the_server_had_taken() {
    let (conversation, mut events, line) = halves();
    let lost = conversation.say(UserText::default()).unwrap();
    let said_again = conversation.say(UserText::default()).unwrap();
    line.try_send(Ok(resumed(9, 1))).unwrap();
    assert_eq!(events.next().await.unwrap().unwrap().ends, std::slice::from_ref(&lost));
    line.try_send(Ok(started(10, &said_again))).unwrap();
    assert!(events.next().await.unwrap().unwrap().ends.is_empty());
}

#[tokio::test]
async fn a_refused_text_ends_its_turn() {
    let (conversation, mut events, line) = halves();
    conversation.report_playback(PlaybackPosition::default()).unwrap();
    let turn_id = conversation.say(UserText::default()).unwrap();
    let refusal = proto::Error { client_seq: 2, scope: ErrorScope::Message.into(), ..Default::default() };
    line.try_send(Ok(event(1, "", Payload::Error(refusal)))).unwrap();
    assert_eq!(events.next().await.unwrap().unwrap().ends, [turn_id]);
}

#[test]
fn more_messages_than_the_server_takes_are_refused() {
    let (conversation, _events, _line) = halves();
    for _ in 0..OUTBOX_MESSAGES {
        conversation.say(UserText::default()).unwrap();
    }
    assert_eq!(conversation.say(UserText::default()).unwrap_err().reason, "LIMIT_EXCEEDED");
}
