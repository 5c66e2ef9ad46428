package main

import (
	"syscall"
	"testing"
	"time"

	"globalstacks/mesh-fixture/driver"
)

// soon separates a dial over a known path from one that waits for WireGuard's retry, which takes five seconds.
const soon = time.Second

func expectSoon(t *testing.T, from *driver.Node, address string) {
	t.Helper()
	begun := time.Now()
	connection := dial(t, from, address)
	if took := time.Since(begun); took > soon {
		t.Errorf("the dial took %s", took)
	}
	expectEcho(t, connection)
	if took := time.Since(begun); took > soon {
		t.Errorf("the first answer took %s", took)
	} else {
		t.Logf("first answer after %s", took)
	}
}

func TestAFirstDialIsQuick(t *testing.T) {
	control := startFixture(t)
	a, _ := joinedNode(t, control, driver.Options{})
	folder := newFolder(t)
	b, there := joinedNode(t, control, driver.Options{Folder: folder})
	const later = "100.64.0.4"

	// Named before it has joined.
	if err := a.Warm(there.Addresses[0], later); err != nil {
		t.Fatal(err)
	}
	t.Run("to a peer that was named", func(t *testing.T) { expectSoon(t, a, there.Addresses[0]) })

	t.Run("to a peer that was not", func(t *testing.T) {
		_, third := joinedNode(t, control, driver.Options{})
		expectSoon(t, a, third.Addresses[0])
	})

	t.Run("to a peer that joins after it was named", func(t *testing.T) {
		_, fourth := joinedNode(t, control, driver.Options{})
		if fourth.Addresses[0] != later {
			t.Fatalf("got %s", fourth.Addresses[0])
		}
		expectSoon(t, a, later)
	})

	t.Run("to a peer that has restarted", func(t *testing.T) {
		if err := b.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		expectEnd(t, b, patience)
		b.Close()
		again := startNode(t, driver.Options{ControlURL: control.ControlURL(), Folder: folder})
		again.Echo()
		await(t, again, "joined", 0, patience)
		expectSoon(t, a, there.Addresses[0])
	})
}
