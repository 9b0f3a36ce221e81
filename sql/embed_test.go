package sql_test

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	meshsql "github.com/profullstack/meshhook/sql"
)

// A file in a place that no pattern names would be left out of the binary without a word.
func TestEveryFileIsEmbedded(t *testing.T) {
	seen := 0
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		top, _, _ := strings.Cut(name, "/")
		if top == "tests" || top == "queries" { // read by the SQL tests and by sqlc, not applied
			return nil
		}
		if !d.IsDir() && path.Ext(name) == ".sql" {
			seen++
			if _, err := fs.Stat(meshsql.Files, name); err != nil {
				t.Errorf("sql/%s is not in the binary: add its folder to embed.go", name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 100 {
		t.Errorf("only %d files were looked at", seen)
	}
}
