// Package tth talks to a TTH server: text and controls go in, a person who speaks comes out.
//
// A [Conversation] comes back by itself when its connection breaks, hands on each event once, and leaves out the media of
// turns that were interrupted. Sending never waits; receiving waits for as long as its context says. Every failure is an
// [*Error].
package tth

//go:generate ../../.venv-proto/bin/buf generate

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	tthv1 "github.com/tth/tth/clients/go/gen/tth/v1"
)

const (
	schemaVersion = "1.0"
	// What the transport may hold while nobody reads: about a second of H.264. All of it is stale after an interrupt.
	windowBytes = 256 * 1024
	// For calls that answer at once.
	deadline = 15 * time.Second
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

// WithToken shows a token with every call, where the server wants one (server.tokens). Without TLS it can be read on the
// way.
func WithToken(token string) grpc.DialOption { return grpc.WithPerRPCCredentials(bearer(token)) }

type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (b bearer) RequireTransportSecurity() bool { return false }

// Close ends the connection and with it every call.
func (c *Client) Close() error { return c.connection.Close() }

func boundedCall(ctx context.Context, method string, request, reply any, connection *grpc.ClientConn,
	invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, deadline)
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
