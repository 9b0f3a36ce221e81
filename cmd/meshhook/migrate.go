package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/profullstack/meshhook/db"
)

func newMigrateCommand(a *app) *cobra.Command {
	migrate := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database up to this binary (the same as migrate up)",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.migrateUp(c) },
	}
	migrate.AddCommand(
		&cobra.Command{
			Use:   "up",
			Short: "Apply what is missing: roles, tables, queue, functions, policies, grants, partitions",
			Args:  cobra.NoArgs,
			RunE:  func(c *cobra.Command, _ []string) error { return a.migrateUp(c) },
		},
		&cobra.Command{
			Use:   "status",
			Short: "List everything this binary carries and whether the database has it",
			Args:  cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error {
				url, err := a.url()
				if err != nil {
					return err
				}
				items, err := db.MigrationStatus(c.Context(), url)
				if err != nil {
					return err
				}
				return a.showMigrationItems(items)
			},
		},
		&cobra.Command{
			Use:   "plan",
			Short: "List what migrate up would apply now; changes nothing",
			Args:  cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error {
				url, err := a.url()
				if err != nil {
					return err
				}
				items, err := db.MigrationPlan(c.Context(), url)
				if err != nil {
					return err
				}
				return a.showMigrationItems(items)
			},
		},
		&cobra.Command{
			Use:   "sql",
			Short: "Print the whole schema as one SQL script for a new database",
			Args:  cobra.NoArgs,
			RunE:  func(*cobra.Command, []string) error { return db.MigrationSQL(a.out) },
		},
	)
	return migrate
}

func (a *app) migrateUp(c *cobra.Command) error {
	url, err := a.url()
	if err != nil {
		return err
	}
	start := time.Now()
	report, err := db.Migrate(c.Context(), url, db.MigrateOptions{Progress: func(s string) { fmt.Fprintln(a.err, s) }})
	if err != nil {
		return err
	}
	if a.json {
		return writeJSON(a.out, report)
	}
	if report.Changed() == 0 {
		fmt.Fprintln(a.out, "up to date, nothing changed")
		return nil
	}
	fmt.Fprintf(a.out, "migrated: %d migrations, %d of the queue, %d schema files, in %s\n",
		len(report.Migrations), len(report.Queue), len(report.Files), time.Since(start).Round(time.Millisecond))
	return nil
}

func (a *app) showMigrationItems(items []db.MigrationItem) error {
	if items == nil {
		items = []db.MigrationItem{}
	}
	rows := make([][]string, 0, len(items))
	for _, i := range items {
		at := ""
		if i.At != nil {
			at = i.At.UTC().Format(time.RFC3339)
		}
		rows = append(rows, []string{i.Kind, i.Name, i.State, at})
	}
	return a.show(items, []string{"kind", "name", "state", "at"}, rows)
}
