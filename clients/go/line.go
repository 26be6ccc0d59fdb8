package tth

import (
	"context"
	"io"
	mathrand "math/rand/v2"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tthv1 "github.com/tth/tth/clients/go/gen/tth/v1"
)

// Before the first and, each time twice as long, before later tries to come back.
const firstPause, longestPause = 100 * time.Millisecond, 5 * time.Second

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
