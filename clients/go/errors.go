package tth

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tthv1 "github.com/tth/tth/clients/go/gen/tth/v1"
)

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

// question adds what to look at to what the transport tells of a connection that did not come about.
func question(told string) string {
	has := func(sign string) bool { return strings.Contains(told, sign) }
	switch {
	case has("failed to verify certificate"):
		return "is its certificate signed by the CA given here, for this name? (" + told + ")"
	case slices.ContainsFunc([]string{"connection refused", "no such host", "i/o timeout", "no route to host"}, has):
		return "is a server running there? (" + told + ")"
	case has("does not look like a TLS handshake"):
		return "does it speak TLS? (" + told + ")"
	case has("server preface"):
		return "it hangs up: does it want TLS, or a certificate of yours? (" + told + ")"
	}
	return told
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
		result.Message = question(result.Message)
	case codes.Internal:
		result.Reason = "TRANSPORT"
	}
	for _, detail := range status.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			result.Reason, result.Metadata = detail.Reason, detail.Metadata
			result.Message = strings.TrimPrefix(status.Message(), detail.Reason+": ")
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
