package db

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	meshsql "github.com/profullstack/meshhook/sql"
)

// Roles that schema files are applied as; "" is the login itself, a member of both.
const (
	ownerRole  = "meshhook_owner"
	engineRole = "meshhook_engine"
)

// repeatables says which folders and files are re-applied, in which order, as whom. The queue's own rules come first:
// functions of the engine name its tables.
var repeatables = []struct{ path, role string }{
	{"river.sql", ownerRole},
	{"expr", ownerRole},
	{"engine", engineRole},
	{"verbs", engineRole},
	{"views", ownerRole},
	{"policies", ""},
	{"triggers", ownerRole},
	{"sweep.sql", ""},
	{"grants.sql", ""},
}

// schemaFile is one re-appliable SQL file.
type schemaFile struct {
	name   string // path below sql/
	role   string
	body   string
	sha256 [sha256.Size]byte
}

var roleHeader = regexp.MustCompile(`(?m)^-- role: ([a-z_]+)\s*$`)

// schemaFiles lists the re-appliable files in the order in which they are applied: a folder's files and subfolders
// in byte order of their names.
func schemaFiles() ([]schemaFile, error) {
	ground, err := groundFile()
	if err != nil {
		return nil, err
	}
	files := []schemaFile{ground}
	for _, r := range repeatables {
		err := fs.WalkDir(meshsql.Files, r.path, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Ext(name) != ".sql" {
				return err
			}
			body, err := fs.ReadFile(meshsql.Files, name)
			if err != nil {
				return err
			}
			f := schemaFile{name: name, role: r.role, body: string(body), sha256: sha256.Sum256(body)}
			if m := roleHeader.FindStringSubmatch(headOf(f.body)); m != nil {
				f.role = m[1]
			}
			files = append(files, f)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read schema files: %w", err)
		}
	}
	return files, nil
}

// groundFile is an empty file that changes when the migrations do: what stands on new tables is applied anew, even
// when the process that made the tables got no further.
func groundFile() (schemaFile, error) {
	list, err := migrations()
	if err != nil {
		return schemaFile{}, err
	}
	queue, err := newQueueMigrator(nil)
	if err != nil {
		return schemaFile{}, err
	}
	h := sha256.New()
	for _, m := range list {
		fmt.Fprintln(h, m.name)
	}
	for _, m := range queue.AllVersions() {
		fmt.Fprintln(h, queueMigration(m.Version, m.Name))
	}
	return schemaFile{name: "migrations", role: ownerRole, sha256: [sha256.Size]byte(h.Sum(nil))}, nil
}

// headOf is the comment a file begins with.
func headOf(body string) string {
	end := 0
	for _, line := range strings.SplitAfter(body, "\n") {
		if t := strings.TrimSpace(line); t != "" && !strings.HasPrefix(t, "--") {
			break
		}
		end += len(line)
	}
	return body[:end]
}

// migration is one numbered file that is applied once.
type migration struct {
	version int64
	name    string
}

// migrations lists the numbered files in order.
func migrations() ([]migration, error) {
	names, err := fs.Glob(meshsql.Files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	list := make([]migration, 0, len(names))
	for _, n := range names {
		number, _, _ := strings.Cut(path.Base(n), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration %s has no number: %w", n, err)
		}
		list = append(list, migration{version, path.Base(n)})
	}
	return list, nil
}

// SchemaVersion is the number of the newest migration this binary carries.
func SchemaVersion() int64 {
	list, err := migrations()
	if err != nil || len(list) == 0 {
		return 0
	}
	return list[len(list)-1].version
}

// SchemaHash is a hash over every SQL file this binary carries: two binaries with one hash make the same schema.
func SchemaHash() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(meshsql.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(meshsql.Files, name)
		fmt.Fprintf(h, "%s %d\n%s", name, len(body), body)
		return err
	})
	return fmt.Sprintf("%x", h.Sum(nil)), err
}
