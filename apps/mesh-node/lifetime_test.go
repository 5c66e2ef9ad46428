package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"globalstacks/mesh-fixture/driver"
)

// endsWithin is the bound for a node that leaves in order: everything that it waits for has a deadline.
const endsWithin = 5 * time.Second

// ways to tell a node to end
var ways = map[string]func(*driver.Node) error{
	"by SIGTERM":          func(node *driver.Node) error { return node.Signal(syscall.SIGTERM) },
	"by the end of stdin": func(node *driver.Node) error { return node.CloseInput() },
}

func TestTheNodeEndsWhenItIsToldTo(t *testing.T) {
	control := startFixture(t)
	for name, end := range ways {
		t.Run(name, func(t *testing.T) {
			a, _ := joinedNode(t, control, driver.Options{})
			b, there := joinedNode(t, control, driver.Options{})
			connection := dial(t, a, there.Addresses[0])
			expectEcho(t, connection)
			if err := end(b); err != nil {
				t.Fatal(err)
			}
			expectEnd(t, b, endsWithin)
			if b.ExitCode() != 0 {
				t.Errorf("exit code %d, said %s", b.ExitCode(), b.Events.Text())
			}
			// A node that ends logs out: its peers need not detect it.
			expectClosed(t, connection, time.Second)
		})
	}
}

func TestTheNodeEndsBeforeItHasStarted(t *testing.T) {
	for name, end := range ways {
		t.Run(name, func(t *testing.T) {
			node := startNodeSilently(t)
			await(t, node, "hello", 0, patience)
			if err := end(node); err != nil {
				t.Fatal(err)
			}
			expectEnd(t, node, endsWithin)
		})
	}
}

func TestTheNodeEndsWhileItWaitsForAKey(t *testing.T) {
	control := startFixture(t)
	node := startNode(t, driver.Options{ControlURL: control.ControlURL()})
	await(t, node, "key-needed", 0, patience)
	if err := node.CloseInput(); err != nil {
		t.Fatal(err)
	}
	expectEnd(t, node, endsWithin)
}

// A killed parent closes nothing itself; the kernel does. The shell in between stands for the parent.
func TestTheNodeEndsWithAKilledParent(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command("sh", "-c", `mkfifo "$0/stdin"; "$1" <"$0/stdin" >/dev/null & echo $!; exec 3>"$0/stdin"; read -r _`, newFolder(t), executable)
	parent.Env = append(os.Environ(), childMark+"=1")
	if _, err := parent.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 32)
	size, err := output.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	child := strings.TrimSpace(string(line[:size]))
	// Until it has opened its input, the child is a shell with the program's name among its arguments.
	awaitThat(t, "the node runs", func() bool { return strings.HasPrefix(commandOf(child), executable) })
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	awaitThat(t, "the node ends", func() bool { return !strings.HasPrefix(commandOf(child), executable) })
}

func TestARestartWithStateNeedsNoKeyAndIsQuick(t *testing.T) {
	control := startFixture(t)
	folder := newFolder(t)
	first, before := joinedNode(t, control, driver.Options{Folder: folder})
	// The most abrupt end: only the state on disk is left.
	if err := first.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	expectEnd(t, first, patience)
	first.Close()

	again := startNode(t, driver.Options{Folder: folder, ControlURL: control.ControlURL()})
	after := await(t, again, "joined", 0, 2*time.Second)
	if strings.Contains(again.Events.Text(), "key-needed") {
		t.Error("asked for a key")
	}
	if after.NodeID != before.NodeID || after.Addresses[0] != before.Addresses[0] {
		t.Errorf("was %+v and is %+v", before, after)
	}
	if numbers := strings.Trim(after.NodeID, "0123456789"); numbers != "" {
		t.Errorf("node id %s is no number, as Headscale's are", after.NodeID)
	}
}

// The control server forgets an ephemeral node at once when it leaves.
func TestAnEphemeralNodeTakesLeave(t *testing.T) {
	control := startFixture(t)
	node := startNode(t, driver.Options{ControlURL: control.ControlURL(), Ephemeral: true, Key: control.MintEphemeralKey(time.Minute)})
	await(t, node, "joined", 0, patience)
	if err := node.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	expectEnd(t, node, endsWithin)
	if known := control.Nodes(); known != 0 {
		t.Errorf("%d nodes are known", known)
	}
}

// An ephemeral node that has left becomes another node at its next start, and joins quickly.
func TestAnEphemeralNodeThatHasLeftComesBackWithAnotherKey(t *testing.T) {
	control := startFixture(t)
	options := driver.Options{ControlURL: control.ControlURL(), Ephemeral: true, Folder: newFolder(t)}
	for range 2 {
		options.Key = control.MintEphemeralKey(time.Minute)
		node := startNode(t, options)
		if needed := await(t, node, "key-needed", 0, patience); needed.Code != "" {
			t.Errorf("it tried to log in before it asked for a key: %s: %s", needed.Code, needed.Message)
		}
		await(t, node, "joined", 0, patience)
		if err := node.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		expectEnd(t, node, endsWithin)
	}
}

func startNodeSilently(t *testing.T) *driver.Node {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	node, err := driver.Spawn(driver.Options{
		Command: []string{executable}, Environment: []string{childMark + "=1"}, Folder: newFolder(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(node.Close)
	return node
}

func commandOf(pid string) string {
	text, err := os.ReadFile("/proc/" + pid + "/cmdline")
	if err != nil {
		return ""
	}
	return string(text)
}

func awaitThat(t *testing.T, what string, probe func() bool) {
	t.Helper()
	awaitThatWithin(t, what, patience, probe)
}

func awaitThatWithin(t *testing.T, what string, within time.Duration, probe func() bool) {
	t.Helper()
	for until := time.Now().Add(within); !probe(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("not in time: %s", what)
		}
	}
}
