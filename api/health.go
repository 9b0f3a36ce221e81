package api

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// readiness remembers its answer for a moment, so that asking often costs the database nothing.
type readiness struct {
	mu         sync.Mutex
	until      time.Time
	checks     map[string]string
	migratedAt time.Time
}

// healthz says that the process runs. It asks nothing of anybody: a database that is away is no reason to restart.
func (s *Server) healthz(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

// readyz says whether requests should be sent here: the database answers, has the schema, and the queue takes more.
func (s *Server) readyz(c echo.Context) error {
	checks := s.check(c.Request().Context())
	status, word := http.StatusOK, "ready"
	for _, result := range checks {
		if result != "ok" {
			status, word = http.StatusServiceUnavailable, "not ready"
			c.Response().Header().Set("Retry-After", "5")
		}
	}
	return c.JSON(status, map[string]any{"status": word, "checks": checks})
}

func (s *Server) check(ctx context.Context) map[string]string {
	r := &s.ready
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if now.Before(r.until) {
		return r.checks
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	checks := map[string]string{"database": "ok", "migrations": "ok", "queue": "ok"}
	if err := s.conf.Pool.Ping(ctx); err != nil {
		checks["database"] = "does not answer"
	}
	if s.conf.Migrated != nil && now.Sub(r.migratedAt) > time.Minute {
		if err := s.conf.Migrated(ctx); err != nil {
			checks["migrations"] = "not known"
			if !errors.Is(err, context.DeadlineExceeded) && checks["database"] == "ok" {
				checks["migrations"] = err.Error()
			}
		} else {
			r.migratedAt = now
		}
	}
	switch {
	case !s.conf.Process.Alive():
		checks["queue"] = "the process is not registered at the moment"
	case s.conf.Door.Full():
		checks["queue"] = "too many requests wait"
	}
	r.checks, r.until = checks, now.Add(time.Second)
	return checks
}
