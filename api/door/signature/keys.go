package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"strings"
)

// publicEd25519 reads a public key: 32 bytes in hex or base64, after whpk_ or not, or PEM. issue says why it is none.
func publicEd25519(value []byte) (key any, issue string) {
	text := strings.TrimSpace(string(value))
	if text == "" {
		return nil, "secret_empty"
	}
	if block, _ := pem.Decode([]byte(text)); block != nil {
		if public, ok := publicPEM(block).(ed25519.PublicKey); ok {
			return public, ""
		}
		return nil, "secret_format"
	}
	if strings.HasPrefix(text, "whsk_") {
		return nil, "secret_prefix"
	}
	text = strings.TrimPrefix(text, "whpk_")
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		raw, err = decodeBase64(text)
	}
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, "secret_format"
	}
	return ed25519.PublicKey(raw), ""
}

// publicECDSA reads a public key on P-256, P-384 or P-521: base64 of its DER form, or PEM.
func publicECDSA(value []byte) (key any, issue string) {
	text := strings.TrimSpace(string(value))
	if text == "" {
		return nil, "secret_empty"
	}
	var public crypto.PublicKey
	if block, _ := pem.Decode([]byte(text)); block != nil {
		public = publicPEM(block)
	} else if der, err := decodeBase64(strings.Join(strings.Fields(text), "")); err == nil {
		public, _ = x509.ParsePKIXPublicKey(der)
	}
	if key, ok := public.(*ecdsa.PublicKey); ok && key.Curve != elliptic.P224() {
		return key, ""
	}
	return nil, "secret_format"
}

// publicPEM is the public key in a PEM block: a public key or a certificate. A private key is none.
func publicPEM(block *pem.Block) crypto.PublicKey {
	switch block.Type {
	case "PUBLIC KEY":
		if key, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
			return key
		}
	case "RSA PUBLIC KEY":
		if key, err := x509.ParsePKCS1PublicKey(block.Bytes); err == nil {
			return key
		}
	case "CERTIFICATE":
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			return certificate.PublicKey
		}
	}
	return nil
}

// privateKey reads what signs as the counterpart of a public key: PEM (PKCS #8), or for ed25519 whsk_ or hex of a seed.
func privateKey(value []byte) crypto.Signer {
	text := strings.TrimSpace(string(value))
	if block, _ := pem.Decode([]byte(text)); block != nil {
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			signer, _ := key.(crypto.Signer)
			return signer
		}
		if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
			return key
		}
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return key
		}
		return nil
	}
	raw, err := hex.DecodeString(text)
	if encoded, is := strings.CutPrefix(text, "whsk_"); is {
		raw, err = decodeBase64(encoded)
	}
	switch {
	case err == nil && len(raw) == ed25519.SeedSize:
		return ed25519.NewKeyFromSeed(raw)
	case err == nil && len(raw) == ed25519.PrivateKeySize:
		return ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
	}
	return nil
}
