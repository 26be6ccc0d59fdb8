// Conformance does one case of clients/conformance/README.md and prints what came of it as one JSON object.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"

	tth "github.com/tth/tth/clients/go"
	tthv1 "github.com/tth/tth/clients/go/gen/tth/v1"
	"github.com/tth/tth/clients/go/internal/media"
)

const (
	shortText = "One two three four five."
	// For so long the application does not read, so that events wait in the library.
	busy = 500 * time.Millisecond
)

var longText = strings.Repeat("One two three four five six seven eight nine ten. ", 4)

func main() {
	cases := map[string]func(context.Context, *program) (any, error){"turn": turn, "controls": controls,
		"interrupt": interrupt, "playback": playback, "resume": resume, "lost": lost, "errors": refusals,
		"secure": secure, "save": save}
	name := "CASE"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	options := flag.NewFlagSet("conformance "+name, flag.ExitOnError)
	target := options.String("target", "localhost:50051", "address of the server")
	output := options.String("output", ".", "folder for files")
	run := cases[name]
	if run == nil {
		fail(fmt.Errorf("usage: conformance CASE --target HOST:PORT --output DIR; there is no case %q", name))
	}
	_ = options.Parse(os.Args[2:])

	ctx, cancel := context.WithTimeout(context.Background(), 55*time.Second)
	defer cancel()
	answer, err := with(&program{target: *target, output: *output}, func(p *program) (any, error) { return run(ctx, p) })
	if err != nil {
		fail(err)
	}
	_ = json.NewEncoder(os.Stdout).Encode(answer)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "conformance:", err)
	os.Exit(1)
}

type program struct {
	client         *tth.Client
	target, output string
}

// with does something with a client that is made for it.
func with(p *program, do func(*program) (any, error), options ...grpc.DialOption) (any, error) {
	client, err := tth.Dial(p.target, options...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return do(&program{client, p.target, p.output})
}

func (p *program) open(ctx context.Context, controls *tthv1.Controls) (*tth.Conversation, error) {
	reply, err := p.client.CreateSession(ctx, &tthv1.CreateSessionRequest{
		Controls: controls,
		Media: &tthv1.MediaPreferences{
			AudioCodec:        tthv1.AudioCodec_AUDIO_CODEC_PCM_S16LE,
			AudioSampleRateHz: 24000,
			VideoCodec:        tthv1.VideoCodec_VIDEO_CODEC_JPEG,
		},
	})
	if err != nil {
		return nil, err
	}
	return p.client.Converse(ctx, tth.SessionOf(reply)), nil
}

// said opens a session and says a text in it.
func (p *program) said(ctx context.Context, text string) (*tth.Conversation, string, error) {
	conversation, err := p.open(ctx, nil)
	if err != nil {
		return nil, "", err
	}
	turnID, err := say(conversation, text, nil)
	return conversation, turnID, err
}

func say(conversation *tth.Conversation, text string, controls *tthv1.Controls) (turnID string, err error) {
	return conversation.Say(&tthv1.UserText{Text: text, Mode: tthv1.TextMode_TEXT_MODE_SAY, Controls: controls})
}

type eventRow struct {
	Seq        int64  `json:"seq"`
	TurnID     string `json:"turn_id"`
	Generation int    `json:"generation"`
	Kind       string `json:"kind"`
}

func row(event tth.Event) eventRow {
	return eventRow{event.Seq, event.TurnId, event.Generation, kind(event)}
}

// kind is the name of the payload's field in the contract.
func kind(event tth.Event) string {
	message := event.ProtoReflect()
	field := message.WhichOneof(message.Descriptor().Oneofs().ByName("payload"))
	if field == nil {
		return ""
	}
	return string(field.Name())
}

func turn(ctx context.Context, p *program) (any, error) {
	conversation, turnID, err := p.said(ctx, shortText)
	if err != nil {
		return nil, err
	}
	defer conversation.Close()
	var answer struct {
		Events       []eventRow `json:"events"`
		Text         string     `json:"text"`
		AudioSamples int        `json:"audio_samples"`
		Frames       int        `json:"frames"`
		Terminal     string     `json:"terminal"`
	}
	for event, err := range conversation.Turn(ctx, turnID) {
		if err != nil {
			return nil, err
		}
		if event.TurnId != turnID {
			continue
		}
		answer.Events = append(answer.Events, row(event))
		answer.Text += event.GetTextDelta().GetText()
		answer.AudioSamples += int(event.GetAudioChunk().GetSampleCount())
		if event.GetVideoFrame() != nil {
			answer.Frames++
		}
		answer.Terminal = kind(event)
	}
	return answer, nil
}

func controls(ctx context.Context, p *program) (any, error) {
	session := &tthv1.Controls{Emotion: &tthv1.Emotion{
		Label: tthv1.EmotionLabel_EMOTION_LABEL_HAPPY.Enum(), Intensity: proto.Float32(0.8)}}
	ofTurn := &tthv1.Controls{Character: &tthv1.Character{
		SpeechRate: proto.Float32(1.2), Expressivity: proto.Float32(0.9)}}
	conversation, err := p.open(ctx, session)
	if err != nil {
		return nil, err
	}
	defer conversation.Close()
	turnID, err := say(conversation, shortText, ofTurn)
	if err != nil {
		return nil, err
	}
	report := []map[string]string{}
	for event, err := range conversation.Turn(ctx, turnID) {
		if err != nil {
			return nil, err
		}
		for _, result := range event.GetTurnMetrics().GetControlReport().GetResults() {
			report = append(report, map[string]string{"path": result.Path, "outcome": result.Outcome.String(),
				"requested": result.Requested, "effective": result.Effective, "reason": result.Reason,
				"adapter": result.Adapter})
		}
	}
	return map[string]any{"control_report": report}, nil
}

func interrupt(ctx context.Context, p *program) (any, error) {
	conversation, turnID, err := p.said(ctx, longText)
	if err != nil {
		return nil, err
	}
	defer conversation.Close()
	rows, chunks, late, terminal := []eventRow{}, 0, []string{}, ""
	for event, err := range conversation.Turn(ctx, turnID) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, row(event))
		if event.TurnId != turnID {
			continue
		}
		terminal = kind(event)
		switch terminal {
		case "text_delta", "video_frame", "motion_frame", "word_timing":
			if chunks >= 3 {
				late = append(late, terminal)
			}
		case "audio_chunk":
			if chunks++; chunks > 3 {
				late = append(late, terminal)
			} else if chunks == 3 {
				if err := conversation.Interrupt(turnID, nil); err != nil {
					return nil, err
				}
			}
		}
	}
	return map[string]any{"events": rows, "stale_dropped": conversation.Stale(), "delivered_after_interrupt": late,
		"terminal": terminal}, nil
}

