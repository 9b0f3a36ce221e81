package main

import (
	"time"

	"github.com/profullstack/meshhook/api/door/signature"
)

// sign makes the request prove where it comes from, as the spec asks: it sets headers, or changes the URL.
func sign(spec signature.Spec, r *signature.Request, secret []byte, id string, now time.Time) error {
	if len(secret) == 0 {
		return usagef("there is no secret to sign with: --secret-stdin or $%s brings one", secretVariable)
	}
	// Keys are fetched by those who verify, never by those who sign.
	spec.JWKSURL = ""
	verification, broken := spec.Ready(nil)
	if broken != nil {
		return usagef("sign: %s", broken.Message)
	}
	if err := verification.Sign(r, secret, id, now); err != nil {
		return usagef("sign: %w", err)
	}
	return nil
}
