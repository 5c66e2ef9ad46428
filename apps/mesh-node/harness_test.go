package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"globalstacks/mesh-fixture/driver"
	"globalstacks/mesh-fixture/fixture"
)

const (
	meshPort = 7443
	// patience is the time-out for waits without a bound of their own.
	patience = 20 * time.Second
	// typedWithin is the time within which a failure must be reported with a code.
	typedWithin = 5 * time.Second
	childMark   = "MESH_NODE_TEST_CHILD"
)

// isLong is set by `npm run soak -- --mesh`: larger numbers everywhere.
var isLong = os.Getenv("MESH_NODE_TEST_LONG") != ""

// TestMain runs mesh-node itself when a test starts this program as one.
func TestMain(m *testing.M) {
	if os.Getenv(childMark) != "" {
		go tellHeap()
		main()
		return
	}
	if admin := os.Getenv(mintMark); admin != "" {
		mintAndPrint(admin)
		return
	}
	if address := os.Getenv(listenMark); address != "" {
		listenAndTell(address)
		return
	}
	if url := os.Getenv(deleteMark); url != "" {
		deleteAndEnd(url)
		return
	}
	os.Exit(m.Run())
}

func startFixture(t *testing.T) *fixture.Fixture {
	t.Helper()
	control, err := fixture.Start(fixture.Options{Address: "127.0.0.1", EphemeralTimeout: fixture.DefaultEphemeralTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(control.Close)
	return control
}

// newFolder has a short path: the path of a socket may have at most 108 bytes.
func newFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "gs-node-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

func startNode(t *testing.T, options driver.Options) *driver.Node {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	options.Command = append(options.Command, executable)
	options.Environment = append(options.Environment, childMark+"=1")
	if options.Folder == "" {
		options.Folder = newFolder(t)
	}
	if options.Hostname == "" {
		options.Hostname = "node"
	}
	options.Port = meshPort
	node, err := driver.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(node.Close)
	return node
}

func await(t *testing.T, node *driver.Node, name string, from int, within time.Duration) driver.Event {
	t.Helper()
	event, err := node.Events.Await(name, from, within)
	if err != nil {
		t.Fatal(err)
	}
	return event
}

// joinedNode has joined the fixture's mesh with its own key and echoes what it receives.
func joinedNode(t *testing.T, control *fixture.Fixture, options driver.Options) (*driver.Node, driver.Event) {
	t.Helper()
	options.ControlURL = control.ControlURL()
	options.Key = control.MintKey(false, time.Minute)
	node := startNode(t, options)
	node.Echo()
	return node, await(t, node, "joined", 0, patience)
}

func dial(t *testing.T, from *driver.Node, address string) net.Conn {
	t.Helper()
	connection, err := from.Dial(net.JoinHostPort(address, "7443"))
	if err != nil {
		t.Fatalf("dialling %s: %v", address, err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

// dialSocket connects to the dial socket without sending a request.
func dialSocket(t *testing.T, node *driver.Node) net.Conn {
	t.Helper()
	connection, err := net.Dial("unix", node.DialSocket())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

// stopped stops the node's process until the test ends.
func stopped(t *testing.T, node *driver.Node) {
	t.Helper()
	if err := node.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = node.Signal(syscall.SIGCONT) })
}

func expectEcho(t *testing.T, connection net.Conn) {
	t.Helper()
	sent := []byte("there and back")
	_ = connection.SetDeadline(time.Now().Add(patience))
	defer connection.SetDeadline(time.Time{})
	echoed := make([]byte, len(sent))
	if _, err := connection.Write(sent); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(connection, echoed); err != nil || !bytes.Equal(echoed, sent) {
		t.Fatalf("echoed %q, %v", echoed, err)
	}
}

func expectClosed(t *testing.T, connection net.Conn, within time.Duration) {
	t.Helper()
	_ = connection.SetReadDeadline(time.Now().Add(within))
	if _, err := connection.Read(make([]byte, 1)); err == nil || os.IsTimeout(err) {
		t.Errorf("still open after %s: %v", within, err)
	}
}

func expectEnd(t *testing.T, node *driver.Node, within time.Duration) {
	t.Helper()
	select {
	case <-node.Ended:
	case <-time.After(within):
		t.Fatalf("still runs after %s; said: %s", within, node.Events.Text())
	}
}

func expectFailure(t *testing.T, node *driver.Node, code string) {
	t.Helper()
	if failed := await(t, node, "failed", 0, typedWithin); failed.Code != code {
		t.Errorf("failed with %s (%s), not %s", failed.Code, failed.Message, code)
	}
	expectEnd(t, node, patience)
	if node.ExitCode() != 1 {
		t.Errorf("exit code %d", node.ExitCode())
	}
}