func playback(ctx context.Context, p *program) (any, error) {
	conversation, turnID, err := p.said(ctx, longText)
	if err != nil {
		return nil, err
	}
	defer conversation.Close()
	type word struct {
		Text       string `json:"text"`
		PtsUs      int64  `json:"pts_us"`
		DurationUs int64  `json:"duration_us"`
	}
	words, soundEndUs, reportedUs, heard := []word{}, int64(0), int64(0), ""
	for event, err := range conversation.Turn(ctx, turnID) {
		if err != nil {
			return nil, err
		}
		if timing := event.GetWordTiming(); timing != nil {
			words = append(words, word{timing.Word, timing.PtsUs, timing.DurationUs})
		}
		if chunk := event.GetAudioChunk(); chunk != nil {
			soundEndUs = chunk.PtsUs + chunk.DurationUs
		}
		if stopped := event.GetTurnStopped(); stopped != nil {
			heard = stopped.HeardText
		}
		if reportedUs > 0 || len(words) < 3 || soundEndUs < words[2].PtsUs+words[2].DurationUs {
			continue
		}
		reportedUs = words[2].PtsUs + words[2].DurationUs
		position := &tthv1.PlaybackPosition{TurnId: turnID, AudioPtsUs: &reportedUs, LastSeq: event.Seq}
		if err := errors.Join(conversation.ReportPlayback(position), conversation.Interrupt(turnID, position)); err != nil {
			return nil, err
		}
	}
	return map[string]any{"reported_us": reportedUs, "words": words, "heard_text": heard}, nil
}

// resume breaks its connection while events wait unread, and another client goes on.
func resume(ctx context.Context, p *program) (any, error) {
	broken, turnID, err := p.said(ctx, longText)
	if err != nil {
		return nil, err
	}
	defer broken.Close()
	seen := journey{}
	for event, err := range broken.Turn(ctx, turnID) {
		if err != nil {
			return nil, err
		}
		if seen.take(event); seen.chunks == 3 {
			break
		}
	}
	time.Sleep(busy)
	broken.Close()
	return with(p, func(second *program) (any, error) {
		conversation := second.client.Converse(ctx, broken.Session())
		defer conversation.Close()
		for event, err := range conversation.Turn(ctx, turnID) {
			if err != nil {
				return nil, err
			}
			seen.take(event)
		}
		return seen.told(broken.Connections() + conversation.Connections()), nil
	})
}

// lost has its connection broken by somebody else while events wait unread.
func lost(ctx context.Context, p *program) (any, error) {
	conversation, turnID, err := p.said(ctx, longText)
	if err != nil {
		return nil, err
	}
	defer conversation.Close()
	seen := journey{}
	for event, err := range conversation.Turn(ctx, turnID) {
		if err != nil {
			return nil, err
		}
		if seen.take(event); event.GetAudioChunk() != nil && seen.chunks == 3 {
			time.Sleep(busy)
		}
	}
	return seen.told(conversation.Connections()), nil
}

