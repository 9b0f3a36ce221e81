package worker_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

func hmac256(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
