// Package sql carries MeshHook's SQL files inside the binary.
package sql

import "embed"

// Files holds roles.sql, the migrations and the repeatable folders, as they stand in this folder.
//
//go:embed roles.sql river.sql migrations expr engine verbs views policies triggers grants.sql
var Files embed.FS
