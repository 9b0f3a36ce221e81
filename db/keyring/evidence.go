package keyring

import (
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/google/uuid"
)

// SealEvidence seals what the verification of a refused request read. It opens only beside the same body, at the same
// endpoint. Its key comes from the KEK itself: a project that has no secret yet has no data key either, and a forgotten
// secret is the most common reason for a refusal.
func (r *Ring) SealEvidence(project int32, endpoint uuid.UUID, body, value []byte) ([]byte, error) {
	aead, err := r.evidenceKey()
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, value, evidenceData(project, endpoint, body)), nil
}

// OpenEvidence opens what SealEvidence sealed. It answers ErrNotOpened also when the KEK is another by now.
func (r *Ring) OpenEvidence(project int32, endpoint uuid.UUID, body, sealed []byte) ([]byte, error) {
	aead, err := r.evidenceKey()
	if err != nil {
		return nil, err
	}
	value, err := aead.Open(nil, nil, sealed, evidenceData(project, endpoint, body))
	if err != nil {
		return nil, ErrNotOpened
	}
	return value, nil
}

func (r *Ring) evidenceKey() (cipher.AEAD, error) {
	key, err := r.Derive("request evidence")
	if err != nil {
		return nil, err
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, fmt.Errorf("use evidence key: %w", err)
	}
	return aead, nil
}

func evidenceData(project int32, endpoint uuid.UUID, body []byte) []byte {
	sum := sha256.Sum256(body)
	return []byte("evidence|" + strconv.Itoa(int(project)) + "|" + endpoint.String() + "|" + hex.EncodeToString(sum[:]))
}
