package worker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

const maxHeaderBytes = 64 << 10

var errConnectTimeout = errors.New("connect timeout")

// connectLimit carries a call's own connect timeout to the dialer.
type connectLimit struct{}

// GuardedTransport makes a transport that reaches the public internet, and besides it the networks in allow.
func GuardedTransport(allow []netip.Prefix) *http.Transport { return newTransport(allow) }

// newTransport makes the pooled transport of all calls. Where it may connect to is judged after the name was resolved, at
// the moment of connecting, on every dial: a name that changes its address in between gains nothing.
func newTransport(allow []netip.Prefix) *http.Transport {
	dialer := &net.Dialer{KeepAlive: 30 * time.Second, Control: guard(allow)}
	return &http.Transport{
		Proxy: nil,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			limit, ok := ctx.Value(connectLimit{}).(time.Duration)
			if !ok {
				limit = 5 * time.Second
			}
			ctx, cancel := context.WithTimeoutCause(ctx, limit, errConnectTimeout)
			defer cancel()
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil && errors.Is(context.Cause(ctx), errConnectTimeout) {
				return nil, fmt.Errorf("%w: %w", errConnectTimeout, err)
			}
			return conn, err
		},
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           2048,
		MaxIdleConnsPerHost:    256,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true, // asked for and undone by ourselves, under a bound
		WriteBufferSize:        8 << 10,
		ReadBufferSize:         8 << 10,
	}
}

// guard refuses every address that is not on the public internet, and every port but 80 and 443; prefixes in allow are let
// through at any port.
func guard(allow []netip.Prefix) func(network, address string, conn syscall.RawConn) error {
	strict := ssrf.New()
	return func(network, address string, conn syscall.RawConn) error {
		if target, err := netip.ParseAddrPort(address); err == nil && (network == "tcp4" || network == "tcp6") {
			ip := target.Addr().Unmap().WithZone("")
			for _, prefix := range allow {
				if prefix.Contains(ip) {
					return nil
				}
			}
		}
		return strict.Safe(network, address, conn)
	}
}

// ParsePrefixes reads CIDRs, or single addresses, as MESHHOOK_ALLOW_PRIVATE holds them.
func ParsePrefixes(list []string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, text := range list {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		if ip, err := netip.ParseAddr(text); err == nil {
			ip = ip.Unmap()
			prefixes = append(prefixes, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("read allowed network %q: %w", text, err)
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes, nil
}
