//! Does one case of clients/conformance/README.md and prints what came of it as one JSON object.

mod media;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use tonic::transport::{Certificate, ClientTlsConfig, Identity};
use tth_client::proto::converse_response::Payload;
use tth_client::proto::{
    AudioCodec, Character, ControlUpdate, Controls, CreateSessionRequest, Emotion, EmotionLabel, MediaPreferences,
    PlaybackPosition, TextMode, UserText, VideoCodec,
};
use tth_client::{Client, Conversation, Error, Event, Events, Session, Token, code_name};

const SHORT_TEXT: &str = "One two three four five.";
const DEADLINE: Duration = Duration::from_secs(55);
/// For so long the application does not read, so that events wait in the library.
const BUSY: Duration = Duration::from_millis(500);

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let result = tokio::time::timeout(DEADLINE, answer()).await.unwrap_or_else(|_| Err("it took too long".into()));
    match result {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            eprintln!("conformance: {error}{cause}");
            ExitCode::FAILURE
        }
    }
}

async fn answer() -> Outcome<Value> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, case, options @ ..] = arguments.as_slice() else {
        return Err("usage: conformance CASE --target HOST:PORT --output DIR".into());
    };
    let value = |name: &str| options.iter().skip_while(|item| *item != name).nth(1).cloned();
    let target = value("--target").unwrap_or_else(|| "localhost:50051".into());
    match case.as_str() {
        "turn" => turn(&Client::connect(&target, Token::none()).await?).await,
        "controls" => controls(&target).await,
        "interrupt" => interrupt(&target).await,
        "playback" => playback(&target).await,
        "resume" => resume(&target).await,
        "lost" => lost(&target).await,
        "errors" => errors(&target).await,
        "secure" => secure(&target, value("--output").unwrap_or_else(|| ".".into()).into()).await,
        "save" => save(&target, value("--output").unwrap_or_else(|| ".".into()).into()).await,
        _ => Err(format!("there is no case {case:?}").into()),
    }
}

fn long_text() -> String {
    "One two three four five six seven eight nine ten. ".repeat(4)
}

async fn open(target: &str, controls: Option<Controls>) -> Outcome<(Conversation, Events)> {
    let client = Client::connect(target, Token::none()).await?;
    Ok(open_with(&client, controls).await?)
}

async fn open_with(client: &Client, controls: Option<Controls>) -> Result<(Conversation, Events), Error> {
    let media = MediaPreferences {
        audio_codec: AudioCodec::PcmS16le.into(),
        audio_sample_rate_hz: 24_000,
        video_codec: VideoCodec::Jpeg.into(),
        ..Default::default()
    };
    let request = CreateSessionRequest { controls, media: Some(media), ..Default::default() };
    let reply = client.create_session(request).await?;
    Ok(client.converse(Session::from(&reply)))
}

fn say(conversation: &Conversation, text: &str, controls: Option<Controls>) -> Result<String, Error> {
    conversation.say(UserText { text: text.into(), mode: TextMode::Say.into(), controls, ..Default::default() })
}

fn emotion(emotion: Emotion) -> Option<Controls> {
    Some(Controls { emotion: Some(emotion), ..Default::default() })
}

/// The name of the payload's field in the contract.
fn kind(event: &Event) -> &'static str {
    match event.response.payload.as_ref() {
        None => "",
        Some(Payload::TextDelta(_)) => "text_delta",
        Some(Payload::AudioChunk(_)) => "audio_chunk",
        Some(Payload::VideoFrame(_)) => "video_frame",
        Some(Payload::TurnMetrics(_)) => "turn_metrics",
        Some(Payload::TurnComplete(_)) => "turn_complete",
        Some(Payload::TurnStopped(_)) => "turn_stopped",
        Some(Payload::DegradedMode(_)) => "degraded_mode",
        Some(Payload::Error(_)) => "error",
        Some(Payload::TurnStarted(_)) => "turn_started",
        Some(Payload::SessionState(_)) => "session_state",
        Some(Payload::GoAway(_)) => "go_away",
        Some(Payload::Pong(_)) => "pong",
        Some(Payload::MotionFrame(_)) => "motion_frame",
        Some(Payload::WordTiming(_)) => "word_timing",
        Some(Payload::Speaking(_)) => "speaking",
        Some(Payload::ControlAck(_)) => "control_ack",
        Some(Payload::TurnPaused(_)) => "turn_paused",
        Some(Payload::TurnResumed(_)) => "turn_resumed",
        Some(Payload::TurnHeard(_)) => "turn_heard",
        Some(Payload::IdleClip(_)) => "idle_clip",
    }
}

fn row(event: &Event) -> Value {
    let response = &event.response;
    json!({"seq": response.seq, "turn_id": response.turn_id, "generation": event.generation, "kind": kind(event)})
}

