package main

import "github.com/spf13/cobra"

func newWorkCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "work",
		Short: "Make the calls of runs: claim them from the queue, deliver what comes back",
		Long: "Works until SIGTERM or Ctrl-C. Then it claims nothing new, lets calls under way finish for as long as\n" +
			"MESHHOOK_DRAIN says, hands the rest back to the queue, and exits with 0.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := a.serviceOptions()
			if err != nil {
				return err
			}
			o.work = true
			return a.runUntilDone(c.Context(), o)
		},
	}
}
