package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
)

var (
	errNoPrivateKey = errors.New("to sign for this kind the secret is the sender's private key: PEM (PKCS #8), or for ed25519 whsk_... or a seed in hex")
	errUnusable     = errors.New("the secret is not what this kind of verification signs with")
)

func (r *recipe) sign(q *Request, secret *Secret, id string, now time.Time) error {
	header := requestHeader(q)
	m := &material{body: q.Body, stamp: strconv.FormatInt(now.Unix(), 10), id: id}
	if r.signsForm() {
		kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
		if len(q.Body) > 0 && strings.ToLower(strings.TrimSpace(kind)) != "application/x-www-form-urlencoded" {
			u, err := url.Parse(q.URL)
			if err != nil {
				return err
			}
			query := u.Query()
			query.Set(r.bodyHashQuery, hashHex(q.Body))
			u.RawQuery = query.Encode()
			q.URL = u.String()
		}
		if refused := r.readForm(q, m); refused != nil {
			return errors.New(refused.Message)
		}
	}
	m.url = q.URL
	sum, err := r.signature(secret, m)
	if err != nil {
		return err
	}
	text := hex.EncodeToString(sum)
	if r.encoding == "base64" {
		text = base64.StdEncoding.EncodeToString(sum)
	}
	text = r.prefix + text
	if r.idHeader != "" {
		header.Set(r.idHeader, id)
	}
	switch r.timestampHeader {
	case "":
	case r.header: // both in one header, as a list
		text = r.timestampKey + "=" + m.stamp + r.separator + text
	default:
		header.Set(r.timestampHeader, m.stamp)
	}
	header.Set(r.header, text)
	return nil
}

func (r *recipe) signature(secret *Secret, m *material) ([]byte, error) {
	if r.kind == "hmac" {
		keys, ok := secret.key.([][]byte)
		if !ok {
			return nil, errUnusable
		}
		return r.mac(nil, keys[len(keys)-1], m), nil
	}
	switch key := privateKey(secret.Value).(type) {
	case ed25519.PrivateKey:
		if r.kind == "ed25519" {
			return ed25519.Sign(key, r.message(m)), nil
		}
	case *ecdsa.PrivateKey:
		if r.kind == "ecdsa" {
			digest := r.hash()
			digest.Write(r.message(m))
			return key.Sign(rand.Reader, digest.Sum(nil), map[string]crypto.Hash{"sha1": crypto.SHA1, "sha256": crypto.SHA256, "sha512": crypto.SHA512}[r.algorithm])
		}
	}
	return nil, errNoPrivateKey
}
