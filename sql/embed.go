// Package sql carries MeshHook's SQL files inside the binary.
package sql

import "embed"

// Files holds roles.sql, the migrations and the repeatable folders, as they stand in this folder.
//
//go:embed roles.sql migrations engine
var Files embed.FS
