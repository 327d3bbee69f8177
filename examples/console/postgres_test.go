package main

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// postgres is a server of the tests' own, on a socket in a folder of its own.
type postgres struct {
	programs, folder string
	as               *syscall.SysProcAttr
	databases        atomic.Int64
}

// server is started by TestMain; nil where there is no PostgreSQL.
var server *postgres

// newDatabase makes an empty database and returns its connection string. Without PostgreSQL it
// skips the test, unless BELTIC_REQUIRE_POSTGRES is set.
func newDatabase(t *testing.T) (dsn string) {
	t.Helper()
	if server == nil {
		t.Skip("there is no PostgreSQL below /usr/lib/postgresql: apt-get install postgresql")
	}
	name := fmt.Sprintf("console_%d", server.databases.Add(1))
	server.admin(t, "CREATE DATABASE "+name)
	return server.dsn(name)
}

func (p *postgres) admin(t *testing.T, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", p.dsn("postgres"))
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}

func (p *postgres) dsn(database string) string {
	return fmt.Sprintf("host=%s user=console dbname=%s sslmode=disable", p.folder, database)
}

// startPostgres starts Debian's PostgreSQL, or whichever is in the same place; nil where there is
// none. Tests do not need what it writes to survive a power cut.
func startPostgres() (p *postgres, err error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl")
	if err != nil || len(found) == 0 {
		if err == nil && os.Getenv("BELTIC_REQUIRE_POSTGRES") != "" {
			err = errors.New("BELTIC_REQUIRE_POSTGRES is set, and there is no PostgreSQL below /usr/lib/postgresql")
		}
		return nil, err
	}
	slices.Sort(found)
	folder, err := os.MkdirTemp("/tmp", "console-pg-") // short: the path of a socket is limited
	if err != nil {
		return nil, err
	}
	p = &postgres{programs: filepath.Dir(found[len(found)-1]), folder: folder}
	if p.as, err = owner(folder); err != nil {
		return nil, err
	}
	if err := p.run("initdb", "-U", "console", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"); err != nil {
		return nil, err
	}
	options := "-c listen_addresses= -c fsync=off -c unix_socket_directories=" + folder
	return p, p.run("pg_ctl", "start", "-w", "-l", filepath.Join(folder, "log"), "-o", options)
}

// run runs a program of PostgreSQL's on the data.
func (p *postgres) run(program string, args ...string) error {
	command := exec.Command(filepath.Join(p.programs, program), append(args, "-D", filepath.Join(p.folder, "data"))...)
	command.Dir, command.SysProcAttr = p.folder, p.as
	if err := command.Run(); err != nil { // no output is taken: the server would keep the pipe open
		return fmt.Errorf("%s: %w", program, err)
	}
	return nil
}

// owner is who runs the server: PostgreSQL refuses to be root.
func owner(folder string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(account.Uid)
	gid, _ := strconv.Atoi(account.Gid)
	credential := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return &syscall.SysProcAttr{Credential: credential}, os.Chown(folder, uid, gid)
}

func (p *postgres) stop() {
	if p == nil {
		return
	}
	p.run("pg_ctl", "stop", "-m", "immediate")
	os.RemoveAll(p.folder)
}
