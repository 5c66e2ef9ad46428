package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"globalstacks/mesh-fixture/driver"
	"globalstacks/mesh-fixture/load"
)

const (
	// allBackWithin is the time in which everything that connections used is released once their other ends are gone or
	// refused.
	allBackWithin = 15 * time.Second
	mebibyte      = 1 << 20
	// memoryKept is how much of the connections' memory a node may keep: Go cannot return a page while any object on it is
	// live.
	memoryKept = 8 * mebibyte
	// heapKept is how much of its heap may still be in use. The node itself allocates and frees about a mebibyte
	// meanwhile.
	heapKept = 2 * mebibyte
)

func descriptorsOf(t *testing.T, node *driver.Node) int {
	t.Helper()
	count, err := load.DescriptorsOf(node.PID())
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// descriptorsBack waits until the node has no more descriptors than before, except a few of its own.
func descriptorsBack(t *testing.T, node *driver.Node, before int, within time.Duration) {
	t.Helper()
	const ownChanges = 4
	var now int
	until := time.Now().Add(within)
	for now = descriptorsOf(t, node); now > before+ownChanges; now = descriptorsOf(t, node) {
		if time.Now().After(until) {
			t.Fatalf("%d descriptors after %s, and %d before", now, within, before)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// memoryBack waits until the node uses hardly more memory than before.
func memoryBack(t *testing.T, node *driver.Node, before int64, within time.Duration) {
	t.Helper()
	until := time.Now().Add(within)
	for {
		now, err := load.MemoryOf(node.PID())
		if err != nil {
			t.Fatal(err)
		}
		if now.Now <= before+memoryKept {
			t.Logf("%d KiB more than before, at most %d", (now.Now-before)/1024, (now.Peak-before)/1024)
			return
		}
		if time.Now().After(until) {
			t.Errorf("%d KiB more than before after %s", (now.Now-before)/1024, within)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// tellHeap writes to standard error on each SIGUSR1 how many bytes of the heap are in use.
func tellHeap() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	for range asked {
		// Objects in a sync.Pool survive one collection.
		runtime.GC()
		runtime.GC()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		fmt.Fprintf(os.Stderr, "heap %d\n", memory.HeapAlloc)
	}
}

// heapOf asks the node for it.
func heapOf(t *testing.T, node *driver.Node) int64 {
	t.Helper()
	told := strings.Count(node.Errors(), "heap ")
	if err := node.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	awaitThat(t, "the node has told its heap", func() bool { return strings.Count(node.Errors(), "heap ") > told })
	var bytes int64
	text := node.Errors()
	if _, err := fmt.Sscanf(text[strings.LastIndex(text, "heap "):], "heap %d\n", &bytes); err != nil {
		t.Fatal(err)
	}
	return bytes
}

// heapBack waits until hardly more of the heap is in use than before.
func heapBack(t *testing.T, node *driver.Node, before int64, within time.Duration) {
	t.Helper()
	until := time.Now().Add(within)
	now := heapOf(t, node)
	for ; now > before+heapKept && time.Now().Before(until); now = heapOf(t, node) {
		time.Sleep(time.Second)
	}
	if t.Logf("%d KiB of heap more than before", (now-before)/1024); now > before+heapKept {
		t.Errorf("%d KiB of heap are still in use after %s", (now-before)/1024, within)
	}
}

// limited runs a node with at most this many descriptors.
func limited(descriptors int) []string {
	return []string{"sh", "-c", "ulimit -n " + strconv.Itoa(descriptors) + `; exec "$0" "$@"`}
}

// After descriptors ran out once, dialling must work again.
func TestDescriptorsThatRunOutComeBack(t *testing.T) {
	const most = 96
	control := startFixture(t)
	node, _ := joinedNode(t, control, driver.Options{Command: limited(most)})
	_, there := joinedNode(t, control, driver.Options{})
	expectEcho(t, dial(t, node, there.Addresses[0]))

	said := node.Events.Count()
	silent := make([]net.Conn, 2*most)
	for i := range silent {
		silent[i] = dialSocket(t, node)
	}
	logged := await(t, node, "log", said, patience)
	if logged.Code != "MESH_ACCEPT_FAILED" || !strings.Contains(logged.Message, "too many open files") {
		t.Errorf("logged %+v", logged)
	}
	for _, each := range silent {
		_ = each.Close()
	}
	expectEcho(t, dial(t, node, there.Addresses[0]))
}

// A client that disconnects ends its dial, even if the node would wait longer for the peer.
func TestClientsThatLeaveEndTheirDials(t *testing.T) {
	const clients, leftWithin = 100, time.Second
	control := startFixture(t)
	node, _ := joinedNode(t, control, driver.Options{})
	gone, there := joinedNode(t, control, driver.Options{})
	expectEcho(t, dial(t, node, there.Addresses[0]))
	stopped(t, gone)
	before := descriptorsOf(t, node)
	leaving := make([]net.Conn, clients)
	for i := range leaving {
		leaving[i] = dialSocket(t, node)
		if _, err := fmt.Fprintf(leaving[i], "{\"dial\":%q}\n", net.JoinHostPort(there.Addresses[0], strconv.Itoa(meshPort))); err != nil {
			t.Fatal(err)
		}
	}
	awaitThat(t, "the node has taken the dials", func() bool { return descriptorsOf(t, node) >= before+clients })
	for _, client := range leaving {
		_ = client.Close()
	}
	descriptorsBack(t, node, before, leftWithin)
}

// A peer that is refused, or never sends a byte, and does not close its end, leaves nothing behind.
func TestPeersThatNeverCloseHoldNothing(t *testing.T) {
	connections := 200
	if isLong {
		connections = 800
	}
	for name, serve := range map[string]func(net.Conn){
		"refused at once":          func(net.Conn) {},
		"refused after their word": func(from net.Conn) { _, _ = from.Read(make([]byte, 1)) },
		"silent for a second": func(from net.Conn) {
			_ = from.SetReadDeadline(time.Now().Add(time.Second))
			_, _ = from.Read(make([]byte, 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			control := startFixture(t)
			from, _ := joinedNode(t, control, driver.Options{})
			to := startNode(t, driver.Options{ControlURL: control.ControlURL(), Key: control.MintKey(false, time.Minute)})
			there := await(t, to, "joined", 0, patience)
			go closeEach(to.Inbound, serve)
			target := net.JoinHostPort(there.Addresses[0], strconv.Itoa(meshPort))
			first := dial(t, from, there.Addresses[0])
			_, _ = io.WriteString(first, ".")
			expectClosed(t, first, patience)

			dialling, dialled := descriptorsOf(t, from), descriptorsOf(t, to)
			// They are held open until the end: the node has to release them by itself.
			open := func() {
				for range connections {
					connection, err := from.Dial(target)
					if err != nil {
						t.Fatal(err)
					}
					_, _ = io.WriteString(connection, ".")
					t.Cleanup(func() { _ = connection.Close() })
				}
			}
			back := func() {
				descriptorsBack(t, to, dialled, allBackWithin)
				descriptorsBack(t, from, dialling, allBackWithin)
			}
			heap := heapOf(t, to)
			if isLong && !isRace {
				// After the first ones the heap is fragmented, and pages with a live object stay.
				open()
				back()
				heapBack(t, to, heap, allBackWithin)
			}
			memory := memoryOf(t, to)
			open()
			back()
			if !isRace {
				memoryBack(t, to, memory, allBackWithin)
				heapBack(t, to, heap, allBackWithin)
			}
		})
	}
}

// One peer reaches its limit of connections, which the log counts; another peer can still connect.
func TestAPeerHasItsShareOfConnections(t *testing.T) {
	const share, over = 128, 72
	control := startFixture(t)
	greedy, _ := joinedNode(t, control, driver.Options{})
	other, _ := joinedNode(t, control, driver.Options{})
	to, there := joinedNode(t, control, driver.Options{})
	for range share {
		expectEcho(t, dial(t, greedy, there.Addresses[0]))
	}
	said := to.Events.Count()
	for range over {
		if expectClosed(t, dial(t, greedy, there.Addresses[0]), patience); t.Failed() {
			return
		}
	}
	expectEcho(t, dial(t, other, there.Addresses[0]))
	logged := await(t, to, "log", said, patience)
	if logged.Code != "MESH_INBOUND_LIMIT" || !strings.Contains(logged.Message, "128") {
		t.Errorf("logged %+v", logged)
	}
	if to.Events.Has("log", to.Events.Count()) || strings.Count(to.Events.Text(), "MESH_INBOUND_LIMIT") != 1 {
		t.Errorf("logged more than once: %s", to.Events.Text())
	}
}

func closeEach(listener net.Listener, serve func(net.Conn)) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer connection.Close()
			serve(connection)
		}()
	}
}

func memoryOf(t *testing.T, node *driver.Node) int64 {
	t.Helper()
	memory, err := load.MemoryOf(node.PID())
	if err != nil {
		t.Fatal(err)
	}
	return memory.Now
}
