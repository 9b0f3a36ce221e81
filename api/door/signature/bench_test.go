package signature

import (
	"bytes"
	"testing"
)

// What verifying costs a good request of 1 KB: by an HMAC, by a public key, by a token.
func BenchmarkCheck(b *testing.B) {
	pair := newPair(b)
	for name, c := range map[string][3]string{
		"hmac":     {presets(b)["stripe"], "a secret of some length", "a secret of some length"},
		"standard": {`{"kind":"standard_webhooks"}`, "whsec_MDEyMzQ1Njc4OWFiY2RlZg==", "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="},
		"ed25519":  {presets(b)["discord"], pair.ed25519, pair.ed25519Public},
		"ecdsa":    {presets(b)["sendgrid"], pair.ecdsa, pair.ecdsaPublic},
		"jwt":      {`{"kind":"jwt"}`, "a secret of some length", "a secret of some length"},
		"bearer":   {`{"kind":"bearer"}`, "a secret of some length", "a secret of some length"},
	} {
		b.Run(name, func(b *testing.B) {
			v := ready(b, c[0])
			r := &Request{Method: "POST", URL: "https://h/hooks/t", Body: bytes.Repeat([]byte("x"), 1024)}
			if err := v.Sign(r, []byte(c[1]), "msg_1", noon); err != nil {
				b.Fatal(err)
			}
			secrets := v.Prepare([]Secret{{Value: []byte(c[2])}})
			b.ReportAllocs()
			for b.Loop() {
				if refused := v.Check(b.Context(), r, secrets, noon); refused != nil {
					b.Fatal(refused.Message)
				}
			}
		})
	}
}
