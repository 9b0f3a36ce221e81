package main

import (
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"reflect"
	"sort"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/spf13/cobra"
)

// config is what the environment says; flags override it. `mask` marks what is never printed.
type config struct {
	DatabaseURL         string `env:"DATABASE_URL" mask:"password"`
	MeshhookDatabaseURL string `env:"MESHHOOK_DATABASE_URL" mask:"password"`
	ListenURL           string `env:"MESHHOOK_LISTEN_URL" mask:"password"`

	Addr    string `env:"MESHHOOK_ADDR" envDefault:":8080"`
	BaseURL string `env:"MESHHOOK_BASE_URL"`

	KEK          string   `env:"MESHHOOK_KEK" mask:"all"`
	KEKFile      string   `env:"MESHHOOK_KEK_FILE"`
	JWTSecret    string   `env:"MESHHOOK_JWT_SECRET" mask:"all"`
	AllowPrivate []string `env:"MESHHOOK_ALLOW_PRIVATE"`

	// Spool is a folder in which requests are kept while the database is away; none: they are answered 503.
	Spool string `env:"MESHHOOK_SPOOL"`

	Workers int           `env:"MESHHOOK_WORKERS" envDefault:"200"`
	Drain   time.Duration `env:"MESHHOOK_DRAIN" envDefault:"30s"`

	LogLevel  slog.Level `env:"MESHHOOK_LOG_LEVEL" envDefault:"INFO"`
	LogFormat string     `env:"MESHHOOK_LOG_FORMAT" envDefault:"text"`
}

// loadConfig reads the environment; every mistake in it is in the one error.
func loadConfig() (config, error) {
	c, err := env.ParseAs[config]()
	if err != nil {
		return c, usagef("read the environment: %w", err)
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		return c, usagef("MESHHOOK_LOG_FORMAT must be text or json, not %q", c.LogFormat)
	}
	if c.Workers < 1 {
		return c, usagef("MESHHOOK_WORKERS must be at least 1, not %d", c.Workers)
	}
	return c, nil
}

// databaseURL is where the installation lives; "" when nobody said.
func (c config) databaseURL() string {
	if c.MeshhookDatabaseURL != "" {
		return c.MeshhookDatabaseURL
	}
	return c.DatabaseURL
}

// masked lists the effective values by name, secrets hidden.
func (c config) masked() [][]string {
	var rows [][]string
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		value := fmt.Sprint(v.Field(i).Interface())
		if list, ok := v.Field(i).Interface().([]string); ok {
			value = strings.Join(list, ",")
		}
		switch {
		case value == "":
		case tag.Get("mask") == "all":
			value = "(set)"
		case tag.Get("mask") == "password":
			value = maskURL(value)
		}
		rows = append(rows, []string{tag.Get("env"), value})
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i][0] < rows[j][0] })
	return rows
}

// maskURL hides the password of a connection string, be it an URL or a list of words.
func maskURL(s string) string {
	if u, err := url.Parse(s); err == nil && u.Scheme != "" {
		if q := u.Query(); q.Has("password") {
			q.Set("password", "xxxxx")
			u.RawQuery = q.Encode()
		}
		return u.Redacted()
	}
	words := strings.Fields(s)
	for i, w := range words {
		if strings.HasPrefix(w, "password=") {
			words[i] = "password=xxxxx"
		}
	}
	return strings.Join(words, " ")
}

func newConfigCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Print the effective settings, secrets masked",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			rows := a.config.masked()
			object := make(map[string]string, len(rows))
			for _, r := range rows {
				object[r[0]] = r[1]
			}
			return a.show(object, []string{"name", "value"}, rows)
		},
	}
}

// newLogger writes to stderr, so that stdout stays what was asked for.
func newLogger(c config) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, o))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, o))
}
