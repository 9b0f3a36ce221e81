package main

import (
	"fmt"
	"net"

	"github.com/spf13/cobra"

	"github.com/profullstack/meshhook/db/keyring"
)

func newServeCommand(a *app) *cobra.Command {
	var addr string
	var work bool
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the door for webhooks and the HTTP API; with --work also make the calls of runs",
		Long: "Serves until SIGTERM or Ctrl-C. Then it takes nothing new, answers what it has taken, lets calls under way finish\n" +
			"for as long as MESHHOOK_DRAIN says, hands the rest back to the queue, and exits with 0.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := a.serviceOptions()
			if err != nil {
				return err
			}
			if addr == "" {
				addr = a.config.Addr
			}
			if o.listener, err = net.Listen("tcp", addr); err != nil {
				return fmt.Errorf("listen for webhooks: %w", err)
			}
			defer o.listener.Close()
			o.work = work
			return a.runUntilDone(c.Context(), o)
		},
	}
	c.Flags().StringVar(&addr, "addr", "", "where to listen (default: $MESHHOOK_ADDR or :8080)")
	c.Flags().BoolVar(&work, "work", false, "also make the calls of runs, at once for webhooks that come in here")
	return c
}

// serviceOptions is what the environment says about a service.
func (a *app) serviceOptions() (serviceOptions, error) {
	url, err := a.url()
	if err != nil {
		return serviceOptions{}, err
	}
	kek, err := keyring.LoadKEK(a.config.KEK, a.config.KEKFile)
	if err != nil {
		return serviceOptions{}, usagef("%w", err)
	}
	return serviceOptions{database: url, kek: kek, baseURL: a.config.BaseURL}, nil
}
