package main

import (
	"testing"
	"time"

	"globalstacks/mesh-fixture/driver"
)

func TestNoControlServerAtTheStart(t *testing.T) {
	control := startFixture(t)
	folder := newFolder(t)
	first, _ := joinedNode(t, control, driver.Options{Folder: folder})
	first.Close()
	control.Down()
	t.Run("for a new node", func(t *testing.T) {
		node := startNode(t, driver.Options{ControlURL: control.ControlURL()})
		expectFailure(t, node, "MESH_CONTROL_UNREACHABLE")
	})
	t.Run("for one that was in the mesh", func(t *testing.T) {
		node := startNode(t, driver.Options{ControlURL: control.ControlURL(), Folder: folder})
		expectFailure(t, node, "MESH_CONTROL_UNREACHABLE")
	})
}

func TestNoControlServerForAWhile(t *testing.T) {
	control := startFixture(t)
	a, _ := joinedNode(t, control, driver.Options{})
	_, there := joinedNode(t, control, driver.Options{})
	connection := dial(t, a, there.Addresses[0])
	expectEcho(t, connection)

	said := a.Events.Count()
	control.Down()
	if lost := await(t, a, "control", said, 5*time.Second); lost.Reachable {
		t.Error("says that it is reachable")
	}
	expectEcho(t, connection)
	expectEcho(t, dial(t, a, there.Addresses[0]))

	said = a.Events.Count()
	if err := control.Up(); err != nil {
		t.Fatal(err)
	}
	if found := await(t, a, "control", said, 5*time.Second); !found.Reachable {
		t.Error("says that it is unreachable")
	}
	expectEcho(t, connection)

	// The control server's updates arrive again: the node finds a new peer.
	_, later := joinedNode(t, control, driver.Options{})
	awaitThat(t, "the new peer is known", func() bool {
		connection, err := a.Dial(later.Addresses[0] + ":7443")
		if err != nil {
			return false
		}
		_ = connection.Close()
		return true
	})
	if text := a.Events.Text(); len(text) == 0 || a.Events.Has("key-needed", said) {
		t.Errorf("said: %s", text)
	}
}

func TestRefusedKeysHaveNames(t *testing.T) {
	control := startFixture(t)
	used := control.MintKey(false, time.Minute)
	await(t, startNode(t, driver.Options{ControlURL: control.ControlURL(), Key: used}), "joined", 0, patience)
	for name, test := range map[string]struct{ key, code string }{
		"wrong":   {"hskey-auth-nonsense", "MESH_KEY_INVALID"},
		"used":    {used, "MESH_KEY_USED"},
		"expired": {control.MintKey(false, 0), "MESH_KEY_EXPIRED"},
	} {
		t.Run(name, func(t *testing.T) {
			expectFailure(t, startNode(t, driver.Options{ControlURL: control.ControlURL(), Key: test.key}), test.code)
		})
	}
	t.Run("none", func(t *testing.T) {
		node := startNode(t, driver.Options{ControlURL: control.ControlURL()})
		await(t, node, "key-needed", 0, typedWithin)
		if err := node.GiveKey(""); err != nil {
			t.Fatal(err)
		}
		expectFailure(t, node, "MESH_KEY_MISSING")
	})
}

func TestAnotherServerIsNoControlServer(t *testing.T) {
	control := startFixture(t)
	expectFailure(t, startNode(t, driver.Options{ControlURL: control.AdminURL()}), "MESH_CONTROL_INVALID")
}
