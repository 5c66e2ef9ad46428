package mesh

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"
)

const (
	// memoryLimit is the soft memory limit. Measured with test/mesh-fixture/cmd/load: without a limit, 4 GiB of bulk
	// traffic leave a node with 1.3 GiB; with this limit it is as fast and stays below; with half of it, four connections
	// are half as fast. GOMEMLIMIT in the environment takes precedence.
	memoryLimit = 400 << 20

	returnInterval = 5 * time.Second
	// returnAfter is how many connections must have ended to make a collection worthwhile.
	returnAfter = 100
)

// LimitMemory limits the memory that bulk traffic and many connections cause; an idle node uses 28 MiB.
func LimitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// connectionEnded counts a connection once netstack has released it too: before that, little memory could be returned.
func (n *Node) connectionEnded() {
	time.AfterFunc(timeWait, func() { n.ended.Add(1) })
}

// returnMemory returns the memory of ended connections to the system: Go waits two minutes with that when a node is
// idle.
func returnMemory(ctx context.Context, ended *atomic.Int64) {
	ticker := time.NewTicker(returnInterval)
	defer ticker.Stop()
	// goesOn is true if many have ended, and more are still ending.
	goesOn := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			count := ended.Load()
			if count >= returnAfter || goesOn && count > 0 {
				goesOn = count >= returnAfter
				ended.Store(0)
				// The content of a sync.Pool survives one collection.
				runtime.GC()
				debug.FreeOSMemory()
			}
		}
	}
}
