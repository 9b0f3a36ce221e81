//go:build unix

package enginetest

// pause pauses a run that is open, and resumes one that is paused.
func (w *world) pause(r *tracked) {
	switch {
	case r.model.ended:
		return
	case r.model.paused:
		w.exec("select meshhook.resume($1)", r.id)
		r.model.paused = false
	default:
		w.exec("select meshhook.pause($1)", r.id)
		r.model.paused = true
	}
	w.steered(r)
}

// steered looks at what a verb did: the run must be as its model, and proven as it stands.
func (w *world) steered(r *tracked) {
	w.look()
	w.check()
	if bad := ask[string](w, "select row_to_json(v)::text from meshhook.verify($1) v", r.id); len(bad) > 0 {
		w.fail("run %s is not proven in the middle: %v", r.id, bad)
	}
}
