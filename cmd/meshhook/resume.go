package main

import "github.com/spf13/cobra"

func newResumeCommand(a *app) *cobra.Command {
	return steerCommand(a, "resume RUN...", "Let paused runs go on",
		"Lets paused runs go on where they stand; timers that came due meanwhile fire at once.", "resume", nil)
}
