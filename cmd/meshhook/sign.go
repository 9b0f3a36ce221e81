package main

import (
	"net/http"
	"time"

	"github.com/profullstack/meshhook/api/door/signature"
)

// sign sets the headers that the recipe asks for.
func sign(spec signature.Spec, headers http.Header, secret, body []byte, url, id string, now time.Time) error {
	if len(secret) == 0 {
		return usagef("there is no secret to sign with: --secret-stdin or $%s brings one", secretVariable)
	}
	recipe, broken := spec.Recipe()
	if broken != nil {
		return usagef("sign: %s", broken.Message)
	}
	if recipe != nil {
		recipe.Sign(headers, secret, body, url, id, now)
	}
	return nil
}
