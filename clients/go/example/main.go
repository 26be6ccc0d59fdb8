// Example holds a conversation of three turns: one with controls, one that is interrupted, and one behind a connection
// that was lost. It saves sound and pictures of each, and tells what happens.
//
//	go run ./example --target localhost:50051 --output out
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	tth "github.com/tth/tth/clients/go"
	tthv1 "github.com/tth/tth/clients/go/gen/tth/v1"
	"github.com/tth/tth/clients/go/internal/media"
)

const reportEvery = 300 * time.Millisecond

func main() {
	target := flag.String("target", "localhost:50051", "address of the server")
	output := flag.String("output", "out", "folder for sound and pictures")
	text := flag.String("text", "Hello, my name is Robin. Who are you?", "what to say first")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := converse(ctx, *target, *output, *text); err != nil {
		fmt.Fprintln(os.Stderr, "example:", explain(err, *target))
		os.Exit(1)
	}
}

func converse(ctx context.Context, target, output, text string) error {
	var options []grpc.DialOption
	if token := os.Getenv("TTH_TOKEN"); token != "" {
		options = append(options, tth.WithToken(token))
	}
	client, err := tth.Dial(target, options...)
	if err != nil {
		return err
	}
	defer client.Close()
	reply, err := client.CreateSession(ctx, &tthv1.CreateSessionRequest{
		Controls: &tthv1.Controls{Emotion: &tthv1.Emotion{
			Label:     tthv1.EmotionLabel_EMOTION_LABEL_HAPPY.Enum(),
			Intensity: proto.Float32(0.6),
		}},
		Media: &tthv1.MediaPreferences{VideoCodec: tthv1.VideoCodec_VIDEO_CODEC_JPEG},
	})
	if err != nil {
		return err
	}
	conversation := client.Converse(ctx, tth.SessionOf(reply))
	defer func() { conversation.Close() }()

	fmt.Println("1. a turn with controls of its own")
	question := &tthv1.UserText{Text: text, Controls: &tthv1.Controls{Character: &tthv1.Character{
		SpeechRate: proto.Float32(1.1), Expressivity: proto.Float32(0.9)}}}
	if err = follow(ctx, conversation, question, 0, filepath.Join(output, "1")); err != nil {
		return err
	}

	fmt.Println("2. a turn that is interrupted after two seconds")
	count := &tthv1.UserText{Text: strings.Repeat("One, two, three, four, five, six, seven. ", 4),
		Mode: tthv1.TextMode_TEXT_MODE_SAY}
	if err = follow(ctx, conversation, count, 2*time.Second, filepath.Join(output, "2")); err != nil {
		return err
	}

	fmt.Println("3. a turn on another connection: this could be another program as well")
	conversation.Close() // as if the network had gone; while a program runs, this library comes back by itself
	conversation = client.Converse(ctx, conversation.Session())
	farewell := &tthv1.UserText{Text: "What is my name?"}
	if err = follow(ctx, conversation, farewell, 0, filepath.Join(output, "3")); err != nil {
		return err
	}
	_, err = client.EndSession(ctx, &tthv1.EndSessionRequest{SessionId: reply.SessionId})
	return err
}

// follow says a text, saves what comes of it, and interrupts it when the listener has heard it for interruptAfter (0:
// never).
func follow(ctx context.Context, conversation *tth.Conversation, text *tthv1.UserText, interruptAfter time.Duration,
	output string) (err error) {
	recorder, err := media.Record(output, "turn.wav", "frames")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, recorder.Close()) }()
	turnID, err := conversation.Say(text)
	if err != nil {
		return err
	}
	player, nextReport := &player{turnID: turnID}, time.Time{}
	for event, err := range conversation.Turn(ctx, turnID) {
		if err != nil {
			return err
		}
		if event.TurnId == turnID {
			if err = recorder.Take(event.ConverseResponse); err != nil {
				return err
			}
			player.take(event)
		}
		if err = tell(event, turnID); err != nil {
			return err
		}
		position, now := player.position(), time.Now()
		if position == nil || now.Before(nextReport) {
			continue
		}
		nextReport = now.Add(reportEvery)
		err = conversation.ReportPlayback(position)
		if interruptAfter > 0 && time.Since(player.startedAt) > interruptAfter {
			interruptAfter = 0
			err = conversation.Interrupt(turnID, position)
		}
		if err != nil {
			return err
		}
	}
	fmt.Printf("   %d frames, %.1f s of sound in %s\n", recorder.Frames, float64(recorder.Samples)/24000, output)
	return nil
}

// tell prints an event; an error when it means that the turn cannot be.
func tell(event tth.Event, turnID string) error {
	switch payload := event.Payload.(type) {
	case *tthv1.ConverseResponse_TextDelta:
		fmt.Print(payload.TextDelta.Text)
		if payload.TextDelta.Last {
			fmt.Println()
		}
	case *tthv1.ConverseResponse_TurnMetrics:
		for _, result := range payload.TurnMetrics.ControlReport.GetResults() {
			fmt.Printf("   %s = %s: %s\n", result.Path, result.Effective, result.Outcome)
		}
	case *tthv1.ConverseResponse_TurnStopped:
		fmt.Printf("   stopped (%s); heard: %q\n", payload.TurnStopped.Outcome, payload.TurnStopped.HeardText)
	case *tthv1.ConverseResponse_SessionState:
		if payload.SessionState.Resumed {
			fmt.Println("   the session goes on; events were lost:", payload.SessionState.Gap)
		}
	case *tthv1.ConverseResponse_Error:
		if event.Ends(turnID) {
			return tth.EventError(payload.Error)
		}
		fmt.Println("   ", tth.EventError(payload.Error))
	}
	return nil
}

// player stands for one that has a loudspeaker: it begins with the first sound and plays without a stop.
type player struct {
	turnID         string
	startedAt      time.Time
	startUs, endUs int64
}

func (p *player) take(event tth.Event) {
	if chunk := event.GetAudioChunk(); chunk != nil {
		if p.startedAt.IsZero() {
			p.startedAt, p.startUs = time.Now(), chunk.PtsUs
		}
		p.endUs = chunk.PtsUs + chunk.DurationUs
	}
}

func (p *player) position() *tthv1.PlaybackPosition {
	if p.startedAt.IsZero() {
		return nil
	}
	heardUs := min(p.startUs+time.Since(p.startedAt).Microseconds(), p.endUs)
	return &tthv1.PlaybackPosition{TurnId: p.turnID, AudioPtsUs: &heardUs}
}

// explain says what to do about an error.
func explain(err error, target string) string {
	var refusal *tth.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "stopped"
	case errors.Is(err, context.DeadlineExceeded):
		return "it took longer than two minutes; is the server busy? (tth health --target " + target + ")"
	case !errors.As(err, &refusal):
		return err.Error()
	case refusal.Reason == "UNREACHABLE":
		return fmt.Sprintf("no connection to %s: %s", target, refusal.Message)
	case refusal.RetryAfter > 0:
		return fmt.Sprintf("%v\n  try again in %v", refusal, refusal.RetryAfter)
	case refusal.Retryable:
		return fmt.Sprintf("%v\n  try again later", refusal)
	}
	return refusal.Error()
}
