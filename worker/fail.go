package worker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// CallError says why a call has no usable answer. Class is what retry rules name; Code is stable and documented.
type CallError struct {
	Class   string `json:"class"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error gives code and message.
func (e *CallError) Error() string { return e.Code + ": " + e.Message }

func failf(class, code, format string, args ...any) *CallError {
	return &CallError{Class: class, Code: code, Message: fmt.Sprintf(format, args...)}
}

// errTooManyHeaders is how the transport says that an answer's head is over its bound; it has no value to compare with.
const errTooManyHeaders = "server response headers exceeded"

// explain turns an error of the transport into one that people and retry rules understand. phase is what was going on.
func explain(err error, phase string, limits *Item) *CallError {
	var own *CallError
	var dns *net.DNSError
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var network net.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, errConnectTimeout):
		return failf("timeout", "MH_CALL_CONNECT_TIMEOUT", "no connection within %s", limits.connectTimeout())
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedPort), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return failf("blocked", "MH_CALL_BLOCKED", "the destination is not allowed: %s", blockedReason(err))
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return failf("timeout", "MH_CALL_TIMEOUT", "no complete answer within %s, while %s", limits.timeout(), phase)
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return failf("network", "MH_CALL_DNS", "the host %s does not exist", dns.Name)
		}
		return failf("network", "MH_CALL_DNS", "looking up %s failed: %s", dns.Name, dns.Err)
	case errors.As(err, &verify), errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &invalid):
		return failf("tls", "MH_CALL_CERTIFICATE", "the server's certificate is not valid: %s", innermost(err))
	case errors.As(err, &record), errors.As(err, &alert), strings.Contains(err.Error(), "tls: "):
		return failf("tls", "MH_CALL_TLS", "no secure connection: %s", innermost(err))
	case strings.Contains(err.Error(), "gave HTTP response to HTTPS client"):
		return failf("tls", "MH_CALL_TLS", "the server does not speak TLS at this address")
	case strings.Contains(err.Error(), errTooManyHeaders):
		return failf("too_large", "MH_CALL_HEADERS_TOO_LARGE", "the answer's headers are over %d KiB", maxHeaderBytes>>10)
	case errors.Is(err, syscall.ECONNREFUSED):
		return failf("network", "MH_CALL_REFUSED", "the connection was refused")
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return failf("network", "MH_CALL_RESET", "the connection was reset while %s", phase)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return failf("network", "MH_CALL_CLOSED", "the connection was closed while %s", phase)
	case errors.As(err, &network) && network.Timeout():
		return failf("timeout", "MH_CALL_TIMEOUT", "no complete answer within %s, while %s", limits.timeout(), phase)
	}
	return failf("network", "MH_CALL_NETWORK", "%s, while %s", innermost(err), phase)
}

// blockedReason is what the guard said, without the dialer's words around it.
func blockedReason(err error) string {
	text := innermostBut(err, ssrf.ErrProhibitedIP, ssrf.ErrProhibitedPort, ssrf.ErrProhibitedNetwork)
	return strings.TrimSpace(text)
}

// innermostBut is the text of the last error in the chain that says more than one of those given.
func innermostBut(err error, bare ...error) string {
	text := err.Error()
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		for _, b := range bare {
			if inner == b {
				return text
			}
		}
		text = inner.Error()
	}
	return text
}

// innermost is the text of the last error in the chain: the cause without the dialer's and transport's words around it.
func innermost(err error) string { return innermostBut(err) }
