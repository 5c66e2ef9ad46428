package main

import (
	"net"
	"testing"

	"globalstacks/mesh-fixture/driver"
)

// When a node was told to end, failures of what it was waiting for are not reported.
func TestTheNodeEndsWhileItWaits(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *driver.Node{
		"for a control server that says nothing": func(t *testing.T) *driver.Node {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = listener.Close() })
			node := startNode(t, driver.Options{ControlURL: "http://" + listener.Addr().String()})
			if _, err := listener.Accept(); err != nil {
				t.Fatal(err)
			}
			return node
		},
		"for another node to let go of the state folder": func(t *testing.T) *driver.Node {
			control := startFixture(t)
			folder := newFolder(t)
			joinedNode(t, control, driver.Options{Folder: folder})
			asked := control.KeyRequests()
			node := startNode(t, driver.Options{ControlURL: control.ControlURL(), State: folder + "/state"})
			awaitThat(t, "the first probe is answered", func() bool { return control.KeyRequests() > asked })
			return node
		},
	} {
		for by, end := range ways {
			t.Run(name+", "+by, func(t *testing.T) {
				node := start(t)
				if err := end(node); err != nil {
					t.Fatal(err)
				}
				expectEnd(t, node, endsWithin)
				if node.ExitCode() != 0 || node.Events.Has("failed", 0) {
					t.Errorf("exit code %d, said %s", node.ExitCode(), node.Events.Text())
				}
			})
		}
	}
}
