// Package api is everything that speaks HTTP to the outside: the door for webhooks, and whether the process is well.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"

	"github.com/profullstack/meshhook/api/door"
	"github.com/profullstack/meshhook/api/problem"
	"github.com/profullstack/meshhook/worker"
)

// Config says what a Server is made of.
type Config struct {
	Pool    *pgxpool.Pool
	Door    *door.Door
	Process *worker.Process
	Log     *slog.Logger
	// Migrated tells whether the database has the schema that this binary needs; nil error means yes.
	Migrated func(ctx context.Context) error
}

// Server is the HTTP server.
type Server struct {
	conf  Config
	http  *http.Server
	ready readiness
}

// New makes a server; Serve starts it.
func New(conf Config) *Server {
	s := &Server{conf: conf}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	// The peer's own address: whatever a client writes into X-Forwarded-For is not believed.
	e.IPExtractor = echo.ExtractIPDirect()
	e.HTTPErrorHandler = s.fail
	e.Use(s.guard)
	e.Any("/hooks/:token", func(c echo.Context) error {
		conf.Door.Hook(c.Response().Writer, c.Request(), c.Param("token"))
		return nil
	})
	e.Any("/hooks/:project/:alias", func(c echo.Context) error {
		conf.Door.Hook(c.Response().Writer, c.Request(), c.Param("project")+"/"+c.Param("alias"))
		return nil
	})
	e.GET("/r/:signed", func(c echo.Context) error {
		conf.Door.Status(c.Response().Writer, c.Request(), c.Param("signed"))
		return nil
	})
	links := newApprovals(conf.Pool, conf.Log)
	e.GET("/a/:token", func(c echo.Context) error {
		links.show(c.Response().Writer, c.Request(), c.Param("token"))
		return nil
	})
	e.POST("/a/:token", func(c echo.Context) error {
		links.answer(c.Response().Writer, c.Request(), c.Param("token"))
		return nil
	})
	e.GET("/healthz", s.healthz)
	e.GET("/readyz", s.readyz)
	s.http = &http.Server{
		Handler:           e,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(conf.Log.Handler(), slog.LevelDebug),
		// A body has its time limit in the door; a limit here would also cut off answers that stream.
	}
	return s
}

// Handler is the whole of it, for tests and for servers of other make.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Serve answers on the listener until Shutdown.
func (s *Server) Serve(listener net.Listener) error {
	if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP: %w", err)
	}
	return nil
}

// Shutdown takes no new connection and waits until those under way are answered, or for ctx.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close()
		return fmt.Errorf("stop HTTP: %w", err)
	}
	return nil
}

// guard gives every request an id and turns a panic into an answer.
func (s *Server) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		header := c.Response().Header()
		header.Set("X-Content-Type-Options", "nosniff")
		id := uuid.New()
		header.Set("X-Request-Id", id.String())
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				s.conf.Log.Error("panic in a handler", slog.Any("panic", p), slog.String("request", id.String()), slog.String("stack", string(debug.Stack())))
				err = echo.NewHTTPError(http.StatusInternalServerError)
			}
		}()
		return next(c)
	}
}

// fail writes what a handler returned, and what the router did not find, as a problem.
func (s *Server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := problem.Problem{Status: http.StatusInternalServerError, Code: "MH_INTERNAL", Detail: "Something went wrong here. The server's log tells what."}
	var known *echo.HTTPError
	if errors.As(err, &known) {
		switch p.Status = known.Code; p.Status {
		case http.StatusNotFound:
			p.Code, p.Detail = "MH_ROUTE_UNKNOWN", "There is nothing at this address."
		case http.StatusMethodNotAllowed:
			p.Code, p.Detail = "MH_METHOD_NOT_ALLOWED", "This address does not take the method."
		}
	} else {
		s.conf.Log.Error("handler failed", slog.Any("error", err), slog.String("route", c.Path()))
	}
	p.Write(c.Response().Writer)
}
