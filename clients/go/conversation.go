package tth

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	tthv1 "github.com/tth/tth/clients/go/gen/tth/v1"
)

const (
	// Messages that the server has not acknowledged; one more is refused.
	outboxMessages = 256
	// Events that wait for their reader: about 0.8 s. A slower one slows the server down, by flow control.
	inboxMessages = 64
)

// Event is one answer of the server.
type Event struct {
	*tthv1.ConverseResponse
	// Raised by every interrupt; a turn belongs to the one in which it was said.
	Generation int
	ends       []string // turns that are over with this event
}

// Ends tells whether a turn is over with this event: it ended, its text was refused, or it was lost with a connection.
func (e Event) Ends(turnID string) bool { return slices.Contains(e.ends, turnID) }

type turn struct {
	generation  int
	asked       []int64 // client_seq of its texts
	started     bool
	interrupted bool
}

// Conversation is the stream of one session, over as many connections as it takes. Any goroutine may send, one at a time
// may receive.
type Conversation struct {
	client *Client
	inbox  chan *tthv1.ConverseResponse // closed behind the last event, when err is set
	err    error
	cancel context.CancelFunc
	wake   chan struct{} // something is to be sent

	mu           sync.Mutex // guards what follows
	session      Session
	receivedSeq  int64                    // every event up to here was taken or waits in the inbox
	pending      []*tthv1.ConverseRequest // not acknowledged; those before `sent` are with the server
	sent         int
	finished     bool // no further message
	final        bool // no further connection
	turns        map[string]*turn
	generation   int
	stale        int
	connections  int
	needKeyframe bool
}

// Converse opens the conversation of a session, or goes on with one that was open elsewhere (LastSeq > 0). It lasts until
// Close, until ctx ends, or until the server ends it; a refusal comes out of Next.
func (c *Client) Converse(ctx context.Context, session Session) *Conversation {
	ctx, cancel := context.WithCancel(ctx)
	conversation := &Conversation{
		client:      c,
		session:     session,
		receivedSeq: session.LastSeq,
		inbox:       make(chan *tthv1.ConverseResponse, inboxMessages),
		cancel:      cancel,
		wake:        make(chan struct{}, 1),
		turns:       map[string]*turn{},
	}
	if session.LastSeq == 0 { // the first message attaches: pictures come before anything is said
		_ = conversation.Send(&tthv1.ConverseRequest{Payload: &tthv1.ConverseRequest_Ping{Ping: &tthv1.Ping{}}})
	}
	go conversation.run(ctx, session.LastSeq > 0)
	return conversation
}

// Say begins a turn and returns its id. With Partial more of its text follows by SayMore.
func (c *Conversation) Say(text *tthv1.UserText) (turnID string, err error) {
	turnID = "c_" + strings.ToLower(rand.Text()[:12])
	return turnID, c.SayMore(turnID, text)
}

// SayMore adds text to a partial turn; a part without Partial is its last.
func (c *Conversation) SayMore(turnID string, text *tthv1.UserText) error {
	return c.Send(&tthv1.ConverseRequest{TurnId: turnID, Payload: &tthv1.ConverseRequest_UserText{UserText: text}})
}

// Update changes controls now, also while the person speaks. The answer is a control_ack event.
func (c *Conversation) Update(update *tthv1.ControlUpdate) error {
	return c.Send(&tthv1.ConverseRequest{Payload: &tthv1.ConverseRequest_ControlUpdate{ControlUpdate: update}})
}

// Interrupt stops a turn: nothing more of its media comes out of Next. playback: where the player stood, so that the
// conversation remembers only what was heard; nil: the server estimates.
func (c *Conversation) Interrupt(turnID string, playback *tthv1.PlaybackPosition) error {
	c.mu.Lock()
	c.generation++
	if turn := c.turns[turnID]; turn != nil {
		turn.interrupted = true
	}
	c.mu.Unlock()
	interrupt := &tthv1.Interrupt{Playback: playback}
	return c.Send(&tthv1.ConverseRequest{TurnId: turnID, Payload: &tthv1.ConverseRequest_Interrupt{Interrupt: interrupt}})
}

// ReportPlayback tells where the player stands; every 250 to 500 ms while it plays. LastSeq, how far the caller has read,
// is filled in.
func (c *Conversation) ReportPlayback(position *tthv1.PlaybackPosition) error {
	c.mu.Lock()
	position.LastSeq = c.session.LastSeq
	c.session.Playback = position
	c.mu.Unlock()
	report := &tthv1.PlaybackReport{Position: position}
	return c.Send(&tthv1.ConverseRequest{Payload: &tthv1.ConverseRequest_PlaybackReport{PlaybackReport: report}})
}

