package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"

	"globalstacks/mesh-fixture/driver"
)

const (
	// listenMark makes this process listen on the address that it holds, report each connection, and do nothing else.
	listenMark = "MESH_NODE_TEST_LISTEN"
	// deleteMark makes this process send a DELETE to the URL that it holds, and do nothing else.
	deleteMark = "MESH_NODE_TEST_DELETE"
)

// tsnet's own Dial uses the host's network for an address that no longer belongs to a peer. In this test the host has
// that address, with a listener on it.
func TestADeletedPeerIsNotDialledOnTheHost(t *testing.T) {
	here, there := newNamespace(t, "a"), newNamespace(t, "b")
	urls := startFixtureIn(t, here, controlAddress)
	connect(t, here, controlAddress, there, otherAddress)
	a := startNode(t, driver.Options{Command: inside(here), ControlURL: urls.Control, Key: mintIn(t, here, urls.Admin)})
	b := startNode(t, driver.Options{Command: inside(there), ControlURL: urls.Control, Key: mintIn(t, here, urls.Admin)})
	b.Echo()
	await(t, a, "joined", 0, patience)
	joined := await(t, b, "joined", 0, patience)
	peer := joined.Addresses[0]
	expectEcho(t, dial(t, a, peer))

	execute(t, "ip", "-n", here, "address", "add", peer+"/32", "dev", "lo")
	accepted := listenIn(t, here, net.JoinHostPort(peer, "7443"))
	// The listener works: a dial over the host's network reaches it.
	execute(t, "ip", "netns", "exec", here, "bash", "-c", "exec 3<>/dev/tcp/"+peer+"/7443")
	if count := <-accepted; count != 1 {
		t.Fatalf("%d connections", count)
	}

	runIn(t, here, deleteMark+"="+urls.Admin+"/nodes/"+joined.NodeID)
	awaitThat(t, "the peer is no longer dialled", func() bool {
		connection, err := a.Dial(net.JoinHostPort(peer, "7443"))
		if err == nil {
			_ = connection.Close()
		}
		return err != nil
	})
	for range 5 {
		if connection, err := a.Dial(net.JoinHostPort(peer, "7443")); err == nil {
			_ = connection.Close()
			t.Error("a deleted peer is dialled")
		}
	}
	select {
	case count := <-accepted:
		t.Errorf("connection %d came to the host", count)
	default:
	}
}

// listenIn reports each connection with the number of connections so far.
func listenIn(t *testing.T, namespace, address string) <-chan int {
	t.Helper()
	process := childIn(t, namespace, listenMark+"="+address)
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	lines := bufio.NewScanner(output)
	if !lines.Scan() {
		t.Fatal("the listener does not start")
	}
	accepted := make(chan int, 16)
	go func() {
		for count := 1; lines.Scan(); count++ {
			accepted <- count
		}
	}()
	return accepted
}

func runIn(t *testing.T, namespace, variable string) {
	t.Helper()
	if output, err := childIn(t, namespace, variable).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", variable, err, output)
	}
}

func childIn(t *testing.T, namespace, variable string) *exec.Cmd {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := append(inside(namespace), executable)
	process := exec.Command(command[0], command[1:]...)
	process.Env = append(os.Environ(), variable)
	return process
}

// listenAndTell ends with the process.
func listenAndTell(address string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("listening")
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		_ = connection.Close()
		fmt.Println("accepted")
	}
}

func deleteAndEnd(url string) {
	request, err := http.NewRequest(http.MethodDelete, url, nil)
	if err == nil {
		_, err = http.DefaultClient.Do(request)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