async fn turn(client: &Client) -> Outcome<Value> {
    let (conversation, mut events) = open_with(client, None).await?;
    let turn_id = say(&conversation, SHORT_TEXT, None)?;
    let (mut rows, mut text, mut samples, mut frames, mut terminal) = (vec![], String::new(), 0, 0, "");
    let mut turn = events.turn(&turn_id);
    while let Some(event) = turn.next().await.transpose()? {
        if event.response.turn_id != turn_id {
            continue;
        }
        rows.push(row(&event));
        match &event.response.payload {
            Some(Payload::TextDelta(delta)) => text += &delta.text,
            Some(Payload::AudioChunk(chunk)) => samples += chunk.sample_count,
            Some(Payload::VideoFrame(_)) => frames += 1,
            _ => {}
        }
        terminal = kind(&event);
    }
    Ok(json!({"events": rows, "text": text, "audio_samples": samples, "frames": frames, "terminal": terminal}))
}

async fn controls(target: &str) -> Outcome<Value> {
    let happy = Emotion { label: Some(EmotionLabel::Happy.into()), intensity: Some(0.8), ..Default::default() };
    let (conversation, mut events) = open(target, emotion(happy)).await?;
    let character = Character { speech_rate: Some(1.2), expressivity: Some(0.9), ..Default::default() };
    let of_turn = Controls { character: Some(character), ..Default::default() };
    let turn_id = say(&conversation, SHORT_TEXT, Some(of_turn))?;
    let mut report = vec![];
    let mut turn = events.turn(&turn_id);
    while let Some(event) = turn.next().await.transpose()? {
        let Some(Payload::TurnMetrics(metrics)) = event.response.payload else { continue };
        for item in metrics.control_report.unwrap_or_default().results {
            report.push(json!({"path": item.path, "outcome": item.outcome().as_str_name(),
                "requested": item.requested, "effective": item.effective, "reason": item.reason,
                "adapter": item.adapter}));
        }
    }
    Ok(json!({"control_report": report}))
}

async fn interrupt(target: &str) -> Outcome<Value> {
    let (conversation, mut events) = open(target, None).await?;
    let turn_id = say(&conversation, &long_text(), None)?;
    let (mut rows, mut chunks, mut late, mut terminal) = (vec![], 0, vec![], "");
    let mut turn = events.turn(&turn_id);
    while let Some(event) = turn.next().await.transpose()? {
        rows.push(row(&event));
        if event.response.turn_id != turn_id {
            continue;
        }
        terminal = kind(&event);
        let is_media = ["text_delta", "audio_chunk", "video_frame", "motion_frame", "word_timing"].contains(&terminal);
        if chunks >= 3 && is_media {
            late.push(terminal);
        }
        if terminal == "audio_chunk" {
            chunks += 1;
            if chunks == 3 {
                conversation.interrupt(&turn_id, None)?;
            }
        }
    }
    Ok(json!({"events": rows, "stale_dropped": conversation.stale(), "delivered_after_interrupt": late,
        "terminal": terminal}))
}

async fn playback(target: &str) -> Outcome<Value> {
    let (conversation, mut events) = open(target, None).await?;
    let turn_id = say(&conversation, &long_text(), None)?;
    let (mut words, mut third_end_us, mut sound_end_us, mut reported_us) = (vec![], i64::MAX, 0, 0);
    let mut heard = String::new();
    let mut turn = events.turn(&turn_id);
    while let Some(event) = turn.next().await.transpose()? {
        let last_seq = event.response.seq;
        match event.response.payload {
            Some(Payload::WordTiming(word)) => {
                words.push(json!({"text": word.word, "pts_us": word.pts_us, "duration_us": word.duration_us}));
                if words.len() == 3 {
                    third_end_us = word.pts_us + word.duration_us;
                }
            }
            Some(Payload::AudioChunk(chunk)) => sound_end_us = chunk.pts_us + chunk.duration_us,
            Some(Payload::TurnStopped(stopped)) => heard = stopped.heard_text,
            _ => {}
        }
        if reported_us == 0 && sound_end_us >= third_end_us {
            reported_us = third_end_us;
            let audio_pts_us = Some(reported_us);
            let position = PlaybackPosition { turn_id: turn_id.clone(), audio_pts_us, last_seq, ..Default::default() };
            conversation.report_playback(position.clone())?;
            conversation.interrupt(&turn_id, Some(position))?;
        }
    }
    Ok(json!({"reported_us": reported_us, "words": words, "heard_text": heard}))
}

