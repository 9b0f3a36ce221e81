package main

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"syscall"

	"github.com/spf13/cobra"
)

// splitPassword takes the password out of a connection URL: a command line is readable by everybody on the machine.
func splitPassword(s string) (bare, password string) {
	u, err := url.Parse(s)
	if err != nil || u.User == nil {
		return s, ""
	}
	password, _ = u.User.Password()
	u.User = url.User(u.User.Username())
	return u.String(), password
}

func newPsqlCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "psql [-- psql arguments]",
		Short: "Open psql at the installation's database",
		Example: "  meshhook psql\n" +
			"  meshhook psql -- -c 'select * from meshhook.run_list limit 10'",
		RunE: func(_ *cobra.Command, args []string) error {
			database, err := a.url()
			if err != nil {
				return err
			}
			path, err := exec.LookPath("psql")
			if err != nil {
				return fmt.Errorf("psql is not installed (Debian: apt-get install postgresql-client): %w", err)
			}
			bare, password := splitPassword(database)
			environment := os.Environ()
			if password != "" {
				environment = append(environment, "PGPASSWORD="+password)
			}
			// The process becomes psql, so that signals, the terminal and the exit code are psql's own.
			return syscall.Exec(path, append([]string{"psql", bare}, args...), environment)
		},
	}
}
