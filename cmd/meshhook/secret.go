package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/profullstack/meshhook/db"
)

func newSecretCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "secret",
		Short: "Set, list and delete a project's secrets; their values never leave the process that seals them",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		&cobra.Command{
			Use:   "set PROJECT NAME",
			Short: "Set a secret to what standard input holds (one line break at its end is not part of it)",
			Args:  cobra.ExactArgs(2),
			RunE:  func(c *cobra.Command, args []string) error { return a.setSecret(c, args[0], args[1]) },
		},
		&cobra.Command{
			Use:   "list PROJECT",
			Short: "List secrets by name, without values",
			Args:  cobra.ExactArgs(1),
			RunE: func(c *cobra.Command, args []string) error {
				pool, err := a.open(c.Context())
				if err != nil {
					return err
				}
				defer pool.Close()
				return a.showQuery(c.Context(), pool, "select name, version, created_at, updated_at from meshhook.secret_list($1)", args[0])
			},
		},
		&cobra.Command{
			Use:   "delete PROJECT NAME",
			Short: "Delete a secret; calls that name it fail from then on",
			Args:  cobra.ExactArgs(2),
			RunE: func(c *cobra.Command, args []string) error {
				pool, err := a.open(c.Context())
				if err != nil {
					return err
				}
				defer pool.Close()
				deleted, err := db.New(pool).DeleteSecret(c.Context(), args[0], args[1])
				if err != nil {
					return fmt.Errorf("delete secret: %w", err)
				}
				if !deleted {
					return fmt.Errorf("project %s has no secret %s", args[0], args[1])
				}
				return a.show(map[string]any{"project": args[0], "name": args[1], "deleted": true}, nil, [][]string{{args[1], "deleted"}})
			},
		},
	)
	return c
}

func (a *app) setSecret(c *cobra.Command, project, name string) error {
	value, err := a.readSecret()
	if err != nil {
		return err
	}
	pool, err := a.open(c.Context())
	if err != nil {
		return err
	}
	defer pool.Close()
	ring, err := a.machineRing(pool)
	if err != nil {
		return usagef("%w", err)
	}
	version, err := ring.SetSecret(c.Context(), pool, project, name, value)
	if err != nil {
		return err
	}
	return a.show(map[string]any{"project": project, "name": name, "version": version}, nil,
		[][]string{{name, "version " + strconv.Itoa(version)}})
}

// readSecret takes a value from standard input, where neither the shell's history nor a list of processes shows it.
func (a *app) readSecret() (string, error) {
	const most = 64 << 10
	content, err := io.ReadAll(io.LimitReader(a.in, most+3))
	if err != nil {
		return "", fmt.Errorf("read secret from standard input: %w", err)
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	switch {
	case value == "":
		return "", usagef("standard input holds no value; for example: printf %%s VALUE | meshhook secret set PROJECT NAME")
	case len(value) > most:
		return "", usagef("a secret has at most %d bytes", most)
	}
	return value, nil
}
