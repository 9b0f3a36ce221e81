package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"testing"
)

// pair holds key pairs in the forms in which people have them.
type pair struct {
	ed25519, ed25519Public, ed25519PEM, ed25519PublicPEM, otherEd25519 string
	whsk, whpk, otherWhpk                                              string
	ecdsa, ecdsaPublic, ecdsaPublicPEM, otherECDSA                     string
	rsa, rsaPublic                                                     string

	ed25519Key ed25519.PrivateKey
	ecdsaKey   *ecdsa.PrivateKey
	rsaKey     *rsa.PrivateKey
}

func newPair(t testing.TB) pair {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	private := func(key crypto.Signer) string {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		must(err)
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	der := func(key crypto.Signer) []byte {
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		must(err)
		return der
	}
	public := func(key crypto.Signer) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der(key)}))
	}
	var p pair
	seed := make([]byte, 32)
	copy(seed, "a seed for tests and nothing else")
	p.ed25519Key = ed25519.NewKeyFromSeed(seed)
	p.ed25519, p.ed25519Public = hex.EncodeToString(seed), hex.EncodeToString(p.ed25519Key.Public().(ed25519.PublicKey))
	p.ed25519PEM, p.ed25519PublicPEM = private(p.ed25519Key), public(p.ed25519Key)
	p.whsk = "whsk_" + base64.StdEncoding.EncodeToString(p.ed25519Key)
	p.whpk = "whpk_" + base64.StdEncoding.EncodeToString(p.ed25519Key.Public().(ed25519.PublicKey))
	other, _, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	p.otherEd25519, p.otherWhpk = hex.EncodeToString(other), "whpk_"+base64.StdEncoding.EncodeToString(other)
	p.ecdsaKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	p.ecdsa, p.ecdsaPublicPEM, p.ecdsaPublic = private(p.ecdsaKey), public(p.ecdsaKey), base64.StdEncoding.EncodeToString(der(p.ecdsaKey))
	otherKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	p.otherECDSA = base64.StdEncoding.EncodeToString(der(otherKey))
	p.rsaKey, err = rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	p.rsa, p.rsaPublic = private(p.rsaKey), public(p.rsaKey)
	return p
}
