// Package sql carries MeshHook's SQL files inside the binary.
package sql

import "embed"

// Files holds roles.sql, the migrations and the repeatable folders, as they stand in this folder.
//
//go:embed *.sql migrations/*.sql expr/*.sql engine/*/*.sql verbs/*.sql views/*.sql policies/*.sql triggers/*.sql
var Files embed.FS
