//! Holds a conversation of three turns: one with controls, one that is interrupted, and one behind a connection that was
//! lost. Saves sound and pictures of each, and tells what happens.
//!
//!     cargo run --example talk -- --target localhost:50051 --output out

mod media;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tth_client::proto::converse_response::Payload;
use tth_client::proto::{
    Character, Controls, CreateSessionRequest, Emotion, EmotionLabel, MediaPreferences, PlaybackPosition, TextMode,
    UserText, VideoCodec,
};
use tth_client::{Client, Conversation, Error, Event, Events, Session, Token};

const REPORT_EVERY: Duration = Duration::from_millis(300);
const DEADLINE: Duration = Duration::from_secs(120);

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let target = option("--target", "localhost:50051");
    let result = tokio::select! {
        result = tokio::time::timeout(DEADLINE, talk(&target, option("--output", "out").into())) => result,
        _ = tokio::signal::ctrl_c() => Ok(Err("stopped".into())),
    };
    let problem = match result {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(error)) => explain(error.as_ref(), &target),
        Err(_) => format!("it took longer than {DEADLINE:?}; is the server busy? (tth health --server {target})"),
    };
    eprintln!("talk: {problem}");
    ExitCode::FAILURE
}

fn option(name: &str, default: &str) -> String {
    std::env::args().skip_while(|argument| argument != name).nth(1).unwrap_or_else(|| default.into())
}

async fn talk(target: &str, output: PathBuf) -> Outcome<()> {
    let token = std::env::var("TTH_TOKEN").map_or(Ok(Token::none()), |token| Token::new(&token))?;
    let client = Client::connect(target, token).await?;
    let happy = Emotion { label: Some(EmotionLabel::Happy.into()), intensity: Some(0.6), ..Default::default() };
    let jpeg = MediaPreferences { video_codec: VideoCodec::Jpeg.into(), ..Default::default() };
    let request = CreateSessionRequest {
        controls: Some(Controls { emotion: Some(happy), ..Default::default() }),
        media: Some(jpeg),
        ..Default::default()
    };
    let reply = client.create_session(request).await?;
    let (conversation, mut events) = client.converse(Session::from(&reply));

    println!("1. a turn with controls of its own");
    let lively = Character { speech_rate: Some(1.1), expressivity: Some(0.9), ..Default::default() };
    let question = UserText {
        text: option("--text", "Hello, my name is Robin. Who are you?"),
        controls: Some(Controls { character: Some(lively), ..Default::default() }),
        ..Default::default()
    };
    follow(&conversation, &mut events, question, None, &output.join("1")).await?;

    println!("2. a turn that is interrupted after two seconds");
    let text = "One, two, three, four, five, six, seven. ".repeat(4);
    let count = UserText { text, mode: TextMode::Say.into(), ..Default::default() };
    follow(&conversation, &mut events, count, Some(Duration::from_secs(2)), &output.join("2")).await?;

    println!("3. a turn on another stream: this could be another program as well");
    drop(events); // as if the network had gone; while a program runs, this library comes back by itself
    let (conversation, mut events) = client.converse(conversation.session());
    let memory = UserText { text: "What is my name?".into(), ..Default::default() };
    follow(&conversation, &mut events, memory, None, &output.join("3")).await?;
    client.end_session(&reply.session_id).await?;
    Ok(())
}

/// Says a text, saves what comes of it, and interrupts it when the listener has heard `interrupt_after` of it.
async fn follow(
    conversation: &Conversation,
    events: &mut Events,
    text: UserText,
    mut interrupt_after: Option<Duration>,
    output: &Path,
) -> Outcome<()> {
    let mut recorder = media::Recorder::new(output)?;
    let turn_id = conversation.say(text)?;
    let mut player = Player::default();
    let mut reported_at: Option<Instant> = None;
    let mut turn = events.turn(&turn_id);
    while let Some(event) = turn.next().await {
        let event = event?;
        if event.response.turn_id == turn_id {
            recorder.take(&event.response)?;
            player.take(&event);
        }
        tell(&event, &turn_id)?;
        let Some((heard, position)) = player.position(&turn_id) else { continue };
        if reported_at.is_some_and(|at| at.elapsed() < REPORT_EVERY) {
            continue;
        }
        reported_at = Some(Instant::now());
        conversation.report_playback(position.clone())?;
        if interrupt_after.is_some_and(|after| heard >= after) {
            interrupt_after = None;
            conversation.interrupt(&turn_id, Some(position))?;
        }
    }
    let frames = recorder.frames;
    println!("   {frames} frames, {:.1} s of sound in {}", recorder.close()?, output.display());
    Ok(())
}

/// Prints an event; an error when it means that the turn cannot be.
fn tell(event: &Event, turn_id: &str) -> Result<(), Error> {
    match &event.response.payload {
        Some(Payload::TextDelta(delta)) => print!("{}{}", delta.text, if delta.last { "\n" } else { "" }),
        Some(Payload::TurnMetrics(metrics)) => {
            for result in metrics.control_report.iter().flat_map(|report| &report.results) {
                println!("   {} = {}: {}", result.path, result.effective, result.outcome().as_str_name());
            }
        }
        Some(Payload::TurnStopped(stopped)) => {
            println!("   stopped ({}); heard: {:?}", stopped.outcome().as_str_name(), stopped.heard_text);
        }
        Some(Payload::SessionState(state)) if state.resumed => {
            println!("   the session goes on; events were lost: {}", state.gap);
        }
        Some(Payload::Error(error)) if event.ends.iter().any(|ended| ended == turn_id) => return Err(error.into()),
        Some(Payload::Error(error)) => println!("   {}", Error::from(error)),
        _ => {}
    }
    Ok(())
}

/// Stands for one that has a loudspeaker: it begins with the first sound and plays without a stop.
#[derive(Default)]
struct Player {
    started: Option<(Instant, i64)>,
    end_us: i64,
}

impl Player {
    fn take(&mut self, event: &Event) {
        if let Some(Payload::AudioChunk(chunk)) = &event.response.payload {
            self.started.get_or_insert((Instant::now(), chunk.pts_us));
            self.end_us = chunk.pts_us + chunk.duration_us;
        }
    }

    /// How much was played, and where the player stands.
    fn position(&self, turn_id: &str) -> Option<(Duration, PlaybackPosition)> {
        let (started_at, start_us) = self.started?;
        let played = started_at.elapsed();
        let heard_us = (start_us + played.as_micros() as i64).min(self.end_us);
        let position = PlaybackPosition { turn_id: turn_id.into(), audio_pts_us: Some(heard_us), ..Default::default() };
        Some((played, position))
    }
}

/// What to do about an error.
fn explain(error: &(dyn std::error::Error + 'static), target: &str) -> String {
    match error.downcast_ref::<Error>() {
        Some(error) if error.reason == "UNREACHABLE" => {
            format!("no connection to {target}: {}", error.message)
        }
        Some(Error { retry_after: Some(wait), .. }) => format!("{error}\n  try again in {wait:?}"),
        Some(error) if error.retryable => format!("{error}\n  try again later"),
        _ => error.to_string(),
    }
}
