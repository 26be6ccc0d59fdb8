// Package tth talks to a TTH server: text and controls go in, a person who speaks comes out.
//
// A [Conversation] comes back by itself when its connection breaks, hands on each event once, and leaves out the media of
// turns that were interrupted. Sending never waits; receiving waits for as long as its context says. Every failure is an
// [*Error].
package tth

//go:generate ../../.venv-proto/bin/buf generate

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	tthv1 "github.com/tth/tth/clients/go/gen/tth/v1"
)

const (
	schemaVersion = "1.0"
	// What the transport may hold while nobody reads: about a second of H.264. All of it is stale after an interrupt.
	windowBytes = 256 * 1024
	// Messages that the server has not acknowledged; one more is refused.
	outboxMessages = 256
	// Events that wait for their reader: about 0.8 s. A slower one slows the server down, by flow control.
	inboxMessages = 64
	// Before the first and, each time twice as long, before later tries to come back.
	firstPause, longestPause = 100 * time.Millisecond, 5 * time.Second
)

// Client is one connection to one server. Its fields may be changed before the first call.
type Client struct {
	// Every other call of the contract. One without a deadline of its own has 15 s.
	tthv1.TthServiceClient
	// How long a lost conversation is tried to be resumed. The server keeps a session for 300 s.
	ReconnectFor time.Duration
	// A stream that brings nothing for so long is taken as lost; a server shows a sign of life every 15 s.
	SilentFor  time.Duration
	connection *grpc.ClientConn
}

// Dial prepares a connection to "host:port"; the first call makes it. Plain text, unless an option has credentials.
func Dial(target string, options ...grpc.DialOption) (*Client, error) {
	defaults := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithInitialWindowSize(windowBytes),
		grpc.WithInitialConnWindowSize(windowBytes),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		// The default waits up to two minutes between tries: too long for somebody in front of a screen.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: firstPause, Multiplier: 2, Jitter: 0.2, MaxDelay: longestPause},
			MinConnectTimeout: 10 * time.Second,
		}),
		grpc.WithChainUnaryInterceptor(boundedCall),
	}
	connection, err := grpc.NewClient(target, append(defaults, options...)...)
	if err != nil {
		return nil, err
	}
	service := tthv1.NewTthServiceClient(connection)
	return &Client{service, 60 * time.Second, 45 * time.Second, connection}, nil
}

// Close ends the connection and with it every call.
func (c *Client) Close() error { return c.connection.Close() }

func boundedCall(ctx context.Context, method string, request, reply any, connection *grpc.ClientConn,
	invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 15*time.Second)
		defer cancel()
	}
	return asError(invoke(ctx, method, request, reply, connection, options...))
}

// Session is what a conversation begins with, and what another program needs to go on with it.
type Session struct {
	ID           string
	ResumeHandle string // a secret
	LastSeq      int64  // every event up to here was taken; 0 for a new session
	ClientSeq    int64  // number of the last message that was sent
	Playback     *tthv1.PlaybackPosition
}

// SessionOf is the session that CreateSession has made.
func SessionOf(reply *tthv1.CreateSessionResponse) Session {
	return Session{ID: reply.SessionId, ResumeHandle: reply.ResumeHandle}
}

// String leaves the secret out.
func (s Session) String() string { return fmt.Sprintf("session %.8s..., seq %d", s.ID, s.LastSeq) }

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

