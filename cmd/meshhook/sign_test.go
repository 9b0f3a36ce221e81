package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/profullstack/meshhook/api/door/signature"
)

// The signatures below are what openssl dgst -hmac says of the same bytes.
func TestSign(t *testing.T) {
	const id, url = "msg_1", "https://hooks.example/hooks/abc"
	now := time.Unix(1_700_000_000, 0)
	tests := []struct {
		name   string
		recipe signature.Spec
		secret string
		body   string
		want   map[string]string
	}{
		{
			"plain, RFC 4231 case 2",
			signature.Spec{Kind: "hmac", Header: "x-signature"},
			"Jefe", "what do ya want for nothing?",
			map[string]string{"X-Signature": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		},
		{
			"sha1, base64, prefix",
			signature.Spec{Kind: "hmac", Algorithm: "sha1", Header: "x-sig", Encoding: "base64", Prefix: "v0="},
			"k", "hello",
			map[string]string{"X-Sig": "v0=C3k40aLNyvqUZFpcNQj3I2rkV6k="},
		},
		{
			"everything signed",
			signature.Spec{
				Kind: "hmac", Algorithm: "sha512", Header: "x-sig", Encoding: "hex", Signed: "{id}.{timestamp}.{url}.{body}",
				TimestampHeader: "x-time", IDHeader: "x-id",
			},
			"k", "a body that names {id}",
			map[string]string{"X-Sig": "cd8df41344e78ad9464d1a7668ecf2809fab2655101b2c0388cc2320b4a15573f86976967c904aff383c710e3838bd1a823f896d8c4ed6940461987c28f47d67", "X-Time": "1700000000", "X-Id": "msg_1"},
		},
		{
			"signature and time in one header",
			signature.Spec{
				Kind: "hmac", Header: "x-sig", Prefix: "v1=", Signed: "{timestamp}.{body}", TimestampHeader: "X-Sig",
			},
			"k", "hello",
			map[string]string{"X-Sig": "t=1700000000,v1=0c511384dbc4c6b6cbe53e5da961410697e51518b6128a9f4b1c0920a2ba5ff5"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := signature.Request{URL: url, Header: http.Header{}, Body: []byte(test.body)}
			if err := sign(test.recipe, &r, []byte(test.secret), id, now); err != nil {
				t.Fatal(err)
			}
			for name, want := range test.want {
				if got := r.Header.Get(name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestSignRefuses(t *testing.T) {
	for name, r := range map[string]signature.Spec{
		"algorithm": {Kind: "hmac", Header: "x", Algorithm: "md5"},
		"encoding":  {Kind: "hmac", Header: "x", Encoding: "base85"},
		"no header": {Kind: "hmac"},
	} {
		if err := sign(r, &signature.Request{}, []byte("k"), "", time.Now()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := sign(signature.Spec{Kind: "hmac", Header: "x"}, &signature.Request{}, nil, "", time.Now()); err == nil {
		t.Error("no secret: no error")
	}
}
