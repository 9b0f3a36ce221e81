package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/db/keyring"
)

// devState is what a running meshhook dev tells the other verbs, so that they find it without any setting.
type devState struct {
	DatabaseURL string `json:"database_url"`
	Door        string `json:"door"`
	KEKFile     string `json:"kek_file"`
}

// devHome is where meshhook dev keeps its data unless told otherwise.
func devHome() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/meshhook-dev", nil // PostgreSQL runs as another user then, and must reach it
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "meshhook"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a place for the data (or give --data-dir): %w", err)
	}
	return filepath.Join(home, ".local", "share", "meshhook"), nil
}

func devStateFile(home string) string { return filepath.Join(home, "dev.json") }

// writeDevState writes the state and holds a lock on it for as long as the file is open: the kernel frees it when the
// process ends, however it ends. Nil when another process holds it.
func writeDevState(home string, s devState) (*os.File, error) {
	f, err := os.OpenFile(devStateFile(home), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write state: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		f.Close()
		return nil, nil
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		err = json.NewEncoder(f).Encode(s)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("write state: %w", err)
	}
	return f, nil
}

// runningDev is the state of the meshhook dev that runs on this machine for this user, if one does.
func runningDev() (devState, bool) {
	var s devState
	home, err := devHome()
	if err != nil {
		return s, false
	}
	f, err := os.Open(devStateFile(home))
	if err != nil {
		return s, false
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		return s, false // nobody holds it: left by one that has ended
	}
	return s, json.NewDecoder(f).Decode(&s) == nil
}

// machineRing is a ring with the key-encryption key that this machine has: the one that was given, else that of the
// running meshhook dev.
func (a *app) machineRing(conn db.DBTX) (*keyring.Ring, error) {
	value, file := a.config.KEK, a.config.KEKFile
	if dev, ok := runningDev(); ok && value == "" && file == "" {
		file = dev.KEKFile
	}
	kek, err := keyring.LoadKEK(value, file)
	if err != nil {
		return nil, err
	}
	return keyring.New(conn, kek)
}

// doorURL is where webhooks are sent when nobody says.
func (a *app) doorURL() string {
	if a.config.BaseURL != "" {
		return a.config.BaseURL
	}
	if dev, ok := runningDev(); ok {
		return dev.Door
	}
	return "http://127.0.0.1:8080"
}
