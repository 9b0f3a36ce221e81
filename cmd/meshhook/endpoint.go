package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/db/keyring"
)

func newEndpointCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "endpoint",
		Short: "Endpoints and the secrets that their webhooks are signed with",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	secret := &cobra.Command{
		Use:   "secret",
		Short: "Add, list and revoke an endpoint's signing secrets; several may be live at a time",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	secret.AddCommand(newEndpointSecretAddCommand(a),
		&cobra.Command{
			Use:   "list ENDPOINT",
			Short: "List signing secrets by fingerprint (ENDPOINT is a name, PROJECT/NAME or an id)",
			Args:  cobra.ExactArgs(1),
			RunE: func(c *cobra.Command, args []string) error {
				pool, err := a.open(c.Context())
				if err != nil {
					return err
				}
				defer pool.Close()
				id, _, err := findEndpoint(c.Context(), pool, args[0])
				if err != nil {
					return err
				}
				return a.showQuery(c.Context(), pool,
					"select id, fingerprint, valid_from, valid_until, revoked_at, created_at from meshhook.endpoint_secret_list($1)", id)
			},
		},
		&cobra.Command{
			Use:   "revoke ENDPOINT SECRET",
			Short: "Revoke a signing secret by its id: what it signed is refused within a second",
			Args:  cobra.ExactArgs(2),
			RunE: func(c *cobra.Command, args []string) error {
				secret, err := uuid.Parse(args[1])
				if err != nil {
					return usagef("%q is no id of a secret (meshhook endpoint secret list shows them)", args[1])
				}
				pool, err := a.open(c.Context())
				if err != nil {
					return err
				}
				defer pool.Close()
				id, _, err := findEndpoint(c.Context(), pool, args[0])
				if err != nil {
					return err
				}
				revoked, err := db.New(pool).RevokeEndpointSecret(c.Context(), id, secret)
				if err != nil {
					return fmt.Errorf("revoke secret: %w", err)
				}
				if !revoked {
					return fmt.Errorf("endpoint %s has no live secret %s", args[0], secret)
				}
				return a.show(map[string]any{"id": secret, "revoked": true}, nil, [][]string{{secret.String(), "revoked"}})
			},
		},
	)
	c.AddCommand(secret)
	return c
}

func newEndpointSecretAddCommand(a *app) *cobra.Command {
	var from, until string
	c := &cobra.Command{
		Use:   "add ENDPOINT",
		Short: "Add the signing secret that standard input holds (ENDPOINT is a name, PROJECT/NAME or an id)",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			s := keyring.EndpointSecret{}
			var err error
			if s.ValidFrom, err = parseMoment("from", from); err != nil {
				return err
			}
			if s.ValidUntil, err = parseMoment("until", until); err != nil {
				return err
			}
			if s.Value, err = a.readSecret(); err != nil {
				return err
			}
			pool, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer pool.Close()
			if s.Endpoint, s.Project, err = findEndpoint(c.Context(), pool, args[0]); err != nil {
				return err
			}
			ring, err := a.machineRing(pool)
			if err != nil {
				return usagef("%w", err)
			}
			id, fingerprint, err := ring.AddEndpointSecret(c.Context(), pool, s)
			if err != nil {
				return err
			}
			a.warnOfMisfit(c.Context(), pool, args[0], s.Value)
			return a.show(map[string]any{"id": id, "fingerprint": fingerprint}, []string{"id", "fingerprint"}, [][]string{{id.String(), fingerprint}})
		},
	}
	c.Flags().StringVar(&from, "from", "", "live from this moment on (RFC 3339)")
	c.Flags().StringVar(&until, "until", "", "live until this moment (RFC 3339)")
	return c
}

// warnOfMisfit tells when the endpoint can not verify by the secret that was added.
func (a *app) warnOfMisfit(ctx context.Context, pool *pgxpool.Pool, name, value string) {
	token, err := endpointToken(ctx, pool, name)
	if err != nil {
		return // somebody who may add secrets but not see the URL
	}
	known, err := readEndpoint(ctx, pool, token)
	if err != nil {
		return
	}
	known.Verify.JWKSURL = ""
	verification, broken := known.Verify.Ready(nil)
	if broken != nil {
		fmt.Fprintln(a.err, "meshhook: warning:", broken.Message)
		return
	}
	if why := verification.Misfit([]byte(value)); why != "" {
		fmt.Fprintf(a.err, "meshhook: warning: endpoint %s (%s) can not verify by this secret: %s\n", known.Name, known.Verify.Kind, why)
	}
}

func parseMoment(flag, text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, usagef("--%s: %q is no moment such as 2026-01-31T12:00:00Z", flag, text)
	}
	return &at, nil
}

// findEndpoint is the id and the project of an endpoint given by name, PROJECT/NAME or id.
func findEndpoint(ctx context.Context, conn db.DBTX, name string) (id uuid.UUID, project string, err error) {
	inProject, bare, qualified := strings.Cut(name, "/")
	if !qualified {
		inProject, bare = "", name
	}
	rows, err := conn.Query(ctx,
		"select id, project from meshhook.endpoint_list where (name = $1 or id::text = $1) and ($2 = '' or project = $2)", bare, inProject)
	if err != nil {
		return uuid.Nil, "", fmt.Errorf("find endpoint: %w", err)
	}
	type found struct {
		ID      uuid.UUID
		Project string
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[found])
	switch {
	case err != nil:
		return uuid.Nil, "", fmt.Errorf("find endpoint: %w", err)
	case len(list) == 0:
		return uuid.Nil, "", fmt.Errorf("there is no endpoint %s that you can see (select project, name from meshhook.endpoint_list)", name)
	case len(list) > 1:
		return uuid.Nil, "", usagef("%d endpoints are named %s; say PROJECT/%s", len(list), bare, bare)
	}
	return list[0].ID, list[0].Project, nil
}