// Send sends any message of the contract, such as pause_turn; the envelope is filled in. It does not wait: it fails when
// the conversation is over, or when the server has left 256 messages unacknowledged.
func (c *Conversation) Send(message *tthv1.ConverseRequest) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.finished:
		return &Error{Code: codes.Unavailable, Reason: "STREAM_ENDED", Message: "the conversation is over"}
	case len(c.pending) == outboxMessages:
		return &Error{Code: codes.ResourceExhausted, Reason: "LIMIT_EXCEEDED",
			Message: fmt.Sprintf("the server has not acknowledged %d messages", outboxMessages), Retryable: true}
	}
	c.session.ClientSeq++
	message.SchemaVersion, message.SessionId = schemaVersion, c.session.ID
	message.ClientSeq, message.TimestampMs = c.session.ClientSeq, time.Now().UnixMilli()
	if message.GetUserText() != nil {
		if c.turns[message.TurnId] == nil {
			c.turns[message.TurnId] = &turn{generation: c.generation}
		}
		c.turns[message.TurnId].asked = append(c.turns[message.TurnId].asked, message.ClientSeq)
	}
	c.pending = append(c.pending, message)
	c.wakeWriter()
	return nil
}

// Finish says that nothing more will be said: what runs is finished, then Next returns io.EOF.
func (c *Conversation) Finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finished = true
	c.wakeWriter()
}

// Close ends the conversation at once; the session can be resumed with Session. Events that were not read are lost.
func (c *Conversation) Close() {
	c.cancel()
	for range c.inbox { // until the last goroutine of it has ended
	}
}

// Session is what another program needs to go on from here.
func (c *Conversation) Session() Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// Stale counts the events of interrupted turns that were left out.
func (c *Conversation) Stale() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stale
}

// Connections counts the streams so far.
func (c *Conversation) Connections() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.connections
}

// Next waits for the next event. io.EOF: the server has ended the stream well. When ctx ends nothing is lost. Without a
// deadline in ctx the wait ends at the latest with the connection: after SilentFor and ReconnectFor.
func (c *Conversation) Next(ctx context.Context) (Event, error) {
	for {
		select {
		case response, open := <-c.inbox:
			if !open {
				return Event{}, cmp.Or(c.err, io.EOF)
			}
			if event, wanted := c.judge(response); wanted {
				return event, nil
			}
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}

// Turn yields every event up to and with the one that ends the turn; idle pictures and other turns come along. An error
// is the last thing that it yields.
func (c *Conversation) Turn(ctx context.Context, turnID string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			event, err := c.Next(ctx)
			if !yield(event, err) || err != nil || event.Ends(turnID) {
				return
			}
		}
	}
}

// judge notes what an event says of its turn, and whether the caller is to see it.
func (c *Conversation) judge(response *tthv1.ConverseResponse) (Event, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session.LastSeq = response.Seq
	event := Event{ConverseResponse: response, Generation: c.generation}
	current := c.turns[response.TurnId]
	if current != nil {
		event.Generation = current.generation
	}
	event.ends = c.endedBy(response)
	for _, turnID := range event.ends {
		delete(c.turns, turnID)
	}
	frame := response.GetVideoFrame()
	isH264 := frame.GetCodec() == tthv1.VideoCodec_VIDEO_CODEC_H264
	if current != nil && current.interrupted && isMedia(response) {
		c.stale++
		c.needKeyframe = c.needKeyframe || isH264
		return event, false
	}
	if isH264 && c.needKeyframe { // what refers to a frame that was left out cannot be decoded
		c.needKeyframe = !frame.Keyframe
		return event, frame.Keyframe
	}
	return event, true
}

func (c *Conversation) endedBy(response *tthv1.ConverseResponse) (ends []string) {
	refused := int64(-1)
	switch payload := response.Payload.(type) {
	case *tthv1.ConverseResponse_TurnStarted:
		if turn := c.turns[response.TurnId]; turn != nil {
			turn.started = true
		}
	case *tthv1.ConverseResponse_TurnComplete, *tthv1.ConverseResponse_TurnStopped:
		return []string{response.TurnId}
	case *tthv1.ConverseResponse_Error:
		if payload.Error.Scope == tthv1.ErrorScope_ERROR_SCOPE_MESSAGE {
			refused = payload.Error.ClientSeq
		}
	case *tthv1.ConverseResponse_SessionState:
		if payload.SessionState.Resumed { // every turn of the lost stream has ended, even if its end was lost as well
			for turnID, turn := range c.turns {
				if turn.started || turn.asked[0] <= response.AckClientSeq {
					ends = append(ends, turnID)
				}
			}
		}
	}
	for turnID, turn := range c.turns {
		if !turn.started && slices.Contains(turn.asked, refused) {
			ends = append(ends, turnID)
		}
	}
	return ends
}

func isMedia(response *tthv1.ConverseResponse) bool {
	switch response.Payload.(type) {
	case *tthv1.ConverseResponse_TextDelta, *tthv1.ConverseResponse_AudioChunk, *tthv1.ConverseResponse_VideoFrame,
		*tthv1.ConverseResponse_MotionFrame, *tthv1.ConverseResponse_WordTiming:
		return true
	}
	return false
}
