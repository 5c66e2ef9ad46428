package main

import (
	"testing"
	"time"

	"globalstacks/mesh-fixture/driver"
	"globalstacks/mesh-fixture/fixture"
)

// lostWithin is the time within which a node has to notice that it no longer belongs to the mesh.
const lostWithin = 5 * time.Second

// The control server ends a login: the node asks for a key and rejoins with it, in the same process.
func TestALoginIsLostAndFoundAgain(t *testing.T) {
	for name, end := range map[string]func(*fixture.Fixture, string) bool{
		"when the node is deleted":    (*fixture.Fixture).DeleteNode,
		"when the node's key expires": (*fixture.Fixture).ExpireNode,
	} {
		t.Run(name, func(t *testing.T) {
			control := startFixture(t)
			a, _ := joinedNode(t, control, driver.Options{Hostname: "a"})
			b, there := joinedNode(t, control, driver.Options{Hostname: "b"})
			dialled := dial(t, a, there.Addresses[0])
			expectEcho(t, dialled)

			said := b.Events.Count()
			if !end(control, there.NodeID) {
				t.Fatal("no such node")
			}
			expectClosed(t, dialled, time.Second)
			if _, err := a.Dial(there.Addresses[0] + ":7443"); err == nil {
				t.Error("still dialled by its peer")
			}
			needed := await(t, b, "key-needed", said, lostWithin)
			if needed.Code != "MESH_LOGIN_LOST" || needed.Message == "" {
				t.Errorf("asked for a key with %+v", needed)
			}

			said = b.Events.Count()
			if err := b.GiveKey(control.MintKey(false, time.Minute)); err != nil {
				t.Fatal(err)
			}
			again := await(t, b, "joined", said, typedWithin)
			awaitThat(t, "its peer reaches it again", func() bool {
				connection, err := a.Dial(again.Addresses[0] + ":7443")
				if err != nil {
					return false
				}
				defer connection.Close()
				expectEcho(t, connection)
				return true
			})
		})
	}
}

// The open connections of a deleted node no longer work, and its owner has to be told.
func TestADeletedNodeClosesWhatItHasOpen(t *testing.T) {
	control := startFixture(t)
	a, here := joinedNode(t, control, driver.Options{})
	_, there := joinedNode(t, control, driver.Options{})
	dialled := dial(t, a, there.Addresses[0])
	expectEcho(t, dialled)
	control.DeleteNode(here.NodeID)
	expectClosed(t, dialled, lostWithin)
	if _, err := a.Dial(there.Addresses[0] + ":7443"); err == nil {
		t.Error("dials on")
	}
}

// A node that has long been a member asks the control server rarely. It asks at once when its peers stop answering.
func TestANodeOfLongStandingNoticesThatItWasDeleted(t *testing.T) {
	// After this many questions the next one is more than lostWithin away.
	const questions = 7
	control := startFixture(t)
	_, _ = joinedNode(t, control, driver.Options{})
	node, joined := joinedNode(t, control, driver.Options{})
	asked := control.Questions(joined.NodeID)
	awaitThatWithin(t, "the node asks rarely", time.Minute, func() bool { return control.Questions(joined.NodeID) >= asked+questions })
	said := node.Events.Count()
	control.DeleteNode(joined.NodeID)
	await(t, node, "key-needed", said, lostWithin)
}

func TestANodeThatWasDeletedMeanwhileAsksForAKey(t *testing.T) {
	control := startFixture(t)
	for name, end := range map[string]func(*fixture.Fixture, string) bool{
		"deleted": (*fixture.Fixture).DeleteNode,
		"expired": (*fixture.Fixture).ExpireNode,
	} {
		t.Run(name, func(t *testing.T) {
			folder := newFolder(t)
			first, joined := joinedNode(t, control, driver.Options{Folder: folder})
			first.Close()
			end(control, joined.NodeID)
			again := startNode(t, driver.Options{Folder: folder, ControlURL: control.ControlURL(), Key: control.MintKey(false, time.Minute)})
			if needed := await(t, again, "key-needed", 0, typedWithin); needed.Code != "MESH_LOGIN_LOST" {
				t.Errorf("asked with %+v", needed)
			}
			await(t, again, "joined", 0, typedWithin)
		})
	}
}

// A key that is refused for a second login gets the same codes as for the first.
func TestAWrongKeyAfterALostLogin(t *testing.T) {
	control := startFixture(t)
	node, joined := joinedNode(t, control, driver.Options{})
	control.DeleteNode(joined.NodeID)
	await(t, node, "key-needed", 2, lostWithin)
	said := node.Events.Count()
	if err := node.GiveKey(control.MintKey(false, 0)); err != nil {
		t.Fatal(err)
	}
	if failed := await(t, node, "failed", said, typedWithin); failed.Code != "MESH_KEY_EXPIRED" {
		t.Errorf("failed with %+v", failed)
	}
}

// While the node waits for a key from its program, no deadline of the control server runs.
func TestANodeWaitsForItsKey(t *testing.T) {
	control := startFixture(t)
	node := startNode(t, driver.Options{ControlURL: control.ControlURL()})
	await(t, node, "key-needed", 0, typedWithin)
	control.Down()
	if err := node.GiveKey(control.MintKey(false, time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := control.Up(); err != nil {
		t.Fatal(err)
	}
	await(t, node, "joined", 0, patience)
}