/// Breaks its own connection; the library does the rest.
/// Breaks its connection while events wait unread, and another client goes on.
async fn resume(target: &str) -> Outcome<Value> {
    let (broken, mut events) = open(target, None).await?;
    let turn_id = say(&broken, &long_text(), None)?;
    let mut seen = Journey::default();
    while seen.chunks < 3 {
        seen.take(&events.next().await.ok_or("the stream ended")??);
    }
    tokio::time::sleep(BUSY).await;
    drop(events);
    let second = Client::connect(target, Token::none()).await?;
    let (conversation, mut events) = second.converse(broken.session());
    let mut turn = events.turn(&turn_id);
    while let Some(event) = turn.next().await.transpose()? {
        seen.take(&event);
    }
    Ok(seen.told(broken.connections() + conversation.connections()))
}

/// Has its connection broken by somebody else while events wait unread.
async fn lost(target: &str) -> Outcome<Value> {
    let (conversation, mut events) = open(target, None).await?;
    let turn_id = say(&conversation, &long_text(), None)?;
    let (mut seen, mut turn) = (Journey::default(), events.turn(&turn_id));
    while let Some(event) = turn.next().await.transpose()? {
        seen.take(&event);
        if seen.last == "audio_chunk" && seen.chunks == 3 {
            tokio::time::sleep(BUSY).await;
        }
    }
    Ok(seen.told(conversation.connections()))
}

/// What was handed on, over more than one connection.
#[derive(Default)]
struct Journey {
    seqs: Vec<i64>,
    chunks: u32,
    last: &'static str,
}

impl Journey {
    fn take(&mut self, event: &Event) {
        self.seqs.push(event.response.seq);
        self.last = kind(event);
        self.chunks += u32::from(self.last == "audio_chunk");
    }

    fn told(&self, connections: u32) -> Value {
        json!({"seqs": self.seqs, "connections": connections, "terminal": self.last})
    }
}

/// Speaks to a server that wants to see a certificate and a token.
async fn secure(target: &str, folder: PathBuf) -> Outcome<Value> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name));
    let trusting = |ca: &str| read(ca).map(|pem| ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)));
    let shown = Identity::from_pem(read("client.pem")?, read("client.key")?);
    let token = Token::new(&read("token")?)?;
    let good = trusting("ca.pem")?.identity(shown.clone());
    let said = turn(&Client::connect_tls(target, good.clone(), token.clone()).await?).await?;
    let mut refused = vec![];
    for (tls, token) in [
        (trusting("other-ca.pem")?.identity(shown), token.clone()),
        (trusting("ca.pem")?, token),
        (good, Token::none()),
    ] {
        let attempt = async { Client::connect_tls(target, tls, token).await?.create_session(Default::default()).await };
        let error = attempt.await.err().ok_or("it was not refused")?;
        refused.push(json!({"code": code_name(error.code), "reason": error.reason, "message": error.to_string()}));
    }
    Ok(json!({"turn": said, "refused": refused}))
}

fn refusal(error: &Error) -> Value {
    let fields: Vec<_> = error.violations.iter().map(|item| &item.field).collect();
    json!({"code": code_name(error.code), "reason": error.reason, "fields": fields, "retryable": error.retryable})
}

async fn errors(target: &str) -> Outcome<Value> {
    let too_much = || emotion(Emotion { intensity: Some(7.0), ..Default::default() });
    let client = Client::connect(target, Token::none()).await?;
    let request = CreateSessionRequest { controls: too_much(), ..Default::default() };
    let mut refused = vec![client.create_session(request).await.expect_err("7 is out of range")];
    let (_, mut unknown) = client.converse(Session { id: "s_unknown".into(), ..Default::default() });
    refused.extend(unknown.next().await.and_then(Result::err));

    let (conversation, mut events) = open(target, None).await?;
    conversation.update(ControlUpdate { controls: too_much(), ..Default::default() })?;
    let turn_id = say(&conversation, SHORT_TEXT, None)?;
    let mut alive = false;
    let mut turn = events.turn(&turn_id);
    while let Some(event) = turn.next().await.transpose()? {
        if let Some(Payload::Error(error)) = &event.response.payload {
            refused.push(error.into());
        }
        alive = event.response.turn_id == turn_id && kind(&event) == "turn_complete";
    }
    Ok(json!({"errors": refused.iter().map(refusal).collect::<Vec<_>>(), "alive_after": alive}))
}

async fn save(target: &str, output: PathBuf) -> Outcome<Value> {
    let (conversation, mut events) = open(target, None).await?;
    let turn_id = say(&conversation, SHORT_TEXT, None)?;
    let mut recorder = media::Recorder::new(&output)?;
    let mut turn = events.turn(&turn_id);
    while let Some(event) = turn.next().await.transpose()? {
        if event.response.turn_id == turn_id {
            recorder.take(&event.response)?;
        }
    }
    let frames = recorder.frames;
    recorder.close()?;
    Ok(json!({"wav": "turn.wav", "video": "frames", "frames": frames}))
}
