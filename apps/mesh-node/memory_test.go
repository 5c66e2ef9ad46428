package main

import (
	"net"
	"testing"
	"time"

	"globalstacks/mesh-fixture/driver"
	"globalstacks/mesh-fixture/load"
)

const (
	gibibyte = 1 << 30
	// memoryBound is the limit that a node sets itself, plus what Go does not count.
	memoryBound = 480 << 20
)

// Without its limit a node uses twice as much for this.
func TestBulkAndChurnTakeBoundedMemory(t *testing.T) {
	control := startFixture(t)
	from, _ := joinedNode(t, control, driver.Options{})
	to := startNode(t, driver.Options{ControlURL: control.ControlURL(), Key: control.MintKey(false, time.Minute)})
	there := await(t, to, "joined", 0, patience)
	pair := load.Pair{From: from, To: to, Target: net.JoinHostPort(there.Addresses[0], "7443")}
	pair.Serve()
	bulk := int64(2 * gibibyte)
	if isRace {
		bulk /= 16
	}
	if _, err := pair.Bulk(4, bulk); err != nil {
		t.Fatal(err)
	}
	if _, err := pair.Churn(2000, 8); err != nil {
		t.Fatal(err)
	}
	for which, node := range map[string]*driver.Node{"dialling": from, "dialled": to} {
		memory, err := load.MemoryOf(node.PID())
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("the %s node has at most taken %d MiB", which, memory.Peak>>20)
		if memory.Peak > memoryBound && !isRace {
			t.Errorf("the %s node has taken %d MiB", which, memory.Peak>>20)
		}
	}
}
