package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"globalstacks/mesh-fixture/driver"
)

const (
	controlAddress = "10.231.7.1"
	otherAddress   = "10.231.7.2"
)

// Two hosts share one link and get no address before they need it: the control server is told an address that does not
// exist yet.
func TestNodesJoinOverAVeth(t *testing.T) {
	here, there := newNamespace(t, "a"), newNamespace(t, "b")
	urls := startFixtureIn(t, here, controlAddress)
	connect(t, here, controlAddress, there, otherAddress)

	a := startNode(t, driver.Options{Command: inside(here), ControlURL: urls.Control, Key: mintIn(t, here, urls.Admin)})
	b := startNode(t, driver.Options{Command: inside(there), ControlURL: urls.Control, Key: mintIn(t, here, urls.Admin)})
	b.Echo()
	await(t, a, "joined", 0, patience)
	joined := await(t, b, "joined", 0, patience)
	connection := dial(t, a, joined.Addresses[0])
	expectEcho(t, connection)

	t.Run("and notice when the wire is cut", func(t *testing.T) {
		said := b.Events.Count()
		execute(t, "ip", "-n", there, "link", "set", "veth", "down")
		if lost := await(t, b, "control", said, 5*time.Second); lost.Reachable {
			t.Error("says that it is reachable")
		}
		said = b.Events.Count()
		execute(t, "ip", "-n", there, "link", "set", "veth", "up")
		if found := await(t, b, "control", said, 5*time.Second); !found.Reachable {
			t.Error("says that it is unreachable")
		}
		expectEcho(t, connection)
	})
}

// A network that drops packets reports nothing: no connection breaks.
func TestAControlServerThatFallsSilent(t *testing.T) {
	here, there := newNamespace(t, "a"), newNamespace(t, "b")
	urls := startFixtureIn(t, here, controlAddress)
	connect(t, here, controlAddress, there, otherAddress)
	node := startNode(t, driver.Options{Command: inside(there), ControlURL: urls.Control, Key: mintIn(t, here, urls.Admin)})
	await(t, node, "joined", 0, patience)

	said := node.Events.Count()
	execute(t, "ip", "-n", here, "link", "set", "veth", "down")
	if lost := await(t, node, "control", said, 5*time.Second); lost.Reachable {
		t.Error("says that it is reachable")
	}
	said = node.Events.Count()
	execute(t, "ip", "-n", here, "link", "set", "veth", "up")
	if found := await(t, node, "control", said, 5*time.Second); !found.Reachable {
		t.Error("says that it is unreachable")
	}
}

func newNamespace(t *testing.T, name string) string {
	t.Helper()
	namespace := fmt.Sprintf("gs-node-%d-%s", os.Getpid(), name)
	execute(t, "ip", "netns", "add", namespace)
	t.Cleanup(func() { execute(t, "ip", "netns", "delete", namespace) })
	execute(t, "ip", "-n", namespace, "link", "set", "lo", "up")
	return namespace
}

func inside(namespace string) []string {
	return []string{"ip", "netns", "exec", namespace}
}

func connect(t *testing.T, a, addressA, b, addressB string) {
	t.Helper()
	execute(t, "ip", "link", "add", "veth", "netns", a, "type", "veth", "peer", "name", "veth", "netns", b)
	for namespace, address := range map[string]string{a: addressA, b: addressB} {
		execute(t, "ip", "-n", namespace, "address", "add", address+"/24", "dev", "veth")
		execute(t, "ip", "-n", namespace, "link", "set", "veth", "up")
	}
}

type fixtureURLs struct{ Control, Admin string }

func startFixtureIn(t *testing.T, namespace, address string) fixtureURLs {
	t.Helper()
	binary := filepath.Join(newFolder(t), "fixture")
	execute(t, "go", "build", "-o", binary, "globalstacks/mesh-fixture")
	command := append(inside(namespace), binary, "--listen", address)
	process := exec.Command(command[0], command[1:]...)
	input, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = process.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var urls fixtureURLs
	if err := json.Unmarshal([]byte(line), &urls); err != nil {
		t.Fatal(err)
	}
	return urls
}

// mintIn requests a key from inside the namespace: nothing outside reaches the fixture.
func mintIn(t *testing.T, namespace, admin string) string {
	t.Helper()
	output, err := childIn(t, namespace, mintMark+"="+admin).Output()
	if err != nil {
		t.Fatal(err)
	}
	var minted struct{ Key string }
	if err := json.Unmarshal(output, &minted); err != nil || minted.Key == "" {
		t.Fatalf("minted %s, %v", output, err)
	}
	return minted.Key
}

// mintMark makes this process mint a key at the admin interface's URL that it holds, and do nothing else.
const mintMark = "MESH_NODE_TEST_MINT"

func mintAndPrint(admin string) {
	response, err := http.Post(admin+"/keys", "application/json", strings.NewReader(`{"seconds":60}`))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_, _ = io.Copy(os.Stdout, response.Body)
}

func execute(t *testing.T, name string, arguments ...string) {
	t.Helper()
	if output, err := exec.Command(name, arguments...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(arguments, " "), err, output)
	}
}
