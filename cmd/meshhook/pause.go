package main

import "github.com/spf13/cobra"

func newPauseCommand(a *app) *cobra.Command {
	return steerCommand(a, "pause RUN...", "Keep runs from beginning anything new",
		"Pauses open runs. Calls in flight are made to their end and recorded; nothing new is begun until they are resumed.\n"+
			"Their deadlines stand still.",
		"pause", func(c *cobra.Command) func() []any {
			reason := c.Flags().String("reason", "", "why: it stands in the log")
			return func() []any { return []any{null(*reason)} }
		})
}
