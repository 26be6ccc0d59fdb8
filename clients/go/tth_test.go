package tth

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tthv1 "github.com/tth/tth/clients/go/gen/tth/v1"
)

type stream = grpc.BidiStreamingServer[tthv1.ConverseRequest, tthv1.ConverseResponse]

// script answers the first stream with its first act, the second with its second; a further one is refused.
type script struct {
	tthv1.UnimplementedTthServiceServer
	acts chan func(stream) error
}

func (s *script) Converse(stream stream) error {
	select {
	case act := <-s.acts:
		return act(stream)
	default:
		return status.Error(codes.NotFound, "one stream too many")
	}
}

// talk starts a server that plays the acts, and a conversation with it.
func talk(t *testing.T, acts ...func(stream) error) (context.Context, *Conversation) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	service := &script{acts: make(chan func(stream) error, len(acts))}
	for _, act := range acts {
		service.acts <- act
	}
	server := grpc.NewServer()
	tthv1.RegisterTthServiceServer(server, service)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	client, err := Dial(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	client.SilentFor = time.Second
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx, client.Converse(ctx, Session{ID: "s_1", ResumeHandle: "first"})
}

func state(seq, ack int64, resumed bool) *tthv1.ConverseResponse {
	state := &tthv1.SessionState{ResumeHandle: "second", Resumed: resumed}
	return &tthv1.ConverseResponse{Seq: seq, AckClientSeq: ack,
		Payload: &tthv1.ConverseResponse_SessionState{SessionState: state}}
}

func started(seq int64, turnID string) *tthv1.ConverseResponse {
	return &tthv1.ConverseResponse{Seq: seq, TurnId: turnID, AckClientSeq: 2,
		Payload: &tthv1.ConverseResponse_TurnStarted{TurnStarted: &tthv1.TurnStarted{}}}
}

func frame(seq int64, turnID string, keyframe bool) *tthv1.ConverseResponse {
	frame := &tthv1.VideoFrame{Codec: tthv1.VideoCodec_VIDEO_CODEC_H264, Keyframe: keyframe}
	return &tthv1.ConverseResponse{Seq: seq, TurnId: turnID, Payload: &tthv1.ConverseResponse_VideoFrame{VideoFrame: frame}}
}

func textOf(stream stream) (*tthv1.ConverseRequest, error) {
	for {
		request, err := stream.Recv()
		if err != nil || request.GetUserText() != nil {
			return request, err
		}
	}
}

func say(t *testing.T, conversation *Conversation) string {
	t.Helper()
	turnID, err := conversation.Say(&tthv1.UserText{Text: "Hello."})
	if err != nil {
		t.Fatal(err)
	}
	return turnID
}

func TestWhatWasNotAcknowledgedIsSaidAgainWhenASilentStreamIsResumed(t *testing.T) {
	silent := func(stream stream) error {
		if _, err := textOf(stream); err != nil {
			return err
		}
		_ = stream.Send(state(1, 1, false)) // the ping was taken, the text was not
		<-stream.Context().Done()
		return nil
	}
	back := func(stream stream) error {
		request, err := stream.Recv()
		if err != nil || request.GetResume().GetResumeHandle() != "second" || request.GetResume().GetLastSeq() != 1 {
			return status.Errorf(codes.InvalidArgument, "resume was to come first, not %v", request)
		}
		_ = stream.Send(state(2, 1, true))
		if request, err = textOf(stream); err != nil || request.ClientSeq != 2 {
			return status.Errorf(codes.InvalidArgument, "the text was to come again, not %v", request)
		}
		_ = stream.Send(started(3, request.TurnId))
		return nil
	}
	ctx, conversation := talk(t, silent, back)
	say(t, conversation)
	var seqs []int64
	for {
		event, err := conversation.Next(ctx)
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, event.Seq)
	}
	if len(seqs) != 3 || conversation.Connections() != 2 {
		t.Fatalf("events %v over %d connections", seqs, conversation.Connections())
	}
}

func TestATurnThatWasLostWithAConnectionIsOver(t *testing.T) {
	var turnID string
	breaks := func(stream stream) error {
		request, err := textOf(stream)
		if err != nil {
			return err
		}
		_ = stream.Send(state(1, 1, false))
		_ = stream.Send(started(2, request.TurnId))
		return status.Error(codes.Unavailable, "gone")
	}
	back := func(stream stream) error {
		_, _ = stream.Recv()
		_ = stream.Send(state(9, 2, true)) // the end of the turn was lost in a gap
		<-stream.Context().Done()
		return nil
	}
	ctx, conversation := talk(t, breaks, back)
	turnID = say(t, conversation)
	last := int64(0)
	for event, err := range conversation.Turn(ctx, turnID) {
		if err != nil {
			t.Fatal(err)
		}
		last = event.Seq
	}
	if last != 9 {
		t.Fatalf("the turn ended with event %d", last)
	}
}

func TestAfterAnInterruptFramesComeAgainWithAKeyFrame(t *testing.T) {
	act := func(stream stream) error {
		request, err := textOf(stream)
		if err != nil {
			return err
		}
		_ = stream.Send(started(1, request.TurnId))
		for request.GetInterrupt() == nil {
			if request, err = stream.Recv(); err != nil {
				return err
			}
		}
		_ = stream.Send(frame(2, request.TurnId, false)) // stale
		_ = stream.Send(frame(3, "", false))             // refers to the stale one
		_ = stream.Send(frame(4, "", true))
		_ = stream.Send(frame(5, "", false))
		return nil
	}
	ctx, conversation := talk(t, act)
	turnID := say(t, conversation)
	var seqs []int64
	for event, err := conversation.Next(ctx); err != io.EOF; event, err = conversation.Next(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if seqs = append(seqs, event.Seq); event.Seq == 1 {
			if err := conversation.Interrupt(turnID, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(seqs) != 3 || seqs[1] != 4 || conversation.Stale() != 1 {
		t.Fatalf("frames %v, %d stale", seqs, conversation.Stale())
	}
}

func TestARefusalIsNotTriedAgain(t *testing.T) {
	ctx, conversation := talk(t)
	_, err := conversation.Next(ctx)
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.Code != codes.NotFound || conversation.Connections() != 1 {
		t.Fatalf("%v over %d connections", err, conversation.Connections())
	}
}

func TestTheSessionCountsWhatWasHandedOn(t *testing.T) {
	act := func(stream stream) error {
		for seq := range int64(3) {
			_ = stream.Send(started(seq+1, "other"))
		}
		return nil
	}
	ctx, conversation := talk(t, act)
	if _, err := conversation.Next(ctx); err != nil {
		t.Fatal(err)
	}
	for conversation.received() < 3 && ctx.Err() == nil {
		runtime.Gosched()
	}
	if seq := conversation.Session().LastSeq; seq != 1 {
		t.Fatalf("event 1 was handed on, the session says %d", seq)
	}
}
