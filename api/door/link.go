package door

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// linkLife is how long a status link works.
const linkLife = 24 * time.Hour

const (
	linkBody = 16 + 4 // run id, expiry in minutes since 1970
	linkMAC  = 16
)

// signLink makes the path part that lets whoever holds it see one run's status and output, for a day.
func signLink(key []byte, run uuid.UUID, now time.Time) string {
	var raw [linkBody + sha256.Size]byte
	copy(raw[:16], run[:])
	binary.BigEndian.PutUint32(raw[16:], uint32(now.Add(linkLife).Unix()/60))
	mac := hmac.New(sha256.New, key)
	mac.Write(raw[:linkBody])
	mac.Sum(raw[:linkBody])
	return base64.RawURLEncoding.EncodeToString(raw[:linkBody+linkMAC])
}

// openLink is the run of a link; false when it was not made with the key, or has expired.
func openLink(key []byte, text string, now time.Time) (uuid.UUID, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != linkBody+linkMAC {
		return uuid.Nil, false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(raw[:linkBody])
	if !hmac.Equal(mac.Sum(nil)[:linkMAC], raw[linkBody:]) {
		return uuid.Nil, false
	}
	if int64(binary.BigEndian.Uint32(raw[16:linkBody]))*60 < now.Unix() {
		return uuid.Nil, false
	}
	return uuid.UUID(raw[:16]), true
}
