package keyring

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ParseKEK reads a key-encryption key: base64 (any alphabet, padded or not) of 32 bytes.
func ParseKEK(text string) ([]byte, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	key, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("the key-encryption key is not base64") // the cause would quote it
	}
	if len(key) != 32 {
		return nil, fmt.Errorf("the key-encryption key has %d bytes, it needs 32 (openssl rand -base64 32)", len(key))
	}
	return key, nil
}

// LoadKEK is the key given directly, else that of the file, else nil.
func LoadKEK(value, file string) ([]byte, error) {
	if value != "" {
		return ParseKEK(value)
	}
	if file == "" {
		return nil, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read key-encryption key: %w", err)
	}
	return ParseKEK(string(content))
}

// EnsureKEK is the key in the file, which is made with a new one, readable by its owner only, when it is not there.
func EnsureKEK(file string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("make folder of key-encryption key: %w", err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return LoadKEK("", file)
	}
	if err != nil {
		return nil, fmt.Errorf("make key-encryption key: %w", err)
	}
	key := randomKey()
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if syncErr := f.Sync(); err == nil {
		err = syncErr
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("write key-encryption key: %w", err)
	}
	return key, nil
}
