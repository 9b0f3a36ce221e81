package signature

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// standard is the Standard Webhooks scheme: id, time and a list of signatures in three headers; v1 is an HMAC by a whsec_
// secret, v1a an ed25519 signature by the key pair of a whpk_ key.
type standard struct{ recipe }

func newStandard(v Spec) *standard {
	prefix := strings.ToLower(v.HeaderPrefix)
	if prefix == "" {
		prefix = "webhook-"
	}
	s := &standard{recipe{
		kind: "standard_webhooks", algorithm: "sha256", hash: sha256.New, encoding: "base64", prefix: "v1,",
		header: prefix + "signature", timestampHeader: prefix + "timestamp", idHeader: prefix + "id", timestampKey: "t",
		signed: parseSigned("{id}.{timestamp}.{body}"), tolerance: time.Duration(v.ToleranceMS) * time.Millisecond, seconds: true,
	}}
	if s.tolerance <= 0 {
		s.tolerance = 5 * time.Minute
	}
	return s
}

func (s *standard) prepare(secret *Secret) {
	text := strings.TrimSpace(string(secret.Value))
	if text == "" || text == "whsec_" || text == "whpk_" {
		secret.issue = "secret_empty"
		return
	}
	if strings.HasPrefix(text, "whpk_") {
		secret.key, secret.issue = publicEd25519([]byte(text))
		return
	}
	encoded, is := strings.CutPrefix(text, "whsec_")
	if !is {
		secret.issue = "secret_prefix"
		return
	}
	key, err := decodeBase64(encoded)
	if err != nil || len(key) == 0 {
		secret.issue = "secret_format"
		return
	}
	secret.key = [][]byte{key}
}

func (s *standard) check(_ context.Context, q *Request, secrets []Secret, now time.Time) *Refusal {
	m, v1a, refused := s.readLists(q, now)
	if refused != nil {
		return refused
	}
	for i := range secrets {
		if one := &secrets[i]; one.live(now) && s.accepts(one, m, v1a) {
			return nil
		}
	}
	if refused := noSecret(secrets, now); refused != nil {
		return refused
	}
	return refuse("MH_SIGNATURE_MISMATCH", "secret_unknown", "the signature in %s fits no live secret", s.header)
}

func (s *standard) accepts(one *Secret, m *material, v1a [][]byte) bool {
	switch key := one.key.(type) {
	case [][]byte:
		return s.fits(key, m)
	case ed25519.PublicKey:
		other := *m
		other.signatures = v1a
		return s.fits(key, &other)
	}
	return false
}

// readLists is read with two lists: signatures of v1 in the material, those of v1a beside it.
func (s *standard) readLists(q *Request, now time.Time) (m *material, v1a [][]byte, refused *Refusal) {
	if value := q.Header.Get(s.header); len(value) <= maxHeader {
		for text := range strings.FieldsSeq(value) {
			if encoded, is := strings.CutPrefix(text, "v1a,"); is && len(v1a) < maxSignatures {
				if signature, err := decodeBase64(encoded); err == nil {
					v1a = append(v1a, signature)
				}
			}
		}
	}
	m, refused = s.read(q, now)
	if refused != nil && refused.Why() == "signature_unreadable" && len(v1a) > 0 {
		// Asymmetric signatures only: read again as if there were one that fits nothing.
		alone := *q
		alone.Header = q.Header.Clone()
		alone.Header.Set(s.header, "v1,AA==")
		m, refused = s.read(&alone, now)
	}
	return m, v1a, refused
}

func (s *standard) sign(q *Request, secret *Secret, id string, now time.Time) error {
	header := requestHeader(q)
	m := &material{body: q.Body, stamp: strconv.FormatInt(now.Unix(), 10), id: id}
	text := ""
	if keys, ok := secret.key.([][]byte); ok {
		text = "v1," + base64.StdEncoding.EncodeToString(s.mac(nil, keys[0], m))
	} else if key, ok := privateKey(secret.Value).(ed25519.PrivateKey); ok {
		text = "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(key, s.message(m)))
	} else {
		return errUnusable
	}
	header.Set(s.idHeader, id)
	header.Set(s.timestampHeader, m.stamp)
	header.Set(s.header, text)
	return nil
}