// journey is what was handed on, over more than one connection.
type journey struct {
	seqs   []int64
	chunks int
	last   string
}

func (j *journey) take(event tth.Event) {
	j.seqs, j.last = append(j.seqs, event.Seq), kind(event)
	if event.GetAudioChunk() != nil {
		j.chunks++
	}
}

func (j *journey) told(connections int) any {
	return map[string]any{"seqs": j.seqs, "connections": connections, "terminal": j.last}
}

func refusals(ctx context.Context, p *program) (any, error) {
	tooMuch := &tthv1.Controls{Emotion: &tthv1.Emotion{Intensity: proto.Float32(7)}}
	refused := []map[string]any{}
	note := func(err error) {
		var refusal *tth.Error
		if !errors.As(err, &refusal) {
			refusal = &tth.Error{Reason: "NO_ERROR"}
		}
		fields := []string{}
		for _, violation := range refusal.Violations {
			fields = append(fields, violation.Field)
		}
		refused = append(refused, map[string]any{"code": code.Code(refusal.Code).String(), "reason": refusal.Reason,
			"fields": fields, "retryable": refusal.Retryable})
	}
	_, err := p.client.CreateSession(ctx, &tthv1.CreateSessionRequest{Controls: tooMuch})
	note(err)
	unknown := p.client.Converse(ctx, tth.Session{ID: "s_unknown"})
	_, err = unknown.Next(ctx)
	note(err)
	unknown.Close()

	conversation, err := p.open(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer conversation.Close()
	if err = conversation.Update(&tthv1.ControlUpdate{Controls: tooMuch}); err != nil {
		return nil, err
	}
	turnID, err := say(conversation, shortText, nil)
	if err != nil {
		return nil, err
	}
	alive := false
	for event, err := range conversation.Turn(ctx, turnID) {
		if err != nil {
			return nil, err
		}
		if refusal := event.GetError(); refusal != nil {
			note(tth.EventError(refusal))
		}
		alive = event.TurnId == turnID && event.GetTurnComplete() != nil
	}
	return map[string]any{"errors": refused, "alive_after": alive}, nil
}

// secure speaks to a server that wants to see a certificate and a token.
func secure(ctx context.Context, p *program) (any, error) {
	own, err := tls.LoadX509KeyPair(filepath.Join(p.output, "client.pem"), filepath.Join(p.output, "client.key"))
	if err != nil {
		return nil, err
	}
	told, err := os.ReadFile(filepath.Join(p.output, "token"))
	if err != nil {
		return nil, err
	}
	token, trusted := tth.WithToken(string(told)), map[string]*x509.CertPool{}
	for _, name := range []string{"ca.pem", "other-ca.pem"} {
		pem, err := os.ReadFile(filepath.Join(p.output, name))
		if err != nil {
			return nil, err
		}
		trusted[name] = x509.NewCertPool()
		trusted[name].AppendCertsFromPEM(pem)
	}
	over := func(ca string, certificates ...tls.Certificate) grpc.DialOption {
		config := &tls.Config{RootCAs: trusted[ca], Certificates: certificates}
		return grpc.WithTransportCredentials(credentials.NewTLS(config))
	}
	said, err := with(p, func(p *program) (any, error) { return turn(ctx, p) }, over("ca.pem", own), token)
	if err != nil {
		return nil, err
	}
	refused := []map[string]any{}
	create := func(p *program) (any, error) { return p.client.CreateSession(ctx, &tthv1.CreateSessionRequest{}) }
	for _, options := range [][]grpc.DialOption{
		{over("other-ca.pem", own), token},
		{over("ca.pem"), token},
		{over("ca.pem", own)},
	} {
		_, err := with(p, create, options...)
		var refusal *tth.Error
		if !errors.As(err, &refusal) {
			return nil, fmt.Errorf("it was not refused: %v", err)
		}
		refused = append(refused, map[string]any{"code": code.Code(refusal.Code).String(), "reason": refusal.Reason,
			"message": refusal.Error()})
	}
	return map[string]any{"turn": said, "refused": refused}, nil
}

func save(ctx context.Context, p *program) (any, error) {
	conversation, turnID, err := p.said(ctx, shortText)
	if err != nil {
		return nil, err
	}
	defer conversation.Close()
	recorder, err := media.Record(p.output, "turn.wav", "frames")
	if err != nil {
		return nil, err
	}
	for event, err := range conversation.Turn(ctx, turnID) {
		if err != nil {
			return nil, err
		}
		if event.TurnId == turnID {
			if err = recorder.Take(event.ConverseResponse); err != nil {
				return nil, err
			}
		}
	}
	return map[string]any{"wav": "turn.wav", "video": "frames", "frames": recorder.Frames}, recorder.Close()
}