// ReportPlayback tells where the player stands; every 250 to 500 ms while it plays.
func (c *Conversation) ReportPlayback(position *tthv1.PlaybackPosition) error {
	c.mu.Lock()
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

// ---- connections: one goroutine reads, one writes

var errSilent = status.Error(codes.Unavailable, "the server has gone silent")

// run makes one stream after the other, until one ends that is not followed by another.
func (c *Conversation) run(ctx context.Context, resuming bool) {
	defer close(c.inbox)
	lostAt, pause := time.Now(), firstPause
	for {
		before := c.received()
		err := c.oneStream(ctx, resuming)
		if c.received() > before {
			lostAt, pause = time.Now(), firstPause
		}
		c.mu.Lock()
		ended := !isLost(err) || c.final || ctx.Err() != nil || time.Since(lostAt) > c.client.ReconnectFor
		if ended {
			c.finished, c.err = true, asError(err)
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		select {
		case <-time.After(pause/2 + mathrand.N(pause/2)): // not all clients of a server at once
		case <-ctx.Done():
		}
		pause = min(2*pause, longestPause)
		resuming = true
	}
}

// oneStream serves one stream to its end; nil when the server ended it well.
func (c *Conversation) oneStream(ctx context.Context, resuming bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	stream, err := c.client.TthServiceClient.Converse(ctx)
	if err != nil {
		cancel(nil)
		return err
	}
	attached, written := make(chan struct{}), make(chan struct{})
	if !resuming {
		close(attached)
	}
	go func() {
		defer close(written)
		c.write(ctx, stream, attached, resuming)
	}()
	defer func() {
		cancel(nil)
		<-written
	}()
	silence := time.AfterFunc(c.client.SilentFor, func() { cancel(errSilent) })
	defer silence.Stop()
	for {
		response, err := stream.Recv()
		if silence.Stop(); err == io.EOF {
			return nil
		} else if err != nil {
			if context.Cause(ctx) == errSilent {
				return errSilent
			}
			return err
		}
		if !c.take(ctx, response) {
			return status.FromContextError(ctx.Err()).Err()
		}
		if response.GetSessionState().GetResumed() && resuming {
			resuming = false
			close(attached)
		}
		silence.Reset(c.client.SilentFor)
	}
}

// take notes what the connection needs to know of an event, and hands it on if it was not taken before.
func (c *Conversation) take(ctx context.Context, response *tthv1.ConverseResponse) bool {
	c.mu.Lock()
	if response.Seq <= c.receivedSeq {
		c.mu.Unlock()
		return true
	}
	for len(c.pending) > 0 && c.pending[0].ClientSeq <= response.AckClientSeq {
		c.pending, c.sent = c.pending[1:], max(0, c.sent-1)
	}
	switch payload := response.Payload.(type) {
	case *tthv1.ConverseResponse_SessionState:
		c.session.ResumeHandle = payload.SessionState.ResumeHandle
	case *tthv1.ConverseResponse_GoAway:
		c.final = c.final || payload.GoAway.Action != tthv1.GoAwayAction_GO_AWAY_ACTION_RESUME
	}
	c.mu.Unlock()
	select {
	case c.inbox <- response:
	case <-ctx.Done():
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.receivedSeq = response.Seq // now: what waits for room may be lost with its connection
	return true
}

func (c *Conversation) received() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.receivedSeq
}

func (c *Conversation) write(ctx context.Context, stream tthv1.TthService_ConverseClient, attached chan struct{},
	resuming bool) {
	c.mu.Lock()
	c.connections++
	c.sent = 0
	resume := &tthv1.Resume{ResumeHandle: c.session.ResumeHandle, LastSeq: c.receivedSeq, Playback: c.session.Playback}
	request := &tthv1.ConverseRequest{SchemaVersion: schemaVersion, SessionId: c.session.ID,
		Payload: &tthv1.ConverseRequest_Resume{Resume: resume}}
	c.mu.Unlock()
	if resuming {
		if stream.Send(request) != nil {
			return // the reader knows why
		}
	}
	select {
	case <-attached: // by now it is known what had been taken
	case <-ctx.Done():
		return
	}
	for {
		message, last := c.nextUnsent()
		switch {
		case message != nil:
			if stream.Send(message) != nil {
				return
			}
		case last:
			_ = stream.CloseSend()
			return
		default:
			select {
			case <-c.wake:
			case <-ctx.Done():
				return
			}
		}
	}
}

func (c *Conversation) nextUnsent() (message *tthv1.ConverseRequest, last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sent == len(c.pending) {
		return nil, c.finished
	}
	message = c.pending[c.sent]
	if message.GetPing() != nil || message.GetPlaybackReport() != nil { // worth nothing later: never sent again
		c.pending = slices.Delete(c.pending, c.sent, c.sent+1)
	} else {
		c.sent++
	}
	return message, false
}

func (c *Conversation) wakeWriter() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// ---- errors

// Error is what went wrong, with what the server said as data. Programs compare Reason (docs/errors.md), never texts.
type Error struct {
	Code       codes.Code
	Reason     string
	Message    string
	Metadata   map[string]string
	Violations []Violation
	Retryable  bool          // the same may succeed later
	RetryAfter time.Duration // not before; 0 = not said
}

// Violation is one field that was refused, and what is allowed there.
type Violation struct{ Field, Allowed string }

func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s (%s)", e.Message, e.Reason)
	for _, violation := range e.Violations {
		fmt.Fprintf(&text, "\n  %s: %s", violation.Field, violation.Allowed)
	}
	return text.String()
}

// EventError is the error that an error event tells of.
func EventError(event *tthv1.Error) *Error {
	result := &Error{Code: codes.Code(event.Code), Reason: event.Reason, Message: event.Message, Metadata: event.Metadata,
		Retryable: event.Retryable, RetryAfter: time.Duration(event.GetRetryAfterMs()) * time.Millisecond}
	for _, item := range event.FieldViolations {
		result.Violations = append(result.Violations, Violation{item.Field, item.Description})
	}
	return result
}

// isLost tells whether another stream may do better: the connection or the server is gone.
func isLost(err error) bool {
	var lost *Error
	return errors.As(asError(err), &lost) && (lost.Code == codes.Unavailable || lost.Reason == "TRANSPORT")
}

// asError decodes a status and its details; nil stays nil.
func asError(err error) error {
	if err == nil {
		return nil
	}
	status := status.Convert(err)
	result := &Error{Code: status.Code(), Reason: code.Code(status.Code()).String(), Message: status.Message(),
		Retryable: status.Code() == codes.Unavailable || status.Code() == codes.ResourceExhausted}
	switch status.Code() { // without details it was not the server who said it
	case codes.Unavailable:
		result.Reason = "UNREACHABLE"
	case codes.Internal:
		result.Reason = "TRANSPORT"
	}
	for _, detail := range status.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			result.Reason, result.Metadata = detail.Reason, detail.Metadata
		case *errdetails.BadRequest:
			for _, item := range detail.FieldViolations {
				result.Violations = append(result.Violations, Violation{item.Field, item.Description})
			}
		case *errdetails.RetryInfo:
			result.Retryable, result.RetryAfter = true, detail.RetryDelay.AsDuration()
		}
	}
	return result
}
